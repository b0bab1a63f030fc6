"""Accounts and ready-made people."""

from __future__ import annotations

import csv
import io
from typing import Any

import sqlalchemy as sa

from glc.database import db
from glc.errors import InputError
from glc.services import services
from idp.accounts.hashing import hash_password
from idp.accounts.rules import create_account, erase
from idp.commands import describe
from idp.models import Account
from testkit.control import schemas
from testkit.control.operation import Call, operation
from testkit.personas import PASSWORD, add_persona, lock, personas
from testkit.scripts import find_account

FORBIDDEN = frozenset(
    {"id", "uuid", "email_key", "password_hash", "created_at", "erased_at", "withdrawals", "changed_at"}
)
SETTABLE = frozenset(column.name for column in Account.__table__.columns) - FORBIDDEN
LISTS = ("roles", "verified_attributes")
FLAGS = ("email_verified", "test_identity")


@operation("GET", "/personas", "List the ready-made people and what is peculiar about each")
def list_personas(_call: Call) -> Any:
    """Their password is the same for all."""
    return {
        "personas": [
            {"name": each.name, "about": each.about, "email": each.email, "password": PASSWORD, **each.attributes}
            for each in personas().values()
        ]
    }


@operation("GET", "/accounts", "List the accounts")
def list_accounts(call: Call) -> Any:
    """The living ones."""
    with call.space.inside():
        living = sa.select(Account).where(Account.erased_at.is_(None)).order_by(Account.id)
        return {"accounts": [told(each) for each in db.session.scalars(living)]}


@operation("POST", "/accounts", "Make an account", body=schemas.AccountAsked, status=201)
def create(call: Call) -> Any:
    """A persona, attributes of one's own, or both. A persona who is there already is changed instead."""
    with call.space.inside(request=True):
        return told(_make(call.body.persona, _attributes(call.body)))


@operation("GET", "/accounts/{account}", "Show an account, by persona, e-mail or uuid")
def show(call: Call) -> Any:
    """Every attribute."""
    with call.space.inside():
        return told(find_account(db.session(), call.path["account"]))


@operation("PATCH", "/accounts/{account}", "Change an account", body=schemas.AccountChanged)
def change(call: Call) -> Any:
    """Its attributes, its password; `locked` counts wrong passwords, so that the next attempt must wait."""
    with call.space.inside(request=True):
        account = find_account(db.session(), call.path["account"])
        _change(account, _attributes(call.body))
        if call.body.locked:
            lock(db.session(), account, services().clock.now())
        return told(account)


@operation("DELETE", "/accounts/{account}", "Erase an account, as its holder would")
def delete(call: Call) -> None:
    """Sessions and grants end with it."""
    with call.space.inside(request=True):
        erase(db.session(), find_account(db.session(), call.path["account"]), services().clock.now())


@operation(
    "POST",
    "/accounts/import",
    "Make many accounts, from YAML (a list) or CSV (a header line, `;` or `,`)",
    takes=("application/yaml", "text/csv"),
    status=201,
)
def load(call: Call) -> Any:
    """All or none: an error names its row. So that accounts match a partner's own test data."""
    rows = _rows(call)
    if not rows:
        raise InputError("there is no account in this file")
    with call.space.inside(request=True):
        made = []
        for number, row in enumerate(rows, 1):
            try:
                persona = row.pop("persona", None)
                made.append(told(_make(persona, _checked(row))))
            except InputError as error:
                db.session.rollback()
                raise InputError(f"row {number}: {error.message}") from error
        return {"accounts": made}


def told(account: Account) -> dict[str, Any]:
    """An account, with the persona it is of."""
    persona = next((each.name for each in personas().values() if each.uuid == account.uuid), None)
    return describe(account) | {"persona": persona, "display_name": account.display_name}


def _make(persona: str | None, attributes: dict[str, Any]) -> Account:
    session, at = db.session(), services().clock.now()
    if persona is not None:
        found = personas().get(persona) if isinstance(persona, str) else None
        if found is None:
            raise InputError(f"there is no persona {persona!r}; there are: {', '.join(personas())}")
        there = session.scalar(sa.select(Account).where(Account.uuid == found.uuid, Account.erased_at.is_(None)))
        if there is None:
            return add_persona(session, found, at, **attributes)
        if "email" not in attributes:
            _change(there, attributes)
            return there
        return add_persona(session, found, at, **attributes)
    if not attributes.get("email"):
        raise InputError("an account needs an email, or a persona")
    values = {"password": PASSWORD, "email_verified": True, **attributes}
    made = create_account(session, at=at, **values)
    session.flush()
    return made


def _change(account: Account, attributes: dict[str, Any]) -> None:
    from idp.accounts.rules import change_address

    password, email = attributes.pop("password", None), attributes.pop("email", None)
    if email is not None and email != account.email:
        verified = attributes.get("email_verified", account.email_verified)
        change_address(db.session(), account, email)
        account.email_verified = verified
    if password is not None:
        account.password_hash = hash_password(services().settings, password) if password else ""
    for name, value in attributes.items():
        setattr(account, name, value)
    account.changed_at = services().clock.now()
    db.session.flush()


def _attributes(body: Any) -> dict[str, Any]:
    given = body.model_dump(exclude_unset=True, exclude={"persona", "locked"})
    return _checked(given)


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(given.keys() - SETTABLE - {"password"})
    if unknown:
        raise InputError(f"an account has no {unknown[0]!r}; it has: {', '.join(sorted(SETTABLE | {'password'}))}")
    for name in LISTS:
        if name in given and not (isinstance(given[name], list) and all(isinstance(each, str) for each in given[name])):
            raise InputError(f"{name} is a list of texts")
    kept = {name: value for name, value in given.items() if value is not None or name not in {"email", "password"}}
    for name in kept.keys() - {*LISTS}:
        wanted = bool if name in FLAGS else str
        if not isinstance(kept[name], wanted):
            raise InputError(f"{name} is {'true or false' if wanted is bool else 'a text'}")
    return kept


def _rows(call: Call) -> list[dict[str, Any]]:
    try:
        text = call.raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "this is not UTF-8: save the file in that encoding (« CSV UTF-8 » in a spreadsheet)"
        ) from error
    if call.media_type == "text/csv":
        delimiter = ";" if ";" in text.partition("\n")[0] else ","
        rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
        for number, row in enumerate(rows, 1):
            if None in row:
                raise InputError(f"row {number}: more cells than the header line; quote those that hold {delimiter!r}")
        return [{name.strip(): _cell(name.strip(), value or "") for name, value in row.items() if name} for row in rows]
    import yaml

    try:
        found = yaml.load(text, yaml.BaseLoader)  # noqa: S506 — texts only: a birthdate may have no month
    except yaml.YAMLError as error:
        raise InputError(f"this is no YAML: {error}") from error
    except RecursionError as error:
        raise InputError("this YAML is nested too deep") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise InputError("a YAML of accounts is a list of mappings")
    return [{name: _cell(name, value) for name, value in row.items()} for row in found]


_SAID = dict.fromkeys(("1", "true", "oui", "yes", "vrai"), True) | dict.fromkeys(
    ("", "0", "false", "non", "no", "faux"), False
)


def _cell(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in LISTS:
        return value.split()
    if name in FLAGS:
        return _SAID.get(value.strip().lower(), value)  # what is neither is refused later, by name
    return value.strip()
