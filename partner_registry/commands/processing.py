"""`glc processing`: what personal data is used for, and which of it."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa

from glc.i18n import english
from partner_registry.commands.shared import (
    DAY,
    Act,
    acts,
    as_table,
    choice,
    email_of,
    facts,
    find_processing,
    given,
    reads,
    reason_option,
    with_options,
)
from partner_registry.completeness import missing_in_processing, processor_name
from partner_registry.data_protection.processings import (
    draft_processing,
    edit_processing,
    give_opinion,
    replace_processing,
    validate_processing,
    withdraw_processing,
)
from partner_registry.models import LegalBasis, Partner, PartnerPart, Processing
from partner_registry.partners.life import find_partner


@click.group()
def processing() -> None:
    """The processings of personal data that partners declare: no declared purpose, no claim.

    A NUMBER is the one that `glc processing list` shows.
    """


@processing.command("list")
@click.option("--partner", metavar="SLUG", help="Only this partner's.")
@reads(as_table("number", "partner", "name", "state"))
def list_processings(act: Act, partner: str | None) -> list[dict[str, Any]]:
    """List the processings."""
    query = sa.select(Processing).join(Partner).order_by(Partner.slug, Processing.id)
    if partner:
        query = query.where(Processing.partner == find_partner(act.session, partner))
    return [_summary(each) for each in act.session.scalars(query)]


@processing.command()
@click.argument("number", type=int)
@reads()
def show(act: Act, number: int) -> dict[str, Any]:
    """Show a processing, and what it still lacks."""
    return describe(act, find_processing(act.session, number))


_FACTS = (
    click.option("--purpose", help="The purpose, as told to citizens: the one that --claim is for."),
    click.option("--claim", "claims", multiple=True, metavar="NAME=WHY", help="A claim it needs, and why."),
    click.option("--reference", help="Number in the partner's own register."),
    click.option("--part", type=choice(PartnerPart), help="The partner's part in it.  [default: CONTROLLER]"),
    click.option("--part-reason", help="Why the parties are so qualified."),
    click.option("--legal-basis", type=choice(LegalBasis), help="GDPR article 6(1).  [default: PUBLIC_TASK]"),
    click.option("--legal-reference", help="Text that founds it."),
    click.option("--data-subject", "data_subjects", multiple=True, help="Whose data. May be repeated."),
    click.option("--recipient", "recipients", multiple=True, help="Who receives it. May be repeated."),
    click.option("--source", help="Where the data comes from."),
    click.option("--retention-months", type=click.IntRange(0)),
    click.option("--retention-reason", help="Why longer than 36 months."),
    click.option("--transfers", help="Outside the Union, and the safeguards."),
    click.option("--security-measures"),
    click.option("--sensitive-data/--no-sensitive-data", default=None, help="Data of GDPR articles 9 or 10."),
    click.option("--privacy-notice-url", metavar="URL"),
    click.option("--dpia-required/--no-dpia", default=None, help="Whether an impact assessment is required."),
    click.option("--dpia-reason"),
    click.option("--dpia-on", type=DAY),
    click.option("--dpia-reference"),
    click.option("--required-acr", help="Level of assurance it needs."),
    click.option("--joint-controller", "joint_controllers", multiple=True, metavar="SLUG", help="May be repeated."),
    click.option("--joint-essence-url", metavar="URL", help="Essence of the joint arrangement."),
    click.option("--joint-contact"),
)


@processing.command()
@click.argument("partner")
@click.option("--name", required=True, help="Name of the processing.")
@with_options(_FACTS)
@acts()
def draft(act: Act, partner: str, **options: Any) -> dict[str, Any]:
    """Declare a processing of PARTNER."""
    told = _told(act, options)
    return describe(act, draft_processing(act.session, act.by, find_partner(act.session, partner), at=act.at, **told))


@processing.command()
@click.argument("number", type=int)
@click.option("--name", help="Name of the processing.")
@with_options(_FACTS, changing=True)
@acts()
def edit(act: Act, number: int, **options: Any) -> dict[str, Any]:
    """Change a processing that is not validated yet; lists given replace the lists there were."""
    found = find_processing(act.session, number)
    edit_processing(act.session, act.by, found, at=act.at, **_told(act, options))
    return describe(act, found)


@processing.command()
@click.argument("number", type=int)
@acts()
def replace(act: Act, number: int) -> dict[str, Any]:
    """Copy a validated processing to change it; the copy takes its place on the day it is validated."""
    return describe(act, replace_processing(act.session, act.by, find_processing(act.session, number), at=act.at))


@processing.command()
@click.argument("number", type=int)
@click.argument("text")
@click.option("--favourable/--unfavourable", required=True)
@acts()
def opinion(act: Act, number: int, text: str, favourable: bool) -> dict[str, Any]:
    """Record the opinion of the Métropole's DPO, in words."""
    found = find_processing(act.session, number)
    give_opinion(act.session, act.by, found, favourable=favourable, text=text, at=act.at)
    return describe(act, found)


@processing.command()
@click.argument("number", type=int)
@acts()
def validate(act: Act, number: int) -> dict[str, Any]:
    """Let a processing receive data from today on. Another person than its author."""
    found = find_processing(act.session, number)
    validate_processing(act.session, act.by, found, at=act.at)
    return describe(act, found)


@processing.command()
@click.argument("number", type=int)
@reason_option
@acts()
def withdraw(act: Act, number: int, reason: str) -> dict[str, Any]:
    """Stop a processing today: its claims are no longer released."""
    found = find_processing(act.session, number)
    withdraw_processing(act.session, act.by, found, at=act.at, reason=reason)
    return describe(act, found)


def _told(act: Act, options: dict[str, Any]) -> dict[str, Any]:
    """What the options say, as the rules want it."""
    purpose, claims = options.pop("purpose"), options.pop("claims")
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in given(options).items()}
    if claims and not purpose:
        raise click.UsageError("--claim is for a --purpose: say which")
    if purpose:
        told["purposes"] = [(purpose, dict(map(_claim, claims)))]
    if "joint_controllers" in told:
        told["joint_controllers"] = [find_partner(act.session, slug) for slug in told["joint_controllers"]]
    return told


def _claim(text: str) -> tuple[str, str]:
    name, found, why = text.partition("=")
    if not (found and name.strip()):
        raise click.BadParameter(f"{text!r} is not NAME=WHY", param_hint="--claim")
    return name.strip(), why.strip()


def describe(act: Act, processing: Processing) -> dict[str, Any]:
    """A processing, with its purposes, its processors and what it lacks."""
    return {
        **_summary(processing),
        **facts(processing),
        "author": email_of(act.session, processing.author_id),
        "replaces": processing.replaces_id,
        "joint_controllers": [each.slug for each in processing.joint_controllers],
        "purposes": [facts(each) for each in processing.purposes],
        "processors": [{"who": processor_name(each), **facts(each, "name")} for each in processing.processors],
        "documents": [facts(each) for each in processing.documents],
        "missing": [each.told(english) for each in missing_in_processing(processing)],
    }


def _summary(processing: Processing) -> dict[str, Any]:
    state = "VALIDATED" if processing.validated_on else "DRAFT"
    return {
        "number": processing.id,
        "partner": processing.partner.slug,
        "name": processing.name,
        "state": "WITHDRAWN" if processing.withdrawn_on else state,
    }
