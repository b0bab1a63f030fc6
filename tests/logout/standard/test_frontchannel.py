"""What certification checks of OpenID Connect Front-Channel Logout 1.0; tests/browser loads the frames."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flows import ISSUER, payload
from strict_site import Answer, StrictSite
from werkzeug.test import TestResponse

BYE = "https://site.example/bye"


def frames(page: object) -> list[str]:
    """The addresses that a page frames."""
    assert isinstance(page, TestResponse)
    return [str(frame["src"]) for frame in BeautifulSoup(page.text, "html.parser").find_all("iframe")]


def test_frontchannel_discovery(rp: StrictSite) -> None:
    """Module oidcc-frontchannel-logout-discovery-endpoint-verification."""
    assert rp.metadata["frontchannel_logout_supported"] is True
    assert rp.metadata["frontchannel_logout_session_supported"] is True


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("response_type", ["code", "code id_token"])
def test_59_frontchannel_rp_initiated_logout(
    begin: Callable[..., StrictSite], required: bool, response_type: str
) -> None:
    """Requirement 59; module oidcc-frontchannel-rp-initiated-logout: `iss` and `sid`, both always, beside the query
    that was registered; nothing else; then prompt=none finds nobody."""
    rp = begin(
        frontchannel_logout_uri="https://site.example/out?keep=1",
        post_logout_redirect_uris=(BYE,),
        protocol={"frontchannel_logout_session_required": required},
    )
    answer = rp.authorize(response_type=response_type)
    hint = rp.redeem(answer)["id_token"]
    sid = payload(hint)["sid"]
    if "id_token" in response_type:
        assert payload(answer["id_token"])["sid"] == sid
    page = rp.citizen.get(
        "/idp/oidc/logout", query_string={"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s"}
    )
    assert frames(page) == [
        f"https://site.example/out?keep=1&iss={ISSUER.replace(':', '%3A').replace('/', '%2F')}&sid={sid}"
    ]
    assert BeautifulSoup(page.text, "html.parser").find(id="a2-continue")["href"] == f"{BYE}?state=s"  # type: ignore[union-attr]
    silent = rp.visit(prompt="none")
    assert isinstance(silent, Answer)
    assert silent["error"] == "login_required"


def test_frontchannel_after_the_question_too(begin: Callable[..., StrictSite]) -> None:
    """Whoever is asked first leaves the same sites."""
    rp = begin(frontchannel_logout_uri="https://site.example/out")
    rp.redeem(rp.authorize())
    page = rp.citizen.submit(rp.citizen.get("/idp/oidc/logout"))
    assert len(frames(page)) == 1
    assert BeautifulSoup(page.text, "html.parser").find(id="a2-continue")["href"] == "/logged-out/"
