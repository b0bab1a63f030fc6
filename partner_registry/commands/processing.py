"""`glc processing`: what personal data is used for, and which of it."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa

from partner_registry.commands import processing_parts
from partner_registry.commands.processing_told import claim_option, describe, read_claims, summary_of
from partner_registry.commands.shared import (
    DAY,
    Act,
    acts,
    as_table,
    choice,
    find_processing,
    given,
    reads,
    reason_option,
    with_options,
)
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


for part in (processing_parts.purpose, processing_parts.processor, processing_parts.document):
    processing.add_command(part)


@processing.command("list")
@click.option("--partner", metavar="SLUG", help="Only this partner's.")
@reads(as_table("number", "partner", "name", "state"))
def list_processings(act: Act, partner: str | None) -> list[dict[str, Any]]:
    """List the processings."""
    query = sa.select(Processing).join(Partner).order_by(Partner.slug, Processing.id)
    if partner:
        query = query.where(Processing.partner == find_partner(act.session, partner))
    return [summary_of(each) for each in act.session.scalars(query)]


@processing.command()
@click.argument("number", type=int)
@reads()
def show(act: Act, number: int) -> dict[str, Any]:
    """Show a processing, and what it still lacks."""
    return describe(act, find_processing(act.session, number))


_FACTS = (
    click.option("--purpose", help="Its one purpose, that --claim is for; see `purpose` for several."),
    claim_option,
    click.option("--reference", help="Number in the partner's own register."),
    click.option("--part", type=choice(PartnerPart), help="The partner's part in it.  [default: CONTROLLER]"),
    click.option("--part-reason", help="Why the parties are so qualified."),
    click.option("--legal-basis", type=choice(LegalBasis), help="GDPR article 6(1).  [default: PUBLIC_TASK]"),
    click.option("--legal-reference", help="Text that founds it."),
    click.option("--data-subject", "data_subjects", multiple=True, help="Whose data. May be repeated."),
    click.option("--data-category", "data_categories", multiple=True, help="Besides the claims. May be repeated."),
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
        told["purposes"] = [(purpose, read_claims(claims))]
    if "joint_controllers" in told:
        told["joint_controllers"] = [find_partner(act.session, slug) for slug in told["joint_controllers"]]
    return told
