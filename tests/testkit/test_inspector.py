"""The inspector's pages: who sees what, and what they say. (In a browser: tests/browser/test_inspector.py.)"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from bs4 import BeautifulSoup
from exchanges import ISSUER, changed, exchange, login
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from glc.entropy import SystemEntropy
from testkit.inspector import create_inspector
from testkit.journal.exchange import Exchange


@dataclass
class Written:
    """A journal made by hand."""

    written: list[Exchange] = field(default_factory=list)

    def exchanges(self, after: int = 0) -> Sequence[Exchange]:
        """What is in it."""
        return tuple(self.written)


@dataclass
class Room:
    """A space, as far as the inspector looks."""

    id: str
    control_key: str
    issuer: str = ISSUER
    journal: Written = field(default_factory=Written)

    def client_name(self, client_id: str) -> str | None:
        """The only client there is."""
        return {"mon-site": "Mon site"}.get(client_id)

    def account_name(self, uuid: str) -> str | None:
        """The only account there is."""
        return {"u-1": "Camille Dupré"}.get(uuid)


@dataclass
class House:
    """Two spaces."""

    rooms: dict[str, Room]

    def find(self, space_id: str) -> Room | None:
        """The one of that name."""
        return self.rooms.get(space_id)

    def all(self) -> Iterable[Room]:
        """Both."""
        return self.rooms.values()


@pytest.fixture
def house() -> House:
    """One space where somebody logged in, an empty one."""
    rooms = {"abc": Room("abc", "clé-abc"), "vide": Room("vide", "clé-vide")}
    rooms["abc"].journal.written += login(nonce=None)
    return House(rooms)


@pytest.fixture
def browser(house: House) -> FlaskClient:
    """Somebody who holds no key yet."""
    return create_inspector(house, SystemEntropy()).test_client()


@pytest.fixture
def holder(browser: FlaskClient) -> FlaskClient:
    """Somebody who has opened the first space."""
    assert get(browser, "/abc/?key=clé-abc").status_code == 303
    return browser


def get(browser: FlaskClient, path: str, **options: object) -> TestResponse:
    """A page, as a browser below the inspector's path asks for it."""
    return browser.open(path, base_url="http://localhost/inspector/", **options)  # type: ignore[arg-type]


def soup(page: TestResponse) -> BeautifulSoup:
    """What the page holds."""
    return BeautifulSoup(page.text, "html.parser")


def words(page: TestResponse) -> str:
    """What the page says."""
    return " ".join(soup(page).get_text(" ").split())


@pytest.mark.parametrize(
    "path", ["/abc/", "/abc/?key=faux", "/abc/flows/2/", "/abc/flows/2/har", "/perdu/", "/perdu/?key=x"]
)
def test_a_space_is_shown_to_nobody_without_its_key(browser: FlaskClient, path: str) -> None:
    """Whether it exists or not, the same is said: what to do."""
    page = get(browser, path)
    assert page.status_code == 401
    assert "WWW-Authenticate" in page.headers
    assert "inspector_url" in words(page)
    assert "mon-site" not in page.text


def test_the_key_leaves_the_address_at_once_and_opens_that_space_only(browser: FlaskClient) -> None:
    """It is not left in the history, and the cookie is no use to scripts or other sites."""
    opened = get(browser, "/abc/?key=clé-abc")
    assert (opened.status_code, opened.headers["Location"]) == (303, "/inspector/abc/")
    cookie = opened.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/inspector/" in cookie
    assert get(browser, "/abc/").status_code == 200
    assert get(browser, "/vide/").status_code == 401
    assert [each.get_text() for each in soup(get(browser, "/")).select("#spaces a")] == ["abc"]


