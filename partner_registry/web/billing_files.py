"""A billing run as files: its lines for a spreadsheet or a program, and each debtor's statement to print."""

from __future__ import annotations

import json

from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_
from partner_registry.agents import Agent
from partner_registry.billing import runs as rules
from partner_registry.web.base import agents_only, registry
from partner_registry.web.billing_runs import run_seen


@registry.get("/billing/runs/<int:number>/lines.<any(csv, json):form>")
@agents_only
def billing_lines(agent: Agent, number: int, form: str) -> Response:
    """A run's lines as a file: CSV for a French spreadsheet, or JSON."""
    from partner_registry.exports import line_values, lines_csv

    run = run_seen(agent, number)
    lines = rules.lines_of(db.session(), run)
    name = f"campagne-{run.year}-{run.id}.{form}"
    if form == "json":
        body = json.dumps([line_values(each) for each in lines], ensure_ascii=False, indent=2)
        return _file(body.encode(), "application/json", name)
    return _file(lines_csv(lines, spreadsheet=True).encode(), "text/csv; charset=utf-8", name)


@registry.get("/billing/runs/<int:number>/statements/<siren>.pdf")
@agents_only
def billing_statement(agent: Agent, number: int, siren: str) -> Response:
    """The état liquidatif of one debtor of a run, to print."""
    from partner_registry.billing.statements import statement_pdf

    run = run_seen(agent, number)
    lines = [each for each in rules.lines_of(db.session(), run) if each.siren == siren]
    if not lines:
        raise NotFound(N_("cette campagne n’a pas de ligne pour ce débiteur"))
    body = statement_pdf(lines, year=run.year)
    return _file(body, "application/pdf", f"etat-liquidatif-{run.year}-{siren}.pdf")


def _file(body: bytes, media_type: str, name: str) -> Response:
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
