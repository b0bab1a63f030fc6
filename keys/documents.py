"""Documents that this provider signs for itself, and reads again later: nobody else can make one, or change one.

Compact JWS (RFC 7515) keyed with HMAC-SHA256 under a key derived from the master key, each kind with its own key and
`typ` (RFC 8725, section 3.11), so that one kind never passes for another, nor for a token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from keys.encryption import MasterKey
from keys.jose import JoseError, header_of, verify_with_keys

ACCEPTANCE_TYP = "glc-recette+jwt"


class DocumentSigner:
    """Signs and reads documents of one kind. What was signed under a previous master key is read too."""

    def __init__(self, master: MasterKey, use: str, typ: str) -> None:
        self._key, *self._previous = master.derive_all(use)
        self._typ = typ

    def sign(self, document: Mapping[str, Any]) -> str:
        """The document as a compact JWS."""
        from joserfc import jws
        from joserfc.jwk import OctKey

        header = {"alg": "HS256", "typ": self._typ}
        payload = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return str(jws.serialize_compact(header, payload, OctKey.import_key(self._key)))

    def read(self, token: str) -> dict[str, Any]:
        """The document that was signed. Raises `JoseError` (not signed by us, altered, of another kind)."""
        if header_of(token).get("typ") != self._typ:
            raise JoseError(f"typ must be {self._typ}")
        return verify_with_keys(token, (self._key, *self._previous), ("HS256",))


def acceptance_signer(master: MasterKey) -> DocumentSigner:
    """Signs results of acceptance runs ("recettes"), for the registry to keep (docs/acceptance.md)."""
    return DocumentSigner(master, "acceptance", ACCEPTANCE_TYP)
