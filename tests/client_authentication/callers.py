"""A site's server that proves who it is in each way there is, and what its keys are."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from flask import Flask
from flows import Site
from werkzeug.test import TestResponse

from glc.clock import ManualClock

TOKEN = "/idp/oidc/token"
ISSUER = "http://localhost:8040/"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
_NAMES = {"RS256": (RSA, "RSAAlgorithm"), "ES256": (EC, "ECAlgorithm"), "EdDSA": (ED, "OKPAlgorithm")}


def public(alg: str, kid: str | None = None, key: Any = None) -> dict[str, Any]:
    """The public half of a key as a JWK."""
    usual, kind = _NAMES[alg]
    made = json.loads(getattr(jwt.algorithms, kind).to_jwk((key or usual).public_key()))
    return made | {"kid": kid or alg, "use": "sig"}


def key_set(*keys: dict[str, Any]) -> dict[str, Any]:
    """A JWK Set: every key of the site, unless told which."""
    return {"keys": list(keys) or [public(alg) for alg in _NAMES]}


@dataclass
class Caller:
    """A site's server, calling in whatever way it is told."""

    app: Flask
    site: Site
    clock: ManualClock
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a good assertion says; None leaves a member out."""
        now = int(self.clock.now().timestamp())
        usual = {
            "iss": self.site.client_id,
            "sub": self.site.client_id,
            "aud": f"{ISSUER}idp/oidc/token",
            "exp": now + 60,
            "iat": now,
            "jti": f"n-{next(self.numbers)}",
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def assertion(self, alg: str = "RS256", *, key: Any = None, kid: str | None = None, **changes: Any) -> str:
        """A signed assertion, with the site's own key of that algorithm, or its secret. An empty kid is left out."""
        if key is None:
            key = self.site.secret if alg.startswith("HS") else _NAMES[alg][0]
        headers = {"kid": alg if kid is None else kid} if kid != "" else {}
        return jwt.encode(self.claims(**changes), key, alg, headers=headers)

    def asserting(self, *args: Any, **options: Any) -> dict[str, str]:
        """The form's members for an assertion."""
        return {"client_assertion": self.assertion(*args, **options), "client_assertion_type": JWT_BEARER}

    def post(self, form: dict[str, str], path: str = TOKEN, *, basic: bool = False) -> TestResponse:
        """Call an endpoint."""
        return self.app.test_client().post(path, data=form, headers=self.site.basic if basic else {})

    def known(self, form: dict[str, str], *, basic: bool = False) -> str:
        """Try a code that is none: « known » when the client was recognised all the same, else the error."""
        answer = self.post({"grant_type": "authorization_code", "code": "x", **form}, basic=basic)
        assert answer.headers["Content-Type"] == "application/json"
        assert (answer.status_code == 401) == (answer.json["error"] == "invalid_client")
        return "known" if answer.json["error"] == "invalid_grant" else answer.json["error"]


def answer(body: object, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer with a JSON body."""
    encoded = json.dumps(body).encode()
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(encoded)}", *headers])
    return f"{head}\r\n\r\n".encode() + encoded
