"""Commands of the how-to pages, each run as it stands on a registry of its own."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pages import PAGES, commands_of_blocks

from glc.cli import glc

HOW_TO = ("conformance", "connect-a-site", "keys", "logout", "register-itself", "registry-yaml")
SHOWN = [
    (page, words)
    for page in HOW_TO
    for words in commands_of_blocks(PAGES[f"docs/{page}.md"])
    if words[0] != "serve"  # which does not end
]


def run(*words: str) -> str:
    """Run `glc` in this folder; what it says."""
    done = CliRunner().invoke(glc, words, input="y\n")
    assert done.exit_code == 0, (words, done.output, done.stderr, done.exception)
    return done.stdout


@pytest.fixture(scope="module")
def supposed(prepared_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pages suppose: a registry with a client and a token, an export, a key in a file."""
    folder = tmp_path_factory.mktemp("supposed")
    shutil.copy(prepared_database, folder / "glc.sqlite3")
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(rsa.generate_private_key(65_537, 2_048).private_bytes(*pem))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("GLC_DATABASE_URL", "sqlite:///glc.sqlite3")
        run(*shlex.split("client register --partner lyon --name S --client-id mine --redirect-uri http://localhost/"))
        run(*shlex.split("client registration-token --partner lyon"))
        run(*shlex.split("registry export registre.yaml"))
    return folder


@pytest.fixture
def capitals(supposed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What words in capitals stand for, in a copy of all that, which is this folder now."""
    shutil.copytree(supposed, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLC_DATABASE_URL", "sqlite:///glc.sqlite3")
    return {"CLIENT_ID": "mine", "KID": run("keys", "list").split()[1]}


@pytest.mark.parametrize(("page", "words"), SHOWN, ids=[" ".join((page, *words[:2])) for page, words in SHOWN])
def test_a_command_of_a_how_to_is_done(page: str, words: list[str], capitals: dict[str, str]) -> None:
    """docs/*.md: as it stands, but for words in capitals; what is in brackets may be given."""
    if "--private" in words:
        Path("key.pem").unlink()  # it is written to a new file
    run(*(capitals.get(bare, bare) for bare in (word.strip("[]") for word in words)))


def test_every_how_to_shows_commands() -> None:
    """Else nothing would have been run."""
    assert {page for page, _ in SHOWN} == set(HOW_TO)
