"""Reading a file of the registry: what is missing is added, what differs is refused, each error names file and key."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.entropy import Entropy
from glc.errors import GlcError, InputError
from glc.i18n import english
from glc.urls import origin
from partner_registry import models as m
from partner_registry.agents import Agent, require
from partner_registry.exchange.checks import check_row
from partner_registry.exchange.made_up import Maker
from partner_registry.exchange.nodes import TOP, Filled, Node, is_account
from partner_registry.exchange.text import NotYaml, load
from partner_registry.exchange.values import Unreadable, read_value
from partner_registry.models import Partner
from partner_registry.partners.territory import load_territory
from partner_registry.ports import Ports
from partner_registry.trail import note, plain

SHORTHAND = "insee_code"
"""A key of a partner written by hand: the commune whose identity it has today."""


class FileError(InputError):
    """Something in the file cannot be accepted: names the file and the key."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: rows added by table, values changed, secrets it made (in clear, shown once)."""

    added: dict[str, int]
    changed: int
    secrets: list[dict[str, str]]


@dataclass(slots=True)
class _Placed:
    """A row, with the entry that told it."""

    row: Any
    node: Node
    entry: dict[str, Any]
    path: str
    subject: str
    is_new: bool
    before: dict[str, Any] = field(default_factory=dict)
    """The values that the entry changed."""


def import_registry(
    session: Session,
    by: Agent,
    text: str,
    *,
    file: str,
    at: dt.datetime,
    ports: Ports,
    entropy: Entropy,
    make_accounts: bool = False,
) -> Outcome:
    """Add what the file holds and the registry does not. `make_accounts`: also the accounts of whoever it names.

    Raises `Forbidden`, and `FileError` (unreadable, an unknown key, a value of the wrong kind, what the rules refuse,
    a fact that differs from the one on record: both are named). Whoever calls rolls back on any error.
    """
    require(by, "registry.import")
    reader = _Reader(session, file, Maker(session, ports, entropy, at), make_accounts)
    content = reader.content(text)
    communes = load_territory(session) if "communes" not in content else 0
    reader.find_people(content)
    with session.no_autoflush:
        for name, node in TOP.items():
            reader.top(name, node, content.get(name))
        reader.link()
    for placed in reader.placed:
        if placed.is_new or placed.before:
            with reader.naming(placed.path):
                check_row(session, placed.row)
    _note(session, by, at, reader.placed)
    added = Counter(placed.node.model.__tablename__ for placed in reader.placed if placed.is_new)
    added["commune"] += communes
    changed = sum(len(placed.before) for placed in reader.placed)
    return Outcome({name: added[name] for name in sorted(added) if added[name]}, changed, reader.maker.secrets)


