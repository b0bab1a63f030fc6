"""What a site may register of itself, and what it is told (RFC 7591; OpenID Connect Registration 1.0)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from canned import CannedSite
from client_authentication.callers import Caller, answer, key_set, public
from flask import Flask
from flows import Citizen, payload, text_of
from registration.newcomer import CALLBACK, REGISTER, Newcomer

from glc.audit import AuditEntry
from glc.clock import ManualClock
from glc.database import db
from glc.errors import InputError
from partner_registry.clients.life import find_client
from partner_registry.clients.registration import ClientRegistration
from partner_registry.clients.trials import SLUG
from partner_registry.models import Environment

ALL_TYPES = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"]


def test_56_a_site_registers_and_its_user_logs_in_at_once(newcomer: Newcomer, citizen: Citizen) -> None:
    """Requirement 56; RFC 7591, 3.2.1: defaults are the standard's own."""
    made = newcomer.register(client_name=None)
    assert made["client_name"] == "site.example"
    assert made["redirect_uris"] == [CALLBACK]
    assert (made["response_types"], made["grant_types"]) == (["code"], ["authorization_code"])
    assert made["token_endpoint_auth_method"] == "client_secret_basic"
    assert (made["id_token_signed_response_alg"], made["subject_type"]) == ("RS256", "public")
    assert (made["application_type"], made["client_secret_expires_at"]) == ("web", 0)
    site = newcomer.site(made)
    tokens = site.redeem(newcomer.app.test_client(), citizen.code(site.request(scope="openid"))).json
    assert payload(tokens["id_token"])["aud"] == made["client_id"]


def test_it_is_a_sandbox_client_of_the_partner_for_trials(app: Flask, newcomer: Newcomer) -> None:
    """Issue 4, item 3: what registers itself is in the registry like any other, and the trail says how it came."""
    made = newcomer.register()
    with app.app_context():
        client = find_client(db.session(), made["client_id"])
        assert (client.partner.slug, client.environment) == (SLUG, Environment.SANDBOX)
        wanted = AuditEntry.subject.startswith(f"client:{made['client_id']}")
        trail = db.session.query(AuditEntry).filter(wanted).order_by(AuditEntry.id).all()
    assert [each.action for each in trail] == [
        "client.registered",
        "client.version_drafted",
        "client.version_published",
    ]
    assert {(each.actor, each.via) for each in trail} == {("self-registration", "api")}
    told = json.dumps([[each.before, each.after] for each in trail])
    assert made["client_secret"] not in told
    assert made["registration_access_token"] not in told


def test_a_real_person_is_not_let_into_it(newcomer: Newcomer, app: Flask, make_account: Any) -> None:
    """A sandbox accepts invented people only: whoever registers a site must not get anybody's data."""
    make_account(email="vraie@citoyen.example", test_identity=False)
    site = newcomer.site(newcomer.register())
    real = Citizen(app.test_client(), email="vraie@citoyen.example")
    page = real.log_in(real.get(site.request(scope="openid")))
    assert "code=" not in str(getattr(page, "url", ""))


def test_nothing_of_what_it_was_told_is_kept_in_clear_or_logged(newcomer: Newcomer, app: Flask, log: Any) -> None:
    """RFC 7591, section 5; house, habits."""
    made = newcomer.register()
    newcomer.manage(made)
    newcomer.manage(made, token="a token that is none")
    with app.app_context():
        client = find_client(db.session(), made["client_id"])
        stored = f"{client.registration_digest} {client.secrets[0].sealed}"
    for secret in (made["client_secret"], made["registration_access_token"], "a token that is none"):
        assert secret not in stored + str(log)


