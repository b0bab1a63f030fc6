"""Programs are told what happens in the registry: signed, tried again, cut off when nobody answers."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from onboarding import new_partner
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from glc.entropy import SystemEntropy
from glc.errors import Conflict, FetchError, Forbidden, InputError
from glc.mail import OutboxMail
from glc.services import services
from glc.worker import run_due
from partner_registry.agents import OPERATOR
from partner_registry.events.deliveries import FAILURES_BEFORE_DISABLED, RETRY_AFTER, deliver_due
from partner_registry.events.outbox import wants
from partner_registry.events.webhooks import disable, enable, replay, subscribe
from partner_registry.exchange.import_ import import_registry
from partner_registry.models import ContactRole, WebhookDelivery, WebhookEndpoint
from partner_registry.partners.contacts import add_contact, end_contact
from partner_registry.partners.life import find_partner, rename_partner
from partner_registry.partners.succession import succeed
from partner_registry.ports import ports
from partner_registry.trail import entries

Registry = Callable[[], AbstractContextManager[Session]]
URL = "https://programme.example/registre"


class Receiver:
    """The other side: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.answer: int | Exception = 200
        self.messages: list[tuple[str, bytes, Mapping[str, str]]] = []

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.messages.append((url, body, headers))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["event"] for _, body, _ in self.messages]


@pytest.fixture
def receiver() -> Receiver:
    """Another program."""
    return Receiver()


@pytest.fixture
def listen(app: Flask, registry: Registry, people: Any, clock: ManualClock) -> Callable[..., tuple[int, str]]:
    """Subscribe an address; its number and secret."""

    def make(*events: str, partner: str | None = None, url: str = URL) -> tuple[int, str]:
        with registry() as session:
            endpoint, secret = subscribe(
                session,
                people.admin,
                url=url,
                events=list(events),
                partner=find_partner(session, partner) if partner else None,
                at=clock.now(),
                entropy=SystemEntropy(),
                box=ports().webhook_secrets,
            )
            return endpoint.id, secret

    return make


@pytest.fixture
def deliver(app: Flask, receiver: Receiver, clock: ManualClock) -> Callable[[], int]:
    """One round of the job."""

    def run() -> int:
        with app.app_context():
            common = services()
            return deliver_due(common.engine, clock.now(), receiver.post, ports().webhook_secrets, common.settings)

    return run


@pytest.fixture
def rename(registry: Registry, people: Any, clock: ManualClock) -> Callable[[str], None]:
    """Something that happens to a partner."""

    def act(slug: str) -> None:
        with registry() as session:
            partner = find_partner(session, slug)
            rename_partner(
                session,
                people.admin,
                partner,
                from_on=partner.identities[-1].valid_from_on + dt.timedelta(days=1),
                name="Autre nom",
                legal_name="Autre nom",
                at=clock.now(),
                reason="essai",
            )

    return act


def test_a_message_is_signed_with_the_secret_that_was_shown_once(
    listen: Callable[..., tuple[int, str]],
    rename: Callable[[str], None],
    deliver: Callable[[], int],
    receiver: Receiver,
    clock: ManualClock,
) -> None:
    """Issue, point 8: HMAC signature, as DataPass does it (reference, 6.1). The receiver checks it by itself."""
    number, secret = listen("partner.*")
    rename("bron")
    assert deliver() == 2
    assert receiver.events == ["ping", "partner.renamed"]
    url, body, headers = receiver.messages[1]
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert (url, headers["X-Hub-Signature-256"]) == (URL, expected)
    told = json.loads(body)
    assert (headers["X-GLC-Event"], headers["X-GLC-Event-Id"]) == (told["event"], told["id"])
    assert headers["X-GLC-Timestamp"] == str(int(clock.now().timestamp()))
    assert (told["subject"], told["partner"]) == ("partner:bron", "bron")
    assert told["occurred_at"] == clock.now().isoformat()
    assert told["data"]["after"]["legal_name"] == "Autre nom"
    ping = json.loads(receiver.messages[0][1])
    assert ping.keys() == told.keys()
    assert (ping["subject"], ping["data"]) == (f"webhook:{number}", {"events": ["partner.*"]})


