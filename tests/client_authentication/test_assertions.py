"""Signed assertions: what they must say, that each serves once, and which keys verify them (RFC 7523, section 3)."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from canned import CannedSite
from client_authentication.callers import EC, ED, ISSUER, RSA, Caller, answer, key_set, public
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy.engine import Engine

from glc.clock import ManualClock
from idp.models import UsedAssertion

Make = Callable[..., Caller]
NOON = 1_772_449_200
OTHER = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("alg", ["RS256", "RS512", "PS256", "ES256", "EdDSA"])
def test_46_an_assertion_signed_with_the_clients_key_proves_who_it_is(caller: Make, alg: str) -> None:
    """Requirement 46; RFC 7518, 3.1; RFC 8037, 3.1."""
    site = caller("private_key_jwt")
    key, kid = {"E": (EC, "ES256"), "Ed": (ED, "EdDSA")}.get("Ed" if alg == "EdDSA" else alg[0], (RSA, "RS256"))
    assert site.known(site.asserting(alg, key=key, kid=kid)) == "known"


def test_an_assertion_keyed_with_the_secret_proves_who_it_is(caller: Make) -> None:
    """Core 1.0, section 9: client_secret_jwt."""
    site = caller("client_secret_jwt")
    assert site.known(site.asserting("HS256")) == "known"
    assert site.known(site.asserting("HS256", key="not the secret, though as long as one is")) == "invalid_client"


AUDIENCES = [ISSUER, f"{ISSUER}idp/oidc/token", [ISSUER], ["https://other.example/", f"{ISSUER}idp/oidc/token"]]


@pytest.mark.parametrize("aud", AUDIENCES)
def test_46_it_is_for_the_token_endpoint_or_the_issuer(caller: Make, aud: Any) -> None:
    """Requirement 46; oidcc-ensure-client-assertion-with-iss-aud-succeeds."""
    site = caller("private_key_jwt")
    assert site.known(site.asserting(aud=aud)) == "known"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody else"},
        {"iss": None},
        {"sub": "somebody else"},
        {"sub": None},
        {"sub": ["x"]},
        {"aud": None},
        {"aud": []},
        {"aud": "https://other.example/"},
        {"aud": {"x": 1}},
        {"aud": [["x"], 1]},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": NOON - 60},
        {"exp": NOON + 2 * 3600},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"nbf": NOON + 120},
        {"iat": NOON + 120},
        {"iat": "now"},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
    ],
    ids=str,
)
def test_46_an_assertion_that_lacks_something_is_refused(caller: Make, changes: dict[str, Any]) -> None:
    """Requirement 46; RFC 7523, section 3. Core 1.0, section 9 demands `jti`."""
    site = caller("private_key_jwt")
    assert site.known(site.asserting(**changes)) == "invalid_client"


def test_a_clock_that_is_a_little_wrong_does_no_harm(caller: Make) -> None:
    """RFC 7519, 4.1.4: a few minutes at most."""
    site = caller("private_key_jwt")
    assert site.known(site.asserting(exp=NOON - 30)) == "known"
    assert site.known(site.asserting(iat=NOON + 30, nbf=NOON + 30)) == "known"


def test_46_an_assertion_serves_once(caller: Make, clock: ManualClock) -> None:
    """Requirement 46; RFC 7523, section 3: until it has expired, and past that it is refused for its age."""
    site = caller("private_key_jwt")
    form = site.asserting()
    assert [site.known(form), site.known(form)] == ["known", "invalid_client"]
    clock.advance(seconds=119)
    assert site.known(form) == "invalid_client"
    assert site.known(site.asserting()) == "known"


def test_two_clients_may_use_the_same_jti(caller: Make) -> None:
    """RFC 7519, 4.1.7: it is unique to its issuer."""
    assert [
        site.known(site.asserting(jti="one")) for site in (caller("private_key_jwt"), caller("private_key_jwt"))
    ] == [
        "known",
        "known",
    ]


def test_of_several_uses_at_once_one_gets_through(caller: Make) -> None:
    """The row's key decides, whichever process or thread is first."""
    site, found = caller("private_key_jwt"), list[str]()
    form = site.asserting()
    threads = [threading.Thread(target=lambda: found.append(site.known(form))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == ["invalid_client"] * 3 + ["known"]


def test_assertions_are_forgotten_once_they_have_expired(caller: Make, clock: ManualClock, engine: Engine) -> None:
    """What is kept has an end."""
    site = caller("private_key_jwt")
    for _ in range(3):
        site.known(site.asserting())
    clock.advance(seconds=121)
    site.known(site.asserting())
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(UsedAssertion)) == 1


def unsigned(site: Caller) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, site.claims())]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def keyed(site: Caller, key: bytes) -> str:
    text = site.assertion("HS256").rpartition(".")[0]
    return f"{text}.{base64.urlsafe_b64encode(hmac.digest(key, text.encode(), 'sha256')).rstrip(b'=').decode()}"


