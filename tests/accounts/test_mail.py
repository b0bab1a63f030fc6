"""Mails: handed to a mail server when there is one, kept in an outbox otherwise, shown only where that is allowed."""

from __future__ import annotations

import contextlib
import email
import email.policy
import queue
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
from accounts.mailbox import Mailbox, heading, soup
from flask import Flask
from flows import Citizen, text_of

from glc.clock import ManualClock
from glc.database import db
from glc.errors import SettingsError
from glc.settings import Settings
from glc.worker import run_due

ZOE = "zoe@citoyen.example"
PATIENCE_IN = 10
"""Seconds a test waits for a mail that must come."""


class Conversation(socketserver.StreamRequestHandler):
    """One client of the mail server, told yes to everything (RFC 5321) but what the server is told to refuse."""

    server: Sink

    def handle(self) -> None:
        """Speak until QUIT."""
        self.say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            if verb == self.server.refused:
                self.say("550 no")
            elif verb == "DATA":
                self.say("354 go on")
                self.server.mails.put(self.message())
                self.say("250 taken")
            else:
                self.say("221 bye" if verb == "QUIT" else "250 sink")

    def message(self) -> EmailMessage:
        """What follows DATA, up to a line with a single point."""
        lines = iter(self.rfile.readline, b".\r\n")
        return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

    def say(self, line: str) -> None:
        """Answer."""
        self.wfile.write(f"{line}\r\n".encode())


