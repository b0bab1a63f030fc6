"""Scripted logins."""

from __future__ import annotations

from typing import Any

from glc.database import db
from glc.errors import Conflict
from idp.accounts.rules import find_by_email
from testkit.control import schemas
from testkit.control.operation import Call, operation
from testkit.personas import personas
from testkit.scripts import find_account


@operation("GET", "/logins", "List what is to be played yet")
def list_logins(call: Call) -> Any:
    """And who logs in by themselves."""
    return _told(call)


@operation("POST", "/logins", "Say what the next visitor does", body=schemas.LoginAsked, status=201)
def add(call: Call) -> Any:
    """The first that fits the client is played, as often as told; the header X-GLC-Login of a request goes first."""
    asked = call.body
    if asked.does == "registers":
        _check_free(call, asked.account)
    else:
        _check(call, asked.account)
    return call.space.scripts.add(**asked.model_dump()).told()


@operation("DELETE", "/logins", "Forget every script, and the automatic login")
def clear(call: Call) -> None:
    """People log in by hand again."""
    call.space.scripts.clear()


@operation("PUT", "/logins/auto", "Say who logs in by themselves from now on", body=schemas.AutoLoginAsked)
def auto(call: Call) -> Any:
    """Null: nobody."""
    given = call.body.model_dump(exclude_unset=True)
    if "account" in given:
        if given["account"] is not None:
            _check(call, given["account"])
        call.space.scripts.auto = given["account"]
    if given.get("by_login_hint") is not None:
        call.space.scripts.by_login_hint = given["by_login_hint"]
    return _told(call)


def _check(call: Call, account: str) -> None:
    """Refuse somebody unknown now, and not in the middle of a login."""
    with call.space.inside():
        find_account(db.session(), account)


def _check_free(call: Call, account: str) -> None:
    """Refuse now to register an address that has an account; a persona registers under a fresh one."""
    with call.space.inside():
        if account not in personas() and find_by_email(db.session(), account) is not None:
            raise Conflict(f"{account} has an account: give an address that has none, or a persona's name")


def _told(call: Call) -> dict[str, Any]:
    scripts = call.space.scripts
    return {
        "logins": [each.told() for each in scripts.all()],
        "auto": scripts.auto,
        "by_login_hint": scripts.by_login_hint,
    }
