"""Deleting the account: what goes, at once, and what stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from accounts.mailbox import NEW_PASSWORD, Mailbox, heading, problems
from flows import PASSWORD, Citizen, Site, payload, text_of
from sqlalchemy.engine import Engine

from consent.models import ConsentReceipt
from glc.clock import ManualClock
from glc.mail import OutboxMail
from glc.settings import Settings
from idp.models import PROFILE_ATTRIBUTES, Account, MailedLink

CAMILLE = "camille.dupre@citoyen.example"


@pytest.fixture
def holder(make_account: Callable[..., str], browser_at: Callable[..., Citizen]) -> Citizen:
    """Camille, logged in, every column of whose account says something."""
    said = dict.fromkeys(PROFILE_ATTRIBUTES, "1") | {"gender": "female", "birthdate": "1987-06-05"}
    make_account(**said, email_verified=True, roles=["agent"], verified_attributes=["birthdate"], other_claims={"a": 1})
    citizen = browser_at()
    citizen.log_in(citizen.get("/login/"))
    return citizen


def erase(citizen: Citizen, mailbox: Mailbox) -> Any:
    """Ask, open the link, confirm."""
    citizen.submit(citizen.get("/accounts/delete/"))
    return citizen.submit(citizen.get(mailbox.link(CAMILLE)))


def row_of_account(engine: Engine) -> dict[str, Any]:
    """What the database keeps of the only account."""
    with engine.connect() as connection:
        return dict(connection.execute(sa.select(Account.__table__)).one()._mapping)


def test_a_verified_address_confirms_by_a_link_and_a_button(holder: Citizen, mailbox: Mailbox, engine: Engine) -> None:
    """Section 2: by mailed link when the address is verified; mail programs open links by themselves."""
    holder.submit(holder.get("/accounts/delete/"))
    question = holder.get(mailbox.link(CAMILLE))
    assert row_of_account(engine)["erased_at"] is None

    arrived = holder.submit(question)

    assert "Votre compte est supprimé." in text_of(arrived)
    assert row_of_account(engine)["erased_at"] is not None
    assert holder.get("/accounts/").request.path == "/login/"


def test_an_unverified_address_confirms_by_the_password(at_home: Citizen, mailbox: Mailbox, engine: Engine) -> None:
    """Section 2: immediate otherwise; the password stands for the link."""
    page = at_home.submit(at_home.get("/accounts/delete/"), password="raté")
    assert problems(page).keys() == {"password"}
    assert row_of_account(engine)["erased_at"] is None

    arrived = at_home.submit(page, password=PASSWORD)

    assert heading(arrived) == "Un seul compte pour les services de votre commune"
    assert row_of_account(engine)["erased_at"] is not None
    assert mailbox.of(CAMILLE) == []


def test_every_personal_column_is_emptied_and_the_row_stays(
    holder: Citizen, mailbox: Mailbox, engine: Engine, clock: ManualClock
) -> None:
    """GDPR, article 17; the columns are those that the schema calls personal."""
    before = row_of_account(engine)
    personal = [column.name for column in Account.__table__.columns if column.info["personal"]]
    assert {*PROFILE_ATTRIBUTES, "email", "email_key"} <= set(personal)
    assert all(before[name] for name in personal)

    erase(holder, mailbox)

    after = row_of_account(engine)
    assert {name: after[name] for name in personal if after[name]} == {}
    assert (after["password_hash"], after["roles"], after["verified_attributes"]) == ("", [], [])
    assert (after["uuid"], after["erased_at"]) == (before["uuid"], clock.now())


def test_nothing_else_keeps_the_address(holder: Citizen, mailbox: Mailbox, engine: Engine) -> None:
    """Nor links, nor the mails of the outbox."""
    erase(holder, mailbox)

    with engine.connect() as connection:
        assert connection.execute(sa.select(MailedLink)).all() == []
        assert connection.execute(sa.select(OutboxMail)).all() == []


def test_an_address_with_accents_goes_however_it_was_written(
    make_account: Callable[..., str], browser_at: Callable[..., Citizen], mailbox: Mailbox, engine: Engine
) -> None:
    """Case matters to neither; SQLite's lower() would know ASCII only. Whoever has a similar address keeps theirs."""
    make_account(email="Émile@citoyen.example", email_verified=True)
    emile = browser_at(email="émile@citoyen.example")
    for address in ("ÉMILE@citoyen.example", "Emile@citoyen.example"):
        emile.submit(emile.get("/register/"), email=address)
    emile.log_in(emile.get("/login/"))
    emile.submit(emile.get("/accounts/delete/"))

    emile.submit(emile.get(mailbox.link("Émile@citoyen.example")))

    with engine.connect() as connection:
        assert connection.execute(sa.select(MailedLink.email)).scalars().all() == ["Emile@citoyen.example"]
        assert connection.execute(sa.select(OutboxMail.recipient)).scalars().all() == ["Emile@citoyen.example"]


