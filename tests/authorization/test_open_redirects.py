"""No address of ours sends a browser where a stranger's link says."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from bs4 import BeautifulSoup
from flows import Arrival, Citizen, Site, link

ELSEWHERE = [
    "https://evil.example/",
    "http://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "/\n//evil.example/",
    " https://evil.example/",
    "\x01//evil.example/",
    "https:evil.example/",
    "https:/evil.example/",
    "https:///evil.example/",
    "https://site.example@evil.example/",
    "https://site.example\\@evil.example/",
    "https://site.example.evil.example/",
    "https://evil.example/https://site.example/",
    "https://evil.example\\.site.example/",
    "https://localhost:8040@evil.example/",
    "http://localhost:8040.evil.example/",
    "http://localhost:8041/",
    "http://localhost:80400/",
    "javascript:alert(1)",
    "data:text/html,evil",
    "ftp://site.example/",
]


def leaves_for(step: object) -> str | None:
    """The host that a step leaves for; None when it stays."""
    return urlsplit(step.url).netloc if isinstance(step, Arrival) else None


def links_out(html: str) -> set[str]:
    """Every address that a page offers to follow, away from this site."""
    soup = BeautifulSoup(html, "html.parser")
    found = {item[name] for name in ("href", "action", "src") for item in soup.find_all(attrs={name: True})}
    refreshes = {item.get("content", "") for item in soup.find_all("meta", attrs={"http-equiv": "refresh"})}
    return {address for address in found | refreshes if "evil" in address and not address.startswith("/l")}


def test_continue_links_only_where_it_was_told_to_in_this_browser(passer_by: Citizen) -> None:
    """Section 1.7: the page /continue/ carries the address in its own query."""
    for target in ELSEWHERE:
        page = passer_by.get(f"/continue/?next={quote(target)}")

        assert page.status_code == 400
        assert link(page, "a2-continue") is None
        assert not links_out(page.text)


def test_continue_does_not_link_for_another_browser(site: Site, passer_by: Citizen, citizen: Citizen) -> None:
    """The link of one browser, sent to another, shows neither the message nor the way on."""
    page = passer_by.get(site.request(scope="openid admin"))
    assert link(page, "a2-continue")

    same_address = Citizen(citizen.client.application.test_client()).get(page.request.full_path)

    assert link(same_address, "a2-continue") is None
    assert "invalid_scope" not in same_address.text.split("<main")[1]


def test_logout_goes_nowhere_but_home_or_to_registered_origins(site: Site, passer_by: Citizen) -> None:
    """Section 1.14: `next` is honoured on this origin and on those of registered services."""
    for target in ELSEWHERE:
        step = passer_by.get(f"/logout/?next={quote(target)}")

        assert leaves_for(step) is None
        assert step.request.path == "/"
    assert passer_by.get(f"/logout/?next={site.redirect_uri}/after").url == f"{site.redirect_uri}/after"


def test_the_question_before_logout_offers_no_stray_address(site: Site, at_home: Citizen) -> None:
    """Section 1.14: the confirmation page leads on to `next`, or stays with « Rester connecté »."""
    for target in ELSEWHERE:
        page = at_home.get(f"/logout/?next={quote(target)}", headers={"Referer": "https://evil.example/"})

        assert "logout-confirm" in page.text
        assert not links_out(page.text)
    assert leaves_for(at_home.submit(page)) is None


def test_login_goes_on_within_this_site_only(citizen: Citizen) -> None:
    """Section 0: /login/?next= is a public address."""
    for target in ELSEWHERE:
        page = citizen.get(f"/login/?next={quote(target)}")

        assert not links_out(page.text)
        assert leaves_for(citizen.log_in(page)) is None
        citizen.client.get("/logout/")


def test_login_of_whoever_is_logged_in_goes_on_within_this_site_only(at_home: Citizen) -> None:
    """The same, when the page has nothing to ask and redirects at once."""
    for target in ELSEWHERE:
        assert leaves_for(at_home.get(f"/login/?next={quote(target)}")) is None


def test_rp_initiated_logout_needs_a_registered_address(register: Callable[..., Site], at_home: Citizen) -> None:
    """Section 1.14: an address that nobody registered leads home, and the session goes on."""
    register(post_logout_redirect_uris=("https://site.example/",))

    for target in ELSEWHERE:
        step = at_home.get(f"/idp/oidc/logout?post_logout_redirect_uri={quote(target)}")

        assert leaves_for(step) is None
        assert "URI de retour après déconnexion invalide" in step.text
    assert at_home.get("/accounts/").request.path == "/accounts/"


def test_choosing_a_language_stays_on_this_site(passer_by: Citizen) -> None:
    """The language link carries where the visitor was."""
    for target in ELSEWHERE:
        assert passer_by.client.get(f"/language/en?next={quote(target)}").headers["Location"] == "/"
