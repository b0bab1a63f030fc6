"""What a site publishes at its `sector_identifier_uri`: the redirect URIs that share one kind of subject."""

from __future__ import annotations

import json

from glc.errors import FetchError
from idp.errors import ProtocolError
from idp.provider import Provider


def check_sector(house: Provider, sector_identifier_uri: str, redirect_uris: tuple[str, ...]) -> None:
    """Raise `ProtocolError` (invalid_client_metadata) unless the list there has every redirect URI (OpenID Connect
    Registration 1.0, section 5). Nothing of it is kept: whoever registers may just have changed it."""
    try:
        answer = house.fetcher.get(sector_identifier_uri)
        listed = json.loads(answer.body) if answer.status == 200 else None
    except FetchError as error:
        raise _refused(error.message) from error
    except (ValueError, RecursionError) as error:
        raise _refused("it is not JSON") from error
    if not isinstance(listed, list):
        raise _refused(f"it answered with status {answer.status} and no list")
    missing = [uri for uri in redirect_uris if uri not in listed]
    if missing:
        raise _refused(f"its list lacks {missing[0]}")


def _refused(why: str) -> ProtocolError:
    return ProtocolError(
        "invalid_client_metadata",
        f"sector_identifier_uri: {why}",
        hint="Publiez-y une liste JSON de toutes les adresses de retour du site, en https.",
    )
