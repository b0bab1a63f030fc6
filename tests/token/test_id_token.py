"""ID Tokens as their readers meet them: verified with PyJWT, decoded the way the connected sites decode them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from flows import ISSUER, Citizen, Site, payload
from werkzeug.test import TestResponse

from glc.clock import ManualClock, epoch

Tokens = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_signature_is_verified_with_the_published_keys(
    register: Callable[..., Site], get_tokens: Tokens, server: FlaskClient, algorithm: str, clock: ManualClock
) -> None:
    """Reference, 1.10; checklist 9, 10."""
    site = register(id_token_alg=algorithm)
    token = get_tokens(site, nonce="n")["id_token"]
    keys = jwt.PyJWKSet.from_dict(server.get("/idp/oidc/certs").json)
    key = next(key for key in keys.keys if key.algorithm_name == algorithm)
    claims = _verify(token, key, algorithm, site)
    assert claims["nonce"] == "n"
    assert claims["auth_time"] == claims["iat"] == epoch(clock.now())


def test_by_default_the_signature_is_keyed_with_the_clients_secret(site: Site, get_tokens: Tokens) -> None:
    """Reference, 1.5 and 1.10: HS256, keyed with the secret's UTF-8 bytes."""
    token = get_tokens(site)["id_token"]
    _verify(token, site.secret.encode(), "HS256", site)
    with pytest.raises(jwt.InvalidSignatureError):
        _verify(token, b"another secret of thirty-six letters", "HS256", site)


@pytest.mark.parametrize(("algorithm", "members"), [("HS256", 2), ("RS256", 3), ("ES256", 2)])
def test_only_an_rs256_header_names_its_key(
    register: Callable[..., Site], get_tokens: Tokens, server: FlaskClient, algorithm: str, members: int
) -> None:
    """Reference, 1.10: header typ and alg; kid with RS256, none with ES256 nor HS256."""
    header = jwt.get_unverified_header(get_tokens(register(id_token_alg=algorithm))["id_token"])
    assert (header["alg"], header["typ"], len(header)) == (algorithm, "JWT", members)
    if "kid" in header:
        rsa = [key["kid"] for key in server.get("/idp/oidc/certs").json["keys"] if key["kty"] == "RSA"]
        assert [header["kid"]] == rsa


def test_an_id_token_has_exactly_these_claims(register: Callable[..., Site], get_tokens: Tokens) -> None:
    """Reference, 1.10: no at_hash, c_hash, azp nor amr; the userinfo claims as well."""
    site = register(scopes=("openid",))
    claims = payload(get_tokens(site, nonce="n")["id_token"])
    assert set(claims) == {"iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "sid", "nonce"}
    assert "nonce" not in payload(get_tokens(site)["id_token"])


@pytest.mark.parametrize(("own", "seconds"), [(None, 30), (3600, 3600)])
def test_it_lives_30_seconds_or_as_long_as_the_client_wants(
    register: Callable[..., Site], get_tokens: Tokens, clock: ManualClock, own: int | None, seconds: int
) -> None:
    """Reference, 1.13; checklist 11."""
    claims = payload(get_tokens(register(id_token_lifetime_in=own))["id_token"])
    assert claims["exp"] - claims["iat"] == seconds
    assert claims["iat"] == epoch(clock.now())


def test_sites_that_decode_it_with_ordinary_base64_as_ascii_can_read_it(
    register: Callable[..., Site], get_tokens: Tokens
) -> None:
    """Reference, 1.10 and 3.3: compact JSON, sorted keys, ASCII escapes: « é » breaks neither ASCII nor base64."""
    body = get_tokens(register(), nonce="à la fin")["id_token"].split(".")[1]
    assert not set("-_") & set(body)
    text = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("ascii")
    claims = json.loads(text)
    assert r"Dupr\u00e9" in text
    assert claims["family_name"] == "Dupré"
    assert text == json.dumps(claims, sort_keys=True, separators=(",", ":"))


def test_the_session_has_one_name_per_site_and_keeps_it(
    register: Callable[..., Site], get_tokens: Tokens, clock: ManualClock
) -> None:
    """Reference, 1.10: sid, 32 hexadecimal digits, of session and client."""
    one, other = register(), register()
    first = payload(get_tokens(one)["id_token"])["sid"]
    clock.advance(minutes=10)
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert payload(get_tokens(one)["id_token"])["sid"] == first
    assert payload(get_tokens(other)["id_token"])["sid"] != first


def test_the_token_answer_has_exactly_its_four_members(site: Site, citizen: Citizen, server: FlaskClient) -> None:
    """Reference, 1.9; checklist 8, 16: no scope member; never cached."""
    answer = site.redeem(server, citizen.code(site.request()))
    assert set(answer.json) == {"access_token", "token_type", "expires_in", "id_token"}
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 28_800
    assert answer.mimetype == "application/json"
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")


def test_an_access_token_is_an_opaque_uuid_that_lives_as_long_as_the_session(
    site: Site, get_tokens: Tokens, clock: ManualClock
) -> None:
    """Reference, 1.9 and 1.13: the browser session's remaining age."""
    get_tokens(site)
    clock.advance(hours=1)
    second = get_tokens(site)
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", second["access_token"])
    assert second["expires_in"] == 28_800 - 3600


def test_an_access_token_lives_as_long_as_the_client_wants(
    register: Callable[..., Site], get_tokens: Tokens, userinfo: Callable[[str], TestResponse], clock: ManualClock
) -> None:
    """Reference, 1.13: the client's value first."""
    tokens = get_tokens(register(access_token_lifetime_in=60))
    assert tokens["expires_in"] == 60
    clock.advance(seconds=59)
    assert userinfo(tokens["access_token"]).status_code == 200
    clock.advance(seconds=1)
    assert userinfo(tokens["access_token"]).status_code == 401


def _verify(token: str, key: Any, algorithm: str, site: Site) -> dict[str, Any]:
    """Verify as a strict site would, but for its clock: the test's stands elsewhere."""
    return jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        audience=site.client_id,
        issuer=ISSUER,
        options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False},
    )