def test_the_page_shows_a_message_as_it_comes_and_how_to_believe_it(
    listen: Callable[..., tuple[int, str]], deliver: Callable[[], int], receiver: Receiver
) -> None:
    """docs/registry-api.md, « Being told »: its headers, the members, and the function of its reader."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "registry-api.md").read_text(encoding="utf-8")
    section = page.partition("## Being told")[2]
    head, body = section.partition("```http\n")[2].partition("```")[0].split("\n\n")
    _, secret = listen()
    deliver()
    _, sent, headers = receiver.messages[0]
    assert {line.partition(": ")[0] for line in head.splitlines()[1:]} == headers.keys()
    assert json.loads(body).keys() == json.loads(sent).keys()
    reader: dict[str, Any] = {}
    exec(section.partition("```python\n")[2].partition("```")[0], reader)
    assert reader["is_from_the_registry"](secret, sent, headers["X-Hub-Signature-256"])
    assert not reader["is_from_the_registry"](secret, sent + b" ", headers["X-Hub-Signature-256"])


def test_what_is_refused_or_undone_is_told_to_nobody(
    app: Flask,
    listen: Callable[..., tuple[int, str]],
    deliver: Callable[[], int],
    receiver: Receiver,
    people: Any,
    clock: ManualClock,
) -> None:
    """The message is queued in the act's own transaction."""
    listen("partner.*")
    deliver()
    with app.app_context(), Session(services().engine) as session:
        new_partner(session, people.reviewer, clock)
        session.rollback()
    assert deliver() == 0
    assert receiver.events == ["ping"]


def test_the_secret_is_kept_sealed(listen: Callable[..., tuple[int, str]], registry: Registry) -> None:
    """Secrets at rest; the trail holds neither it nor what an address may hide in its path."""
    number, secret = listen(url="https://programme.example/crochet/9f3a-secret?jeton=1")
    with registry() as session:
        assert secret not in session.get_one(WebhookEndpoint, number).sealed_secret
        (entry,) = entries(session, action="webhook.subscribed")
        assert entry.after == {"origin": "https://programme.example", "events": []}


@pytest.mark.parametrize(
    ("patterns", "event", "told"),
    [
        ([], "client.bound", True),
        (["client.*"], "client.bound", True),
        (["client.bound"], "client.bound", True),
        (["client.bound"], "client.served", False),
        (["agreement.*"], "client.bound", False),
    ],
)
def test_an_address_is_told_what_it_asked_for(patterns: list[str], event: str, told: bool) -> None:
    """Names, or everything about a noun."""
    assert wants(patterns, event) is told


def test_a_partners_address_is_told_of_that_partner_alone(
    listen: Callable[..., tuple[int, str]],
    rename: Callable[[str], None],
    deliver: Callable[[], int],
    receiver: Receiver,
) -> None:
    """Two communes never see each other's events."""
    listen("partner.*", partner="bron")
    rename("lyon")
    rename("bron")
    deliver()
    told = [json.loads(body) for _, body, _ in receiver.messages]
    assert [(each["event"], each["partner"]) for each in told] == [("ping", "bron"), ("partner.renamed", "bron")]


def test_after_a_merger_an_address_is_told_of_the_successor(
    listen: Callable[..., tuple[int, str]],
    rename: Callable[[str], None],
    deliver: Callable[[], int],
    receiver: Receiver,
    registry: Registry,
    people: Any,
    clock: ManualClock,
) -> None:
    """Mistake 16: what the former commune connected goes on."""
    listen("partner.*", partner="dardilly")
    with registry() as session:
        dardilly, bron = find_partner(session, "dardilly"), find_partner(session, "bron")
        day = clock.now().date() + dt.timedelta(days=1)
        succeed(session, people.admin, dardilly, bron, on=day, at=clock.now(), reason="fusion")
    rename("bron")
    clock.advance(days=1)
    rename("bron")
    deliver()
    told = [json.loads(body) for _, body, _ in receiver.messages]
    assert [(each["event"], each["partner"]) for each in told[1:]] == [
        ("partner.succeeded", "dardilly"),
        ("partner.renamed", "bron"),
    ]


def test_no_message_holds_a_persons_name_or_address(
    registry: Registry,
    people: Any,
    clock: ManualClock,
    listen: Callable[..., tuple[int, str]],
    deliver: Callable[[], int],
    receiver: Receiver,
) -> None:
    """Mistake 20: contacts' personal data stays here."""
    listen()
    with registry() as session:
        partner = new_partner(session, people.reviewer, clock)
        add_contact(
            session,
            people.admin,
            partner,
            role=ContactRole.BUSINESS,
            name="Camille Dupré",
            email="camille.dupre@villeurbanne.example",
            at=clock.now(),
        )
    deliver()
    sent = b" ".join(body for _, body, _ in receiver.messages)
    assert b"contact.added" in sent
    for secret in ("Dupr", "camille.dupre", "agents.example", "account_id"):
        assert secret.encode() not in sent


