"""Creating an account by a link sent by e-mail, begun at the provider or on the way from a service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from accounts.mailbox import NEW_PASSWORD, Mailbox, field, heading, problems, soup, way_to
from flows import Arrival, Citizen, Site, text_of
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from glc.settings import Settings
from idp.models import Account, MailedLink

ZOE = "zoe@citoyen.example"
ABOUT_HER = {
    "first_name": "Zoé",
    "last_name": "Dubinôre",
    "password1": NEW_PASSWORD,
    "password2": NEW_PASSWORD,
}


def ask(citizen: Citizen, address: str = ZOE, path: str = "/register/") -> TestResponse:
    """Ask for the link."""
    return citizen.submit(citizen.get(path), email=address)


@pytest.fixture
def link(passer_by: Citizen, mailbox: Mailbox) -> str:
    """The link that Zoé received."""
    ask(passer_by)
    return mailbox.link(ZOE)


def test_an_account_needs_an_address_that_is_read_two_names_and_a_password(
    passer_by: Citizen, mailbox: Mailbox, engine: Engine
) -> None:
    """Section 2, registration: the mailed link, then names and password twice, then logged in."""
    page = ask(passer_by)
    assert ZOE in text_of(page)
    form = passer_by.get(mailbox.link(ZOE))
    assert ZOE in text_of(form)

    arrived = passer_by.submit(form, **ABOUT_HER)

    assert arrived.request.path == "/accounts/"
    assert "Zoé Dubinôre" in text_of(arrived)
    with engine.connect() as connection:
        (made,) = connection.execute(sa.select(Account.email, Account.email_verified, Account.gender)).all()
    assert made == (ZOE, True, "")


def test_who_has_registered_logs_in_with_that_password(
    passer_by: Citizen, link: str, browser_at: Callable[..., Citizen]
) -> None:
    """The password that was chosen, from any browser."""
    passer_by.submit(passer_by.get(link), **ABOUT_HER)

    elsewhere = browser_at(email=ZOE, password=NEW_PASSWORD)

    assert elsewhere.log_in(elsewhere.get("/login/")).request.path == "/accounts/"


def test_the_link_works_once(passer_by: Citizen, link: str, browser_at: Callable[..., Citizen]) -> None:
    """Section 1.1, /accounts/activate/<token>/; a form that was open already is refused too."""
    other = browser_at()
    open_already = other.get(link)
    passer_by.submit(passer_by.get(link), **ABOUT_HER)

    assert other.get(link).status_code == 410
    assert other.submit(open_already, **ABOUT_HER).status_code == 410
    assert other.get("/accounts/").request.path == "/login/"


def test_the_link_stops_working_after_its_time(passer_by: Citizen, link: str, clock: ManualClock) -> None:
    """Settings: mail_link_lifetime_in."""
    clock.advance(seconds=Settings().mail_link_lifetime_in - 1)
    assert passer_by.get(link).status_code == 200

    clock.advance(seconds=1)
    page = passer_by.get(link)

    assert page.status_code == 410
    assert heading(page) == "Ce lien ne fonctionne plus"


def test_the_mail_says_until_when_in_local_time(
    passer_by: Citizen, mailbox: Mailbox, link: str, clock: ManualClock
) -> None:
    """A day from noon in Lyon."""
    (mail,) = mailbox.of(ZOE)

    assert "03/03/2026 à 12:00" in mail.text
    assert "simulateur" in mail.subject


def test_the_database_does_not_keep_what_the_link_needs(link: str, engine: Engine, clock: ManualClock) -> None:
    """Whoever reads the database cannot take over a registration."""
    token = link.rstrip("/").rpartition("/")[2]
    with engine.connect() as connection:
        (kept,) = connection.execute(sa.select(MailedLink)).all()

    assert token not in str(kept)
    assert kept.expires_at == clock.now() + timedelta(seconds=Settings().mail_link_lifetime_in)


def test_expired_links_are_forgotten_with_their_addresses(
    passer_by: Citizen, link: str, clock: ManualClock, engine: Engine
) -> None:
    """An address is not kept longer than its link works; the next link sweeps."""
    clock.advance(seconds=Settings().mail_link_lifetime_in)
    ask(passer_by, "autre@citoyen.example")

    with engine.connect() as connection:
        assert connection.execute(sa.select(MailedLink.email)).scalars().all() == ["autre@citoyen.example"]


def test_the_page_does_not_tell_whether_an_address_has_an_account_but_the_mail_does(
    citizen: Citizen, passer_by: Citizen, mailbox: Mailbox
) -> None:
    """Section 2, registration: for an existing address the mail says so and gives a link."""
    known, unknown = (text_of(ask(passer_by, each)).replace(each, "…") for each in (citizen.email, ZOE))

    assert known == unknown
    assert "déjà" in mailbox.of(citizen.email)[-1].subject
    assert mailbox.links(citizen.email) == ["/login/", "/password/reset/"]
    assert mailbox.link(ZOE).startswith("/accounts/activate/")


def test_an_address_taken_meanwhile_is_not_taken_twice(
    passer_by: Citizen, link: str, make_account: Callable[..., str]
) -> None:
    """The account was made elsewhere between the mail and the form."""
    form = passer_by.get(link)
    make_account(email=ZOE.upper())

    assert passer_by.submit(form, **ABOUT_HER).status_code == 410
    assert passer_by.get("/accounts/").request.path == "/login/"


def test_a_registration_begun_at_a_service_ends_back_there(
    register: Callable[..., Site], passer_by: Citizen, mailbox: Mailbox
) -> None:
    """Checklist 59 and 60: the service is named on each page, and receives its code in the end."""
    site = register(name="Piscines", home_url="https://piscines.example/")
    login = passer_by.get(site.request())
    begin = passer_by.get(way_to(login, "/register/"))
    sent = passer_by.submit(begin, email=ZOE)
    form = passer_by.get(mailbox.link(ZOE))

    for page in (login, begin, sent, form):
        assert soup(page).find("a", href="https://piscines.example/").get_text() == "Piscines", heading(page)
    question = passer_by.submit(form, **ABOUT_HER)
    arrival = passer_by.submit(question, "a2-oidc-authorization-form", "accept")
    assert isinstance(arrival, Arrival)
    assert "code" in arrival.query


def test_a_link_opened_in_another_browser_makes_the_account_all_the_same(
    site: Site, passer_by: Citizen, mailbox: Mailbox, browser_at: Callable[..., Citizen]
) -> None:
    """The waiting request belongs to the first browser; the second one ends on the account."""
    login = passer_by.get(site.request())
    ask(passer_by, path=way_to(login, "/register/"))
    phone = browser_at("198.51.100.9")

    arrived = phone.submit(phone.get(mailbox.link(ZOE)), **ABOUT_HER)

    assert arrived.request.path == "/accounts/"


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"first_name": " "}, {"first_name"}),
        ({"last_name": ""}, {"last_name"}),
        ({"password1": "court", "password2": "court"}, {"password1"}),
        ({"password1": "x" * 201, "password2": "x" * 201}, {"password1"}),
        ({"password2": "autre chose encore"}, {"password2"}),
        ({"password1": ZOE.upper(), "password2": ZOE.upper()}, {"password1"}),
        ({"first_name": "Z" * 256}, {"first_name"}),
    ],
    ids=["no first name", "no last name", "short", "long", "not the same", "the address itself", "endless name"],
)
def test_a_mistake_is_explained_and_nothing_else_is_lost(
    passer_by: Citizen, link: str, typed: dict[str, str], wrong: set[str]
) -> None:
    """The form comes back with what was typed, passwords apart."""
    page = passer_by.submit(passer_by.get(link), **(ABOUT_HER | typed))

    assert problems(page).keys() == wrong
    for name in {"first_name", "last_name"} - typed.keys():
        assert field(page, name)["value"] == ABOUT_HER[name]
    assert not field(page, "password1").get("value")
    assert passer_by.get(link).status_code == 200


@pytest.mark.parametrize(
    "address", ["", "zoe", "zoe@", "@x.example", "a@b@c", "a b@x.example", "z" * 250 + "@x.example"]
)
def test_what_is_no_address_is_not_written_to(passer_by: Citizen, address: str, engine: Engine) -> None:
    """A mistake is told at its field."""
    page = ask(passer_by, address)

    assert problems(page).keys() == {"email"}
    with engine.connect() as connection:
        assert connection.execute(sa.select(MailedLink)).all() == []


@pytest.mark.parametrize("address", ["zoe@essai.test", "zoé@citoyen.example", "z.o+e@localhost"])
def test_addresses_that_testers_use_are_accepted(passer_by: Citizen, mailbox: Mailbox, address: str) -> None:
    """RFC 2606: .test and localhost are for this; nothing is looked up."""
    ask(passer_by, f" {address} ")

    assert mailbox.link(address)
