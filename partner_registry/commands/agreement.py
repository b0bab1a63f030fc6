"""`glc agreement`: the files of conventions and of their amendments, from the draft to the end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from glc.clock import paris_date
from glc.i18n import english
from partner_registry.agreements.acts import add_decision, correct, missing_for_signature, notify, sign, transmit
from partner_registry.agreements.amendments import open_amendment
from partner_registry.agreements.documents import add_document
from partner_registry.agreements.drafting import draft_agreement, edit_draft
from partner_registry.agreements.impact import impact_of
from partner_registry.agreements.instruction import File, file_status, take_step
from partner_registry.agreements.interruptions import (
    grant_derogation,
    lift_suspension,
    refuse_renewal,
    suspend,
    terminate,
)
from partner_registry.agreements.status import standing, status_at, terms_on
from partner_registry.commands.shared import (
    DAY,
    INSTANT,
    Act,
    acts,
    as_table,
    at_option,
    choice,
    email_of,
    facts,
    find_agreement,
    find_file,
    given,
    reads,
    reason_option,
    with_options,
)
from partner_registry.completeness import missing_for_approval, missing_for_submission
from partner_registry.models import (
    Agreement,
    AgreementKind,
    CouncilBody,
    DocumentKind,
    Offer,
    StepKind,
)
from partner_registry.partners.life import find_partner
from partner_registry.ports import ports

ACTS = ("signed_on", "transmitted_on", "notified_on", "renewal_refused_on")
"""Dated acts, unknown before their day."""


@click.group()
def agreement() -> None:
    """The conventions between partners and the Métropole.

    A FILE is an agreement, by its number, or one of its amendments: NUMBER/1, NUMBER/2 …
    """


@agreement.command("list")
@click.option("--partner", metavar="SLUG", help="Only this partner's.")
@at_option
@reads(as_table("number", "partner", "offer", "status"))
def list_agreements(act: Act, partner: str | None, seen_at: dt.datetime | None) -> list[dict[str, Any]]:
    """List the agreements, each with its status."""
    at = seen_at or act.at
    query = sa.select(Agreement).where(Agreement.created_at <= at).order_by(Agreement.starts_on, Agreement.number)
    if partner:
        query = query.where(Agreement.partner == find_partner(act.session, partner))
    return [_summary(each, at) for each in act.session.scalars(query)]


@agreement.command()
@click.argument("file")
@at_option
@reads()
def show(act: Act, file: str, seen_at: dt.datetime | None) -> dict[str, Any]:
    """Show a file: status, terms in effect, acts, steps, documents."""
    return describe(act, find_file(act.session, file), seen_at or act.at)


@agreement.command()
@click.argument("file")
@click.option(
    "--for", "goal", type=click.Choice(["submission", "approval", "signature"]), help="[default: what is next]"
)
@reads()
def missing(act: Act, file: str, goal: str | None) -> list[str]:
    """Say what a file still lacks."""
    found = find_file(act.session, file)
    agreement = found if isinstance(found, Agreement) else found.agreement
    status = file_status(found, act.at).name
    goal = goal or {"SUBMITTED": "approval", "APPROVED": "signature"}.get(status, "submission")
    lacking = {
        "submission": lambda: missing_for_submission(agreement, act.today),
        "approval": lambda: missing_for_approval(agreement, act.today),
        "signature": lambda: missing_for_signature(found, act.today),
    }[goal]()
    return [each.told(english) for each in lacking]


_BILLED = (
    click.option("--founding/--not-founding", "founding_partner", default=None, help="One of the five of 2019."),
    click.option("--budget-program"),
    click.option("--budget-operation"),
    click.option("--budget-nature"),
    click.option("--budget-function"),
    click.option("--chorus-service-code", help="Service code of the debtor."),
    click.option("--commitment-number", help="Engagement of the debtor."),
)
_FACTS = (
    click.option("--already-equipped/--not-equipped", default=None, help="Has request-handling tools (article 4.1)."),
    click.option("--clause", help="Article that describes its case."),
    click.option("--assumed", help="What in this record is assumed rather than documented."),
    click.option("--notes"),
    click.option("--reported-on", type=DAY, help="Date of the report to the council."),
    click.option("--renews-yearly/--renews-not", default=None, help="Tacitly renewed each 1 January."),
    click.option("--notice-months", type=click.IntRange(0, 12), help="Notice of non-renewal.  [default: 3]"),
    *_BILLED,
)


@agreement.command()
@click.argument("partner")
@click.argument("number")
@click.option("--framework", required=True, help="Framework it belongs to, e.g. a tariff's name.")
@click.option("--offer", type=choice(Offer), required=True, help="GLOBAL: with the agents' tools.")
@click.option("--starts-on", type=DAY, required=True, help="Intended first day.")
@click.option("--hard-end-on", type=DAY, required=True, help="Last day at the latest.")
@click.option("--kind", type=choice(AgreementKind), default=AgreementKind.FRAMEWORK.name, show_default=True)
@click.option("--predecessor", metavar="NUMBER", help="Agreement it continues.")
@with_options(_FACTS)
@acts()
def draft(act: Act, partner: str, number: str, predecessor: str | None, **options: Any) -> dict[str, Any]:
    """Open the file of PARTNER's agreement NUMBER."""
    earlier = find_agreement(act.session, predecessor) if predecessor else None
    found = find_partner(act.session, partner)
    made = draft_agreement(act.session, act.by, found, number=number, at=act.at, predecessor=earlier, **given(options))
    return describe(act, made, act.at)