def test_tokens_and_sessions_die_and_receipts_stay(
    register: Callable[..., Site],
    holder: Citizen,
    mailbox: Mailbox,
    engine: Engine,
    browser_at: Callable[..., Citizen],
) -> None:
    """What was answered stays proven; what it gave is gone at once."""
    site = register(refresh_tokens=True)
    elsewhere = browser_at("198.51.100.9")
    held = site.redeem(elsewhere.client, elsewhere.code(site.request())).json
    code = elsewhere.code(site.request())

    erase(holder, mailbox)

    bearer = {"Authorization": f"Bearer {held['access_token']}"}
    assert holder.client.get("/idp/oidc/user_info", headers=bearer).status_code == 401
    assert site.refresh(holder.client, held["refresh_token"]).status_code == 400
    assert site.redeem(holder.client, code).status_code == 400
    assert elsewhere.get("/accounts/").request.path == "/login/"
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(ConsentReceipt)).scalar_one() == 2


def test_the_account_admits_nobody_any_more(
    holder: Citizen, mailbox: Mailbox, browser_at: Callable[..., Citizen]
) -> None:
    """Neither password nor links sent before open it."""
    holder.submit(holder.get("/password/reset/"), email=CAMILLE)
    reset = mailbox.link(CAMILLE)
    holder.submit(holder.get("/accounts/change-email/"), email="camille@ailleurs.example", password=PASSWORD)
    change = mailbox.link("camille@ailleurs.example")
    erase(holder, mailbox)

    browser = browser_at()
    assert [browser.get(link).status_code for link in (reset, change)] == [410, 410]
    assert browser.log_in(browser.get("/login/")).request.path == "/login/"


def test_the_same_address_may_begin_anew_as_somebody_else(
    site: Site, holder: Citizen, mailbox: Mailbox, make_account: Callable[..., str], browser_at: Callable[..., Citizen]
) -> None:
    """A new account has a new subject: no site takes it for the old one."""
    before = holder.authorize(site.request())
    subject = site.redeem(holder.client, before.query["code"]).json["id_token"]
    erase(holder, mailbox)

    browser = browser_at(password=NEW_PASSWORD)
    browser.submit(browser.get("/register/"), email=CAMILLE)
    names = {"first_name": "Camille", "last_name": "Dupré", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    browser.submit(browser.get(mailbox.link(CAMILLE)), **names)

    again = site.redeem(browser.client, browser.code(site.request())).json["id_token"]
    assert payload(again)["sub"] != payload(subject)["sub"]


def test_the_link_works_for_a_limited_time(holder: Citizen, mailbox: Mailbox, clock: ManualClock) -> None:
    """Settings: mail_link_lifetime_in."""
    holder.submit(holder.get("/accounts/delete/"))
    link = mailbox.link(CAMILLE)
    clock.advance(seconds=Settings().mail_link_lifetime_in)

    assert holder.get(link).status_code == 410