EVERYTHING: dict[str, Any] = {
    "client_name": "Tout",
    "client_uri": "https://site.example/",
    "logo_uri": "https://site.example/logo.png",
    "policy_uri": "https://site.example/policy",
    "tos_uri": "https://site.example/terms",
    "contacts": ["equipe@site.example"],
    "application_type": "native",
    "redirect_uris": [CALLBACK, "http://localhost:3000/cb", "http://127.0.0.1/cb", "fr.site.app:/cb"],
    "post_logout_redirect_uris": ["https://site.example/bye"],
    "response_types": ALL_TYPES,
    "grant_types": ["authorization_code", "implicit", "refresh_token"],
    "scope": "openid email",
    "subject_type": "public",
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_signing_alg": "ES256",
    "jwks": key_set(),
    "id_token_signed_response_alg": "ES256",
    "id_token_encrypted_response_alg": "RSA-OAEP-256",
    "id_token_encrypted_response_enc": "A256GCM",
    "userinfo_signed_response_alg": "RS256",
    "request_object_signing_alg": "RS256",
    "default_max_age": 3600,
    "require_auth_time": True,
    "default_acr_values": ["eidas1"],
    "initiate_login_uri": "https://site.example/login",
    "request_uris": ["https://site.example/request#hash"],
    "frontchannel_logout_uri": "https://site.example/logout",
    "frontchannel_logout_session_required": True,
    "backchannel_logout_uri": "https://site.example/back",
    "backchannel_logout_session_required": True,
}


def test_everything_that_was_registered_is_told_back(newcomer: Newcomer) -> None:
    """RFC 7591, 3.2.1; and told again to whoever reads it (RFC 7592, 2.1)."""
    made = newcomer.register(**EVERYTHING)
    assert {name: made[name] for name in EVERYTHING} == EVERYTHING
    assert "client_secret" not in made
    assert newcomer.manage(made).json == made


def test_what_is_unknown_is_ignored_and_what_is_empty_left_out(newcomer: Newcomer) -> None:
    """RFC 7591, section 2; a software statement counts for nothing here."""
    made = newcomer.register(extra="x", software_statement="a.b.c", logo_uri="", policy_uri=None, contacts=[])
    assert not {"extra", "software_statement", "logo_uri", "policy_uri", "contacts"} & made.keys()


def test_french_wins_among_languages(newcomer: Newcomer) -> None:
    """Registration 1.0, 2.1: screens are French."""
    names = {"client_name": "Site", "client_name#fr-FR": "Le site", "tos_uri#en": "https://site.example/en"}
    made = newcomer.register(**names)
    assert (made["client_name"], made["tos_uri"]) == ("Le site", "https://site.example/en")


@pytest.mark.parametrize(
    ("asked", "told", "grants"),
    [
        (["code"], ["code"], ["authorization_code"]),
        (["id_token"], ["id_token"], ["implicit"]),
        (["token id_token"], ["id_token token"], ["implicit"]),
        (["id_token token code"], ["code id_token token"], ["authorization_code", "implicit"]),
        (["code", "id_token"], ["code", "id_token"], ["authorization_code", "implicit"]),
        (ALL_TYPES, ALL_TYPES, ["authorization_code", "implicit"]),
    ],
)
def test_response_types_make_the_flow(newcomer: Newcomer, asked: list[str], told: list[str], grants: list[str]) -> None:
    """Registration 1.0, section 2: a client restricts itself to them; RFC 7591, 2.1: the grant types that they imply
    come with them."""
    made = newcomer.register(response_types=asked, grant_types=["refresh_token"])
    assert (made["response_types"], made["grant_types"]) == (told, [*grants, "refresh_token"])


def test_what_was_not_registered_is_not_answered(newcomer: Newcomer, citizen: Citizen) -> None:
    """Registration 1.0, section 2: a client that restricts itself to some response types gets no others."""
    site = newcomer.site(newcomer.register(response_types=["code id_token"]))
    for response_type, error in (("code", "unsupported_response_type"), ("code id_token", "login_required")):
        arrival = citizen.get(site.request(response_type=response_type, prompt="none", nonce="n", scope="openid"))
        assert f"error={error}&" in arrival.url


