"""`glc partner`: the communes and the Métropole, who they are and whom to ask."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
import sqlalchemy as sa

from glc.clock import paris_date
from glc.errors import NotFound
from glc.i18n import N_
from partner_registry.agents import require
from partner_registry.agreements.status import status_at
from partner_registry.commands.shared import (
    DAY,
    Act,
    acts,
    as_table,
    at_option,
    choice,
    facts,
    given,
    reads,
    reason_option,
)
from partner_registry.completeness import current_contacts
from partner_registry.models import Contact, ContactRole, Partner
from partner_registry.partners.contacts import add_contact, end_contact, verify_contact
from partner_registry.partners.life import (
    agreements_of,
    edit_partner,
    find_partner,
    register_partner,
    rename_partner,
    set_domains,
)
from partner_registry.partners.succession import succeed


@click.group()
def partner() -> None:
    """The bodies that connect sites: communes of the Métropole, and the Métropole itself."""


@partner.command("list")
@at_option
@reads(as_table("slug", "name", "siren", "agreement"))
def list_partners(act: Act, seen_at: dt.datetime | None) -> list[dict[str, Any]]:
    """List the partners, each with where its agreement stands."""
    at = seen_at or act.at
    found = act.session.scalars(sa.select(Partner).where(Partner.registered_at <= at).order_by(Partner.slug))
    return [_summary(each, at) for each in found]


@partner.command()
@click.argument("slug")
@at_option
@reads()
def show(act: Act, slug: str, seen_at: dt.datetime | None) -> dict[str, Any]:
    """Show a partner: names, contacts, agreements, processings, clients."""
    return describe(find_partner(act.session, slug), seen_at or act.at)


@partner.command()
@click.argument("code")
@click.option("--slug", help="Short name in commands and URLs.  [default: from its name]")
@click.option("--legal-name", help="As controller of its processings.  [default: Commune de …]")
@click.option("--siret", help="Of its head office, where confirmed.")
@click.option("--portal-url", metavar="URL", help="Where its users are sent.")
@click.option("--support-url", metavar="URL", help="Where its users find help.")
@acts()
def register(act: Act, code: str, **options: str | None) -> dict[str, Any]:
    """Register a commune of the Métropole, known by its INSEE CODE or its SIREN."""
    return describe(register_partner(act.session, act.by, code=code, at=act.at, **options), act.at)


@partner.command()
@click.argument("slug")
@click.option("--portal-url", metavar="URL", help="Where its users are sent; empty: nowhere.")
@click.option("--support-url", metavar="URL", help="Where its users find help; empty: nowhere.")
@acts()
def edit(act: Act, slug: str, **options: str | None) -> dict[str, Any]:
    """Change where a partner's users are sent and helped."""
    found = find_partner(act.session, slug)
    changes = {name: url or None for name, url in given(options).items()}
    edit_partner(act.session, act.by, found, at=act.at, **changes)
    return describe(found, act.at)


@partner.command()
@click.argument("slug")
@click.argument("domains", nargs=-1)
@click.option("--none", is_flag=True, help="None but its portal's.")
@acts()
def domains(act: Act, slug: str, domains: tuple[str, ...], none: bool) -> dict[str, Any]:
    """Say on which DOMAINS a partner's production sites may live, besides its portal's.

    They replace those there were.
    """
    if none is bool(domains):
        raise click.UsageError("name one or more domains, or say --none")
    found = find_partner(act.session, slug)
    set_domains(act.session, act.by, found, list(domains), at=act.at)
    return describe(found, act.at)


@partner.command()
@click.argument("slug")
@click.option("--from", "from_on", type=DAY, required=True, help="First day of the new name.")
@click.option("--name", required=True, help="Name shown to citizens.")
@click.option("--legal-name", required=True)
@click.option("--siret", help="If its head office changes too.")
@reason_option
@acts()
def rename(act: Act, slug: str, **options: Any) -> dict[str, Any]:
    """Give a partner another name from a day on. For a merger, see `succeed`: a SIREN is never edited."""
    found = find_partner(act.session, slug)
    rename_partner(act.session, act.by, found, at=act.at, **options)
    return describe(found, act.at)


@partner.command("succeed")
@click.argument("slug")
@click.argument("successor")
@click.option("--on", type=DAY, required=True, help="First day of the successor.")
@reason_option
@acts()
def succeed_partner(act: Act, slug: str, successor: str, on: dt.date, reason: str) -> dict[str, Any]:
    """Record that SUCCESSOR takes over from a partner after a merger; sites and users' `sub` go on."""
    found = find_partner(act.session, slug)
    succeed(act.session, act.by, found, find_partner(act.session, successor), on=on, at=act.at, reason=reason)
    return describe(found, act.at)


@partner.group()
def contact() -> None:
    """Whom to ask at a partner."""


@contact.command()
@click.argument("slug")
@click.argument("role", type=choice(ContactRole))
@click.option("--name", required=True, help="Person or service.")
@click.option("--email", required=True)
@click.option("--phone", default="")
@click.option("--cnil-designation", default="", help="DPO: reference of the designation at the CNIL.")
@acts()
def add(act: Act, slug: str, **options: Any) -> dict[str, Any]:
    """Add a contact; the one there was for that ROLE ends. Its address is then to be verified."""
    return _contact(add_contact(act.session, act.by, find_partner(act.session, slug), at=act.at, **options))


@contact.command()
@click.argument("number", type=int)
@acts()
def end(act: Act, number: int) -> dict[str, Any]:
    """End a contact, by the number that `glc partner show` gives it."""
    found = _find_contact(act, number)
    end_contact(act.session, act.by, found, at=act.at)
    return _contact(found)


@contact.command()
@click.argument("number", type=int)
@acts()
def verify(act: Act, number: int) -> dict[str, Any]:
    """Note that somebody proved to read a contact's address, otherwise than by the link mailed there."""
    found = _find_contact(act, number)
    require(act.by, "partner.register")
    verify_contact(act.session, act.by, found, at=act.at)
    return _contact(found)


def describe(partner: Partner, at: dt.datetime) -> dict[str, Any]:
    """A partner as it stood at an instant."""
    day = paris_date(at)
    return {
        **_summary(partner, at),
        **facts(partner),
        "successor": partner.successor.slug if partner.successor else None,
        **facts(partner.identity_on(day), "valid_from_on"),
        "contacts": [_contact(each) for each in current_contacts(partner, day)],
        "agreements": [
            {"number": each.number, "status": status_at(each, at).name, "partner": each.partner.slug}
            | ({"terminated_on": each.terminated_on} if each.terminated_on else {})
            for each in agreements_of(partner)
        ],
        "processings": [{"number": each.id, "name": each.name} for each in partner.processings],
        "clients": [
            {"client_id": each.client_id, "environment": each.environment, "name": each.latest.name}
            for each in partner.clients
        ],
    }


def _summary(partner: Partner, at: dt.datetime) -> dict[str, Any]:
    identity = partner.identity_on(paris_date(at))
    begun = [each for each in partner.agreements if each.created_at <= at]
    return {
        "slug": partner.slug,
        "name": identity.name,
        "siren": identity.siren,
        "agreement": status_at(begun[-1], at).name if begun else None,
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {"number": contact.id, **facts(contact)}


def _find_contact(act: Act, number: int) -> Contact:
    found = act.session.get(Contact, number)
    if found is None:
        raise NotFound(N_("aucun contact n’a le numéro %(number)s ; voyez : glc partner show"), number=number)
    return found