def test_the_key_can_be_typed(browser: FlaskClient) -> None:
    """In the page that asks for it, which says so when it is wrong."""
    wrong = browser.post("/abc/", data={"key": "faux"}, base_url="http://localhost/inspector/")
    assert soup(wrong).select_one("#key-error") is not None
    right = browser.post("/abc/", data={"key": " clé-abc "}, base_url="http://localhost/inspector/")
    assert right.status_code == 303
    assert get(browser, "/abc/").status_code == 200


@pytest.mark.parametrize("path", ["/abc/flows/2/", "/abc/flows/2/har"])
def test_the_key_opens_the_very_page_it_is_given_for(browser: FlaskClient, path: str) -> None:
    """A link to one login is handed on, with its key or to be typed."""
    opened = get(browser, f"{path}?key=clé-abc")
    assert (opened.status_code, opened.headers["Location"]) == (303, f"/inspector{path}")
    assert get(browser, path).status_code == 200


def test_the_key_typed_for_a_login_leads_to_that_login(browser: FlaskClient) -> None:
    """The form is sent to the page that asked."""
    form = soup(get(browser, "/abc/flows/2/")).select_one("main form")
    assert form.get("action") is None
    typed = get(browser, "/abc/flows/2/", method="POST", data={"key": "clé-abc"})
    assert (typed.status_code, typed.headers["Location"]) == (303, "/inspector/abc/flows/2/")


def test_somebody_whom_the_site_was_not_told_of_is_named_all_the_same(holder: FlaskClient, house: House) -> None:
    """The account of a login that a fault ended: a name, not its identifier."""
    house.rooms["abc"].journal.written[:] = [
        changed(each, account="u-1", tokens=(), body="") for each in login(nonce=None) if each.endpoint != "userinfo"
    ]
    assert "Camille Dupré" in words(get(holder, "/abc/"))


def test_a_space_made_anew_under_the_same_name_asks_for_its_new_key(holder: FlaskClient, house: House) -> None:
    """The browser remembers a digest of the key, not that it may."""
    house.rooms["abc"] = Room("abc", "une autre")
    assert get(holder, "/abc/").status_code == 401
    assert soup(get(holder, "/")).select("#spaces a") == []


def test_a_space_lists_its_logins_the_latest_first(holder: FlaskClient, house: House) -> None:
    """With what became of them and how much is to do."""
    house.rooms["abc"].journal.written += login(21, number=1, code="beef")[1:5]
    page = get(holder, "/abc/")
    lines = [" ".join(line.get_text(" ").split()) for line in soup(page).select("#flows > li")]
    assert [line.split(" Mon site")[0] for line in lines] == ["Parcours 22", "Parcours 2"]
    assert "code non échangé" in lines[0]
    assert "connecté" in lines[1]
    assert "1 point à améliorer" in lines[1]


def test_what_belongs_to_no_login_is_listed_apart(holder: FlaskClient, house: House) -> None:
    """Nothing that was exchanged is hidden."""
    house.rooms["abc"].journal.written.append(exchange(9, "page", "", client_id=None))
    assert [each["id"] for each in soup(get(holder, "/abc/")).select("#outside li.step")] == ["exchange-9"]


def test_a_login_s_page_says_what_is_wrong_and_where(holder: FlaskClient) -> None:
    """In plain French, with what to change, the specification, and a link to the exchange."""
    page = soup(get(holder, "/abc/flows/2/"))
    assert page.select("#to-mend") == []
    [told] = page.select("#to-improve > li")
    assert "Votre site n’a pas envoyé de nonce" in told.get_text()
    assert "Tirez un nonce" in told.get_text()
    assert "15.5.2" in told.get_text()
    assert page.select_one(told.select_one("a")["href"]) is not None
    assert page.select_one("#exchange-2 a.chip")["href"] == "#verdict-nonce_sent"
    assert "points respectés" in page.select_one("#passed summary").get_text()