@agreement.command()
@click.argument("number")
@click.option("--framework")
@click.option("--offer", type=choice(Offer))
@click.option("--starts-on", type=DAY)
@click.option("--hard-end-on", type=DAY)
@click.option("--kind", type=choice(AgreementKind))
@click.option("--predecessor", metavar="NUMBER", help="Agreement it continues; empty: none.")
@with_options(_FACTS, changing=True)
@acts()
def edit(act: Act, number: str, predecessor: str | None, **options: Any) -> dict[str, Any]:
    """Change an agreement that is not submitted yet, or that must be completed."""
    found, changes = find_agreement(act.session, number), given(options)
    if predecessor is not None:
        changes["predecessor"] = find_agreement(act.session, predecessor) if predecessor else None
    edit_draft(act.session, act.by, found, at=act.at, **changes)
    return describe(act, found, act.at)


def _step(name: str, kind: StepKind, text: str, *, reason: bool = True) -> None:
    """Add a command that takes a step of a file's instruction."""

    @agreement.command(name, help=text)
    @click.argument("file")
    @click.option("--reason", required=reason, default=None if reason else "", help="Why; it stays in the trail.")
    @acts()
    def command(act: Act, file: str, reason: str) -> dict[str, Any]:
        found = find_file(act.session, file)
        take_step(act.session, act.by, found, kind, at=act.at, reason=reason)
        return describe(act, found, act.at)


_step("submit", StepKind.SUBMITTED, "Submit a file for examination; see `missing` first.", reason=False)
_step("withdraw", StepKind.WITHDRAWN, "Withdraw a file before it is approved.")
_step(
    "request-changes", StepKind.CHANGES_REQUESTED, "Send a file back to be completed. Another person than its author."
)
_step("refuse", StepKind.REFUSED, "Refuse a file. Another person than its author.")
_step("approve", StepKind.APPROVED, "Approve a file. Another person than its author.", reason=False)
_step("reopen", StepKind.REOPENED, "Take an approved, refused or withdrawn file up again; what runs goes on.")


@agreement.command()
@click.argument("file")
@click.option("--body", type=choice(CouncilBody), required=True, help="Whose council decided.")
@click.option("--number", required=True, help="Number of the délibération.")
@click.option("--on", "decided_on", type=DAY, help="Date of the sitting, when known.")
@acts()
def decision(act: Act, file: str, **options: Any) -> dict[str, Any]:
    """Record a council's decision (délibération)."""
    found = find_file(act.session, file)
    add_decision(act.session, act.by, found, at=act.at, **options)
    return describe(act, found, act.at)


@agreement.command()
@click.argument("file")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=choice(DocumentKind), default=DocumentKind.AGREEMENT.name, show_default=True)
@click.option("--name", help="Name to keep it under.  [default: the file's]")
@acts()
def document(act: Act, file: str, path: Path, kind: DocumentKind, name: str | None) -> dict[str, Any]:
    """Keep the PDF at PATH with a file."""
    found = find_file(act.session, file)
    add_document(act.session, act.by, found, kind=kind, name=name or path.name, content=path.read_bytes(), at=act.at)
    return describe(act, found, act.at)


@agreement.command("sign")
@click.argument("file")
@click.option("--on", type=DAY, required=True)
@click.option("--signatories", default="", help="Who signed, and in which quality.")
@acts()
def sign_file(act: Act, file: str, **options: Any) -> dict[str, Any]:
    """Record the signature: it takes both councils' decisions and the signed PDF."""
    return _recorded(act, file, sign, **options)


