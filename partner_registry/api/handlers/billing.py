"""Tariffs, previews, billing runs and their lines."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response

from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.api.call import Call, Page, Shown, expect, page
from partner_registry.api.language import translate
from partner_registry.api.operation import CSV, PDF, Resource
from partner_registry.api.schemas import billing as schemas
from partner_registry.api.schemas.base import Motivated, Positioned
from partner_registry.billing import runs as rules
from partner_registry.billing.dues import excluded_from
from partner_registry.billing.statements import statement_pdf
from partner_registry.billing.tariff import grid_of, is_billed, save_tariff, tariff_for
from partner_registry.exports import lines_csv
from partner_registry.models import Agreement, BillingLine, BillingRun, Partner, Tariff


def _show_tariff(tariff: Tariff, call: Call) -> Shown:
    return Shown(tariff, billed=is_billed(call.session, tariff))


def _show_run(run: BillingRun, call: Call) -> Shown:
    state = rules.run_state(run)
    draft = rules.draft_of(call.session, run) if state is rules.RunState.DRAFT else None
    if draft is not None:
        anomalies = [{"detail": each.told(), "blocking": each.blocking} for each in draft.anomalies]
    else:
        anomalies = [{"detail": each, "blocking": False} for each in run.anomalies]
    return Shown(
        run,
        state=state,
        tariff=run.tariff.name if run.tariff else None,
        lines=len(draft.lines if draft else run.lines),
        total_cents=draft.total_cents if draft else sum(line.due_cents for line in run.lines),
        anomalies=anomalies,
        blocked=list(draft.blocked) if draft else [],
        excluded=[{"name": each.name, "detail": each.told()} for each in draft.excluded] if draft else [],
    )


def _show_line(line: Any) -> Shown:
    if isinstance(line, BillingLine):
        return Shown(line, counters=line.counters_id)
    return Shown(line, id=None, counters=None, reason="", written_at=None)


TARIFF = Resource(
    schema="billing:TariffTold",
    find=lambda call: call.one(sa.select(Tariff).where(Tariff.name == call.path["tariff"])),
    show=_show_tariff,
    path=lambda tariff, _call: f"/tariffs/{tariff.name}",
)
RUN = Resource(
    schema="billing:RunTold",
    find=lambda call: call.one(sa.select(BillingRun).where(BillingRun.id == call.path["run"])),
    show=_show_run,
    path=lambda run, _call: f"/billing/runs/{run.id}",
)
LINE = Resource(
    schema="billing:LineTold",
    find=lambda call: call.one(sa.select(BillingLine).where(BillingLine.id == call.path["line"])),
    show=lambda line, _call: _show_line(line),
    path=lambda line, _call: f"/billing/lines/{line.id}",
)


def tariffs(call: Call, asked: Positioned) -> Page:
    return page(call, asked, sa.select(Tariff), Tariff.name, lambda each: _show_tariff(each, call))


def add_tariff(call: Call, sent: schemas.NewTariff) -> Tariff:
    if call.session.scalar(sa.select(Tariff.id).where(Tariff.name == sent.name.strip())):
        raise Conflict(N_("une grille s’appelle déjà %(name)s"), name=sent.name)
    return save_tariff(call.session, call.agent, at=call.at, **sent.model_dump())


def edit_tariff(call: Call, tariff: Tariff, sent: schemas.TariffChanges) -> None:
    save_tariff(call.session, call.agent, at=call.at, name=tariff.name, **sent.model_dump())


def preview(call: Call, asked: schemas.PreviewAsked) -> Shown:
    if not asked.all_communes and (asked.offer or asked.population):
        raise InputError(N_("l’offre et la population se choisissent pour toutes les communes : all_communes=true"))
    if asked.all_communes and asked.offer is None:
        raise InputError(N_("dites pour quelle offre : offer=GLOBAL ou offer=RESTRICTED"), field="offer")
    found = (
        rules.preview_communes(call.session, asked.year, asked.offer, kind=asked.population)
        if asked.offer is not None
        else rules.preview_agreements(call.session, asked.year)
    )
    tariff = tariff_for(call.session, asked.year)
    left_out = (
        () if asked.all_communes else excluded_from(call.session, grid_of(tariff) if tariff else None, asked.year)
    )
    return Shown(
        found,
        lines=[_preview_line(each) for each in found.lines],
        excluded=[{"name": each.name, "detail": each.told(translate)} for each in left_out],
    )


def _preview_line(line: rules.PreviewLine) -> Shown:
    return Shown(
        line,
        bracket=line.fee.bracket.code,
        offer=line.fee.offer,
        base_cents=line.fee.base_cents,
        discount_cents=line.fee.discount_cents,
        due_cents=line.fee.due_cents,
    )


def runs(call: Call, asked: schemas.Runs) -> Page:
    query = sa.select(BillingRun)
    if asked.year is not None:
        query = query.where(BillingRun.year == asked.year)
    return page(
        call,
        asked,
        query,
        BillingRun.id,
        lambda each: _show_run(each, call),
        keep=lambda each: asked.state in {None, rules.run_state(each)},
    )


def prepare(call: Call, sent: schemas.NewRun) -> BillingRun:
    return rules.prepare_run(call.session, call.agent, sent.year, at=call.at)


def validate(call: Call, run: BillingRun) -> None:
    rules.validate_run(call.session, call.agent, run, at=call.at)


def issue(call: Call, run: BillingRun) -> None:
    rules.issue_run(call.session, call.agent, run, at=call.at)


def discard(call: Call, run: BillingRun, sent: Motivated) -> None:
    rules.discard_run(call.session, call.agent, run, at=call.at, reason=sent.reason)


def lines(call: Call, run: BillingRun, asked: schemas.LinesAsked) -> Page | Response:
    if call.media == CSV:
        text = lines_csv(rules.lines_of(call.session, run), spreadsheet=asked.spreadsheet)
        name = {"Content-Disposition": f"attachment; filename=campagne-{run.year}-{run.id}.csv"}
        return Response(text, mimetype=CSV, headers=name)
    if rules.run_state(run) is rules.RunState.DRAFT:  # computed, of one year, hence few
        return Page([_show_line(each) for each in rules.draft_of(call.session, run).lines], None)
    query = sa.select(BillingLine).where(BillingLine.run_id == run.id)
    return page(call, asked, query, BillingLine.id, _show_line)


def statement(call: Call, run: BillingRun) -> Response:
    partner = expect(call.session.scalar(sa.select(Partner).where(Partner.slug == call.path["partner"])))
    content = statement_pdf(rules.lines_for(call.session, run, partner), year=run.year)
    file = {"Content-Disposition": f"attachment; filename=etat-liquidatif-{run.year}-{partner.slug}.pdf"}
    return Response(content, mimetype=PDF, headers=file)


def counter(call: Call, line: BillingLine, sent: Motivated) -> BillingLine:
    return rules.counter_line(call.session, call.agent, line, at=call.at, reason=sent.reason)


def confirm_bracket(call: Call, agreement: Agreement, sent: schemas.ConfirmedBracket) -> None:
    rules.confirm_bracket(
        call.session, call.agent, agreement, call.path["year"], sent.bracket, at=call.at, reason=sent.reason
    )


def set_budget_voted(call: Call, agreement: Agreement, sent: schemas.BudgetVoted) -> None:
    rules.set_budget_voted(call.session, call.agent, agreement, call.path["year"], sent.voted, at=call.at)
