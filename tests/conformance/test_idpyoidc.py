"""A strict Relying Party of another family: idpyoidc, which checks answers with cryptojwt and shares no code with this
provider nor with the libraries it is made of. Its pushed requests are left out: version 5.0.0 pushes an object whose
`iss` is empty, and awaits status 200 where RFC 9126 says 201."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cryptojwt.key_jar
import pytest
import requests
from cryptojwt.key_jar import KeyJar, init_key_jar
from flask import Flask
from flows import ISSUER, Arrival
from idpyoidc.client.defaults import DEFAULT_OIDC_SERVICES
from idpyoidc.client.rp_handler import RPHandler
from strict_site import Answer, Begin, StrictSite

from glc.clock import ManualClock, SystemClock

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
PKCE = {
    "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
}
SERVICES = DEFAULT_OIDC_SERVICES | {"end_session": {"class": "idpyoidc.client.oidc.end_session.EndSession"}}
KEYS = [{"type": "EC", "crv": "P-256", "use": ["sig"]}, {"type": "RSA", "use": ["sig"]}]


@pytest.fixture(autouse=True)
def surroundings(app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's clock is the real one; where it fetches keys by itself, it asks the application."""
    clock.set(SystemClock().now())
    monkeypatch.setattr(cryptojwt.key_jar, "request", bridge(app))


def bridge(app: Flask) -> Callable[..., requests.Response]:
    """What the library calls instead of `requests`: the application, without a wire."""
    client = app.test_client()

    def call(method: str, url: str, *, data: Any = None, headers: Any = None, **_options: Any) -> requests.Response:
        answer = client.open(url.removeprefix(ISSUER.rstrip("/")), method=method, data=data, headers=headers)
        made = requests.Response()
        made.status_code, made._content, made.url = answer.status_code, answer.data, url
        made.headers.update(dict(answer.headers))
        return made

    return call


def journey(app: Flask, rp: StrictSite, keys: KeyJar | None = None, add_ons: Any = None, **preference: Any) -> Any:
    """Log the user in; the handler and what it made of the answer."""
    call = bridge(app)
    keys = keys or init_key_jar(key_defs=KEYS, issuer_id="")
    keys.httpc = call
    usual = {
        "client_type": "oidc",
        "issuer": ISSUER,
        "client_id": rp.site.client_id,
        "client_secret": rp.site.secret,
        "redirect_uris": [rp.site.redirect_uri],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "email"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "client_authn_methods": ["client_secret_basic"],
        "add_ons": add_ons or {"pkce": PKCE},
    }
    handler = RPHandler(
        "https://site.example", {"glc": {**usual, **preference}}, keyjar=keys, httpc=call, services=SERVICES
    )
    path = handler.begin("glc")
    answer = rp.walk(rp.citizen.get(path.removeprefix(ISSUER.rstrip("/"))))
    return handler, handler.finalize(ISSUER, dict(answer.pairs))


def test_code_with_pkce(app: Flask, rp: StrictSite) -> None:
    """RFC 7636; Core 1.0, 3.1."""
    _, got = journey(app, rp)
    assert got["userinfo"]["email"] == "camille.dupre@citoyen.example"
    assert got["id_token"]["sub"] == got["userinfo"]["sub"]


@pytest.mark.parametrize("response_type", ["id_token", "id_token token", "code id_token", "code id_token token"])
@pytest.mark.parametrize("mode", ["fragment", "form_post"])
def test_tokens_in_the_browser(app: Flask, rp: StrictSite, response_type: str, mode: str) -> None:
    """Core 1.0, 3.2 and 3.3: at_hash and c_hash are verified by the library; the answer in a fragment, or posted."""
    _, got = journey(app, rp, response_types_supported=[response_type], response_modes_supported=[mode])
    assert got["id_token"]["aud"] == [rp.site.client_id]
    if "token" in response_type.split() or "code" in response_type:
        assert got["userinfo"]["sub"] == got["id_token"]["sub"]


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "HS256"])
def test_signed_userinfo(app: Flask, begin: Begin, alg: str) -> None:
    """Core 1.0, 5.3.2."""
    rp = begin(id_token_alg=alg, protocol={"userinfo_signed_response_alg": alg})
    algorithms = {"id_token_signing_alg_values_supported": [alg], "userinfo_signing_alg_values_supported": [alg]}
    _, got = journey(app, rp, **algorithms)
    assert got["userinfo"]["email"]


def own_keys() -> tuple[KeyJar, dict[str, Any]]:
    """A site's keys, and what it registers of them."""
    keys = init_key_jar(key_defs=KEYS, issuer_id="")
    return keys, keys.export_jwks(private=False, issuer_id="")


def test_private_key_jwt(app: Flask, begin: Begin) -> None:
    """Core 1.0, 9; RFC 7523."""
    keys, public = own_keys()
    method = "private_key_jwt"
    rp = begin(protocol={"jwks": public, "token_endpoint_auth_method": method})
    options = {"token_endpoint_auth_methods_supported": [method], "client_authn_methods": [method]}
    algorithms = {"token_endpoint_auth_signing_alg_values_supported": ["ES256"]}
    _, got = journey(app, rp, keys, client_secret="", **options, **algorithms)
    assert got["userinfo"]["email"]


def test_a_refresh(app: Flask, begin: Begin) -> None:
    """Core 1.0, 12.2: the library compares the new ID Token with the first."""
    rp = begin(refresh_tokens=True)
    handler, got = journey(app, rp)
    again = handler.refresh_access_token(got["state"])
    assert again["access_token"] != got["token"]
    assert again["__verified_id_token"]["sub"] == got["id_token"]["sub"]


def test_logging_out_at_the_sites_request(app: Flask, begin: Begin) -> None:
    """RP-Initiated Logout 1.0: with the address that the library makes, back at the site, and nobody is logged in."""
    bye = "https://site.example/bye"
    rp = begin(post_logout_redirect_uris=(bye,))
    handler, got = journey(app, rp, post_logout_redirect_uris=[bye])
    asked = handler.logout(got["state"], post_logout_redirect_uri=bye)
    end = rp.citizen.get(asked["url"].removeprefix(ISSUER.rstrip("/")))
    assert isinstance(end, Arrival)
    assert end.url.startswith(bye)
    silent = rp.visit(prompt="none")
    assert isinstance(silent, Answer)
    assert silent["error"] == "login_required"