def test_a_failure_is_tried_again_later_and_later_until_the_address_is_given_up(
    listen: Callable[..., tuple[int, str]],
    deliver: Callable[[], int],
    receiver: Receiver,
    clock: ManualClock,
    registry: Registry,
) -> None:
    """Issue, point 8: retries; the delays grow; the last failure and its reason stay readable."""
    number, _ = listen()
    receiver.answer = FetchError("https://programme.example cannot be reached")
    for count, delay in enumerate(RETRY_AFTER, start=1):
        assert deliver() == 0
        assert len(receiver.messages) == count
        clock.advance(seconds=delay.total_seconds() - 1)
        assert (deliver(), len(receiver.messages)) == (0, count), "not before its time"
        clock.advance(seconds=1)
    assert list(RETRY_AFTER) == sorted(set(RETRY_AFTER))
    assert deliver() == 0
    clock.advance(days=2)
    assert deliver() == 0
    assert len(receiver.messages) == FAILURES_BEFORE_DISABLED
    with registry() as session:
        endpoint = session.get_one(WebhookEndpoint, number)
        assert (endpoint.failures, endpoint.disabled_at is None) == (FAILURES_BEFORE_DISABLED, False)
        (kept,) = endpoint.deliveries
        assert (kept.attempts, kept.delivered_at, kept.last_status) == (FAILURES_BEFORE_DISABLED, None, None)
        assert "cannot be reached" in kept.last_error


def test_an_address_that_was_given_up_is_mailed_about_and_gets_what_waited_once_mended(
    listen: Callable[..., tuple[int, str]],
    rename: Callable[[str], None],
    deliver: Callable[[], int],
    receiver: Receiver,
    registry: Registry,
    people: Any,
    clock: ManualClock,
) -> None:
    """Issue, point 8: disabled after repeated failures, with the reason; nothing that waited is lost."""
    number, _ = listen(partner="bron")
    receiver.answer = 500
    rename("bron")
    for delay in (*RETRY_AFTER, dt.timedelta()):
        deliver()
        clock.advance(seconds=delay.total_seconds())
    assert len(receiver.messages) == FAILURES_BEFORE_DISABLED
    rename("bron")
    with registry() as session:
        endpoint = session.get_one(WebhookEndpoint, number)
        assert endpoint.disabled_reason == "5 échecs de suite ; le dernier : HTTP 500"
        (entry,) = entries(session, action="webhook.disabled")
        assert (entry.via, entry.reason) == ("job", endpoint.disabled_reason)
        mail = session.scalars(sa.select(OutboxMail).where(OutboxMail.subject == "Notifications coupées")).one()
        assert mail.recipient == "dsi@bron.example"
        enable(session, people.admin, endpoint, at=clock.now())
        with pytest.raises(Conflict, match="déjà prévenue"):
            enable(session, people.admin, endpoint, at=clock.now())
    receiver.answer = 204
    assert deliver() == 2, "what waited, at once; not what happened while it was given up"


@pytest.mark.parametrize("partner", ["bron", None])
def test_the_metropole_is_mailed_where_a_partner_has_no_technical_contact(
    listen: Callable[..., tuple[int, str]],
    deliver: Callable[[], int],
    receiver: Receiver,
    registry: Registry,
    people: Any,
    clock: ManualClock,
    partner: str | None,
) -> None:
    """An address of its own, or a partner whose technician left: somebody is told."""
    with registry() as session:
        (technical,) = [c for c in find_partner(session, "bron").contacts if c.role is ContactRole.TECHNICAL]
        end_contact(session, people.admin, technical, at=clock.now())
    listen(partner=partner)
    receiver.answer = 404
    for _ in range(FAILURES_BEFORE_DISABLED):
        clock.advance(days=1)
        deliver()
    with registry() as session:
        assert session.scalars(sa.select(OutboxMail.recipient)).all() == ["dsi@metropole.example"]


def test_an_outage_of_a_minute_is_one_failure_however_much_waits(
    listen: Callable[..., tuple[int, str]],
    rename: Callable[[str], None],
    deliver: Callable[[], int],
    receiver: Receiver,
    clock: ManualClock,
) -> None:
    """An address is not given up because many things happened while it restarted."""
    listen()
    for _ in range(2 * FAILURES_BEFORE_DISABLED):
        rename("bron")
    receiver.answer = 503
    deliver()
    assert len(receiver.messages) == 1
    receiver.answer = 200
    assert deliver() == 0
    clock.advance(seconds=RETRY_AFTER[0].total_seconds())
    assert deliver() == 2 * FAILURES_BEFORE_DISABLED + 1


