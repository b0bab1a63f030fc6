"""The pages of breaches and of webhooks: the 72 hours in words, DPOs warned, secrets shown once, messages replayed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flows import Citizen, Site, text_of
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element, typed
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from glc.mail import OutboxMail
from partner_registry.agents import Agent
from partner_registry.clients.life import find_client
from partner_registry.models import Environment, Incident, WebhookDelivery, WebhookEndpoint

Desk = Callable[[Agent], Citizen]
LOG = "/registry/privacy/incidents/"
WEBHOOKS = "/registry/agents/webhooks/"


@pytest.fixture
def recorded(desk: Desk, people: People, registry: Registry, register: Callable[..., Site]) -> str:
    """The address of a breach that the DPO found out at noon, in a production service of Lyon."""
    site = register(environment=Environment.PRODUCTION, redirect_uris=("https://lyon.example/r",), name="Mes démarches")
    with registry() as session:
        client = str(find_client(session, site.client_id).id)
    dpo = desk(people.dpo)
    form = dpo.get(LOG + "new")
    page: TestResponse = dpo.submit(form, nature="Journal publié", aware_at="02/03/2026 12:00", clients=client)
    return page.request.path


def test_the_72_hours_are_counted_down_in_words(desk: Desk, people: People, clock: ManualClock, recorded: str) -> None:
    """GDPR 33(1): from the moment the controller is aware."""

    def told() -> str:
        return str(element(desk(people.dpo).get(recorded), "countdown").get_text())

    at_first = told()
    clock.advance(hours=67, minutes=30)
    near = told()
    clock.advance(hours=5)
    late = told()

    assert "Il reste 3 jours pour prévenir" in at_first
    assert "05/03/2026 à 12:00" in at_first
    assert "Il reste 4 heures et 30 minutes" in near
    assert "dépassé de 30 minutes" in late


def test_a_late_notification_wants_its_reason(
    desk: Desk, people: People, clock: ManualClock, recorded: str, registry: Registry
) -> None:
    """GDPR 33(1): what was typed stays."""
    clock.advance(hours=80)
    dpo = desk(people.dpo)
    told = {"authority_notified_at": "05/03/2026 19:00"}
    bare = dpo.submit(dpo.get(recorded), "incident-form", **told)
    done = dpo.submit(dpo.get(recorded), "incident-form", **told, late_reason="découverte un vendredi")

    assert bare.status_code == 400
    assert "dites pourquoi" in element(bare, "refused").get_text()
    assert typed(bare, "authority_notified_at") == "05/03/2026 19:00"
    assert "prévenue après le délai" in element(done, "countdown").get_text()
    with registry() as session:
        assert len(session.scalars(sa.select(Incident)).one().clients) == 1


def test_a_breach_is_closed_when_nothing_is_missing_and_opened_again_with_a_reason(
    desk: Desk, people: People, recorded: str
) -> None:
    """GDPR 33(5): the page says what is still due."""
    dpo = desk(people.dpo)
    token = {"csrf_token": typed(dpo.get(recorded), "csrf_token")}
    early = dpo.client.post(recorded + "close", data=token)
    known = {"consequences": "aucune connue", "measures": "journal retiré", "unnotified_reason": "données publiques"}
    dpo.submit(dpo.get(recorded), "incident-form", **known)
    dpo.client.post(recorded + "warn", data=token)
    dpo.client.post(recorded + "close", data=token)
    closed = dpo.get(recorded)
    again = dpo.submit(dpo.get(recorded + "reopen"), reason="autre fichier trouvé")

    assert early.status_code == 400
    assert "prévenez les DPO" in element(early, "refused").get_text()
    assert element(closed, "closed") is not None
    assert element(closed, "incident-form") is None
    assert element(again, "closed") is None
    assert "n’a pas à être prévenue" in element(again, "countdown").get_text()


def test_every_dpo_concerned_is_listed_and_mailed(
    desk: Desk, people: People, recorded: str, registry: Registry
) -> None:
    """4.4: one click lists every partner DPO to notify; the trail says who was."""
    dpo = desk(people.dpo)
    page = dpo.get(recorded)
    answer = dpo.client.post(recorded + "warn", data={"csrf_token": typed(page, "csrf_token")})

    assert "dpo@lyon.example" in element(page, "dpos").get_text()
    assert "Mes démarches" in element(page, "dpos").get_text()
    assert answer.status_code == 303
    with registry() as session:
        mail = session.scalars(sa.select(OutboxMail).where(OutboxMail.recipient == "dpo@lyon.example")).one()
        assert "Journal publié" in mail.text
    assert "DPO prévenus" in text_of(dpo.get("/registry/audit/?action=incident.*"))


def test_who_only_reads_is_refused_and_applicants_see_nothing(
    desk: Desk, people: People, recorded: str, villeurbanne: Callable[..., Commune]
) -> None:
    """`agents.PERMISSIONS`: incident.edit."""
    auditor, applicant = desk(people.auditor), desk(villeurbanne().people.applicant)
    form = auditor.get(LOG + "new")
    assert element(auditor.get(recorded), "incident-form") is None
    assert auditor.submit(form, nature="Essai", aware_at="02/03/2026 11:00").status_code == 403
    assert [applicant.get(path).status_code for path in (LOG, LOG + "new", recorded)] == [404] * 3


def subscribe(someone: Citizen, **values: str) -> TestResponse:
    """Have an address told of Lyon's agreements, unless told otherwise."""
    right = {"url": "https://si.lyon.example/hooks", "events": "agreement.*", "partner": "lyon"}
    page: TestResponse = someone.submit(someone.get(WEBHOOKS), "webhook-form", **right | values)
    return page