class _Reader:
    def __init__(self, session: Session, file: str, maker: Maker, make_accounts: bool) -> None:
        self.session, self.file, self.maker, self.make_accounts = session, file, maker, make_accounts
        self.placed: list[_Placed] = []
        self.people: dict[str, int] = {}

    def refuse(self, path: str, why: str) -> FileError:
        return FileError(f"{self.file}: {path}: {why}")

    def naming(self, path: str) -> _Naming:
        """Let a rule's refusal say where in the file."""
        return _Naming(self, path)

    def content(self, text: str) -> dict[str, Any]:
        """The file's mapping."""
        try:
            content = load(text)
        except NotYaml as error:
            raise self.refuse(error.where, error.why) from error
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise self.refuse("(top)", f"a mapping is expected: {', '.join(TOP)}")
        self.known("", content, TOP)
        return content

    def find_people(self, content: Mapping[str, Any]) -> None:
        """Find the accounts of everybody the file names, or make them; all that are missing are told at once."""
        missing: dict[str, str] = {}
        for name, node in TOP.items():
            for path, email in _people(name, node, content.get(name)):
                person = self.maker.ports.person_at(self.session, email)
                if person is None and self.make_accounts:
                    with self.naming(path):
                        person = self.maker.ports.make_account(self.session, email, self.maker.at)
                if person is None:
                    missing.setdefault(email, path)
                else:
                    self.people[email] = person.account_id
        if missing:
            (first, path), more = next(iter(missing.items())), len(missing) - 1
            told = f"no account has the address {first!r}" + (f", nor {more} more of the file" if more else "")
            raise self.refuse(path, f"{told}: glc account create makes one, --make-accounts all of them")

    def known(self, path: str, entry: Mapping[str, Any], names: Mapping[str, Any] | set[str]) -> None:
        for name in entry:
            if name not in names:
                raise self.refuse(f"{path}.{name}".lstrip("."), f"unknown key; known: {', '.join(sorted(names))}")

    def entries(self, path: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        if not isinstance(value, list | None):
            raise self.refuse(path, "a list is expected")
        for index, entry in enumerate(value or []):
            here = f"{path}[{index}]"
            if not isinstance(entry, dict):
                raise self.refuse(here, "a mapping is expected")
            yield here, entry

    def top(self, name: str, node: Node, value: Any) -> None:
        """Everything under one key at the top of the file."""
        rows = list(self.session.scalars(sa.select(node.model))) if value else []
        for placed in self.siblings(name, node, value, rows, None, ""):
            self.session.add(placed.row)

    def siblings(
        self, path: str, node: Node, value: Any, rows: list[Any], parent: Any, subject: str
    ) -> Iterator[_Placed]:
        """The rows of a list of entries: each found among those there are, or new."""
        left = sorted(rows, key=lambda row: getattr(row, "id", None) or 0)
        for rank, (here, entry) in enumerate(self.entries(path, value), 1):
            told = self.told(node, entry, here)
            found = next((row for row in left if _named(row, node, told)), None)
            if found is not None:
                left.remove(found)
            row = found or node.model(**self.filled(node, told, here, parent, rank))
            placed = _Placed(row, node, entry, here, subject or _subject(node, entry, here), found is None)
            self.placed.append(placed)
            self.compare(placed, told)
            yield placed
            self.below(placed)

    def below(self, placed: _Placed) -> None:
        for name, node in placed.node.below.items():
            rows = getattr(placed.row, name)
            path = f"{placed.path}.{name}"
            for each in self.siblings(path, node, placed.entry.get(name), list(rows), placed.row, placed.subject):
                if each.is_new:
                    rows.append(each.row)
        if placed.is_new:
            with self.naming(placed.path):
                self.maker.complete(placed.row, placed.entry)

    def told(self, node: Node, entry: dict[str, Any], path: str) -> dict[str, Any]:
        """The values that an entry gives, by column, read as their kinds."""
        columns = node.columns
        besides = {SHORTHAND} if node.model is Partner else set()
        self.known(path, entry, {*columns, *node.links, *node.below, *besides})
        return {
            column.name: self.read(node, column, entry[name], f"{path}.{name}")
            for name, column in columns.items()
            if name in entry
        }

    def read(self, node: Node, column: sa.Column[Any], value: Any, path: str) -> Any:
        if value is None:
            if column.nullable:
                return None
            raise self.refuse(path, "null is no value of it: leave it out, or say it")
        if is_account(column):
            return self.people[str(value)]
        try:
            return read_value(node.model, column, value)
        except Unreadable as error:
            raise self.refuse(f"{path}{error.where}", error.why) from error

    def filled(self, node: Node, told: dict[str, Any], path: str, parent: Any, rank: int) -> dict[str, Any]:
        """The values of a new row: what the entry leaves out has its usual value."""
        values = dict(told)
        for name, column in node.columns.items():
            if column.name in told:
                continue
            try:
                usual = node.left_out(name, column)
            except KeyError as error:
                raise self.refuse(f"{path}.{name}", "missing") from error
            made = isinstance(usual, Filled)
            values[column.name] = self.maker.value(node.model, name, values, parent, rank) if made else usual
        return values

    def compare(self, placed: _Placed, told: Mapping[str, Any]) -> None:
        """Hold what an entry says against a row that was there."""
        code = placed.entry.get(SHORTHAND) if placed.node.model is Partner and not placed.is_new else None
        if code is not None and not any(code in {each.insee_code, each.siren} for each in placed.row.identities):
            raise self.differs(placed, SHORTHAND, placed.row.identities[-1].insee_code, code)
        for name, column in placed.node.columns.items():
            if placed.is_new or column.name not in told:
                continue
            kept, value = getattr(placed.row, column.name), told[column.name]
            if kept == value:
                continue
            if not placed.node.changeable(placed.row, name):
                raise self.differs(placed, name, self.shown(column, kept), placed.entry[name])
            placed.before[name] = self.shown(column, kept)
            setattr(placed.row, column.name, value)

    def differs(self, placed: _Placed, name: str, kept: Any, told: Any) -> FileError:
        return self.refuse(f"{placed.path}.{name}", f"the registry has {kept!r:.80}, the file {told!r:.80}")

    def shown(self, column: sa.Column[Any], value: Any) -> Any:
        if is_account(column) and value is not None:
            person = self.maker.ports.person(self.session, value)
            return person.email if person else "an erased account"
        return plain(value)

    def link(self) -> None:
        """Point rows to one another, by what they are called; store them on the way, in the file's order."""
        index = _Index(self.session, [placed.row for placed in self.placed])
        for late in (False, True):
            for placed in self.placed:
                for name in placed.node.links:
                    if (name in placed.node.late) is late and placed.entry.get(name) is not None:
                        self.point(placed, name, index)
            for placed in () if late else self.placed:
                if isinstance(placed.row, m.Client) and placed.is_new:
                    self.maker.complete_client(placed.row, placed.entry)
            try:
                self.session.flush()
            except sa.exc.IntegrityError as error:
                raise self.refuse("(all of it)", f"two things that exclude each other ({error.orig})") from error
            except sa.exc.CircularDependencyError as error:
                raise self.refuse("(all of it)", "two things that come each after the other") from error

    def point(self, placed: _Placed, name: str, index: _Index) -> None:
        label = placed.node.links[name]
        model = sa.inspect(placed.node.model).relationships[name].mapper.class_
        many = isinstance(kept := getattr(placed.row, name), list)
        path, told = f"{placed.path}.{name}", placed.entry[name]
        if isinstance(told, list) is not many:
            raise self.refuse(path, "a list is expected" if many else "one name is expected")
        wanted = told if many else [told]
        found = [index.find(model, label, str(each)) for each in wanted]
        for each, row in zip(wanted, found, strict=True):
            if row is None:
                raise self.refuse(path, f"nothing is called {each!r}, neither here nor in the registry")
            if row is placed.row:
                raise self.refuse(path, f"{each!r} cannot stand for itself")
        if all(row in (kept if many else [kept]) for row in found):
            return
        if not placed.is_new and not placed.node.changeable(placed.row, name):
            raise self.differs(placed, name, sorted(map(label, kept)) if many else kept and label(kept), told)
        setattr(placed.row, name, found if many else found[0])


class _Naming:
    """A refusal of a rule, told with file and key."""

    def __init__(self, reader: _Reader, path: str) -> None:
        self.reader, self.path = reader, path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, GlcError) and not isinstance(error, FileError):
            raise self.reader.refuse(self.path, error.told(english)) from error


