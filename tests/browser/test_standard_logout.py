"""What only a browser can show of logout in the standard dialect: the frame of Session Management 1.0 that a site asks,
the frames of Front-Channel Logout 1.0, cookies held back from other sites' forms, and pages that everybody can use."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import DESKTOP, PHONE
from conftest import add_account, register_site
from flask import Flask
from flows import PASSWORD, Site, payload
from needs import needs
from playwright.sync_api import BrowserContext, Page, expect
from ports import free_port
from werkzeug.wrappers import Request, Response
from wire import on_the_wire

from glc.clock import ManualClock

PAGE = """<!doctype html><html lang="fr"><title>Un site</title>
<iframe id="op" src="{provider}idp/oidc/check_session" title="état" hidden></iframe>
<form id="leave" method="post" action="{provider}idp/oidc/logout">
<input type="hidden" name="id_token_hint"><input type="hidden" name="post_logout_redirect_uri" value="{bye}">
<input type="hidden" name="state" value="posté"></form>
<script>
window.ask = (message) => new Promise((resolve) => {{
  addEventListener("message", (event) => resolve([event.data, event.origin]), {{ once: true }});
  document.getElementById("op").contentWindow.postMessage(message, "{origin}");
}});
</script>"""


@dataclasses.dataclass
class Commune:
    """A site on a port of its own, in front of a provider on another: what its pages were asked for."""

    provider: str
    home: str
    app: Flask
    site: Site
    visits: list[tuple[str, dict[str, str]]] = dataclasses.field(default_factory=list)

    def __call__(self, environ: dict[str, object], start_response: object) -> object:
        """Its pages: where codes come back, where the user comes back after logout, what is framed at logout."""
        request = Request(environ)  # type: ignore[arg-type]
        self.visits.append((request.path, request.args.to_dict()))
        text = PAGE.format(provider=self.provider, origin=self.provider.rstrip("/"), bye=f"{self.home}bye")
        return Response(text, mimetype="text/html")(environ, start_response)  # type: ignore[arg-type]

    def asked(self, path: str) -> dict[str, str]:
        """What the latest visit of a path carried."""
        return next(query for visited, query in reversed(self.visits) if visited == path)

    def log_in(self, page: Page) -> str:
        """Log Camille in through the site; its ID Token."""
        page.goto(f"{self.provider.rstrip('/')}{self.site.request(scope='openid')}")
        page.fill("#username", "camille.dupre@citoyen.example")
        page.fill("#password", PASSWORD)
        page.click("#login-submit")
        page.click("#accept")
        page.wait_for_url(f"{self.home}callback**")
        token: str = self.site.redeem(self.app.test_client(), self.asked("/callback")["code"]).json["id_token"]
        return token

    def status(self, page: Page, message: str | None = None) -> str:
        """What the provider's frame answers to the site's page."""
        page.frame_locator("#op").locator("body").wait_for(state="attached")
        asked = f"{self.site.client_id} {self.asked('/callback')['session_state']}" if message is None else message
        answer, origin = page.evaluate("message => window.ask(message)", asked)
        assert f"{origin}/" == self.provider
        return str(answer)

    def end(self, **parameters: str) -> str:
        """The provider's logout address."""
        return f"{self.provider}idp/oidc/logout?{urlencode(parameters)}"


@pytest.fixture
def commune(make_app: Callable[..., Flask], clock: ManualClock) -> Iterator[Commune]:
    """A site of Lyon and its provider, in the standard dialect."""
    needs("chromium")
    provider, home = (f"http://localhost:{free_port()}/" for _ in range(2))
    app = make_app(dialect="standard", issuer=provider)
    add_account(app, clock)
    site = register_site(
        app,
        clock,
        redirect_uris=(f"{home}callback",),
        post_logout_redirect_uris=(f"{home}bye",),
        frontchannel_logout_uri=f"{home}front",
        id_token_alg="RS256",
    )
    made = Commune(provider, home, app, site)
    with on_the_wire(app, _port(provider)), on_the_wire(made, _port(home)):  # type: ignore[arg-type]
        yield made


def _port(address: str) -> int:
    return int(address.rstrip("/").rpartition(":")[2])


def test_session_management_the_frame_says_unchanged_then_changed(
    commune: Commune, new_context: Callable[..., BrowserContext]
) -> None:
    """Session Management 1.0, sections 3.1 to 3.3; module oidcc-session-management-rp-initiated-logout."""
    context = new_context()
    page = context.new_page()
    hint = commune.log_in(page)
    assert commune.status(page) == "unchanged"
    assert commune.status(page, "") == "error"
    assert commune.status(page, "no-state-at-all") == "error"
    assert commune.status(page, f"another-client {commune.asked('/callback')['session_state']}") == "changed"

    elsewhere = context.new_page()
    elsewhere.goto(commune.end(id_token_hint=hint, post_logout_redirect_uri=f"{commune.home}bye", state="s"))
    elsewhere.wait_for_url(f"{commune.home}bye?state=s")
    assert commune.status(page) == "changed"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_frontchannel_the_site_is_framed_with_the_sid_of_its_id_token(
    commune: Commune, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    """Front-Channel Logout 1.0, section 3; module oidcc-frontchannel-rp-initiated-logout."""
    page = new_context(scripts=scripts).new_page()
    hint = commune.log_in(page)
    page.goto(commune.end(id_token_hint=hint, post_logout_redirect_uri=f"{commune.home}bye", state="s"))
    page.wait_for_url(f"{commune.home}bye?state=s")
    assert commune.asked("/front") == {"iss": commune.provider, "sid": payload(hint)["sid"]}


def test_rp_initiated_logout_by_a_form_of_the_site(
    commune: Commune, new_context: Callable[..., BrowserContext]
) -> None:
    """RP-Initiated Logout 1.0, section 2: by POST too, though the form comes from elsewhere."""
    page = new_context().new_page()
    hint = commune.log_in(page)
    page.goto(page.url.replace("localhost", "127.0.0.1"))  # another site than the provider's: no cookie comes along
    page.evaluate("hint => document.querySelector('[name=id_token_hint]').value = hint", hint)
    page.evaluate("document.getElementById('leave').submit()")
    page.wait_for_url(f"{commune.home}bye?**")
    assert commune.asked("/bye") == {"state": "posté"}
    assert commune.asked("/front")["sid"] == payload(hint)["sid"]


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_of_logout_are_accessible(
    commune: Commune, new_context: Callable[..., BrowserContext], screen: dict[str, int]
) -> None:
    """RGAA, WCAG 2 AA: the refusal, the question and the end."""
    page = new_context(screen=screen).new_page()
    commune.log_in(page)
    for address, title in (
        (commune.end(id_token_hint="x.y.z"), "La déconnexion n’a pas pu aboutir"),
        (commune.end(), "Se déconnecter partout ?"),
    ):
        page.goto(address)
        expect(page.locator("h1")).to_have_text(title)
        assert Axe().run(page).response["violations"] == []
    page.click("#logout-confirm")
    page.wait_for_url(f"{commune.provider}logged-out/")
    expect(page.locator("h1")).to_have_text("Vous êtes déconnecté")
    assert Axe().run(page).response["violations"] == []