FORGED: dict[str, Callable[[Caller], str]] = {
    "unsigned": unsigned,
    "another key": lambda site: site.assertion(key=OTHER),
    "another key of unknown name": lambda site: site.assertion(key=OTHER, kid="mine"),
    "an algorithm of another key": lambda site: site.assertion("RS256", kid="ES256"),
    "the public key as a secret": lambda site: keyed(site, json.dumps(public("RS256")).encode()),
    "cut short": lambda site: site.assertion()[:-10],
    "no token": lambda _: "abc",
    "not JSON": lambda _: "YQ.YQ.YQ",
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_assertion_is_refused(caller: Make, how: str) -> None:
    """RFC 7515, 5.2; RFC 8725, 3.1 and 3.2."""
    site = caller("private_key_jwt")
    form = site.asserting() | {"client_assertion": FORGED[how](site)}
    assert site.known(form) == "invalid_client"


def test_only_the_registered_algorithm_will_do(caller: Make) -> None:
    """Registration 1.0, section 2: token_endpoint_auth_signing_alg."""
    site = caller("private_key_jwt", token_endpoint_auth_signing_alg="ES256")
    assert [site.known(site.asserting(alg)) for alg in ("ES256", "RS256")] == ["known", "invalid_client"]


@pytest.mark.parametrize("left_out", ["client_assertion", "client_assertion_type"])
def test_both_members_of_the_form_are_needed(caller: Make, left_out: str) -> None:
    """RFC 7521, 4.2."""
    site = caller("private_key_jwt")
    form = site.asserting()
    del form[left_out]
    assert site.known(form) == "invalid_request"
    assert site.known(site.asserting() | {"client_assertion_type": "saml"}) == "invalid_request"


def at(publisher: CannedSite) -> str:
    return f"http://127.0.0.1:{publisher.port}/jwks"


def test_46_keys_are_fetched_from_the_jwks_uri_and_kept(
    caller: Make, publisher: CannedSite, clock: ManualClock
) -> None:
    """Requirement 46; oidcc-registration-jwks-uri; RFC 9111: asked for again on condition once they may
    have changed."""
    publisher.answers += [
        answer(key_set(), "Cache-Control: max-age=600", 'ETag: "1"'),
        b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=600\r\n\r\n",
    ]
    site = caller("private_key_jwt", jwks_uri=at(publisher))
    assert [site.known(site.asserting(alg)) for alg in ("RS256", "ES256")] == ["known", "known"]
    assert len(publisher.asked) == 1
    clock.advance(seconds=601)
    assert site.known(site.asserting()) == "known"
    assert b'If-None-Match: "1"' in publisher.asked[1]


@pytest.mark.parametrize("kid", ["new", "RS256", ""])
def test_47_an_unknown_key_has_the_set_fetched_again(
    caller: Make, publisher: CannedSite, clock: ManualClock, kid: str
) -> None:
    """Requirement 47; oidcc-refresh-token-rp-key-rotation: whatever the site said of how long it holds, and whether the
    key has a new name, the old one's, or none."""
    new = public("RS256", kid or "unsaid", OTHER)
    publisher.answers += [
        answer(key_set(public("RS256")), "Cache-Control: max-age=86400"),
        answer(key_set(new), "Cache-Control: max-age=86400"),
    ]
    site = caller("private_key_jwt", jwks_uri=at(publisher))
    assert site.known(site.asserting()) == "known"
    clock.advance(seconds=60)
    assert site.known(site.asserting(key=OTHER, kid=kid)) == "known"
    assert site.known(site.asserting()) == "invalid_client"


def test_47_unknown_keys_do_not_have_a_site_called_again_and_again(
    caller: Make, publisher: CannedSite, clock: ManualClock
) -> None:
    """Requirement 47: a stranger who makes up names of keys costs the site a call every few seconds at most."""
    publisher.answers += [answer(key_set()) for _ in range(5)]
    site = caller("private_key_jwt", jwks_uri=at(publisher))
    site.known(site.asserting())
    for number in range(10):
        assert site.known(site.asserting(key=OTHER, kid=f"made-up-{number}")) == "invalid_client"
    assert len(publisher.asked) == 1
    clock.advance(seconds=5)
    for number in range(10):
        site.known(site.asserting(key=OTHER, kid=f"made-up-{number}"))
    assert len(publisher.asked) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        answer({"error": "down"}, status="503 Service Unavailable"),
        answer([]),
        answer({"keys": "none"}),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{",
        answer({"keys": [{"kty": "RSA", "kid": "RS256"}, 5]}),
        b"",
    ],
    ids=["down", "a list", "no keys", "not JSON", "no key that can be read", "nothing"],
)
def test_keys_that_cannot_be_had_are_told_to_the_client(
    caller: Make, publisher: CannedSite, clock: ManualClock, wrong: bytes
) -> None:
    """RFC 6749, 5.2; a minute later at the most, the site is asked again."""
    publisher.answers += [wrong, answer(key_set())]
    site = caller("private_key_jwt", jwks_uri=at(publisher))
    assert site.known(site.asserting()) == "invalid_client"
    clock.advance(seconds=60)
    assert site.known(site.asserting()) == "known"


def test_a_key_that_cannot_be_read_hides_no_other(caller: Make) -> None:
    """RFC 7517, section 5: keys that are not understood are ignored."""
    odd = [
        {"kty": "RSA", "n": "?"},
        {"kty": "lattice", "kid": "RS256"},
        {"kty": "EC", "crv": "P-999", "x": "", "y": ""},
    ]
    site = caller("private_key_jwt", jwks={"keys": [*odd, public("RS256")]})
    assert site.known(site.asserting()) == "known"
