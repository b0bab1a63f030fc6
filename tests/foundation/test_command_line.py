"""The command `glc`, run as its users run it (issue, « Interface that must keep these names »)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner
from ports import free_port

from glc import cli

SITE = ("--partner", "lyon", "--name", "Mon site", "--redirect-uri", "https://site.example/callback")


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def database(prepared_database: Path, tmp_path: Path) -> Path:
    """A migrated and seeded database."""
    return Path(shutil.copy(prepared_database, tmp_path / "glc.sqlite3"))


@pytest.fixture
def glc(database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run `glc` on that database, or on the one named."""

    def run(*arguments: str, on: Path = database) -> Done:
        monkeypatch.setenv("GLC_DATABASE_URL", f"sqlite:///{on}")
        monkeypatch.setattr(sys, "argv", ["glc", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        output = capsys.readouterr()
        return Done(int(left.value.code or 0), output.out, output.err)

    yield run
    structlog.reset_defaults()


@pytest.fixture
def registered(glc: Run) -> dict[str, Any]:
    """A client registered with `--json`."""
    return json.loads(glc("client", "register", *SITE, "--id-token-alg", "RS256", "--json").stdout)


def test_a_new_database_is_prepared_by_two_commands(glc: Run, tmp_path: Path) -> None:
    """`glc database upgrade`, `glc seed`: the communes, the six partners and a successor."""
    new = tmp_path / "folder" / "new.sqlite3"
    assert json.loads(glc("database", "upgrade", "--json", on=new).stdout)["revision"]
    assert json.loads(glc("seed", "--json", on=new).stdout) == {"communes": 60, "partners": 7}


def test_a_second_seed_and_a_second_upgrade_change_nothing(glc: Run) -> None:
    """Both may stand in a start-up script."""
    assert json.loads(glc("seed", "--json").stdout) == {"communes": 0, "partners": 0}
    again = glc("database", "upgrade")
    assert (again.returncode, again.stderr) == (0, "")


def test_a_client_is_registered_with_its_secret_shown_once(glc: Run, registered: dict[str, Any]) -> None:
    """Secret printed once: neither `list` nor `show` knows it, in either form."""
    secret = registered["client_secret"]
    shown = [glc("client", what, *more) for what in ("list",) for more in ((), ("--json",))]
    shown += [glc("client", "show", registered["client_id"], *more) for more in ((), ("--json",))]
    assert {each.returncode for each in shown} == {0}
    assert all(registered["client_id"] in each.stdout for each in shown)
    assert not [each for each in shown if secret in each.stdout or "secret" in each.stdout]
    assert json.loads(shown[1].stdout)[0]["client_id"] == registered["client_id"]
    described = json.loads(shown[3].stdout)
    assert described == {name: value for name, value in registered.items() if name != "client_secret"}
    assert (described["id_token_alg"], described["subject_policy"]) == ("RS256", "pairwise")


def test_registering_for_a_person_prints_the_secret_too(glc: Run) -> None:
    """Without --json it is text."""
    printed = glc("client", "register", *SITE, "--client-id", "lisible", "--secret", "un-secret-choisi-à-la-main-0001")
    assert printed.returncode == 0
    assert "client_secret: un-secret-choisi-à-la-main-0001" in printed.stdout


def test_an_account_is_made_and_described_without_its_password(glc: Run) -> None:
    """`glc account create`."""
    made = glc(
        *("account", "create", "--email", "Zoé@citoyen.example", "--password", "un mot de passe d’essai"),
        *(
            "--given-name",
            "Zoé",
            "--family-name",
            "N’Guyen",
            "--birthdate",
            "1990-02-28",
            "--gender",
            "female",
            "--json",
        ),
    )
    assert made.returncode == 0, made.stderr
    account = json.loads(made.stdout)
    assert len(account["uuid"]) == 32
    assert account["email"] == "Zoé@citoyen.example"
    assert "un mot de passe" not in made.stdout


def test_keys_are_listed_and_a_master_key_is_made(glc: Run) -> None:
    """`glc keys list`: public facts alone."""
    listed = json.loads(glc("keys", "list", "--json").stdout)
    assert {"RS256", "ES256"} <= {key["alg"] for key in listed}
    assert {"kid", "alg", "status", "created_at", "activates_at"} <= set(listed[0])
    assert not [key for key in listed if {"d", "sealed_private_key"} & set(key)]
    keys = {glc("keys", "new-master-key").stdout.strip() for _ in range(2)}
    assert {len(key) for key in keys} == {43}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("client", "show", "nobody"), "glc client list"),
        (("client", "register", "--partner", "paris", *SITE[2:]), "paris"),
        (("client", "register", *SITE, "--redirect-uri", "nonsense"), "https://site.example/"),
        (("client", "register", *SITE, "--scope", "email"), "openid"),
        (("serve", "--port", "{free}", "--dialect", "martian"), "grandlyonconnect-2018"),
        (("serve", "--issuer", "http://glc.example/"), "GLC_ISSUER"),
        (("serve", "--port", "{free}", "--database", "mysql://localhost/glc"), "mysql is not supported"),
    ],
)
def test_a_refusal_is_one_sentence_with_the_remedy_and_exit_code_1(
    glc: Run, arguments: tuple[str, ...], says: str
) -> None:
    """Exit codes that mean something; never a traceback."""
    refused = glc(*(each.format(free=free_port()) for each in arguments))
    assert refused.returncode == 1, refused.stderr
    assert says in refused.stderr
    assert refused.stderr.startswith("glc: ")
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("client", "register", "--partner", "lyon"),
        ("client", "register", *SITE, "--id-token-alg", "none"),
        ("client", "register", *SITE, "--claim", "nonsense"),
        ("serve", "--port", "http"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    """As click and the shell have it."""
    refused = CliRunner().invoke(cli.glc, arguments)
    assert refused.exit_code == 2
    assert "Usage" in refused.stderr


def test_an_unmigrated_database_is_refused_with_the_command_that_mends_it(glc: Run, tmp_path: Path) -> None:
    """Issue, « Ground »: by `serve`, and by whatever else needs tables."""
    for arguments in (("serve", "--port", str(free_port())), ("seed",), ("client", "list")):
        refused = glc(*arguments, on=tmp_path / "empty.sqlite3")
        assert refused.returncode == 1
        assert "glc database upgrade" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_busy_port_is_named_with_the_option_that_changes_it(glc: Run) -> None:
    """Issue: in the error."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = glc("serve", "--port", port)
    assert refused.returncode == 1
    assert port in refused.stderr
    assert "--port" in refused.stderr


def test_commands_wait_their_turn_while_another_program_writes(database: Path) -> None:
    """Issue: every command works on a database that `glc serve` is using."""
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        command = [sys.executable, "-c", "from glc.cli import main; main()", "client", "register", *SITE, "--json"]
        environment = {**os.environ, "GLC_DATABASE_URL": f"sqlite:///{database}"}
        writer = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            writer.communicate(timeout=2)
        other.execute("ROLLBACK")
        printed, complaint = writer.communicate(timeout=60)
    finally:
        other.close()
    assert writer.returncode == 0, complaint
    assert json.loads(printed)["client_secret"]


def test_a_client_that_uses_more_claims_declares_them(glc: Run) -> None:
    """Second promise of the house, from the command line: --claim and --declare."""
    made = glc(
        "client", "register", *SITE, "--claim", "ville={{ city }} ({{ postal_code }})@profile", "--declare", "--json"
    )
    claims = json.loads(made.stdout)["claims"]
    assert claims[-1] == {"name": "ville", "source": "{{ city }} ({{ postal_code }})", "scopes": ["profile"]}


def test_help_says_what_there_is(glc: Run) -> None:
    """Every command is listed, and each answers --help."""
    printed = glc("--help").stdout
    for command in ("account", "client", "database", "demo", "keys", "seed", "serve"):
        assert command in printed
    assert "--redirect-uri" in glc("client", "register", "--help").stdout


def test_a_misspelt_variable_is_pointed_out_and_stops_nothing(glc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line each on standard error, where no script reads."""
    monkeypatch.setenv("GLC_PROT", "8050")
    done = glc("client", "list", "--json")
    assert (done.returncode, done.stderr) == (0, "glc: GLC_PROT is no setting\n")
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("content", ["Bonjour\n" * 1000, None], ids=["text", "cut off"])
@pytest.mark.parametrize("command", ["database upgrade", "seed", "client list", "keys list"])
def test_a_file_that_is_no_database_is_one_sentence(
    glc: Run, database: Path, tmp_path: Path, command: str, content: str | None
) -> None:
    """No traceback: the operator named the wrong file, or a copy of it was cut off."""
    wrong = tmp_path / "wrong.sqlite3"
    wrong.write_bytes(content.encode() if content else database.read_bytes()[:20_000])
    refused = glc(*command.split(), on=wrong)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert refused.stderr.startswith(f"glc: the database sqlite:///{wrong} cannot be ")


@pytest.mark.parametrize("command", ["database upgrade", "seed", "demo"])
def test_a_folder_that_cannot_be_made_or_entered_is_one_sentence(glc: Run, tmp_path: Path, command: str) -> None:
    """No traceback: one that is another's, read-only, or no folder at all."""
    (tmp_path / "file").touch()
    ports = [f"{option}={free_port()}" for option in ("--port", "--site-port", "--toodego-port") if command == "demo"]
    refused = glc(*command.split(), *ports, on=tmp_path / "file" / "glc.sqlite3")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert str(tmp_path / "file") in refused.stderr


def test_reading_waits_for_nobody_who_writes(glc: Run, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue: every command works on a database that `glc serve` is using."""
    monkeypatch.setattr("glc.database.SQLITE_WAIT_IN", 0.01)
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert glc("client", "list").returncode == 0


def test_a_writer_that_is_kept_out_too_long_is_told_why(
    glc: Run, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback."""
    monkeypatch.setattr("glc.database.SQLITE_WAIT_IN", 0.01)
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        refused = glc("client", "register", *SITE)
    assert refused.stderr == f"glc: the database sqlite:///{database} cannot be reached: database is locked\n"


def test_an_account_is_made_as_franceconnect_would_have_vouched_for_it(glc: Run) -> None:
    """Reference, 1.12 and 6.1: attributes by the name of their option; an unknown one is refused with the list."""
    words = ("account", "create", "--email", "angela@citoyen.example", "--password", "un mot de passe", "--json")
    made = glc(*words, "--birthdate", "1962-08-24", "--verified", "birthdate", "--verified", "last_name")
    assert json.loads(made.stdout)["verified_attributes"] == ["birthdate", "last_name"]
    refused = glc(*words, "--verified", "shoe_size")
    assert refused.returncode == 2
    assert "birthdate" in refused.stderr


@pytest.mark.parametrize("words", [("client", "update"), ("processing", "edit"), ("agreement", "edit")])
def test_a_command_that_changes_what_there_is_promises_no_default(glc: Run, words: tuple[str, str]) -> None:
    """What is left out keeps its value: « default: HS256 » would have an RS256 site expect another algorithm."""
    told = glc(*words, "--help").stdout.replace("[default: the operator]", "")
    assert "[default:" not in told


def test_whoever_chooses_a_dialect_reads_what_each_is_for(glc: Run) -> None:
    """`glc dialects`: one line each, its name first."""
    lines = glc("dialects").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["grandlyonconnect", "grandlyonconnect-2018", "standard"]
    assert all(len(line.split()) > 5 for line in lines)


def test_a_mistyped_command_is_answered_with_the_one_that_was_meant(glc: Run) -> None:
    """As for every command below these."""
    assert "Did you mean 'client'?" in glc("clients", "list").stderr