class Sink(socketserver.ThreadingTCPServer):
    """A mail server on this machine that delivers nothing further. `refused`: a command that it answers no to."""

    daemon_threads = True

    allow_reuse_address = True

    def __init__(self, refused: str = "", port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Conversation)
        self.mails: queue.Queue[EmailMessage] = queue.Queue()
        self.refused = refused

    @property
    def url(self) -> str:
        """What the provider is told."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def serving(sink: Sink) -> Iterator[Sink]:
    """Run a mail server in a thread."""
    thread = threading.Thread(target=sink.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield sink
    finally:
        sink.shutdown()
        thread.join()
        sink.server_close()


@pytest.fixture
def house(make_app: Callable[..., Flask]) -> Callable[..., tuple[Citizen, Mailbox]]:
    """A provider with settings of its own: somebody in front of it, and its outbox."""

    def build(**settings: object) -> tuple[Citizen, Mailbox]:
        app = make_app(**settings)
        with app.app_context():
            return Citizen(app.test_client()), Mailbox(db.engine)

    return build


def ask(citizen: Citizen) -> str:
    """Have a mail written; return what the page says. Then the mail leaves, as it does by itself."""
    said = text_of(citizen.submit(citizen.get("/register/"), email=ZOE))
    run_due(citizen.client.application)
    return said


def test_a_mail_server_is_handed_the_mail_and_nothing_is_kept(
    house: Callable[..., tuple[Citizen, Mailbox]],
) -> None:
    """Issue, point 6: SMTP when configured."""
    with serving(Sink()) as sink:
        citizen, mailbox = house(smtp_url=sink.url, mail_from="Compte d’essai <compte@glc.example>")
        said = ask(citizen)
        mail = sink.mails.get(timeout=PATIENCE_IN)

    assert ZOE in said
    assert (mail["To"], mail["From"]) == (ZOE, "Compte d’essai <compte@glc.example>")
    assert mail["Subject"].startswith("Créez votre compte")
    assert mail.get_content_type() == "text/plain"
    assert "http://localhost:8040/accounts/activate/" in mail.get_content()
    assert mailbox.of(ZOE) == []


@pytest.mark.parametrize("refused", ["MAIL", "RCPT", "DATA"])
def test_a_mail_that_the_server_refuses_is_kept_and_the_page_says_the_same(
    house: Callable[..., tuple[Citizen, Mailbox]], refused: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What happens to a mail tells nobody which addresses exist; the log tells the operator, without the link."""
    citizen, _ = house()
    usual = ask(citizen)
    with serving(Sink(refused)) as sink:
        citizen, mailbox = house(smtp_url=sink.url)
        assert ask(citizen) == usual

    link = mailbox.link(ZOE)
    assert sink.mails.empty()
    logged = "".join(capfd.readouterr())
    assert "mail.not_sent" in logged
    assert link not in logged


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:{}", "smtps://127.0.0.1:{}", "smtp://user:pass@127.0.0.1:{}"])
def test_a_mail_server_that_is_down_loses_no_mail(
    house: Callable[..., tuple[Citizen, Mailbox]], url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The mail is kept, its link works; the log names the server, without its password."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    citizen, mailbox = house(smtp_url=url.format(port))

    ask(citizen)

    logged = "".join(capfd.readouterr())
    assert f"server=127.0.0.1:{port}" in logged
    assert "user:pass" not in logged
    assert heading(citizen.get(mailbox.link(ZOE))) == "Terminer la création du compte"


def test_a_mail_waits_for_the_server_and_leaves_when_it_is_back(
    house: Callable[..., tuple[Citizen, Mailbox]], clock: ManualClock
) -> None:
    """A minute, then longer each time; once it is taken nothing of it is kept."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    citizen, mailbox = house(smtp_url=f"smtp://127.0.0.1:{port}")
    ask(citizen)

    with serving(Sink(port=port)) as sink:
        clock.advance(seconds=59)
        run_due(citizen.client.application)
        assert sink.mails.empty()
        clock.advance(seconds=1)
        run_due(citizen.client.application)
        assert sink.mails.get(timeout=PATIENCE_IN)["To"] == ZOE
        assert mailbox.of(ZOE) == []
        clock.advance(days=1)
        run_due(citizen.client.application)
        assert sink.mails.empty()


def test_a_mail_that_is_never_taken_is_kept_and_left_alone(
    house: Callable[..., tuple[Citizen, Mailbox]], clock: ManualClock, capfd: pytest.CaptureFixture[str]
) -> None:
    """Five times in all; the operator reads that it was the last."""
    with serving(Sink("RCPT")) as sink:
        citizen, mailbox = house(smtp_url=sink.url)
        ask(citizen)
        for _ in range(9):
            clock.advance(hours=3)
            run_due(citizen.client.application)

    logged = "".join(capfd.readouterr())
    assert (logged.count("mail.not_sent"), logged.count("again=never")) == (5, 1)
    assert len(mailbox.of(ZOE)) == 1


def test_credentials_do_not_travel_in_clear(house: Callable[..., tuple[Citizen, Mailbox]]) -> None:
    """A server that offers no encryption gets neither name nor password: the mail is kept."""
    with serving(Sink()) as sink:
        citizen, mailbox = house(smtp_url=sink.url.replace("//", "//user:pass@"))
        ask(citizen)

    assert mailbox.link(ZOE)
    assert sink.mails.empty()


def test_the_outbox_shows_the_mails_newest_first_with_links_that_work(
    house: Callable[..., tuple[Citizen, Mailbox]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue, point 6: shown in the terminal and on a page of the demo."""
    citizen, mailbox = house(outbox_page=True)
    sent = citizen.submit(citizen.get("/register/"), email=ZOE)
    first = mailbox.link(ZOE)
    ask(citizen)

    outbox = citizen.get(soup(sent).find(id="outbox")["href"])

    subjects = [each.get_text() for each in soup(outbox).find_all("h2")]
    links = [each["href"] for each in soup(outbox).find("main").find_all("a")]
    assert len(subjects) == 2
    assert [mailbox.link(ZOE), first] == [each.removeprefix("http://localhost:8040") for each in links]
    assert citizen.get(links[0].removeprefix("http://localhost:8040")).status_code == 200
    assert first in capsys.readouterr().out


def test_what_a_visitor_typed_stays_text_in_the_outbox(house: Callable[..., tuple[Citizen, Mailbox]]) -> None:
    """An address is not markup."""
    citizen, _ = house(outbox_page=True)
    citizen.submit(citizen.get("/register/"), email="zo&eacute'{{7*7}}@x.example")

    page = citizen.get("/outbox/")

    assert "zo&eacute'{{7*7}}@x.example" in text_of(page)
    assert "zo&amp;eacute" in page.text


def test_the_outbox_is_no_page_unless_switched_on(
    house: Callable[..., tuple[Citizen, Mailbox]], capsys: pytest.CaptureFixture[str]
) -> None:
    """It would give everybody's login links to anybody; nor are they printed."""
    citizen, mailbox = house()
    said = ask(citizen)

    assert citizen.get("/outbox/").status_code == 404
    assert "boîte d’envoi" not in said
    assert mailbox.link(ZOE) not in capsys.readouterr().out


def test_the_outbox_cannot_be_switched_on_off_this_machine() -> None:
    """The settings refuse it by name."""
    with pytest.raises(SettingsError, match="outbox_page"):
        Settings(
            issuer="https://glc.example/", master_key="c2VjcmV0LXRoYXQtbm9ib2R5LW11c3Qtc2VlLTAwMDA", outbox_page=True
        )
