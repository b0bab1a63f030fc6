"""What certification checks of ID Tokens, userinfo and discovery (requirements 48 to 55)."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from flask import Flask
from flows import ISSUER, payload
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey
from strict_site import Begin, StrictSite

from glc.clock import ManualClock
from partner_registry.models import SubjectPolicy

PROFILE = set(
    "name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate "
    "zoneinfo locale updated_at".split()
)
OF_SCOPE = {
    "profile": PROFILE,
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}
PROTOCOL = {"iss", "aud", "iat", "exp", "auth_time", "acr", "amr", "nonce", "sid", "sub", "at_hash", "c_hash"}


def test_48_rs256_is_the_default_and_the_kid_is_always_there(rp: StrictSite) -> None:
    """Requirement 48; oidcc-idtoken-signature, oidcc-idtoken-rs256; oidcc-idtoken-unsigned is for who says `none`."""
    header = jwt.get_unverified_header(rp.redeem(rp.authorize())["id_token"])
    assert header["alg"] == "RS256"
    assert "none" not in rp.metadata["id_token_signing_alg_values_supported"]
    assert header["kid"] in {key["kid"] for key in rp.client.get("/idp/oidc/certs").json["keys"]}


@pytest.mark.parametrize("scope", OF_SCOPE)
@pytest.mark.parametrize("response_type", ["code", "code id_token token", "id_token token"])
def test_50_and_53_a_scope_gives_its_claims_by_userinfo_only(
    rp: StrictSite, clock: ManualClock, scope: str, response_type: str
) -> None:
    """Requirements 50, 51 and 53; oidcc-scope-profile, oidcc-scope-email, oidcc-scope-address, oidcc-scope-phone: all
    of them, none in the ID Token."""
    answer = rp.authorize(scope=f"openid {scope}", response_type=response_type)
    body = rp.redeem(answer) if answer.get("code") else dict(answer.pairs)
    told = rp.userinfo(body["access_token"])
    assert told.keys() == {"sub", "iss"} | OF_SCOPE[scope]
    for token in filter(None, (body.get("id_token"), answer.get("id_token"))):
        assert payload(token).keys() <= PROTOCOL


def test_50_all_scopes_at_once(rp: StrictSite) -> None:
    """oidcc-scope-all."""
    told = rp.userinfo(rp.redeem(rp.authorize(scope="openid profile email address phone"))["access_token"])
    assert told.keys() == {"sub", "iss"}.union(*OF_SCOPE.values())
    assert told["address"]["formatted"] == "12 rue de la République\n69001 Lyon"


def test_50_an_id_token_that_comes_alone_has_the_claims(rp: StrictSite) -> None:
    """Core 1.0, 5.4: response_type=id_token has no userinfo."""
    told = payload(rp.authorize(scope="openid email", response_type="id_token")["id_token"])
    assert told.keys() - PROTOCOL == {"email", "email_verified"}


def test_51_userinfo_by_get_and_post_header_and_form(rp: StrictSite) -> None:
    """Requirement 51; oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body; RFC 6750, 2: one
    way at a time; RFC 9110, 11.1: the scheme in any case."""
    token = rp.redeem(rp.authorize())["access_token"]
    header, form = {"Authorization": f"Bearer {token}"}, {"access_token": token}
    expected = rp.userinfo(token)
    assert rp.client.post("/idp/oidc/user_info", headers=header).json == expected
    for scheme in ("bearer", "BEARER"):
        said = rp.client.get("/idp/oidc/user_info", headers={"Authorization": f"{scheme} {token}"})
        assert said.json == expected
    assert rp.client.post("/idp/oidc/user_info", data=form).json == expected
    assert rp.client.post("/idp/oidc/user_info", data=form, headers=header).status_code == 400
    assert rp.client.get(f"/idp/oidc/user_info?access_token={token}").status_code == 401


@pytest.mark.parametrize(
    ("header", "status", "challenge"),
    [
        (None, 401, "Bearer"),
        ("Bearer", 400, 'Bearer error="invalid_request", error_description="Invalid Bearer authentication"'),
        ("Basic eDp5", 400, 'Bearer error="invalid_request", error_description="Invalid Bearer authentication"'),
        ("Bearer unknown", 401, 'Bearer error="invalid_token", error_description="Token unknown"'),
    ],
)
def test_userinfo_says_what_is_wrong(rp: StrictSite, header: str | None, status: int, challenge: str) -> None:
    """RFC 6750, 3 and 3.1: no error code for whoever sent no token."""
    answer = rp.client.get("/idp/oidc/user_info", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (status, challenge)


def test_52_a_claim_asked_for_by_name_comes_where_it_was_asked(rp: StrictSite) -> None:
    """Requirement 52; oidcc-claims-essential; Core 1.0, 5.5."""
    claims = {"userinfo": {"name": {"essential": True}}, "id_token": {"email": None, "crown": None}}
    body = rp.redeem(rp.authorize(claims=json.dumps(claims)))
    assert rp.userinfo(body["access_token"]).keys() == {"sub", "iss", "name"}
    assert payload(body["id_token"]).keys() - PROTOCOL == {"email"}


def test_52_the_user_is_asked_about_claims_by_name(rp: StrictSite) -> None:
    """Core 1.0, 5.5 and 3.1.2.4: the consent page shows them."""
    page = rp.citizen.log_in(rp.citizen.get(rp.path(claims='{"userinfo": {"address": null}}')))
    assert "rue de la République" in page.text
    assert "Adresse postale" in page.text


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA", "HS256"])
def test_54_userinfo_is_signed_as_registered(begin: Begin, clock: ManualClock, alg: str) -> None:
    """Requirement 54; oidcc-userinfo-rs256; Core 1.0, 5.3.2: iss and aud, no nonce."""
    rp = begin(protocol={"userinfo_signed_response_alg": alg})
    headers = {"Authorization": f"Bearer {rp.redeem(rp.authorize(scope='openid email'))['access_token']}"}
    answer = rp.client.get("/idp/oidc/user_info", headers=headers)
    assert answer.mimetype == "application/jwt"
    told = verified(rp, answer.text, alg)
    assert told["email"] == "camille.dupre@citoyen.example"
    assert "nonce" not in told


@pytest.mark.parametrize("alg", ["PS256", "ES256", "EdDSA", "HS256"])
def test_an_id_token_is_signed_as_registered(begin: Begin, clock: ManualClock, alg: str) -> None:
    """Dynamic Client Registration 1.0, 2: id_token_signed_response_alg; Core 1.0, 3.1.3.6: at_hash follows it."""
    rp = begin(id_token_alg=alg)
    body = rp.redeem(rp.authorize())
    if alg == "HS256":
        assert verified(rp, body["id_token"], alg)["nonce"] == "n-1"
    else:
        rp.id_token(body["id_token"], now=clock.now().timestamp(), access_token=body["access_token"])


def verified(rp: StrictSite, token: str, alg: str) -> dict[str, Any]:
    """What a token for this site says, its signature verified."""
    key: Any = rp.site.secret
    if alg != "HS256":
        kid = jwt.get_unverified_header(token)["kid"]
        keys = {key["kid"]: key for key in rp.client.get("/idp/oidc/certs").json["keys"]}
        key = jwt.PyJWK(keys[kid]).key
    options = {"verify_exp": False}
    told: dict[str, Any] = jwt.decode(token, key, [alg], audience=rp.site.client_id, issuer=ISSUER, options=options)
    return told


ENCRYPTED = [
    ("RSA-OAEP", "A128CBC-HS256"),
    ("RSA-OAEP-256", "A256GCM"),
    ("ECDH-ES", "A128GCM"),
    ("ECDH-ES+A256KW", "A256CBC-HS512"),
]


@pytest.mark.parametrize(("alg", "enc"), ENCRYPTED)
def test_id_tokens_and_userinfo_are_encrypted_as_registered(begin: Begin, alg: str, enc: str) -> None:
    """Core 1.0, 10.2: signed, then encrypted for a key of the client, whose kid is in the header."""
    mine: Any = RSAKey.generate_key(2048) if alg.startswith("RSA") else ECKey.generate_key("P-256")
    public = {**mine.as_dict(private=False), "use": "enc", "kid": "mine"}
    registered = {
        "jwks": {"keys": [public]},
        "id_token_encrypted_response_alg": alg,
        "id_token_encrypted_response_enc": enc,
        "userinfo_signed_response_alg": "ES256",
        "userinfo_encrypted_response_alg": alg,
        "userinfo_encrypted_response_enc": enc,
    }
    rp = begin(protocol=registered)
    body = rp.redeem(rp.authorize(scope="openid email"))
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    sealed = rp.client.get("/idp/oidc/user_info", headers=headers)
    assert sealed.mimetype == "application/jwt"
    for text, signature in ((body["id_token"], "RS256"), (sealed.text, "ES256")):
        opened = jwe.decrypt_compact(text, mine, algorithms=[alg, enc])
        assert opened.headers()["kid"] == "mine"
        assert opened.headers()["cty"] == "JWT"
        assert verified(rp, opened.plaintext.decode(), signature)["sub"]


def test_userinfo_may_be_encrypted_without_being_signed(begin: Begin) -> None:
    """Core 1.0, 5.3.2: only who registered a signature gets one."""
    mine = ECKey.generate_key("P-256")
    keys = {"keys": [{**mine.as_dict(private=False), "use": "enc"}]}
    rp = begin(protocol={"jwks": keys, "userinfo_encrypted_response_alg": "ECDH-ES"})
    token = rp.redeem(rp.authorize(scope="openid email"))["access_token"]
    sealed = rp.client.get("/idp/oidc/user_info", headers={"Authorization": f"Bearer {token}"})
    opened = jwe.decrypt_compact(sealed.text, mine, algorithms=["ECDH-ES", "A128CBC-HS256"])
    assert "cty" not in opened.headers()
    assert json.loads(opened.plaintext)["email"] == "camille.dupre@citoyen.example"


def test_a_client_without_a_key_that_fits_is_told_so(begin: Begin) -> None:
    """Core 1.0, 10.2: never in clear instead."""
    only = {**ECKey.generate_key("P-256").as_dict(private=False), "use": "enc"}
    rp = begin(protocol={"jwks": {"keys": [only]}, "id_token_encrypted_response_alg": "RSA-OAEP"})
    end = rp.site.redeem(rp.client, rp.authorize()["code"])
    assert end.json["error"] == "server_error"
    assert rp.authorize(response_type="id_token")["error"] == "server_error"


def test_pairwise_and_public_subjects(begin: Begin, somebody: str) -> None:
    """Core 1.0, 8: two hosts know one person by two names, one sector by one; a public subject is the same to all."""

    def subject(**options: Any) -> str:
        rp = begin(**options)
        return str(payload(rp.redeem(rp.authorize())["id_token"])["sub"])

    here, there = ("https://one.example/cb",), ("https://two.example/cb",)
    sector = "https://sector.example/uris.json"
    assert subject(redirect_uris=here) != subject(redirect_uris=there)
    assert subject(redirect_uris=here, sector_identifier_uri=sector) == subject(
        redirect_uris=there, sector_identifier_uri=sector
    )
    public = SubjectPolicy.UUID
    assert subject(redirect_uris=here, subject_policy=public) == subject(redirect_uris=there, subject_policy=public)


def test_55_discovery_says_what_there_is(make_app: Any) -> None:
    """Requirement 55; oidcc-discovery-endpoint-verification: issuer, https, algorithms, languages in canonical case."""
    app: Flask = make_app(dialect="standard", issuer="https://localhost:8443/base/")
    client = app.test_client()
    said = client.get("/.well-known/openid-configuration").json
    assert said["issuer"] == "https://localhost:8443/base/"
    addresses = {name: value for name, value in said.items() if name.endswith(("_endpoint", "_uri", "_iframe"))}
    assert all(value.startswith("https://localhost:8443/base/") for value in addresses.values())
    assert "RS256" in said["id_token_signing_alg_values_supported"]
    assert set(said["subject_types_supported"]) == {"public", "pairwise"}
    assert {"code", "id_token", "id_token token"} <= set(said["response_types_supported"])
    assert {"authorization_code", "implicit"} <= set(said["grant_types_supported"])
    assert said["ui_locales_supported"] == ["fr", "en"]
    assert "S256" in said["code_challenge_methods_supported"]
    assert client.get("/.well-known/oauth-authorization-server").json == said


def test_55_no_private_key_is_published_and_kids_are_distinct(rp: StrictSite) -> None:
    """Requirement 55; RFC 7517, 4."""
    keys = rp.client.get("/idp/oidc/certs").json["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) >= 4
    assert all(not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys() for key in keys)
    assert {key["alg"] for key in keys if key["use"] == "sig"} == {"RS256", "PS256", "ES256", "EdDSA"}
