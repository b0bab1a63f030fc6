"""An act of the registry as a page: what it does in plain words, its form, its rule. One view serves them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Response

from glc.database import db
from glc.services import services
from partner_registry.agents import Agent, require
from partner_registry.models import Partner
from partner_registry.web.base import Crumbs, done, now, page
from partner_registry.web.forms import RegistryForm, carried_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act: `rule` takes the session, the agent, the subject, `at`, and what the form's fields are named after.

    `lead` says what it does and to whom; `done` is told on the page that follows. `mailed`: the rule also takes the
    settings, because it writes to people. `cuts`: access may end by it, so its page shows the impact first.
    """

    name: str
    title: str
    lead: str
    button: str
    done: str
    action: str
    rule: Callable[..., object]
    form: type[RegistryForm] = RegistryForm
    mailed: bool = False
    cuts: bool = False
    prefilled: bool = False


def take(
    agent: Agent,
    act: Act,
    subject: Any,
    partner: Partner | None,
    *,
    back: str,
    crumbs: Crumbs,
    form: RegistryForm | None = None,
    **context: Any,
) -> Response:
    """Show an act's form; when it was sent, run its rule, commit, and go back to where it shows."""
    require(agent, act.action, partner)
    if form is None:
        form = act.form(obj=subject if act.prefilled else None)
    handed: Mapping[str, Any] = {"settings": services().settings} if act.mailed else {}
    if carried_out(form, lambda: act.rule(db.session(), agent, subject, at=now(), **form.values(), **handed)):
        return done(act.done, back)
    context = {"act": act, "form": form, "partner": partner, "back": back, "crumbs": crumbs, **context}
    return page("act.html", agent, form.status, **context)