def test_the_diagram_is_a_list_that_reads_as_well_as_it_looks(holder: FlaskClient) -> None:
    """One item an exchange: who speaks to whom is written, not only drawn."""
    steps = soup(get(holder, "/abc/flows/2/")).select(".sequence > ol > li")
    assert [step["id"] for step in steps] == [f"exchange-{number}" for number in range(1, 9)]
    arrows = [" ".join(arrow.get_text().split()) for arrow in steps[4].select(".arrow")]
    assert arrows == [
        "Navigateur → Fournisseur : GET /idp/oidc/authorize",
        "Fournisseur → Navigateur : 302 → site.example",
        "Navigateur → Site (déduit) : GET /callback",
    ]
    assert "Le site échange le code" in steps[5].get_text()


def test_an_exchange_shows_tokens_decoded_and_a_command_to_copy(holder: FlaskClient) -> None:
    """Secrets stay out of both."""
    step = soup(get(holder, "/abc/flows/2/")).select_one("#exchange-6")
    text = " ".join(step.get_text(" ").split())
    assert "RS256" in text
    assert "client_secret_basic" in text
    command = step.select_one("#curl-6").get_text()
    assert command.startswith("curl")
    assert "$CLIENT_SECRET" in command


def test_what_sites_sent_is_shown_and_never_run(holder: FlaskClient, house: House) -> None:
    """Markup in any value is text."""
    odd = "<script>alert(1)</script>"
    written = house.rooms["abc"].journal.written
    written[1] = changed(written[1], query=(*written[1].query, ("display", odd)))
    written[5] = changed(written[5], body=odd, request_headers=((odd, odd),), faults=(odd,))
    page = get(holder, "/abc/flows/2/")
    assert odd not in page.text
    assert odd in soup(page).get_text()
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_archive_is_downloaded(holder: FlaskClient) -> None:
    """HAR 1.2."""
    answer = get(holder, "/abc/flows/2/har")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert len(json.loads(answer.text)["log"]["entries"]) == 8


def test_a_login_that_is_gone_is_said_to_be(holder: FlaskClient) -> None:
    """The journal may have been emptied."""
    for path in ("/abc/flows/99/", "/abc/flows/99/har"):
        assert get(holder, path).status_code == 404


def test_an_address_that_is_not_of_the_inspector_is_a_page_too(holder: FlaskClient) -> None:
    """In the house's dress, and the visitor's language."""
    page = get(holder, "/abc/nowhere/")
    assert page.status_code == 404
    assert soup(page).select_one("#simulator-banner") is not None
    assert "n’a rien à montrer" in words(page)
    assert get(holder, "/abc/flows/2/", method="DELETE").status_code == 405


def test_a_page_is_sent_again_only_when_something_happened(holder: FlaskClient, house: House) -> None:
    """How the script follows a journal: its entity tag (RFC 9110, 13.1.2)."""
    tag = {"If-None-Match": get(holder, "/abc/").headers["ETag"]}
    assert get(holder, "/abc/", headers=tag).status_code == 304
    house.rooms["abc"].journal.written.append(exchange(9, "login", "login/"))
    assert get(holder, "/abc/", headers=tag).status_code == 200


def test_the_pages_speak_english_one_click_away(holder: FlaskClient) -> None:
    """Verdicts too; and back to the same page."""
    link = soup(get(holder, "/abc/flows/2/")).select_one("#lang-en")["href"]
    there = get(holder, link.removeprefix("/inspector"))
    assert there.headers["Location"] == "/inspector/abc/flows/2/"
    page = get(holder, "/abc/flows/2/")
    assert soup(page).html["lang"] == "en"
    assert "Your site did not send a nonce" in words(page)


def test_every_page_says_that_this_is_a_simulator(holder: FlaskClient) -> None:
    """And can be reached from the others."""
    for path in ("/", "/abc/", "/abc/flows/2/", "/vide/"):
        page = soup(get(holder, path))
        assert page.select_one("#simulator-banner") is not None
        assert page.select_one("h1") is not None
        assert page.select_one(".crumbs a")["href"] == "/inspector/"