def test_response_types_are_among_those_of_the_flow() -> None:
    """Whoever registers a client, by whatever door."""
    wrong = ClientRegistration(name="x", redirect_uris=(CALLBACK,), protocol={"response_types": ["id_token"]})
    with pytest.raises(InputError, match="response_types"):
        wrong.check()


def test_scopes_are_those_there_are(newcomer: Newcomer) -> None:
    """RFC 7591, section 2: the provider may register fewer than are asked for; all, if none are."""
    assert newcomer.register(scope="email unheard-of")["scope"] == "openid email"
    assert newcomer.register()["scope"] == "openid profile email address phone offline_access"


def test_5_a_redirect_uri_has_no_fragment(newcomer: Newcomer) -> None:
    """Requirement 5; oidcc-redirect-uri-regfrag."""
    assert newcomer.refused(redirect_uris=[f"{CALLBACK}#fragment"]) == "invalid_redirect_uri"
    assert newcomer.refused(redirect_uris=[CALLBACK, f"{CALLBACK}#"]) == "invalid_redirect_uri"


WRONG_URIS: dict[str, Any] = {
    "none": None,
    "an empty list": [],
    "a text": CALLBACK,
    "numbers": [5],
    "relative": ["/callback"],
    "no host": ["https:///callback"],
    "with a password": ["https://me:pass@site.example/"],
    "a pattern": ["https://*.example/cb"],
    "an application's, of a web site": ["fr.site.app:/cb"],
    "a script": ["javascript:alert(1)"],
    "data": ["data:text/html,x"],
    "no address": ["http://[::1"],
    "with a blank": ["https://site.example/a b"],
    "too long": ["https://site.example/" + "x" * 1100],
}


@pytest.mark.parametrize("what", WRONG_URIS)
def test_redirect_uris_are_addresses_that_may_be_gone_back_to(newcomer: Newcomer, what: str) -> None:
    """RFC 7591, 3.2.2."""
    assert newcomer.refused(redirect_uris=WRONG_URIS[what]).startswith("invalid_")
    if isinstance(WRONG_URIS[what], list) and isinstance((WRONG_URIS[what] or [5])[0], str):
        assert newcomer.refused(redirect_uris=WRONG_URIS[what]) == "invalid_redirect_uri"


