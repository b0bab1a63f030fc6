"""A processing as the command line tells it, and claims as they are typed there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from glc.i18n import english
from partner_registry.commands.shared import Act, email_of, facts
from partner_registry.completeness import missing_in_processing, processor_name
from partner_registry.models import Processing

claim_option = click.option("--claim", "claims", multiple=True, metavar="NAME=WHY", help="A claim it needs, and why.")


def read_claims(typed: Iterable[str]) -> dict[str, str]:
    """Each claim with its reason. Raises `BadParameter` for what is no NAME=WHY."""
    return dict(map(_claim, typed))


def _claim(text: str) -> tuple[str, str]:
    name, found, why = text.partition("=")
    if not (found and name.strip()):
        raise click.BadParameter(f"{text!r} is not NAME=WHY", param_hint="--claim")
    return name.strip(), why.strip()


def describe(act: Act, processing: Processing) -> dict[str, Any]:
    """A processing, with its purposes, its processors and what it lacks."""
    return {
        **summary_of(processing),
        **facts(processing),
        "author": email_of(act.session, processing.author_id),
        "replaces": processing.replaces_id,
        "joint_controllers": [each.slug for each in processing.joint_controllers],
        "purposes": [facts(each) for each in processing.purposes],
        "processors": [{"who": processor_name(each), **facts(each, "name")} for each in processing.processors],
        "documents": [facts(each) for each in processing.documents],
        "missing": [each.told(english) for each in missing_in_processing(processing)],
    }


def summary_of(processing: Processing) -> dict[str, Any]:
    """A processing in one line."""
    state = "VALIDATED" if processing.validated_on else "DRAFT"
    return {
        "number": processing.id,
        "partner": processing.partner.slug,
        "name": processing.name,
        "state": "WITHDRAWN" if processing.withdrawn_on else state,
    }