@agreement.command("transmit")
@click.argument("file")
@click.option("--on", type=DAY, required=True)
@click.option("--receipt", required=True, help="Number of the préfecture's receipt.")
@acts()
def transmit_file(act: Act, file: str, **options: Any) -> dict[str, Any]:
    """Record the transmission to the State's representative."""
    return _recorded(act, file, transmit, **options)


@agreement.command("notify")
@click.argument("file")
@click.option("--on", type=DAY, required=True)
@click.option("--means", default="", help="How: registered letter, by hand …")
@acts()
def notify_file(act: Act, file: str, **options: Any) -> dict[str, Any]:
    """Record the notification: from then on a file takes effect on its first day."""
    return _recorded(act, file, notify, **options)


def _recorded(act: Act, file: str, rule: Any, **options: Any) -> dict[str, Any]:
    found = find_file(act.session, file)
    rule(act.session, act.by, found, at=act.at, **options)
    return describe(act, found, act.at)


@agreement.command("correct")
@click.argument("number")
@click.option("--number", "new_number", help="Its number, if it was typed wrong.")
@click.option("--signed-on", type=DAY)
@click.option("--transmitted-on", type=DAY)
@click.option("--prefecture-receipt")
@click.option("--notified-on", type=DAY)
@click.option("--reported-on", type=DAY)
@click.option("--unpaid/--paid", default=None, help="Payment is late: a flag only.")
@with_options(_BILLED)
@reason_option
@acts()
def correct_agreement(act: Act, number: str, new_number: str | None, reason: str, **options: Any) -> dict[str, Any]:
    """Correct what was typed wrong. Terms do not change so: see `amend`."""
    found = find_agreement(act.session, number)
    correct(act.session, act.by, found, at=act.at, reason=reason, **given(options | {"number": new_number}))
    return describe(act, found, act.at)


@agreement.command()
@click.argument("number")
@click.option("--purpose", required=True, help="What it is for.")
@click.option("--effective-on", type=DAY, required=True, help="Intended first day of the new terms.")
@click.option("--offer", type=choice(Offer))
@click.option("--hard-end-on", type=DAY)
@click.option("--already-equipped/--not-equipped", default=None)
@click.option("--renews-yearly/--renews-not", default=None)
@acts()
def amend(act: Act, number: str, purpose: str, effective_on: dt.date, **options: Any) -> dict[str, Any]:
    """Open an amendment (avenant); it is then submitted, approved, signed … as NUMBER/1."""
    written = {"offer": lambda offer: offer.value, "hard_end_on": dt.date.isoformat}
    changes = {name: written.get(name, bool)(value) for name, value in given(options).items()}
    found = find_agreement(act.session, number)
    made = open_amendment(
        act.session, act.by, found, purpose=purpose, changes=changes, effective_on=effective_on, at=act.at
    )
    return describe(act, made, act.at)


confirm_option = click.option("--confirm", metavar="SLUG", help="The partner's short name.  [default: asked for]")


@agreement.command("suspend")
@click.argument("number")
@click.option("--from", "starts_at", type=INSTANT, help="[default: now]")
@click.option("--until", "ends_at", type=INSTANT, help="Planned end.  [default: until it is lifted]")
@confirm_option
@reason_option
@acts()
def suspend_agreement(act: Act, number: str, confirm: str | None, **options: Any) -> dict[str, Any]:
    """Cut a partner's access; its contacts are told by mail."""
    found = find_agreement(act.session, number)
    typed = _confirmed(act, found, confirm)
    suspend(act.session, act.by, found, confirmation=typed, settings=act.settings, at=act.at, **options)
    return describe(act, found, act.at)


@agreement.command()
@click.argument("number")
@reason_option
@acts()
def lift(act: Act, number: str, reason: str) -> dict[str, Any]:
    """End the running suspension now."""
    found = find_agreement(act.session, number)
    lift_suspension(act.session, act.by, found, reason=reason, settings=act.settings, at=act.at)
    return describe(act, found, act.at)


