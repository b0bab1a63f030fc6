"""An agent's home: what waits for them, each thing leading to where it is done."""

from __future__ import annotations

from itertools import groupby

from werkzeug.wrappers import Response

from glc.database import db
from partner_registry.agents import ROLE_WORDS, Agent
from partner_registry.models import Agreement, Amendment, Client, ClientVersion, Incident, Processing, Role
from partner_registry.todo import Task, waiting_for
from partner_registry.web import links
from partner_registry.web.base import agents_only, now, page, registry, today


@registry.get("/todo/")
@agents_only
def todo(agent: Agent) -> Response:
    """What waits for the agent who is looking."""
    tasks = waiting_for(db.session(), agent, now())
    groups = [
        (kind, [(each, _where(each)) for each in found]) for kind, found in groupby(tasks, lambda each: each.kind)
    ]
    roles = [ROLE_WORDS[role] for role in Role if role in agent.roles]
    return page("home.html", agent, groups=groups, roles=roles, count=len(tasks))


def _where(task: Task) -> str:
    """Where a task is done."""
    subject = task.subject
    if isinstance(subject, Agreement | Amendment):
        return links.file(subject)
    if isinstance(subject, Processing):
        return links.processing(subject)
    if isinstance(subject, Client | ClientVersion):
        return links.client(subject if isinstance(subject, Client) else subject.client)
    if isinstance(subject, Incident):
        return links.incident(subject)
    return links.contacts(subject.partner.holder_on(today()))
