"""`glc client terms`: what the registry lets a client get at an instant, and why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from glc.errors import NotFound
from glc.i18n import N_
from partner_registry.commands.shared import Act, at_option, reads
from partner_registry.terms import described, terms_for

TOLD = (
    "access reason since until grants_since scopes withdrawn_scopes closed_scopes claims controller purposes "
    "legal_basis privacy_notice_url dpo_contact portal_url support_url"
).split()


@click.command()
@click.argument("client_id")
@at_option
@reads()
def terms(act: Act, client_id: str, seen_at: dt.datetime | None) -> dict[str, Any]:
    """Say what a client may get, and why: access and its reason code, scopes, claims, controller, purposes."""
    found = terms_for(act.session, client_id, seen_at or act.at)
    if found is None:
        raise NotFound(N_("aucun client n’a été configuré sous le nom de %(client_id)s"), client_id=client_id)
    values = described(found)
    return {name: values[name] for name in TOLD}
