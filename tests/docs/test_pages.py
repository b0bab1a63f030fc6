"""What every page says to type, to open or to read is there."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import click
import pytest
from pages import PAGES, ROOT, commands

from glc.cli import glc
from glc.settings import Settings

FOLDERS = ("idp", "keys", "partner_registry", "consent", "testkit", "glc", "tests", "docs", "demo", "bench")
"""Where a page's short names of files begin; a name alone may be anywhere below."""
A_FILE = re.compile(r"`((?:[a-z_.\d-]+/)*[a-z_\d-]+\.(?:py|md|html|mjs|sh|yml|toml|csv)|(?:[a-z_.\d-]+/)+)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """To a file of the repository, and within a page to one of its headings."""
    folder = (ROOT / page).parent
    broken = []
    for target, anchor in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)]*))?\)", PAGES[page]):
        led_to = (folder / target).resolve() if target else ROOT / page
        if not led_to.exists() or (anchor and anchor not in headings(led_to)):
            broken.append(f"{target}#{anchor}")
    assert not broken


def test_every_page_is_found_from_the_readme() -> None:
    """Whoever does not know that a page exists meets a link to it."""
    found, to_read = {"README.md"}, ["README.md"]
    while to_read:
        page = to_read.pop()
        for target in re.findall(r"\]\((?![a-z]+:)([^)#\s]+\.md)", PAGES[page]):
            name = str(((ROOT / page).parent / target).resolve().relative_to(ROOT))
            if name in PAGES and name not in found:
                found.add(name)
                to_read.append(name)
    assert PAGES.keys() == found


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    """What code is called after it was moved; folders of a run (`var/`, `build/`) are made by it."""
    named = {each for each in A_FILE.findall(PAGES[page]) if not each.startswith(("var/", "build/"))}
    assert [each for each in sorted(named) if not _is_there(each)] == []


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/performance.md", "CONTRIBUTING.md"])
def test_every_name_of_the_code_that_a_page_for_its_readers_says_is_in_it(page: str) -> None:
    """Modules, functions, tables: renamed there, renamed here."""
    code = "\n".join(
        f"{file.stem}\n{file.read_text(encoding='utf-8')}" for each in FOLDERS for file in (ROOT / each).rglob("*.py")
    )
    known = {*re.findall(r"\w+", code), "CI"}
    said = re.findall(r"`\.*([A-Za-z_][\w.]*)(?:\(.*?\))?`", PAGES[page])
    said = [each for each in said if not each.endswith((".md", ".toml", ".po", ".mo", ".py"))]
    assert [name for each in said for name in each.split(".") if name and name not in known] == []


@pytest.mark.parametrize("page", [*PAGES, "docker-compose.yml", "docker-compose.testkit.yml"])
def test_every_command_that_a_page_shows_is_one(page: str) -> None:
    """`glc` knows each command, and each of its options."""
    text = PAGES.get(page) or re.sub(r"(?m)^# *", "    ", (ROOT / page).read_text(encoding="utf-8"))
    assert [wrong for words in commands(text) if (wrong := unknown(words))] == []


def test_every_target_that_a_page_names_is_in_the_makefile() -> None:
    """`make …`."""
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {each for text in PAGES.values() for each in re.findall(r"(?m)(?:`|^\$ |^    )make ([a-z-]+)", text)}
    assert len(named) > 5
    assert named <= targets


@pytest.mark.parametrize("page", [*PAGES, "docker-compose.yml", "docker-compose.testkit.yml"])
def test_every_variable_that_a_page_sets_is_a_setting(page: str) -> None:
    """`GLC_…`; a misspelt one changes nothing."""
    settings = {f"GLC_{each.name.upper()}" for each in dataclasses.fields(Settings)}
    said = set(re.findall(r"\bGLC_[A-Z_]+\b", PAGES.get(page) or (ROOT / page).read_text(encoding="utf-8")))
    assert said <= settings | {"GLC_SETTINGS", "GLC_TESTKIT_URL"}


def test_what_the_agents_guide_says_to_press_is_on_the_screens() -> None:
    """docs/guide-registre.fr.md: headings, buttons and links are in bold, with their capital."""
    screens = (ROOT / "glc/locale/en/LC_MESSAGES/messages.po").read_text(encoding="utf-8").replace('"\n"', "")
    said = {
        " ".join(each.split())
        for each in re.findall(r"\*\*([A-ZÀÉ].+?)\*\*", PAGES["docs/guide-registre.fr.md"], re.DOTALL)
    }
    said -= {"PDF signé"}
    assert len(said) > 15
    assert [
        each for each in sorted(said) if not re.search(rf'msgid "{re.escape(each)}(?: :| %\(year\)s)?"', screens)
    ] == []


@pytest.mark.parametrize("page", PAGES)
def test_lines_are_no_longer_than_120(page: str) -> None:
    """Tables and pictures cannot be broken, everything else can."""
    lines = PAGES[page].splitlines()
    assert [n for n, line in enumerate(lines, 1) if len(line) > 120 and not line.startswith(("|", "!["))] == []


def test_what_is_not_a_command_is_seen() -> None:
    """The reader of commands itself."""
    page = "    $ X=1 .venv/bin/glc keys rotate --soon && glc seed\n`glc kyes` and `glc client list [--json]`"
    assert [unknown(words) for words in commands(page)] == ["--soon", "", "kyes", ""]


def headings(page: Path) -> set[str]:
    """The anchors that a page has."""
    titles = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def unknown(words: list[str]) -> str:
    """The first word that `glc` would not know; empty: it knows them all."""
    command: click.Command = glc
    context = click.Context(glc)
    rest = [word.strip('[]"') for word in words]
    while isinstance(command, click.Group) and rest and not rest[0].startswith(("-", "…")):
        name, *rest = rest
        found = command.get_command(context, name)
        if found is None:
            return name
        command = found
    options = {"--help", "--version"} | {
        name for each in command.params for name in (*each.opts, *each.secondary_opts) if name.startswith("--")
    }
    return next((word for word in rest if word.startswith("--") and word.partition("=")[0] not in options), "")


def _is_there(name: str) -> bool:
    places = [ROOT / each for each in FOLDERS]
    anywhere = "/" not in name and any(next(place.rglob(name), None) for place in places)
    return anywhere or any((place / name).exists() for place in [ROOT, *places])
