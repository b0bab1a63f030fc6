"""The strict site against a real provider, visited by the walker: what the acceptance run stands on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from conftest import CHEAP, add_account, register_site
from flows import PASSWORD
from ports import free_port
from wire import on_the_wire

from demo.recette_site.config import ConfigError, SiteConfig
from demo.recette_site.serving import serving
from glc.app import create_app
from glc.clock import SystemClock
from glc.database import db
from glc.settings import Settings
from testkit.recette.pages import Page
from testkit.recette.walker import Walker, _Step


@dataclass
class Place:
    """A provider and the site, served."""

    provider: str
    home: str

    def visitor(self) -> Walker:
        """Somebody who was never here."""
        origins = frozenset({self.provider.rstrip("/"), self.home.rstrip("/")})
        return Walker(origins, self.provider.rstrip("/"), timeout_in=10)

    def log_in(self, visitor: Walker, query: str = "") -> Page:
        """Go to the site's login, and fill in the provider's form."""
        page = visitor.open(f"{self.home}login{query}")
        form = page.soup.select_one("main form")
        assert form is not None, page
        values = {str(each["name"]): str(each.get("value", "")) for each in form.select("input[name][type=hidden]")}
        values |= {"username": "camille.dupre@citoyen.example", "password": PASSWORD}
        return visitor._walk(_Step("POST", page.url, tuple(values.items())), None)


@pytest.fixture
def place(prepared_database: Path, tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Serve a provider in the dialect `standard` and the site, with mistakes if any are named."""
    ports = [free_port(), free_port()]
    provider, home = (f"http://localhost:{port}/" for port in ports)
    path = shutil.copy(prepared_database, tmp_path / "glc.sqlite3")
    app = create_app(
        Settings(database_url=f"sqlite:///{path}", issuer=provider, dialect="standard", **CHEAP), clock=SystemClock()
    )
    add_account(app, SystemClock())
    client = register_site(
        app,
        SystemClock(),
        redirect_uris=(f"{home}callback",),
        post_logout_redirect_uris=(f"{home}logged-out",),
        frontchannel_logout_uri=f"{home}frontchannel-logout",
        id_token_alg="RS256",
        consent_mode="none",
    )
    with ExitStack() as stack:
        stack.enter_context(on_the_wire(app, ports[0]))

        def begin(*mistakes: str) -> Place:
            config = SiteConfig(provider, client.client_id, client.secret, home, mistakes=frozenset(mistakes))
            stack.enter_context(serving(config, "127.0.0.1", ports[1]))
            return Place(provider, home)

        yield begin
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_somebody_logs_in_at_the_strict_site_and_out_everywhere(place: Callable[..., Place]) -> None:
    """OpenID Connect Core 1.0, 3.1; RP-Initiated Logout 1.0, 2."""
    there = place()
    visitor = there.visitor()
    page = there.log_in(visitor)
    assert page.has("#logged-in"), page
    out = visitor.open(f"{there.home}logout")
    assert (out.has("#logged-out"), out.has("#message")) == (True, True), out
    again = visitor.open(f"{there.home}login")
    assert again.url.startswith(there.provider), "the provider's session must have ended too"


def test_a_logout_on_the_providers_own_page_reaches_the_site_through_its_frame(place: Callable[..., Place]) -> None:
    """Front-Channel Logout 1.0, 3."""
    there = place()
    visitor = there.visitor()
    assert there.log_in(visitor).has("#logged-in")
    visitor.open(f"{there.provider}logout/")
    assert visitor.open(there.home).has("#logged-out")


@pytest.mark.parametrize("target", ["https://ailleurs.example/", "//ailleurs.example", "/\\ailleurs.example", "/\tx"])
def test_the_login_leads_nowhere_but_to_the_site(place: Callable[..., Place], target: str) -> None:
    """RFC 9700, 4.11."""
    there = place()
    page = there.log_in(there.visitor(), f"?{urlencode({'next': target})}")
    assert page.url == there.home, page


def test_with_that_mistake_planted_it_leads_anywhere(place: Callable[..., Place]) -> None:
    """The walker goes no further than the hosts it may visit."""
    there = place("open_redirect")
    page = there.log_in(there.visitor(), "?next=https://ailleurs.example/")
    assert (page.url, page.status) == ("https://ailleurs.example/", 0)


def test_an_unknown_mistake_is_refused_with_the_list_of_those_there_are() -> None:
    """A proof that plants nothing would prove nothing."""
    with pytest.raises(ConfigError, match="no_state_check"):
        SiteConfig("http://localhost/", "a", "b", "http://localhost/", mistakes=frozenset({"no_stat_check"}))
