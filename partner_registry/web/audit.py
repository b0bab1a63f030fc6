"""The audit trail: who did what, when, before and after, why; and whether the chain is whole."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from glc.audit import AuditEntry, verify
from glc.clock import end_of_day, start_of_day
from glc.database import db
from glc.i18n import N_
from partner_registry.agents import Agent, require
from partner_registry.trail import entries
from partner_registry.web.act_words import ACT_WORDS, NOUN_WORDS
from partner_registry.web.base import agents_only, page, registry
from partner_registry.web.fields import ChoiceField
from partner_registry.web.forms import RegistryForm, day, text

PAGE = 50
"""Entries on a page."""


class FilterForm(RegistryForm):
    """Which entries."""

    class Meta:
        """Read only: nothing to protect against other sites."""

        csrf = False

    subject = text(N_("Sur quoi"), required=False, hint=N_("Comme dans le journal : agreement:GNM-2019-lyon, client:…"))
    action = ChoiceField(
        N_("Quels actes"),
        choices=[
            SelectChoice("", N_("Tous")),
            *[SelectChoice(f"{noun}.*", words) for noun, words in NOUN_WORDS.items()],
        ],
        validate_choice=False,
    )
    since = day(N_("Depuis le"), required=False)
    until = day(N_("Jusqu’au"), required=False)


@registry.get("/audit/")
@agents_only
def audit_trail(agent: Agent) -> Response:
    """The trail, newest first, page by page."""
    require(agent, "audit.read")
    form = FilterForm(request.args)
    valid = form.validate()
    found = _found(form) if valid else []
    shown = found[:PAGE]
    return page(
        "audit.html",
        agent,
        200 if valid else 400,
        form=form,
        rows=[(each, changes(each)) for each in shown],
        older=_older(shown[-1].id) if len(found) > PAGE else "",
        newest="before" not in request.args,
        acts=ACT_WORDS,
    )


def _found(form: FilterForm) -> list[AuditEntry]:
    before = request.args.get("before", "")
    since, until = form.since.data, form.until.data
    return entries(
        db.session(),
        subject=form.subject.data or None,
        action=form.action.data or None,
        since=start_of_day(since) if since else None,
        until=end_of_day(until) if until else None,
        before_id=int(before) if before.isdecimal() and len(before) < 12 else None,
        limit=PAGE + 1,
    )


def _older(last: int) -> str:
    return "?" + urlencode({**request.args.to_dict(), "before": str(last)})


def changes(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """What an entry changed, name by name: before and after, as texts."""
    names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
    return [(name, _readable(entry.before.get(name)), _readable(entry.after.get(name))) for name in names]


def _readable(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@registry.get("/audit/verify/")
@agents_only
def audit_verify(agent: Agent) -> Response:
    """Walk the whole chain and say whether it is whole."""
    require(agent, "audit.read")
    noted = request.args.get("head", "").strip()
    return page("audit_verify.html", agent, verdict=verify(db.session(), expected_head=noted or None), noted=noted)