WRONG: dict[str, dict[str, Any]] = {
    "name": {"client_name": 5},
    "a long name": {"client_name": "x" * 101},
    "response type": {"response_types": ["code", "token"]},
    "grant type": {"grant_types": ["client_credentials"]},
    "subject type": {"subject_type": "email"},
    "signature": {"id_token_signed_response_alg": "none"},
    "method": {"token_endpoint_auth_method": "tls_client_auth"},
    "keys and their address": {"jwks": key_set(), "jwks_uri": "https://site.example/jwks"},
    "a private key": {"jwks": {"keys": [public("RS256") | {"d": "AQAB"}]}},
    "private_key_jwt without keys": {"token_endpoint_auth_method": "private_key_jwt"},
    "private_key_jwt with a secret's algorithm": {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": key_set(),
        "token_endpoint_auth_signing_alg": "HS256",
    },
    "a secret's signature without secret": {
        "token_endpoint_auth_method": "none",
        "id_token_signed_response_alg": "HS256",
    },
    "logo": {"logo_uri": "javascript:alert(1)"},
    "site": {"client_uri": "ftp://site.example/"},
    "policy": {"policy_uri": "data:text/html,x"},
    "age": {"default_max_age": -1},
    "flag": {"require_auth_time": "yes"},
    "sector without list": {"subject_type": "pairwise", "redirect_uris": ["https://a.example/", "https://b.example/"]},
    "a page to frame at somebody else's": {"frontchannel_logout_uri": "https://bank.example/logout"},
    "a page to frame on another port": {"frontchannel_logout_uri": "https://site.example:8443/logout"},
    "a character that no database holds": {"client_name": "a\0b"},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_registered_is_refused_with_its_name(newcomer: Newcomer, what: str) -> None:
    """RFC 7591, 3.2.2."""
    assert newcomer.refused(**WRONG[what]) == "invalid_client_metadata"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 50_000, "application/json"),
        (b'{"redirect_uris": ["https://site.example/"], "client_name": "\\ud800"}', "application/json"),
        (b'{"redirect_uris": ["https://site.example/"], "default_max_age": NaN}', "application/json"),
        (b"redirect_uris=https://site.example/", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_not_a_json_object_is_refused(app: Flask, body: bytes, kind: str) -> None:
    """RFC 7591, section 3.1."""
    answered = app.test_client().post(REGISTER, data=body, content_type=kind)
    assert (answered.status_code, answered.json["error"]) == (400, "invalid_client_metadata")


def test_errors_of_http_are_json_too(app: Flask) -> None:
    """Only programs call here."""
    assert app.test_client().get(REGISTER).json["error"] == "invalid_request"
    assert app.test_client().post(f"{REGISTER}/x").json["error"] == "invalid_request"


def test_third_party_login_address_is_kept_and_told(newcomer: Newcomer) -> None:
    """oidcc-3rd_party-init-login: at registration and when it is read again."""
    made = newcomer.register(initiate_login_uri="https://site.example/start")
    assert made["initiate_login_uri"] == "https://site.example/start"
    assert newcomer.manage(made).json["initiate_login_uri"] == "https://site.example/start"


def test_56_a_third_party_login_address_is_https(newcomer: Newcomer) -> None:
    """Requirement 56; oidcc-3rd_party-init-login-nohttps."""
    assert newcomer.refused(initiate_login_uri="http://site.example/start") == "invalid_client_metadata"


def test_login_and_consent_show_the_sites_logo_policy_and_terms(newcomer: Newcomer, citizen: Citizen) -> None:
    """oidcc-registration-logo-uri, oidcc-registration-policy-uri, oidcc-registration-tos-uri; Registration 1.0, 2."""
    names = {"logo_uri": "https://site.example/logo.png", "policy_uri": "https://site.example/p?a=1&b=2"}
    site = newcomer.site(newcomer.register(tos_uri="https://site.example/terms", **names))
    login = citizen.get(site.request())
    consent = citizen.log_in(login)
    assert "a2-oidc-authorization-form" in consent.text
    for page in (login, consent):
        soup = BeautifulSoup(page.text, "html.parser")
        assert soup.find("img", src=names["logo_uri"])
        links = {link["href"]: link.get_text() for link in soup.find(id="service-words").find_all("a")}
        assert links.keys() == {names["policy_uri"], "https://site.example/terms"}
        assert all("Un site neuf" in words for words in links.values())
        assert "https:" in page.headers["Content-Security-Policy"]


def test_a_site_that_registered_neither_shows_neither(newcomer: Newcomer, citizen: Citizen) -> None:
    page = citizen.get(newcomer.site(newcomer.register()).request())
    assert "service-words" not in page.text
    assert "Un site neuf" in text_of(page)


def sector(publisher: CannedSite) -> str:
    return f"http://127.0.0.1:{publisher.port}/sector"


def test_a_sector_that_lists_every_redirect_uri_is_accepted(
    newcomer: Newcomer, publisher: CannedSite, citizen: Citizen
) -> None:
    """oidcc-registration-sector-uri; Core 1.0, 8.1: sites of a sector get the same subject, on whatever host."""
    uris = [CALLBACK, "https://other.example/callback"]
    found = []
    for mine in (uris, uris[1:]):
        publisher.answers.append(answer(uris, "Cache-Control: no-store"))
        made = newcomer.register(redirect_uris=mine, subject_type="pairwise", sector_identifier_uri=sector(publisher))
        assert made["sector_identifier_uri"] == sector(publisher)
        site = newcomer.site(made)
        tokens = site.redeem(newcomer.app.test_client(), citizen.code(site.request(scope="openid"))).json
        found.append(payload(tokens["id_token"])["sub"])
    assert found[0] == found[1]


WRONG_SECTORS = {
    "lacks one": answer(["https://other.example/callback"]),
    "no list": answer({CALLBACK: True}),
    "no JSON": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n[",
    "down": answer([CALLBACK], status="503 Service Unavailable"),
    "nothing": b"",
}


@pytest.mark.parametrize("what", WRONG_SECTORS)
def test_56_a_sector_that_lacks_a_redirect_uri_is_refused(newcomer: Newcomer, publisher: CannedSite, what: str) -> None:
    """Requirement 56; oidcc-registration-sector-bad."""
    publisher.answers.append(WRONG_SECTORS[what])
    assert newcomer.refused(sector_identifier_uri=sector(publisher)) == "invalid_client_metadata"


def test_each_registration_asks_the_sector(newcomer: Newcomer, publisher: CannedSite) -> None:
    """A list that was just mended counts, and so does one that was just spoilt, however long it says that it holds."""
    good, bad = ([CALLBACK], ["https://other.example/callback"])
    publisher.answers += [answer(each, "Cache-Control: max-age=600") for each in (bad, good, bad)]
    assert newcomer.refused(sector_identifier_uri=sector(publisher)) == "invalid_client_metadata"
    newcomer.register(sector_identifier_uri=sector(publisher))
    assert newcomer.refused(sector_identifier_uri=sector(publisher)) == "invalid_client_metadata"


def test_a_registered_key_proves_who_the_site_is(newcomer: Newcomer, publisher: CannedSite, clock: ManualClock) -> None:
    """oidcc-registration-jwks-uri."""
    publisher.answers.append(answer(key_set()))
    made = newcomer.register(
        token_endpoint_auth_method="private_key_jwt", jwks_uri=f"http://127.0.0.1:{publisher.port}/jwks"
    )
    assert "client_secret" not in made
    caller = Caller(newcomer.app, newcomer.site(made), clock)
    assert caller.known(caller.asserting("ES256")) == "known"


def test_a_site_that_changed_its_key_renews_its_tokens(
    newcomer: Newcomer, publisher: CannedSite, citizen: Citizen, clock: ManualClock
) -> None:
    """oidc-refresh-token-rp-key-rotation: a minute after the new key is published, it alone proves who the site is."""
    publisher.answers += [
        answer(key_set(public(alg, alg)), "Cache-Control: max-age=3600") for alg in ("RS256", "ES256")
    ]
    made = newcomer.register(
        token_endpoint_auth_method="private_key_jwt",
        jwks_uri=f"http://127.0.0.1:{publisher.port}/jwks",
        grant_types=["authorization_code", "refresh_token"],
    )
    caller = Caller(newcomer.app, newcomer.site(made), clock)
    code = citizen.code(caller.site.request())
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    token = caller.post(form | caller.asserting("RS256")).json["refresh_token"]
    clock.advance(seconds=60)
    form = {"grant_type": "refresh_token", "refresh_token": token}
    assert caller.post(form | caller.asserting("ES256")).status_code == 200
    assert caller.post(form | caller.asserting("RS256")).json["error"] == "invalid_client"


def test_a_secret_is_told_to_whoever_has_a_use_for_it(newcomer: Newcomer) -> None:
    """RFC 7591, 3.2.1: it is long enough to key HS512 (RFC 7518, 3.2)."""
    keyless = {"token_endpoint_auth_method": "none"}
    assert "client_secret" not in newcomer.register(**keyless)
    made = newcomer.register(token_endpoint_auth_method="client_secret_jwt", id_token_signed_response_alg="HS256")
    assert len(made["client_secret"]) == 64
