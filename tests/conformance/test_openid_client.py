"""A strict Relying Party of another language: npm's openid-client, certified, which shares no code with this provider.
It checks every answer by itself; what it gets in the end is compared here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flows import ISSUER, Arrival
from needs import needs
from strict_site import Answer, Begin, StrictSite
from wire import on_the_wire

from glc.clock import ManualClock, SystemClock

LONGEST_IN = 60


@pytest.fixture
def packages(openid_client: Path) -> Path:
    """The program of a journey."""
    return openid_client / "journey.mjs"


@pytest.fixture
def port(app: Flask, clock: ManualClock) -> Iterator[int]:
    """Where the provider listens; a program's clock is the real one, so the provider's is set to it."""
    clock.set(SystemClock().now())
    with on_the_wire(app) as port:
        yield port


def journey(script: Path, port: int, rp: StrictSite, **asked: Any) -> dict[str, Any]:
    """Have the site log its user in; what it got."""
    metadata = {
        "client_id": rp.site.client_id,
        "client_secret": rp.site.secret,
        "redirect_uris": [rp.site.redirect_uri],
        "token_endpoint_auth_method": "client_secret_basic",
        **asked.pop("metadata", {}),
    }
    parameters = {"scope": "openid email", "redirect_uri": rp.site.redirect_uri, "response_type": "code"}
    said = {
        "issuer": ISSUER,
        "port": port,
        **asked,
        "metadata": {**metadata, "response_types": [asked.get("parameters", {}).get("response_type", "code")]},
        "parameters": {**parameters, **asked.get("parameters", {})},
    }
    command = [str(needs("node")), "--no-deprecation", str(script)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def tell(what: dict[str, Any]) -> dict[str, Any]:
            process.stdin.write(json.dumps(what).encode() + b"\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            heard = process.stdout.readline()  # type: ignore[union-attr]
            assert heard, process.stderr.read()  # type: ignore[union-attr]
            answer: dict[str, Any] = json.loads(heard)
            assert "failed" not in answer, answer
            return answer

        path = tell(said)["open"].removeprefix(ISSUER.rstrip("/"))
        answer = rp.walk(rp.citizen.get(path))
        back = {"form": urlencode(answer.pairs)} if answer.mode == "form_post" else {"url": answer.url}
        got: dict[str, Any] = tell(back)["got"]
        process.stdin.close()
        process.wait(LONGEST_IN)
    return got


@pytest.mark.parametrize(
    "response_type", ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"]
)
@pytest.mark.parametrize("response_mode", [None, "form_post"])
def test_every_flow_with_pkce_and_form_post(
    packages: Path, port: int, rp: StrictSite, response_type: str, response_mode: str | None
) -> None:
    """Code with PKCE, implicit, hybrid; the answer in the address or posted."""
    parameters = {"response_type": response_type} | ({"response_mode": response_mode} if response_mode else {})
    got = journey(packages, port, rp, parameters=parameters)
    assert got["claims"]["aud"] == rp.site.client_id
    if response_type != "id_token":
        assert got["userinfo"]["email"] == "camille.dupre@citoyen.example"
        assert got["userinfo"]["sub"] == got["claims"]["sub"]


def test_a_pushed_request(packages: Path, port: int, rp: StrictSite) -> None:
    """RFC 9126."""
    assert journey(packages, port, rp, par=True)["userinfo"]["email"]


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA", "HS256"])
def test_signed_userinfo_and_every_signature(packages: Path, port: int, begin: Begin, alg: str) -> None:
    """Core 1.0, 5.3.2: openid-client refuses any other algorithm than the registered one."""
    rp = begin(id_token_alg=alg, protocol={"userinfo_signed_response_alg": alg})
    metadata = {"id_token_signed_response_alg": alg, "userinfo_signed_response_alg": alg}
    assert journey(packages, port, rp, metadata=metadata)["userinfo"]["email"]


def test_refresh_introspection_and_revocation(packages: Path, port: int, begin: Begin) -> None:
    """Core 1.0, 12; RFC 7662; RFC 7009."""
    got = journey(packages, port, begin(refresh_tokens=True), refresh=True, introspect=True, revoke=True)
    assert got["refreshed"]["sub"] == got["claims"]["sub"] == got["introspected"]["sub"]
    assert got["introspected"]["active"] is True
    assert got["afterwards"] == "invalid_token"


def own_key() -> tuple[dict[str, Any], dict[str, Any]]:
    """A site's private key, and what it registers of it, as JWK Sets."""
    key = ec.generate_private_key(ec.SECP256R1())
    about = {"kid": "mine", "use": "sig", "alg": "ES256"}
    private = {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key)), **about}
    return {"keys": [private]}, {"keys": [{name: value for name, value in private.items() if name != "d"}]}


def test_a_signed_request_object(packages: Path, port: int, begin: Begin) -> None:
    """RFC 9101."""
    private, public = own_key()
    rp = begin(protocol={"jwks": public, "request_object_signing_alg": "ES256"})
    metadata = {"request_object_signing_alg": "ES256"}
    assert journey(packages, port, rp, metadata=metadata, jwks=private, request_object=True)["userinfo"]["email"]


@pytest.mark.parametrize("par", [False, True])
def test_private_key_jwt(packages: Path, port: int, begin: Begin, par: bool) -> None:
    """Core 1.0, 9; RFC 7523: at the token endpoint, and where requests are pushed."""
    private, public = own_key()
    method = {"token_endpoint_auth_method": "private_key_jwt"}
    rp = begin(protocol={"jwks": public, "token_endpoint_auth_signing_alg": "ES256", **method})
    metadata = {"token_endpoint_auth_signing_alg": "ES256", "client_secret": None, **method}
    assert journey(packages, port, rp, metadata=metadata, jwks=private, par=par)["userinfo"]["email"]


def test_client_secret_jwt_and_no_authentication(packages: Path, port: int, begin: Begin) -> None:
    """Core 1.0, 9."""
    for method in ("client_secret_jwt", "none"):
        rp = begin(protocol={"token_endpoint_auth_method": method})
        assert journey(packages, port, rp, metadata={"token_endpoint_auth_method": method})["userinfo"]["email"]


def test_logging_out_at_the_sites_request(packages: Path, port: int, begin: Begin) -> None:
    """RP-Initiated Logout 1.0: with the address that openid-client makes, back at the site, and nobody is logged in."""
    bye = "https://site.example/bye"
    rp = begin(post_logout_redirect_uris=(bye,))
    got = journey(packages, port, rp, logout={"post_logout_redirect_uri": bye})
    end = rp.citizen.get(got["logout"].removeprefix(ISSUER.rstrip("/")))
    assert isinstance(end, Arrival)
    assert end.url == f"{bye}?state=bye"
    silent = rp.visit(prompt="none")
    assert isinstance(silent, Answer)
    assert silent["error"] == "login_required"