def test_one_message_that_is_never_taken_neither_holds_up_the_others_nor_ends_the_address(
    listen: Callable[..., tuple[int, str]],
    rename: Callable[[str], None],
    deliver: Callable[[], int],
    receiver: Receiver,
    registry: Registry,
    clock: ManualClock,
) -> None:
    """A receiver that cannot read one event goes on receiving; that one is given up, and can be replayed."""
    number, _ = listen()

    class Choosy(Receiver):
        def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
            super().post(url, body, headers)
            return 400 if json.loads(body)["event"] == "ping" else 200

    choosy = Choosy()
    receiver.post = choosy.post  # type: ignore[method-assign]
    for _ in range(2 * FAILURES_BEFORE_DISABLED):
        rename("bron")
        deliver()
        clock.advance(hours=1)
    assert choosy.events.count("partner.renamed") == 2 * FAILURES_BEFORE_DISABLED
    with registry() as session:
        endpoint = session.get_one(WebhookEndpoint, number)
        assert (endpoint.disabled_at, endpoint.failures) == (None, 0)
        ping = endpoint.deliveries[0]
        assert (ping.attempts, ping.next_attempt_at) == (FAILURES_BEFORE_DISABLED, None)


def test_a_redirect_is_not_followed_and_is_no_success(
    listen: Callable[..., tuple[int, str]], deliver: Callable[[], int], receiver: Receiver, registry: Registry
) -> None:
    """What is signed for one address is not handed to another."""
    number, _ = listen()
    receiver.answer = 302
    assert deliver() == 0
    with registry() as session:
        assert session.get_one(WebhookEndpoint, number).deliveries[0].last_error == "HTTP 302"


def test_a_secret_that_no_longer_opens_is_a_failure_of_that_address_alone(
    listen: Callable[..., tuple[int, str]],
    deliver: Callable[[], int],
    receiver: Receiver,
    registry: Registry,
) -> None:
    """Another master key, a damaged row: the other addresses are told all the same."""
    number, _ = listen()
    listen(url="https://autre.example/")
    with registry() as session:
        session.get_one(WebhookEndpoint, number).sealed_secret = "damaged"
    assert deliver() == 1
    assert [url for url, _, _ in receiver.messages] == ["https://autre.example/"]


def test_a_replay_keeps_the_events_identifier(
    listen: Callable[..., tuple[int, str]],
    deliver: Callable[[], int],
    receiver: Receiver,
    registry: Registry,
    people: Any,
    clock: ManualClock,
) -> None:
    """Issue, point 8: a receiver recognises what it had already."""
    number, _ = listen("client.*")
    deliver()
    with registry() as session:
        (first,) = session.scalars(sa.select(WebhookDelivery)).all()
        replay(session, people.admin, first, at=clock.now())
    deliver()
    ids = [headers["X-GLC-Event-Id"] for _, _, headers in receiver.messages]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert len({headers["X-GLC-Delivery"] for _, _, headers in receiver.messages}) == 2
    assert len({body for _, body, _ in receiver.messages}) == 1
    with registry() as session:
        endpoint = session.get_one(WebhookEndpoint, number)
        disable(session, people.admin, endpoint, at=clock.now(), reason="maintenance")
        with pytest.raises(Conflict, match="rétablissez-la"):
            replay(session, people.admin, endpoint.deliveries[0], at=clock.now())


def test_the_history_of_an_address_is_kept(
    listen: Callable[..., tuple[int, str]],
    rename: Callable[[str], None],
    deliver: Callable[[], int],
    registry: Registry,
) -> None:
    """Issue, point 8: what was sent stays on record, with the answers."""
    number, _ = listen("partner.*")
    for _ in range(3):
        rename("bron")
    deliver()
    with registry() as session:
        kept = session.scalars(sa.select(WebhookDelivery).where(WebhookDelivery.endpoint_id == number)).all()
        assert [each.event for each in kept] == ["ping", *["partner.renamed"] * 3]
        assert {each.last_status for each in kept} == {200}


