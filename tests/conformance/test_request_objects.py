"""What certification checks of requests that come in an object, at an address, or pushed (requirements 29 to 33;
RFC 9101; RFC 9126)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask
from flows import ISSUER, payload
from joserfc import jwe
from joserfc.jwk import RSAKey
from strict_site import Answer, Begin, StrictSite, unsigned

from glc.clock import ManualClock
from glc.errors import FetchError
from glc.fetch import Fetched
from idp.provider import Provider

KEY = rsa.generate_private_key(65537, 2048)
OTHER = ec.generate_private_key(ec.SECP256R1())


def jwks(**keys: Any) -> dict[str, Any]:
    """The public halves as a JWK Set."""
    algorithms = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm}
    return {
        "keys": [
            {**json.loads(algorithms[alg].to_jwk(key.public_key())), "kid": alg, "alg": alg, "use": "sig"}
            for alg, key in keys.items()
        ]
    }


def inside(rp: StrictSite, **changes: Any) -> dict[str, Any]:
    """A whole request, as an object holds it."""
    return {
        "iss": rp.site.client_id,
        "aud": ISSUER,
        "client_id": rp.site.client_id,
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": rp.site.redirect_uri,
        "state": "inside",
        "nonce": "n-inside",
        **changes,
    }


@pytest.fixture
def signing(begin: Begin) -> StrictSite:
    """A site whose public keys are registered."""
    return begin(protocol={"jwks": jwks(RS256=KEY, ES256=OTHER), "request_uris": ["https://site.example/object#v1"]})


def send(rp: StrictSite, **parameters: str | None) -> Any:
    """A request that says as little as possible around the object."""
    usual = {"state": None, "nonce": None, **parameters}
    return rp.read(rp.citizen.get(rp.path(**usual)))


@pytest.mark.parametrize(("alg", "key"), [("RS256", KEY), ("ES256", OTHER)])
def test_31_a_signed_object_is_the_request(signing: StrictSite, alg: str, key: Any) -> None:
    """Core 1.0, 6.1; requirement 31; oidcc-ensure-request-object-with-redirect-uri: what is inside wins, whatever the
    redirect URI around it."""
    rp = signing
    text = jwt.encode(inside(rp), key, alg, headers={"kid": alg})
    step = rp.citizen.get(rp.path(request=text, redirect_uri="https://evil.example/", state="outside", nonce=None))
    answer = rp.arrive(step, state="inside")
    assert payload(rp.redeem(answer)["id_token"])["nonce"] == "n-inside"


def test_a_key_signs_only_with_the_algorithm_it_was_registered_for(signing: StrictSite) -> None:
    """RFC 7517, 4.4; RFC 8725, 3.1."""
    end = send(signing, request=jwt.encode(inside(signing), KEY, "PS256", headers={"kid": "RS256"}))
    assert isinstance(end, Answer)
    assert end["error"] == "invalid_request_object"


def test_29_an_unsigned_object_is_the_request_too(rp: StrictSite) -> None:
    """oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported: state and nonce are only inside."""
    assert "none" in rp.metadata["request_object_signing_alg_values_supported"]
    step = rp.citizen.get(rp.path(request=unsigned(inside(rp)), state=None, nonce=None))
    answer = rp.arrive(step, state="inside")
    assert payload(rp.redeem(answer)["id_token"])["nonce"] == "n-inside"


def test_29_an_unsigned_object_is_refused_where_signed_ones_were_registered(begin: Begin) -> None:
    """RFC 9101, 10.5; Dynamic Client Registration 1.0, 2: request_object_signing_alg."""
    for options in ({"request_object_signing_alg": "RS256"}, {"require_signed_request_object": True}):
        rp = begin(protocol={"jwks": jwks(RS256=KEY), **options})
        end = send(rp, request=unsigned(inside(rp)))
        assert isinstance(end, Answer)
        assert end["error"] == "invalid_request_object"
    assert send(rp)["error"] == "invalid_request"


def test_an_object_keyed_with_the_secret(rp: StrictSite) -> None:
    """Core 1.0, 6.1 and 10.1."""
    text = jwt.encode(inside(rp), rp.site.secret, "HS256")
    assert rp.arrive(rp.citizen.get(rp.path(request=text)), state="inside")["code"]


@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A256GCM"])
def test_an_object_encrypted_for_this_provider(signing: StrictSite, enc: str) -> None:
    """Core 1.0, 6.1 and 10.2: signed, then encrypted with the key that the JWK Set says is for that."""
    alg = "RSA-OAEP-256"
    assert alg in signing.metadata["request_object_encryption_alg_values_supported"]
    published = signing.client.get("/idp/oidc/certs").json["keys"]
    key = RSAKey.import_key(next(each for each in published if each["use"] == "enc"))
    signed = jwt.encode(inside(signing), KEY, "RS256")
    sealed = jwe.encrypt_compact({"alg": alg, "enc": enc, "kid": key.kid}, signed, key, algorithms=[alg, enc])
    assert signing.arrive(signing.citizen.get(signing.path(request=sealed)), state="inside")["code"]
    broken = sealed[:-6] + "AAAAAA"
    end = send(signing, request=broken)
    assert isinstance(end, Answer)
    assert end["error"] == "invalid_request_object"


def test_a_client_that_registered_encryption_sends_nothing_in_clear(begin: Begin) -> None:
    """Dynamic Client Registration 1.0, 2: request_object_encryption_alg."""
    rp = begin(protocol={"jwks": jwks(RS256=KEY), "request_object_encryption_alg": "RSA-OAEP-256"})
    end = send(rp, request=jwt.encode(inside(rp), KEY, "RS256"))
    assert isinstance(end, Answer)
    assert end["error"] == "invalid_request_object"


NOT_OURS: list[tuple[str, Callable[[StrictSite], str]]] = [
    ("a foreign key", lambda rp: jwt.encode(inside(rp), rsa.generate_private_key(65537, 2048), "RS256")),
    ("another secret", lambda rp: jwt.encode(inside(rp), "x" * 40, "HS256")),
    ("another client", lambda rp: unsigned(inside(rp, client_id="other"))),
    ("another issuer", lambda rp: unsigned(inside(rp, iss="other"))),
    ("another provider", lambda rp: unsigned(inside(rp, aud="https://other.example/"))),
    ("expired", lambda rp: unsigned(inside(rp, exp=1))),
    ("not yet", lambda rp: unsigned(inside(rp, nbf=99999999999))),
    ("no time", lambda rp: unsigned(inside(rp, exp="tomorrow"))),
    ("another response type", lambda rp: unsigned(inside(rp, response_type="id_token"))),
    ("an object within", lambda rp: unsigned(inside(rp, request="x"))),
    ("a list", lambda rp: unsigned(inside(rp, scope=["openid"]))),
    ("no object", lambda rp: "e30.W10."),
    ("a signature of none", lambda rp: unsigned(inside(rp)) + "AAAA"),
    ("a number", lambda rp: "1"),
]


@pytest.mark.parametrize(("what", "make"), NOT_OURS, ids=[what for what, _ in NOT_OURS])
def test_an_object_that_is_not_right_is_refused(
    signing: StrictSite, what: str, make: Callable[[StrictSite], str]
) -> None:
    """RFC 9101, 6.2 and 6.3: told to the registered address around it; without one, on a page."""
    end = send(signing, request=make(signing))
    assert isinstance(end, Answer), what
    end.check(None)
    assert end["error"] == "invalid_request_object"
    assert not isinstance(send(signing, request=make(signing), redirect_uri=None), Answer)


def test_30_and_32_an_object_at_a_registered_address(signing: StrictSite, app: Flask) -> None:
    """Core 1.0, 6.2; requirement 32; oidcc-request-uri-signed-rs256: registered with a fragment, fetched without."""
    text = jwt.encode(inside(signing), KEY, "RS256")
    asked: list[str] = []
    serve(app, lambda url: asked.append(url) or (200, text))
    answer = signing.arrive(
        signing.citizen.get(signing.path(request_uri="https://site.example/object#v1")), state="inside"
    )
    assert answer["code"]
    assert asked == ["https://site.example/object"]


def test_no_connection_waits_for_a_site(signing: StrictSite, app: Flask) -> None:
    """A site that is slow to give its request object holds nobody up but its own user."""
    pool, held = app.extensions["idp"].engine.pool, []
    serve(app, lambda _url: held.append(pool.checkedout()) or (200, jwt.encode(inside(signing), KEY, "RS256")))
    send(signing, request_uri="https://site.example/object#v1")
    assert held == [0]


def test_30_an_unsigned_object_at_a_registered_address(signing: StrictSite, app: Flask) -> None:
    """oidcc-request-uri-unsigned,
    oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported: state and nonce are only inside."""
    serve(app, lambda _url: (200, unsigned(inside(signing))))
    path = signing.path(request_uri="https://site.example/object#v1", state=None, nonce=None)
    answer = signing.arrive(signing.citizen.get(path), state="inside")
    assert payload(signing.redeem(answer)["id_token"])["nonce"] == "n-inside"


@pytest.mark.parametrize(
    ("uri", "answer"),
    [
        ("https://site.example/object#v2", (200, "")),
        ("https://site.example/object#v1", (404, "no")),
        ("https://site.example/object#v1", None),
    ],
)
def test_30_an_address_that_cannot_be_read_is_refused(
    signing: StrictSite, app: Flask, uri: str, answer: tuple[int, str] | None
) -> None:
    """RFC 9101, 5.2.3: not registered, not found, out of reach."""
    serve(app, lambda _url: answer)
    end = send(signing, request_uri=uri)
    assert isinstance(end, Answer)
    assert end["error"] == "invalid_request_uri"


def serve(app: Flask, answer: Callable[[str], tuple[int, str] | None]) -> None:
    """Have what the provider fetches answered here: the fetches themselves have tests of their own."""

    class Cache:
        def get(self, url: str, *, anew: bool = False) -> Fetched:
            found = answer(url)
            if found is None:
                raise FetchError("out of reach")
            return Fetched(found[0], {}, found[1].encode())

    house: Provider = app.extensions["idp"]
    house.__dict__["fetches"] = Cache()


def test_33_what_is_supported_is_said(rp: StrictSite) -> None:
    """Requirement 33: each member is there, with the value that holds."""
    said = rp.metadata
    assert said["request_parameter_supported"] is said["request_uri_parameter_supported"] is True
    assert said["require_request_uri_registration"] is True
    assert {"RS256", "ES256", "PS256", "EdDSA", "HS256"} <= set(said["request_object_signing_alg_values_supported"])


def push(rp: StrictSite, **changes: str) -> Any:
    """Push a request (RFC 9126, 2.1)."""
    form = {"response_type": "code", "scope": "openid", "redirect_uri": rp.site.redirect_uri, "state": "pushed"}
    return rp.client.post("/idp/oidc/par", data={**form, **changes}, headers=rp.site.basic)


def test_a_pushed_request_serves_once_and_soon(rp: StrictSite, clock: ManualClock) -> None:
    """RFC 9126, 2.2 and 4."""
    assert rp.metadata["pushed_authorization_request_endpoint"] == f"{ISSUER}idp/oidc/par"
    pushed = push(rp)
    assert (pushed.status_code, pushed.headers["Cache-Control"]) == (201, "no-store")
    assert pushed.json["expires_in"] == 90
    path = f"/idp/oidc/authorize?client_id={rp.site.client_id}&request_uri={pushed.json['request_uri']}"
    assert rp.arrive(rp.citizen.get(path), state="pushed")["code"]
    assert not isinstance(rp.read(rp.citizen.get(path)), Answer)
    late = push(rp).json["request_uri"]
    clock.advance(seconds=90)
    end = rp.citizen.get(f"/idp/oidc/authorize?client_id={rp.site.client_id}&request_uri={late}")
    assert not isinstance(rp.read(end), Answer)


def test_a_pushed_request_is_its_clients_only(rp: StrictSite, begin: Begin) -> None:
    """RFC 9126, 7.3."""
    other = begin()
    reference = push(rp).json["request_uri"]
    end = rp.citizen.get(f"/idp/oidc/authorize?client_id={other.site.client_id}&request_uri={reference}")
    assert not isinstance(rp.read(end), Answer)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"scope": "nonsense openid"}, "invalid_scope"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"client_id": "other"}, "invalid_request"),
        ({"request": "x"}, "invalid_request_object"),
        ({"response_type": "nonsense"}, "unsupported_response_type"),
    ],
)
def test_a_request_that_cannot_succeed_cannot_be_pushed(rp: StrictSite, changes: dict[str, str], error: str) -> None:
    """RFC 9126, 2.3."""
    refused = push(rp, **changes)
    assert (refused.status_code, refused.json["error"]) == (400, error)


def test_a_client_that_is_not_authenticated_pushes_nothing(rp: StrictSite) -> None:
    """RFC 9126, 2.1."""
    rp.site.secret = "wrong"
    assert (push(rp).status_code, push(rp).json["error"]) == (401, "invalid_client")


def test_a_client_bound_to_push_must(begin: Begin) -> None:
    """RFC 9126, 6: require_pushed_authorization_requests."""
    rp = begin(protocol={"require_pushed_authorization_requests": True})
    end = rp.visit()
    assert isinstance(end, Answer)
    assert end["error"] == "invalid_request"
    path = f"/idp/oidc/authorize?client_id={rp.site.client_id}&request_uri={push(rp).json['request_uri']}"
    assert rp.arrive(rp.citizen.get(path), state="pushed")["code"]


def test_an_object_may_be_pushed(signing: StrictSite) -> None:
    """RFC 9126, 3."""
    text = jwt.encode(inside(signing), KEY, "RS256")
    form = {"request": text}
    pushed = signing.client.post("/idp/oidc/par", data=form, headers=signing.site.basic)
    assert pushed.status_code == 201, pushed.text
    path = f"/idp/oidc/authorize?client_id={signing.site.client_id}&request_uri={pushed.json['request_uri']}"
    assert signing.arrive(signing.citizen.get(path), state="inside")["code"]