@agreement.command()
@click.argument("number")
@click.option("--received-on", type=DAY, required=True)
@click.option("--by", "sender", required=True, help="Who gives notice.")
@acts()
def denounce(act: Act, number: str, received_on: dt.date, sender: str) -> dict[str, Any]:
    """Record a notice of non-renewal: the agreement ends on a 31 December."""
    found = find_agreement(act.session, number)
    refuse_renewal(act.session, act.by, found, received_on=received_on, sender=sender, settings=act.settings, at=act.at)
    return describe(act, found, act.at)


@agreement.command("terminate")
@click.argument("number")
@click.option("--last-on", type=DAY, required=True, help="Its last day.")
@click.option("--cause", required=True)
@confirm_option
@acts()
def terminate_agreement(act: Act, number: str, last_on: dt.date, cause: str, confirm: str | None) -> dict[str, Any]:
    """End an agreement early (résiliation); the partner's contacts are told by mail."""
    found = find_agreement(act.session, number)
    typed = _confirmed(act, found, confirm)
    terminate(
        act.session, act.by, found, last_on=last_on, cause=cause, confirmation=typed, settings=act.settings, at=act.at
    )
    return describe(act, found, act.at)


@agreement.command()
@click.argument("number")
@click.option("--from", "from_on", type=DAY, required=True, help="First day of access.")
@click.option("--until", "until_on", type=DAY, required=True, help="Last day of access.")
@reason_option
@acts()
def derogate(act: Act, number: str, **options: Any) -> dict[str, Any]:
    """Give access for days before an approved agreement takes effect."""
    found = find_agreement(act.session, number)
    grant_derogation(act.session, act.by, found, at=act.at, **options)
    return describe(act, found, act.at)


def _confirmed(act: Act, agreement: Agreement, typed: str | None) -> str:
    """What was typed to confirm; asked for, after what the act would cut, when no option says it."""
    if typed is not None:
        return typed
    cut = impact_of(act.session, agreement, act.at, ports().active_users)
    sites = f"{len(cut.production)} sites and {len(cut.sandbox)} trials"
    click.echo(f"This cuts {sites}, which {cut.active_users} people used in the last 30 days.", err=True)
    return str(click.prompt("Type the partner's short name to confirm", err=True))


def describe(act: Act, file: File, at: dt.datetime) -> dict[str, Any]:
    """A file as it stood at an instant."""
    day = paris_date(at)
    told = facts(file)
    told |= {name: None for name in ACTS if told.get(name) is not None and told[name] > day}
    besides = {
        "author": email_of(act.session, file.author_id),
        "steps": [
            {"kind": each.kind, "at": each.at, "by": email_of(act.session, each.account_id), "reason": each.reason}
            for each in file.steps
            if each.at <= at
        ],
        "decisions": [facts(each) for each in file.decisions],
        "documents": [facts(each) for each in file.documents if each.kept_at <= at],
    }
    if isinstance(file, Agreement):
        return {**_summary(file, at), **told, **_terms(file, at), **besides, **_life(file, at)}
    return {
        "number": f"{file.agreement.number}/{file.number}",
        "status": file_status(file, at).name,
        **{name: value for name, value in told.items() if name != "number"},
        **besides,
    }


def _terms(agreement: Agreement, at: dt.datetime) -> dict[str, Any]:
    terms, now = terms_on(agreement, paris_date(at)), standing(agreement, at)
    known = {"since": now.since, "until": now.until}
    return {
        "offer": terms.offer,
        "hard_end_on": terms.hard_end_on,
        "already_equipped": terms.already_equipped,
        "renews_yearly": terms.renews_yearly,
        **{name: instant if 1 < instant.year < dt.MAXYEAR else None for name, instant in known.items()},
    }


def _life(agreement: Agreement, at: dt.datetime) -> dict[str, Any]:
    return {
        "predecessor": agreement.predecessor.number if agreement.predecessor else None,
        "amendments": [
            {
                "number": f"{agreement.number}/{each.number}",
                "status": file_status(each, at).name,
                "effective_on": each.effective_on,
                "changes": each.changes,
            }
            for each in agreement.amendments
            if each.created_at <= at
        ],
        "suspensions": [facts(each) for each in agreement.suspensions if each.starts_at <= at],
        "derogations": [facts(each) for each in agreement.derogations if each.granted_at <= at],
        "years": [facts(each) for each in agreement.years],
    }


def _summary(agreement: Agreement, at: dt.datetime) -> dict[str, Any]:
    return {
        "number": agreement.number,
        "partner": agreement.partner.holder_on(paris_date(at)).slug,
        "status": status_at(agreement, at).name,
        "offer": terms_on(agreement, paris_date(at)).offer,
    }