def test_a_webhook_s_secret_is_shown_once(desk: Desk, people: People) -> None:
    """6.1: HMAC secret shown once."""
    admin = desk(people.admin)
    once = subscribe(admin)
    secret = element(once, "secret").get_text()
    again = admin.get(once.request.path)
    assert once.headers["Cache-Control"] == "no-store"
    assert element(again, "secret") is None
    assert secret not in again.text
    assert "à envoyer" in element(again, "deliveries").get_text()


def test_an_address_that_is_not_https_is_refused_and_kept(desk: Desk, people: People) -> None:
    """The message says what to change."""
    page = subscribe(desk(people.admin), url="http://si.lyon.example/hooks")
    assert page.status_code == 400
    assert "en https" in element(page, "refused").get_text()
    assert (typed(page, "url"), typed(page, "events")) == ("http://si.lyon.example/hooks", "agreement.*")


def test_an_address_is_cut_with_a_reason_restored_and_a_message_sent_again(
    desk: Desk, people: People, registry: Registry
) -> None:
    """Issue, point 8: replay; disabled and enabled."""
    admin = desk(people.admin)
    page = subscribe(admin).request.path
    admin.submit(admin.get(page + "disable"), reason="serveur arrêté")
    cut = admin.get(page)
    token = {"csrf_token": typed(cut, "csrf_token")}
    refused = admin.client.post(page + "deliveries/1/replay", data=token)
    admin.client.post(page + "enable", data=token)
    admin.client.post(page + "deliveries/1/replay", data=token)

    assert "serveur arrêté" in text_of(cut)
    assert refused.status_code == 409
    with registry() as session:
        assert session.scalars(sa.select(WebhookEndpoint)).one().disabled_at is None
        events = session.scalars(sa.select(WebhookDelivery.event_id).where(WebhookDelivery.event == "ping")).all()
        assert (len(events), len(set(events))) == (2, 1)


def test_webhooks_are_an_administrator_s(desk: Desk, people: People) -> None:
    """`agents.PERMISSIONS`: webhook.edit."""
    for agent in (people.reviewer, people.dpo, people.auditor):
        assert desk(agent).get(WEBHOOKS).status_code == 403


def test_a_span_is_never_longer_than_the_clock_says(
    recorded: str, desk: Desk, people: People, clock: ManualClock
) -> None:
    """One minute short of three days is not three days."""
    clock.advance(minutes=1)
    assert "Il reste 2 jours et 23 heures" in element(desk(people.dpo).get(recorded), "countdown").get_text()
