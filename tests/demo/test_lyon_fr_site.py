"""The lyon.fr demonstration site against a tiny provider that this file serves over HTTP, with a real RS256 key."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from ports import free_port
from werkzeug.test import TestResponse

from demo.lyon_fr.config import ConfigError, SiteConfig
from demo.lyon_fr.logins import LIFETIME_IN, MOST, Logins
from demo.lyon_fr.site import create_site
from demo.toodego.__main__ import TOODEGO

ROOT = Path(__file__).parents[2]
SITE = "http://localhost:8041/"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
PERSON = {
    "email": "joelle@example.org",
    "given_name": "Joëlle",
    "first_name": "Joëlle",
    "family_name": "Dubinôre",
    "last_name": "Dubinôre",
    "gender": "female",
    "birthdate": "1992-08-15",
    "birthplace": None,
}


@dataclass
class Provider:
    """A provider in miniature: it authorizes in `answer` what the browser was sent with, and serves the rest."""

    origin: str = ""
    """Where it listens."""
    issuer: str = ""
    """The name it gives itself; endpoints are printed below it."""
    key: RSAKey = field(default_factory=lambda: KEY)
    id_token: dict[str, Any] = field(default_factory=dict)
    """Claims that replace the right ones."""
    userinfo: dict[str, Any] = field(default_factory=dict)
    token_error: dict[str, str] | None = None
    token_body: bytes | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def answer(self, authorize_url: str, **changes: str | None) -> dict[str, str]:
        """Agree to an authorization request: the parameters of the redirect to the site; None takes one away."""
        request = dict(parse_qsl(urlsplit(authorize_url).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = request
        answer = {"code": code, "state": request["state"], "iss": self.issuer} | changes
        return {name: value for name, value in answer.items() if value is not None}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}idp/oidc/authorize",
            "token_endpoint": f"{self.issuer}idp/oidc/token",
            "userinfo_endpoint": f"{self.issuer}idp/oidc/user_info",
            "jwks_uri": f"{self.issuer}idp/oidc/certs",
            "end_session_endpoint": f"{self.issuer}idp/oidc/logout",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "ES256"],
        }

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, object]:
        """The token endpoint, as strict as the real one about PKCE, redirect_uri and client_secret_basic."""
        if self.token_error:
            return 400, self.token_error
        request = self.codes.pop(form["code"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        assert authorization == "Basic " + base64.b64encode(b"lyon:s3cret").decode()
        assert request["code_challenge_method"] == "S256"
        assert request["code_challenge"] == challenge.decode()
        assert form["redirect_uri"] == request["redirect_uri"]
        now = int(time.time())
        dates = {"exp": now + 30, "iat": now, "auth_time": now}
        claims = {"iss": self.issuer, "sub": "abc+/=", "aud": "lyon", "sid": "5" * 32, "acr": "1", **dates, **PERSON}
        claims |= {"nonce": request["nonce"], **self.id_token}
        id_token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        return 200, {"access_token": "at", "token_type": "Bearer", "expires_in": 28800, "id_token": id_token}

    def get(self, path: str) -> tuple[int, object]:
        match path:
            case "/.well-known/openid-configuration":
                return 200, self.discovery()
            case "/idp/oidc/certs":
                return 200, {"keys": [self.key.as_dict(private=False)]}
            case "/idp/oidc/user_info":
                return 200, {"sub": "abc+/=", "iss": self.issuer, **PERSON, **self.userinfo}
        return 404, {}


@pytest.fixture
def provider() -> Iterator[Provider]:
    state = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send(*state.get(self.path))

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send(*state.token(form, self.headers["Authorization"]))

        def send(self, status: int, body: object) -> None:
            state.requests.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            replaced = state.token_body if self.path == "/idp/oidc/token" else None
            self.wfile.write(replaced or json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.origin = f"http://127.0.0.1:{server.server_port}/"
    state.issuer = state.origin
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def browser(provider: Provider, **config: str) -> FlaskClient:
    """A browser on a new site that trusts this provider."""
    site = create_site(SiteConfig(client_id="lyon", client_secret="s3cret", issuer=provider.issuer, **config))
    return site.test_client()


@pytest.fixture
def client(provider: Provider) -> FlaskClient:
    return browser(provider)


def call_back(client: FlaskClient, provider: Provider, **changes: str | None) -> TestResponse:
    """Click on the button, be authorized by the provider, come back."""
    sent = client.get("/login")
    assert sent.status_code == 302
    return client.get("/auth/callback", query_string=provider.answer(sent.location, **changes))


def greeting(client: FlaskClient) -> str | None:
    found = re.search(r'id="greeting">(.*?)<', client.get("/").text)
    return found and found[1]


def assert_refused(client: FlaskClient, response: TestResponse, status: int, title: str, technical: str) -> None:
    """A page that explains itself, and nobody logged in."""
    assert response.status_code == status
    assert f"<h1>{title}</h1>" in response.text
    assert technical in response.text[response.text.index('id="error"') :]
    assert "Traceback" not in response.text
    assert greeting(client) is None


def csrf_token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="(.*?)"', client.get("/").text)
    assert found
    return found[1]


# -- Login -------------------------------------------------------------------------------------------------------------


def test_the_site_starts_and_shows_its_button_without_the_provider(client: FlaskClient, provider: Provider) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert 'id="glc-login"' in page.text
    assert "ce n’est pas lyon.fr" in page.text
    assert client.get("/healthz").status_code == 200
    assert provider.requests == []


def test_the_authorization_request_has_state_nonce_pkce_and_the_registered_redirect_uri(
    client: FlaskClient, provider: Provider
) -> None:
    # The Host header is a visitor's to choose and must not show in redirect_uri.
    url, second = (client.get("/login", base_url="http://evil.example/").location for _ in range(2))
    assert url.startswith(f"{provider.issuer}idp/oidc/authorize?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked.pop("state") not in second
    assert asked.pop("nonce") not in second
    assert len(asked.pop("code_challenge")) == 43
    assert asked == {
        "response_type": "code",
        "client_id": "lyon",
        "redirect_uri": f"{SITE}auth/callback",
        "scope": "openid profile email",
        "code_challenge_method": "S256",
    }


def test_a_person_logs_in_is_greeted_by_name_and_sees_what_was_shared(client: FlaskClient, provider: Provider) -> None:
    back = call_back(client, provider)
    assert (back.status_code, back.location) == (302, "/")
    assert greeting(client) == "Bonjour Joëlle Dubinôre"
    account = client.get("/mon-compte").text
    for shown in ("abc+/=", "joelle@example.org", "Femme", "15/08/1992", "Non renseigné", "identité et userinfo"):
        assert shown in account
    assert "5" * 32 in account


def test_missing_names_fall_back_to_the_address(client: FlaskClient, provider: Provider) -> None:
    provider.id_token = dict.fromkeys(("given_name", "first_name", "family_name", "last_name"), "")
    call_back(client, provider)
    assert greeting(client) == "Bonjour joelle@example.org"


def test_a_half_known_birth_date_is_shown_as_received(client: FlaskClient, provider: Provider) -> None:
    provider.id_token = {"birthdate": "1977-00-03"}
    call_back(client, provider)
    assert "1977-00-03" in client.get("/mon-compte").text


def test_the_account_page_needs_a_login(client: FlaskClient) -> None:
    assert client.get("/mon-compte").location == "/"


def test_the_answer_of_the_older_service_without_iss_is_accepted(client: FlaskClient, provider: Provider) -> None:
    call_back(client, provider, iss=None)
    assert greeting(client)


def test_a_new_key_of_the_provider_is_picked_up(client: FlaskClient, provider: Provider) -> None:
    call_back(client, provider)
    provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    assert call_back(client, provider).status_code == 302


def test_abandoned_logins_do_not_fill_the_cookie_and_the_last_one_works(
    client: FlaskClient, provider: Provider
) -> None:
    for _ in range(20):
        client.get("/login")
    cookie = client.get_cookie("lyon_fr")
    assert cookie
    assert len(cookie.value) < 3500
    assert call_back(client, provider).status_code == 302


def test_between_containers_only_server_calls_take_the_back_channel(provider: Provider) -> None:
    provider.issuer = "http://glc.invalid/"
    client = browser(provider, backchannel_url=provider.origin)
    assert client.get("/login").location.startswith("http://glc.invalid/idp/oidc/authorize?")
    assert call_back(client, provider).status_code == 302
    assert provider.requests == [
        "/.well-known/openid-configuration",
        "/idp/oidc/token",
        "/idp/oidc/certs",
        "/idp/oidc/user_info",
    ]
    logout = client.post("/logout", data={"csrf_token": csrf_token(client)})
    assert logout.location.startswith("http://glc.invalid/idp/oidc/logout?")


# -- What is refused ---------------------------------------------------------------------------------------------------


def test_another_state_is_refused_before_the_code_is_spent(client: FlaskClient, provider: Provider) -> None:
    response = call_back(client, provider, state="other")
    assert_refused(client, response, 400, "Cette connexion ne peut pas être reprise", "mismatching_state")
    assert "/idp/oidc/token" not in provider.requests


def test_an_answer_is_taken_once(client: FlaskClient, provider: Provider) -> None:
    answer = provider.answer(client.get("/login").location)
    assert client.get("/auth/callback", query_string=answer).status_code == 302
    assert client.get("/auth/callback", query_string=answer).status_code == 400


def test_an_answer_brought_to_another_browser_is_refused(client: FlaskClient, provider: Provider) -> None:
    answer = provider.answer(client.get("/login").location)
    victim = client.application.test_client()
    response = victim.get("/auth/callback", query_string=answer)
    assert_refused(victim, response, 400, "Cette connexion ne peut pas être reprise", "mismatching_state")


def test_an_answer_of_another_issuer_is_refused(client: FlaskClient, provider: Provider) -> None:
    """RFC 9207, section 2.4."""
    response = call_back(client, provider, iss="http://evil.example/")
    assert_refused(client, response, 400, "Cette réponse ne vient pas de GrandLyonConnect", "invalid_issuer")
    assert "/idp/oidc/token" not in provider.requests


@pytest.mark.parametrize(
    ("claims", "technical"),
    [
        ({"nonce": "other"}, "nonce"),
        ({"iss": "http://evil.example/"}, "iss"),
        ({"aud": "villeurbanne", "azp": "lyon"}, "aud"),
        ({"sub": ""}, "sub"),
        ({"iat": int(time.time()) + 3600}, "future"),
    ],
)
def test_an_id_token_with_a_wrong_claim_is_refused(
    client: FlaskClient, provider: Provider, claims: dict[str, Any], technical: str
) -> None:
    """OpenID Connect Core 3.1.3.7."""
    provider.id_token = claims
    response = call_back(client, provider)
    assert_refused(client, response, 502, "L’identité reçue n’a pas pu être vérifiée", technical)


def test_an_id_token_signed_by_another_key_is_refused(client: FlaskClient, provider: Provider) -> None:
    call_back(client, provider, state="other")  # Discovery is read.
    client.application.extensions["lyon_fr"].glc.server_metadata["jwks"] = {"keys": [KEY.as_dict(private=False)]}
    provider.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    response = call_back(client, provider)
    assert_refused(client, response, 502, "L’identité reçue n’a pas pu être vérifiée", "bad_signature")


def test_an_id_token_is_accepted_within_the_leeway_and_refused_after_it(
    client: FlaskClient, provider: Provider
) -> None:
    provider.id_token = {"exp": int(time.time()) - 60}
    assert_refused(client, call_back(client, provider), 400, "La connexion a expiré", "expired_token")
    provider.id_token = {"exp": int(time.time()) - 2}
    assert call_back(client, provider).status_code == 302


def test_userinfo_about_somebody_else_is_refused(client: FlaskClient, provider: Provider) -> None:
    """OpenID Connect Core 5.3.2."""
    provider.userinfo = {"sub": "somebody-else"}
    response = call_back(client, provider)
    assert_refused(client, response, 502, "L’identité reçue n’a pas pu être vérifiée", "invalid_subject")


def test_a_person_who_refuses_to_share_is_told_that_nothing_was_sent(client: FlaskClient, provider: Provider) -> None:
    error = {"error": "access_denied", "error_description": "User did <b>not</b> consent"}
    response = call_back(client, provider, code=None, iss=None, **error)
    assert_refused(client, response, 403, "Vous n’avez pas été connecté", "User did &lt;b&gt;not&lt;/b&gt; consent")


def test_an_error_nobody_asked_for_does_not_put_words_on_the_page(client: FlaskClient) -> None:
    response = client.get("/auth/callback?error=access_denied&error_description=Call+0900&state=x")
    assert_refused(client, response, 400, "Cette connexion ne peut pas être reprise", "mismatching_state")
    assert "0900" not in response.text


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        ("invalid_grant", 400, "La connexion a expiré"),
        ("invalid_client", 502, "GrandLyonConnect a répondu par une erreur"),
    ],
)
def test_an_error_of_the_token_endpoint_is_explained(
    client: FlaskClient, provider: Provider, error: str, status: int, title: str
) -> None:
    provider.token_error = {"error": error, "error_description": "why"}
    assert_refused(client, call_back(client, provider), status, title, f"{error}: why")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"access_token": "at", "token_type": "Bearer"}'])
def test_a_token_answer_that_makes_no_sense_is_explained(client: FlaskClient, provider: Provider, body: bytes) -> None:
    provider.token_body = body
    response = call_back(client, provider)
    assert_refused(client, response, 502, "GrandLyonConnect a répondu par une erreur", "invalid_response")


def test_an_answer_without_code_is_explained(client: FlaskClient, provider: Provider) -> None:
    response = call_back(client, provider, code=None)
    assert_refused(client, response, 502, "GrandLyonConnect a répondu par une erreur", "missing_code")


def test_a_provider_that_is_down_is_a_page_and_the_next_login_tries_again(provider: Provider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/"
    client = browser(provider, backchannel_url=nobody)
    assert_refused(client, client.get("/login"), 503, "GrandLyonConnect ne répond pas", "Connection refused")
    assert_refused(client, client.get("/login"), 503, "GrandLyonConnect ne répond pas", "Connection refused")


def test_a_discovery_document_of_another_issuer_is_refused(provider: Provider) -> None:
    wanted = provider.origin.removesuffix("/")
    client = create_site(SiteConfig(client_id="lyon", client_secret="s3cret", issuer=wanted)).test_client()
    response = client.get("/login")
    assert_refused(client, response, 502, "GrandLyonConnect a répondu par une erreur", f"expected issuer {wanted},")


def test_an_unexpected_error_shows_no_detail(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("s3cret")

    monkeypatch.setattr("demo.lyon_fr.site.forget_old_attempts", broken)
    response = client.get("/login")
    assert_refused(client, response, 500, "Ce site a rencontré une erreur", "RuntimeError")
    assert "s3cret" not in response.text


def test_an_unknown_address_is_a_page_of_the_site(client: FlaskClient) -> None:
    assert_refused(client, client.get("/nowhere"), 404, "Page introuvable", "NotFound")
    assert client.get("/logout").status_code == 405


# -- Logout ------------------------------------------------------------------------------------------------------------


def test_logout_ends_the_login_here_then_goes_to_the_provider_and_comes_back(
    client: FlaskClient, provider: Provider
) -> None:
    """OpenID Connect RP-Initiated Logout 1.0, section 2."""
    call_back(client, provider)
    stolen = client.get_cookie("lyon_fr")
    assert stolen
    sent = client.post("/logout", data={"csrf_token": csrf_token(client)})
    assert sent.status_code == 302
    assert sent.location.startswith(f"{provider.issuer}idp/oidc/logout?")
    asked = dict(parse_qsl(urlsplit(sent.location).query))
    state = asked.pop("state")
    assert asked == {"post_logout_redirect_uri": SITE, "client_id": "lyon"}
    assert greeting(client) is None

    assert client.get(f"/?state={state}").location == "/"
    assert "Vous êtes déconnecté" in client.get("/").text
    assert client.get(f"/?state={state}").location == "/"
    assert "Vous êtes déconnecté" not in client.get("/").text

    client.set_cookie("lyon_fr", stolen.value)
    assert greeting(client) is None


def test_logout_needs_the_form_of_this_site(client: FlaskClient, provider: Provider) -> None:
    call_back(client, provider)
    response = client.post("/logout")
    assert response.status_code == 400
    assert "Cette page était restée ouverte trop longtemps" in response.text
    assert greeting(client)


def test_front_channel_logout_ends_the_right_session_without_any_cookie(
    client: FlaskClient, provider: Provider
) -> None:
    """OpenID Connect Front-Channel Logout 1.0, section 2."""
    call_back(client, provider)
    site = client.application
    neighbour, iframe = site.test_client(), site.test_client(use_cookies=False)
    provider.id_token = {"sid": "6" * 32}
    call_back(neighbour, provider)

    response = iframe.get("/auth/frontchannel-logout", query_string={"iss": provider.issuer, "sid": "5" * 32})
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"].endswith(f"frame-ancestors {provider.issuer.rstrip('/')}")
    assert "X-Frame-Options" not in response.headers
    assert greeting(client) is None
    assert greeting(neighbour)


@pytest.mark.parametrize("query", ["", "iss=http://evil.example/&sid=" + "5" * 32, "sid=" + "5" * 32])
def test_front_channel_logout_of_nobody_knows_whom_is_refused(
    client: FlaskClient, provider: Provider, query: str
) -> None:
    call_back(client, provider)
    assert client.get(f"/auth/frontchannel-logout?{query}").status_code == 400
    assert greeting(client)


def test_front_channel_logout_with_an_empty_sid_leaves_logins_without_sid_alone(
    client: FlaskClient, provider: Provider
) -> None:
    provider.id_token = {"sid": ""}
    call_back(client, provider)
    assert client.get(f"/auth/frontchannel-logout?iss={provider.issuer}&sid=").status_code == 400
    assert greeting(client)


def test_a_login_lasts_an_hour_and_the_store_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    logins = Logins()
    now = time.monotonic()
    first, *others = (logins.open({}, {}) for _ in range(MOST))
    assert logins.get(first)
    last = logins.open({}, {})
    assert logins.get(first) is None
    assert all(logins.get(other) for other in [*others, last])
    monkeypatch.setattr(time, "monotonic", lambda: now + LIFETIME_IN + 60)
    assert logins.get(last) is None


# -- Around the pages --------------------------------------------------------------------------------------------------


def test_english_is_one_click_away_and_remembered(client: FlaskClient) -> None:
    assert '<html lang="fr">' in client.get("/").text
    assert "Log in with GrandLyonConnect" in client.get("/?lang=en").text
    page = client.get("/").text
    assert '<html lang="en">' in page
    assert "Log in with GrandLyonConnect" in page
    assert '<html lang="fr">' in client.get("/?lang=fr").text


def test_pages_carry_security_headers_and_cookies_are_closed(client: FlaskClient, provider: Provider) -> None:
    sent = client.get("/login")
    assert sent.headers["Set-Cookie"].endswith("; HttpOnly; Path=/; SameSite=Lax")
    for path in ("/", "/mon-compte", "/nowhere"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        # The logout form's redirect leads there, and browsers hold form-action against it.
        assert f"form-action 'self' {provider.issuer.rstrip('/')}" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
    https = browser(provider, base_url="https://www.example.org/")
    assert "; Secure;" in https.get("/login").headers["Set-Cookie"]


def test_secrets_stay_out_of_logs_and_repr(
    client: FlaskClient, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    call_back(client, provider)
    provider.token_error = {"error": "invalid_grant"}
    call_back(client, provider)
    assert "OAuthError" in caplog.text
    assert "code-" not in caplog.text
    assert "state=" not in caplog.text
    assert "s3cret" not in repr(SiteConfig(client_id="lyon", client_secret="s3cret", secret_key="s3cret"))


# -- Starting and stopping ---------------------------------------------------------------------------------------------


def test_missing_credentials_are_one_sentence_with_the_command_that_makes_them() -> None:
    with pytest.raises(ConfigError) as raised:
        SiteConfig.from_environ({"LYON_FR_BASE_URL": "http://localhost:9000", "LYON_FR_CLIENT_SECRET": ""})
    assert "`glc client register --partner lyon --name" in str(raised.value)
    assert "--redirect-uri http://localhost:9000/auth/callback " in str(raised.value)


def test_another_site_is_told_by_variables_of_its_own() -> None:
    """Toodego is the same code in other clothes; what it lacks is said in its own names."""
    with pytest.raises(ConfigError, match=r"^TOODEGO_CLIENT_ID and TOODEGO_CLIENT_SECRET .*--partner metropole"):
        SiteConfig.from_environ({"LYON_FR_CLIENT_ID": "a", "LYON_FR_CLIENT_SECRET": "b"}, TOODEGO)
    config = SiteConfig.from_environ({"TOODEGO_CLIENT_ID": "a", "TOODEGO_CLIENT_SECRET": "b"}, TOODEGO)
    page = create_site(config).test_client().get("/").text
    assert (config.base_url, "Toodego" in page, "Ville de Lyon" in page) == ("http://localhost:8042/", True, False)


def test_a_wrong_url_is_named_by_its_variable() -> None:
    with pytest.raises(ConfigError, match="LYON_FR_ISSUER"):
        SiteConfig.from_environ({"LYON_FR_ISSUER": "localhost:8040"})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_logs_no_query_and_stops_on_a_signal(provider: Provider, number: signal.Signals) -> None:
    port = free_port()
    environment = os.environ | {
        "LYON_FR_ISSUER": provider.issuer,
        "LYON_FR_CLIENT_ID": "lyon",
        "LYON_FR_CLIENT_SECRET": "s3cret",
        "LYON_FR_BASE_URL": f"http://localhost:{port}/",
    }
    command = [sys.executable, "-m", "demo.lyon_fr"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        assert "serving" in process.stderr.readline()
        busy = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=60).status_code == 200
        assert requests.get(f"http://127.0.0.1:{port}/auth/callback?code=c0de", timeout=60).status_code == 400
        process.send_signal(number)
        _, log = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert process.returncode == 0
    assert "GET /auth/callback 400" in log
    assert "c0de" not in log
    assert "Traceback" not in log
    assert busy.returncode == 1
    assert f"port {port}" in busy.stderr
    assert "--port" in busy.stderr


def test_the_command_without_credentials_says_so_and_exits_with_2() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LYON_FR_")}
    command = [sys.executable, "-m", "demo.lyon_fr"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "glc client register" in done.stderr


def test_the_site_imports_nothing_of_the_provider() -> None:
    code = "import sys, demo.lyon_fr.__main__; print(*(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"glc", "idp", "keys", "partner_registry", "consent"} & set(done.stdout.split())