def test_an_import_tells_no_name_and_no_telephone(
    registry: Registry,
    clock: ManualClock,
    listen: Callable[..., tuple[int, str]],
    deliver: Callable[[], int],
    receiver: Receiver,
) -> None:
    """Mistake 20: an import notes what it changed by its path in the file."""
    listen("registry.*")
    contact = "{role: BUSINESS, since_on: 2026-03-02, email: accueil@bron.example, name: %s, phone: '%s'}"
    for who in (("Un service", ""), ("Camille Dupré", "0472000000")):
        text = f"partners:\n- slug: bron\n  contacts:\n  - {contact % who}\n"
        with registry() as session:
            import_registry(
                session, OPERATOR, text, file="registre.yaml", at=clock.now(), ports=ports(), entropy=SystemEntropy()
            )
    deliver()
    sent = b" ".join(body for _, body, _ in receiver.messages)
    assert b"registry.imported" in sent
    for secret in (b"Dupr", b"0472000000", b"Un service"):
        assert secret not in sent


def test_nothing_is_locked_while_the_other_side_takes_its_time(
    app: Flask, listen: Callable[..., tuple[int, str]], rename: Callable[[str], None], clock: ManualClock
) -> None:
    """A slow receiver does not keep an agent from working (SQLite has one writer)."""
    listen()
    with app.app_context():
        common, box = services(), ports().webhook_secrets

    def post(_url: str, _body: bytes, _headers: Mapping[str, str]) -> int:
        rename("bron")
        return 200

    assert deliver_due(common.engine, clock.now(), post, box, common.settings) == 1


def test_a_message_whose_sender_died_is_sent_again_by_another(
    app: Flask,
    listen: Callable[..., tuple[int, str]],
    deliver: Callable[[], int],
    receiver: Receiver,
    clock: ManualClock,
) -> None:
    """At least once: a claim is for a time."""
    listen()
    with app.app_context():
        common, box = services(), ports().webhook_secrets

    def killed(_url: str, _body: bytes, _headers: Mapping[str, str]) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_due(common.engine, clock.now(), killed, box, common.settings)
    assert deliver() == 0
    clock.advance(hours=1)
    assert deliver() == 1


def test_a_message_that_another_process_claimed_is_not_sent_twice(
    app: Flask, listen: Callable[..., tuple[int, str]], clock: ManualClock
) -> None:
    """Several processes run the job: while one sends, the other finds the message taken."""
    listen()
    with app.app_context():
        common, box = services(), ports().webhook_secrets
    counts: list[int] = []

    def post(_url: str, _body: bytes, _headers: Mapping[str, str]) -> int:
        counts.append(deliver_due(common.engine, clock.now(), post, box, common.settings))
        return 200

    assert deliver_due(common.engine, clock.now(), post, box, common.settings) == 1
    assert counts == [0]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://programme.example/", "en https"),
        ("ftp://programme.example/", "en https"),
        ("https://nom:mot@programme.example/", "n’est pas une adresse"),
        ("https://programme.example:x/", "n’est pas une adresse"),
        ("https:///chemin", "n’est pas une adresse"),
    ],
)
def test_an_address_is_https(listen: Callable[..., tuple[int, str]], url: str, says: str) -> None:
    """Nothing leaves in clear; a machine of one's own may listen by http."""
    with pytest.raises(InputError, match=says):
        listen(url=url)
    assert listen(url="http://localhost:9000/")


def test_only_an_administrator_subscribes(registry: Registry, people: Any, clock: ManualClock, app: Flask) -> None:
    """PERMISSIONS; and an event that cannot be one is refused with an example."""
    options: dict[str, Any] = {"url": URL, "partner": None, "at": clock.now(), "entropy": SystemEntropy()}
    with registry() as session:
        box = ports().webhook_secrets
        with pytest.raises(Forbidden):
            subscribe(session, people.reviewer, events=[], box=box, **options)
        with pytest.raises(InputError, match=r"agreement\.signed"):
            subscribe(session, people.admin, events=["tout"], box=box, **options)


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[bytes, str]]]]:
    """A real receiver on this machine: its address, and what came."""
    came: list[tuple[bytes, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((body, self.headers["X-Hub-Signature-256"]))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/", came
        listening.shutdown()
        thread.join()


def test_the_job_sends_over_the_network(
    app: Flask, listen: Callable[..., tuple[int, str]], server: tuple[str, list[tuple[bytes, str]]]
) -> None:
    """From the subscription to a receiver that checks the signature with its own code."""
    url, came = server
    _, secret = listen(url=url)
    assert "webhooks" in run_due(app)
    ((body, signed),) = came
    assert signed == "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