class _Index:
    """Rows by what they are called, those of the file first."""

    def __init__(self, session: Session, of_file: list[Any]) -> None:
        self.session, self.of_file = session, of_file
        self.known: dict[tuple[type[Any], Any], dict[str, Any]] = {}

    def find(self, model: type[Any], label: Any, name: str) -> Any:
        known = self.known.get((model, label))
        if known is None:
            rows = [*self.session.scalars(sa.select(model)), *(each for each in self.of_file if type(each) is model)]
            known = self.known[model, label] = {label(each): each for each in rows}
        return known.get(name)


def _people(path: str, node: Node, value: Any) -> Iterator[tuple[str, str]]:
    """Every account that some entries name, by its address."""
    for index, entry in enumerate(value if isinstance(value, list) else ()):
        for name, column in node.columns.items():
            if isinstance(entry, dict) and is_account(column) and entry.get(name) is not None:
                yield f"{path}[{index}].{name}", str(entry[name])
        for name, below in node.below.items():
            if isinstance(entry, dict):
                yield from _people(f"{path}[{index}].{name}", below, entry.get(name))


def _named(row: Any, node: Node, told: Mapping[str, Any]) -> bool:
    """Whether a row is the one that an entry is about: what it gives of the key agrees."""
    names = [column.name for name, column in node.columns.items() if name in node.key]
    return all(getattr(row, name) == told[name] for name in names if name in told)


def _subject(node: Node, entry: Mapping[str, Any], path: str) -> str:
    """What the trail calls a thing at the top of the file; a webhook by its origin: its address may hold a secret."""
    if node.model is m.WebhookEndpoint:
        return f"webhook:{origin(str(entry.get('url')))}"
    named = next((str(entry[name]) for name in node.key if entry.get(name) is not None), path)
    return f"{node.model.__tablename__}:{named}"


def _note(session: Session, by: Agent, at: dt.datetime, placed: list[_Placed]) -> None:
    """One entry of the trail for each thing at the top of the file that was added to or changed."""
    subjects: dict[str, list[_Placed]] = {}
    for each in placed:
        if each.is_new or each.before:
            subjects.setdefault(each.subject, []).append(each)
    for subject, touched in subjects.items():
        added = Counter(each.node.model.__tablename__ for each in touched if each.is_new)
        before = {f"{each.path}.{name}": value for each in touched for name, value in each.before.items()}
        changed = {f"{each.path}.{name}": each.entry[name] for each in touched for name in each.before}
        partner = next((each.row for each in touched if isinstance(each.row, Partner)), None)
        after = {"added": dict(added), **changed}
        note(session, by, at, "registry.imported", subject, partner=partner, before=before, after=after)
