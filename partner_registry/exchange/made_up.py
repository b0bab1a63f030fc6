"""What the import makes up for a file written by hand: what is left out there has its usual value."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.entropy import Entropy, random_token, random_uuid
from partner_registry import models as m
from partner_registry.clients.bindings import usual_bindings
from partner_registry.completeness import declared
from partner_registry.models import Environment
from partner_registry.partners.life import agreements_of, find_commune, legal_name_of
from partner_registry.ports import Ports


@dataclass(slots=True)
class Maker:
    """Makes values up, and keeps the secrets it made in clear: they are shown once."""

    session: Session
    ports: Ports
    entropy: Entropy
    at: dt.datetime
    secrets: list[dict[str, str]] = field(default_factory=list)

    def value(self, model: type[Any], name: str, values: Mapping[str, Any], parent: Any, rank: int) -> Any:
        """The value of what an entry leaves out; `rank` is its place among its siblings, from 1."""
        make = _MADE.get((model, name))
        return make(self, values, parent, rank) if make is not None else self.at

    def complete(self, row: Any, entry: Mapping[str, Any]) -> None:
        """Give a new row what stands below it, where the entry says nothing of it."""
        if isinstance(row, m.Partner) and not row.identities and entry.get("insee_code"):
            row.identities.append(self._identity(str(entry["insee_code"])))
        if isinstance(row, m.WebhookEndpoint) and "sealed_secret" not in entry:
            clear = self.ports.webhook_secrets.open(row.sealed_secret).decode()
            self.secrets.append({"webhook": row.url, "secret": clear})

    def complete_client(self, client: m.Client, entry: Mapping[str, Any]) -> None:
        """Give a new client what registering one gives it: processings, agreements, a secret."""
        if "processings" not in entry:
            client.processings = declared(client.partner)
        if client.environment is Environment.PRODUCTION and "bindings" not in entry:
            client.bindings = usual_bindings(agreements_of(client.partner), self.at)
        if "secrets" not in entry and client.archived_at is None:
            clear = random_uuid(self.entropy)
            sealed = self.ports.client_secrets.seal(clear.encode())
            client.secrets.append(m.ClientSecret(sealed=sealed, valid_from=self.at))
            self.secrets.append({"client_id": client.client_id, "client_secret": clear})

    def _identity(self, code: str) -> m.PartnerIdentity:
        today = paris_date(self.at)
        commune = find_commune(self.session, code, today)
        return m.PartnerIdentity(
            valid_from_on=commune.exists_from_on or today,
            name=commune.name,
            legal_name=legal_name_of(commune.name),
            siren=commune.siren,
            insee_code=commune.insee_code,
        )


Make = Callable[[Maker, Mapping[str, Any], Any, int], Any]


def _published_at(maker: Maker, _values: Mapping[str, Any], client: m.Client, _rank: int) -> dt.datetime | None:
    """A sandbox client works at once; a production one is published by somebody."""
    return maker.at if client.environment is Environment.SANDBOX else None


def _submitted_at(maker: Maker, values: Mapping[str, Any], client: m.Client, rank: int) -> dt.datetime | None:
    at: dt.datetime | None = values.get("published_at", _published_at(maker, values, client, rank))
    return at


_MADE: dict[tuple[type[Any], str], Make] = {
    (m.ClientVersion, "number"): lambda _maker, _values, _client, rank: rank,
    (m.ClientVersion, "submitted_at"): _submitted_at,
    (m.ClientVersion, "published_at"): _published_at,
    (m.Contact, "since_on"): lambda maker, _values, _partner, _rank: paris_date(maker.at),
    (m.Document, "size"): lambda _maker, values, _file, _rank: len(values.get("content", b"")),
    (m.Document, "sha256"): lambda _maker, values, _file, _rank: hashlib.sha256(values.get("content", b"")).hexdigest(),
    (m.WebhookEndpoint, "sealed_secret"): lambda maker, _values, _above, _rank: maker.ports.webhook_secrets.seal(
        random_token(maker.entropy).encode()
    ),
}
"""How each value that is `Filled` is made; another one is the instant of the import."""
