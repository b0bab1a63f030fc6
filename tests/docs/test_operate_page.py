"""docs/operate.md: its settings and its commands, in their order, from an empty folder to a backup that opens."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from pages import PAGES, commands_of_blocks

from glc.cli import glc
from keys.encryption import new_master_key

PAGE = PAGES["docs/operate.md"]


def run(*words: str) -> str:
    """What a command says."""
    done = CliRunner().invoke(glc, words)
    assert done.exit_code == 0, (words, done.output, done.stderr, done.exception)
    return done.stdout


def test_a_provider_is_installed_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """« Install » and « Back up »: an https issuer, a master key of its own, a first administrator."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()
    settings = PAGE.partition("```toml\n")[2].partition("```")[0]
    for shown, real in {
        "postgresql+psycopg://glc:…@localhost/glc": "sqlite:///var/glc.sqlite3",
        'master_key = "…"': f'master_key = "{new_master_key(bytes(range(32)))}"',
        "smtps://…": "smtps://mail.example",
    }.items():
        assert shown in settings
        settings = settings.replace(shown, real)
    Path("glc.toml").write_text(settings, encoding="utf-8")
    monkeypatch.setenv("GLC_SETTINGS", "glc.toml")
    monkeypatch.setenv("GLC_ARGON2_MEMORY", "8")
    for words in commands_of_blocks(PAGE):
        if words[0] != "serve":
            run(*(word.replace("…", "un mot de passe pour essayer") for word in words))
    assert "ADMIN" in run("agent", "list")
    backup = re.search(r"sqlite3 (\S+) \"(VACUUM.+?)\"", PAGE)
    assert backup
    with sqlite3.connect(backup[1]) as connection:
        connection.execute(backup[2])
    connection.close()
    assert "agent@metropole.example" in run("account", "list", "--database", "sqlite:///glc-backup.sqlite3")
