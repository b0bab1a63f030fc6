"""`glc processing purpose`, `processor`, `document`: the parts of a processing, one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from glc.errors import NotFound
from glc.i18n import N_
from partner_registry.agreements.documents import OF_PROCESSINGS, add_document
from partner_registry.commands.processing_told import claim_option, describe, read_claims
from partner_registry.commands.shared import DAY, Act, acts, find_processing
from partner_registry.completeness import CONTRACT_POINTS, processor_name
from partner_registry.data_protection.processings import copy_of, edit_processing
from partner_registry.models import DocumentKind, Processor
from partner_registry.partners.life import find_partner

remove_option = click.option("--remove", is_flag=True, help="Take it away instead.")


@click.command()
@click.argument("number", type=int)
@click.argument("text")
@claim_option
@remove_option
@acts()
def purpose(act: Act, number: int, text: str, claims: tuple[str, ...], remove: bool) -> dict[str, Any]:
    """Declare the purpose TEXT, as told to citizens, with all the claims it needs."""
    found = find_processing(act.session, number)
    kept = {each.text: each.claims for each in found.purposes}
    if remove:
        _take(kept, text)
    else:
        kept[text] = read_claims(claims)
    edit_processing(act.session, act.by, found, at=act.at, purposes=list(kept.items()))
    return describe(act, found)


@click.command()
@click.argument("number", type=int)
@click.argument("who")
@click.option("--subject", default="", help="What it does.")
@click.option(
    "--point",
    "checklist",
    multiple=True,
    type=click.Choice(CONTRACT_POINTS),
    help="Of GDPR 28(3), in the contract.",
)
@click.option("--sub-processor", "sub_processors", multiple=True, help="Authorised by the controller (28(2)).")
@click.option("--contract-on", type=DAY, help="Date of the contract.")
@click.option("--contract-sha256", default="", help="SHA-256 of the contract.")
@remove_option
@acts()
def processor(act: Act, number: int, who: str, remove: bool, **contract: Any) -> dict[str, Any]:
    """Describe the processor (sous-traitant) WHO, and its contract.

    WHO is a partner's short name, or the name of another body.
    """
    found = find_processing(act.session, number)
    kept = {processor_name(each): copy_of(each) for each in found.processors}
    if remove:
        _take(kept, who)
    else:
        kept[who] = _processor(act, who, contract)
    edit_processing(act.session, act.by, found, at=act.at, processors=list(kept.values()))
    return describe(act, found)


def _processor(act: Act, who: str, contract: dict[str, Any]) -> Processor:
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in contract.items()}
    try:
        return Processor(partner_id=find_partner(act.session, who).id, name="", **told)
    except NotFound:
        return Processor(name=who, **told)


@click.command()
@click.argument("number", type=int)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--kind",
    type=click.Choice([each.name for each in DocumentKind if each in OF_PROCESSINGS or each is DocumentKind.ANNEX]),
    required=True,
)
@click.option("--name", help="Name to keep it under.  [default: the file's]")
@acts()
def document(act: Act, number: int, path: Path, kind: str, name: str | None) -> dict[str, Any]:
    """Keep the PDF at PATH with a processing."""
    found, content = find_processing(act.session, number), path.read_bytes()
    add_document(
        act.session, act.by, found, kind=DocumentKind[kind], name=name or path.name, content=content, at=act.at
    )
    return describe(act, found)


def _take(kept: dict[str, Any], name: str) -> None:
    """Raise `NotFound`, naming those there are, unless there is one of that name to take away."""
    if kept.pop(name, None) is None:
        raise NotFound(N_("« %(name)s » n’y est pas ; il y a : %(known)s"), name=name, known=list(kept) or N_("aucun"))
