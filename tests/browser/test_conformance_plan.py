"""The browser's steps of docs/conformance-plan.json, taken in a real browser as the certification suite takes them:
each module gets where it waits for the user, and is handed the picture that it waits for."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlencode

import conformance_plan
import jwt
import pytest
from browser.conftest import free_port
from conformance_plan import plan
from conftest import add_account, register_site
from flask import Flask
from flows import Site
from needs import needs
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.wrappers import Request, Response
from wire import on_the_wire

from glc.clock import ManualClock
from partner_registry.models import Flow

PAGE = '<!doctype html><title>Suite</title><p id="submission_complete">done</p>'
ALIAS = "/test/a/glc-simulator"
SELECTORS = {"id": "#{}", "css": "{}", "xpath": "xpath={}"}


@dataclasses.dataclass
class Suite:
    """The suite's own pages, and its browser."""

    provider: str
    home: str
    app: Flask
    site: Site
    visits: list[tuple[str, dict[str, str]]] = dataclasses.field(default_factory=list)

    def __call__(self, environ: dict[str, object], start_response: object) -> object:
        """Every page says that it was reached."""
        request = Request(environ)  # type: ignore[arg-type]
        self.visits.append((request.path, request.values.to_dict()))
        return Response(PAGE, mimetype="text/html")(environ, start_response)  # type: ignore[arg-type]

    def login(self, **changes: str) -> str:
        """An authorization request's address."""
        return f"{self.provider}{self.site.request(scope='openid', **changes)}"

    def logout(self, **sent: str) -> str:
        """A logout request's address."""
        return f"{self.provider}/idp/oidc/logout?{urlencode(sent)}"

    def id_token(self) -> str:
        """The ID Token of the latest login."""
        code = next(sent["code"] for path, sent in reversed(self.visits) if path.endswith("/callback"))
        token: str = self.site.redeem(self.app.test_client(), code).json["id_token"]
        return token

    def go(self, page: Page, module: str, url: str) -> int:
        """Go to an address and take the steps of a module; how many pictures that gave. Fails as the module would."""
        whole = json.loads(json.dumps(plan()).replace(conformance_plan.PROVIDER, self.provider))
        steps = whole["override"].get(f"oidcc-{module}", whole)["browser"]
        page.goto(url)
        pictures = 0
        for task in next(each["tasks"] for each in steps if fnmatchcase(url, each["match"])):
            if not fnmatchcase(page.url, task["match"]):
                assert task.get("optional"), f"{task['task']} at {page.url}"
                continue
            pictures += sum(_taken(page, *command) for command in task["commands"])
        return pictures


def _taken(page: Page, command: str, kind: str, what: str, *more: Any) -> bool:
    """Take a step; whether it gave a picture."""
    if (command, kind) == ("wait", "contains"):
        page.wait_for_url(lambda url: what in url, timeout=more[0] * 1000)
        return False
    found = page.locator(SELECTORS[kind].format(what)).first
    if command == "text":
        found.fill(more[0])
    elif command == "click" and not ("optional" in more and not found.count()):
        with page.expect_navigation():  # the suite's browser answers a click with the page it led to
            found.click()
    elif command == "wait" and len(more) == 1:
        found.wait_for(state="attached", timeout=more[0] * 1000)
    elif command == "wait":
        expect(found).to_have_text(re.compile(more[1]), timeout=more[0] * 1000)
        return True
    return False


@pytest.fixture
def suite(make_app: Callable[..., Flask], clock: ManualClock) -> Iterator[Suite]:
    """The suite, registered with a provider that knows the account of the plan."""
    needs("chromium")
    provider, home = (f"http://localhost:{free_port()}" for _ in range(2))
    app = make_app(dialect="standard", issuer=f"{provider}/")
    add_account(app, clock, email=conformance_plan.EMAIL, password=conformance_plan.PASSWORD)
    site = register_site(
        app,
        clock,
        flow=Flow.HYBRID,
        redirect_uris=(f"{home}{ALIAS}/callback",),
        post_logout_redirect_uris=(f"{home}{ALIAS}/post_logout_redirect",),
        frontchannel_logout_uri=f"{home}{ALIAS}/frontchannel_logout",
        logo_url=f"{home}/images/openid.png",
        protocol={"policy_uri": f"{home}/policy", "tos_uri": f"{home}/terms"},
        id_token_alg="RS256",
    )
    made = Suite(provider, home, app, site)
    ports = (int(address.rpartition(":")[2]) for address in (provider, home))
    with on_the_wire(app, next(ports)), on_the_wire(made, next(ports)):  # type: ignore[arg-type]
        yield made


@pytest.fixture
def page(suite: Suite, new_context: Callable[..., BrowserContext]) -> Page:
    """The suite's browser."""
    assert suite
    return new_context().new_page()


