"""`glc audit`: the trail of what was done in the registry."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import click

from glc.audit import verify as verify_chain
from glc.commands import application, database_option, json_option, show
from glc.database import db
from glc.i18n import english
from partner_registry.commands.shared import INSTANT, Act, as_table, reads
from partner_registry.trail import entries


@click.group()
def audit() -> None:
    """The trail of what was done in the registry, chained so that a gap or an edit shows."""


@audit.command("list")
@click.option("--subject", help="On what: partner:lyon, agreement:GNM-2019-lyon …, with what is part of it.")
@click.option("--action", help="What was done: agreement.approved, or agreement.* for all that is done to one.")
@click.option("--since", type=INSTANT, help="From then on.")
@click.option("--until", type=INSTANT, help="Before then.")
@click.option("--before", "before_id", type=int, metavar="NUMBER", help="Before that entry: the next page.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@reads(as_table("number", "at", "actor", "action", "subject", "reason"))
def list_entries(act: Act, since: dt.datetime | None, until: dt.datetime | None, **asked: Any) -> list[dict[str, Any]]:
    """List what was done, newest first; --json adds what it was before and after."""
    found = entries(act.session, since=since, until=until, **asked)
    names = "at actor via request_id action subject before after reason digest".split()
    return [{"number": each.id, **{name: getattr(each, name) for name in names}} for each in found]


@audit.command()
@click.option("--expect", metavar="HASH", help="Digest noted earlier: it must still be in the chain.")
@database_option
@json_option
def verify(expect: str | None, database_url: str | None, as_json: bool) -> None:
    """Check the whole trail; exit code 1 when something is missing or was changed.

    Note the digest it prints somewhere else, and give it to --expect next time: so that a chain written anew shows
    too.
    """
    with application(database_url, reads=True):
        found = verify_chain(db.session(), expected_head=expect)
    problems = [each.told(english) for each in found.problems]
    result = {"whole": not problems, "entries": found.length, "head": found.head, "problems": problems}
    show(result, as_json, _verdict)
    if problems:
        sys.exit(1)


def _verdict(value: dict[str, Any]) -> str:
    if value["whole"]:
        return f"The trail is whole: {value['entries']} entries, ending with {value['head']}"
    return "\n".join(["The trail is broken:", *(f"- {problem}" for problem in value["problems"])])