@pytest.mark.parametrize("changes", [{}, {"response_mode": "form_post"}, {"response_type": "id_token", "nonce": "n"}])
def test_a_login_and_a_silent_one_end_at_the_suite(suite: Suite, page: Page, changes: dict[str, str]) -> None:
    """Every module that waits for its callback."""
    assert suite.go(page, "server", suite.login(**changes)) == 0
    assert suite.go(page, "prompt-none-logged-in", suite.login(prompt="none", **changes)) == 0
    assert [path for path, _ in suite.visits if path.endswith("/callback")] == [f"{ALIAS}/callback"] * 2


@pytest.mark.parametrize(("module", "again"), [("prompt-login", {"prompt": "login"}), ("max-age-1", {"max_age": "0"})])
def test_the_second_login_page_is_handed_in(suite: Suite, page: Page, module: str, again: dict[str, str]) -> None:
    """oidcc-prompt-login and oidcc-max-age-1 wait for a picture of it."""
    suite.go(page, module, suite.login())
    assert suite.go(page, module, suite.login(**again)) == 1
    assert page.url.startswith(f"{suite.home}{ALIAS}/callback")


@pytest.mark.parametrize(
    ("module", "changes"),
    [
        ("ensure-registered-redirect-uri", {"redirect_uri": "https://elsewhere.example/callback"}),
        ("ensure-redirect-uri-in-authorization-request", {"redirect_uri": ""}),
        ("redirect-uri-query-added", {"redirect_uri": "https://elsewhere.example/callback?foo=bar"}),
        ("redirect-uri-query-mismatch", {"redirect_uri": "https://elsewhere.example/callback?bar=foo"}),
        ("registration-logo-uri", {}),
        ("registration-policy-uri", {}),
        ("registration-tos-uri", {}),
    ],
)
def test_a_page_where_the_user_stays_is_handed_in(
    suite: Suite, page: Page, module: str, changes: dict[str, str]
) -> None:
    """These modules fail when they are called back, and wait for a picture."""
    assert suite.go(page, module, suite.login(**changes)) == 1
    assert not [path for path, _ in suite.visits if path.endswith("/callback")]


def test_a_logout_ends_at_the_suite_frames_included(suite: Suite, page: Page) -> None:
    """oidcc-rp-initiated-logout and oidcc-frontchannel-rp-initiated-logout."""
    suite.go(page, "rp-initiated-logout", suite.login())
    back = f"{suite.home}{ALIAS}/post_logout_redirect"
    url = suite.logout(id_token_hint=suite.id_token(), post_logout_redirect_uri=back, state="s")
    assert suite.go(page, "rp-initiated-logout", url) == 0
    assert (f"{ALIAS}/post_logout_redirect", {"state": "s"}) in suite.visits
    assert f"{ALIAS}/frontchannel_logout" in [path for path, _ in suite.visits]


@pytest.mark.parametrize(
    ("module", "sent"),
    [
        ("bad-post-logout-redirect-uri", {"id_token_hint": "ours", "post_logout_redirect_uri": "https://x.example/"}),
        ("query-added-to-post-logout-redirect-uri", {"id_token_hint": "ours", "post_logout_redirect_uri": "back?a=b"}),
        ("modified-id-token-hint", {"id_token_hint": "unsigned", "post_logout_redirect_uri": "back"}),
        ("bad-id-token-hint", {"id_token_hint": "foreign", "post_logout_redirect_uri": "back"}),
        ("no-id-token-hint", {"post_logout_redirect_uri": "back"}),
        ("no-params", {}),
        ("only-state", {"state": "s"}),
        ("no-post-logout-redirect-uri", {"id_token_hint": "ours"}),
    ],
)
def test_a_logout_that_goes_nowhere_is_handed_in(suite: Suite, page: Page, module: str, sent: dict[str, str]) -> None:
    """The other modules of RP-initiated logout: none may be called back, each waits for a picture."""
    suite.go(page, f"rp-initiated-logout-{module}", suite.login())
    ours = suite.id_token()
    claims = jwt.decode(ours, options={"verify_signature": False})
    key = "another key, of thirty-two bytes and more"
    known = {
        "ours": ours,
        "unsigned": jwt.encode(claims, None, "none"),
        "foreign": jwt.encode(claims, key, "HS256"),
    }
    back = f"{suite.home}{ALIAS}/post_logout_redirect"
    sent = {name: known.get(value, value.replace("back", back)) for name, value in sent.items()}
    assert suite.go(page, f"rp-initiated-logout-{module}", suite.logout(**sent)) == 1
    assert not [path for path, _ in suite.visits if path.endswith("post_logout_redirect")]
