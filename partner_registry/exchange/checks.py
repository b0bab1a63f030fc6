"""What an import holds the rows of a file to: what the rules refuse from anybody, whatever the door.

What may become untrue of a row that was right when it was recorded (a domain taken from a partner, a claim whose
purpose was withdrawn) is not checked here: the gate sees to it at each request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import InputError
from partner_registry import models as m
from partner_registry.agents import is_metropole
from partner_registry.agreements.drafting import check_agreement, check_number, check_predecessor
from partner_registry.agreements.status import AMENDABLE, amended_on, read_term
from partner_registry.billing.tariff import check_grid, check_years, grid_of
from partner_registry.clients.acceptances import read_result
from partner_registry.clients.registration import check_production_uri, registration_of
from partner_registry.completeness import is_siren
from partner_registry.data_protection.processings import EDITABLE, check_facts
from partner_registry.events.webhooks import check_address
from partner_registry.models import Environment, PartnerKind, Role, VersionState
from partner_registry.partners.contacts import check_contact
from partner_registry.partners.life import check_siret, check_slug, check_url, find_commune, line_of
from partner_registry.partners.succession import check_succession
from partner_registry.ports import ports

Fault = tuple[bool, str]
"""Whether something is wrong, and what."""


def check_row(session: Session, row: Any) -> None:
    """Raise `GlcError` for a row that the rules would refuse. Everything of the file is stored by now."""
    check = CHECKS.get(type(row))
    if check is not None:
        for wrong, told in check(session, row):
            if wrong:
                raise InputError(told)


def _partner(session: Session, partner: m.Partner) -> Iterator[Fault]:
    check_slug(partner.slug)
    for url in (partner.portal_url, partner.support_url):
        check_url(url)
    yield not partner.identities, "a partner has an identity: give insee_code, or identities"
    if partner.kind is PartnerKind.COMMUNE:
        for each in partner.identities:
            if session.get(m.Commune, each.siren) is None:
                find_commune(session, each.insee_code or each.siren, each.valid_from_on)
                yield True, f"{each.siren} is not the SIREN of a commune of the Métropole de Lyon"
    yield partner in _successors(partner), "a partner does not succeed itself"
    yield (partner.successor is None) is not (partner.succeeded_on is None), "successor and succeeded_on go together"
    if partner.successor is not None and partner.succeeded_on is not None:
        check_succession(partner, partner.successor, partner.succeeded_on)


def _successors(partner: m.Partner) -> list[m.Partner]:
    line: list[m.Partner] = []
    while partner.successor is not None and partner.successor not in line:
        partner = partner.successor
        line.append(partner)
    return line


def _identity(session: Session, identity: m.PartnerIdentity) -> Iterator[Fault]:
    same = sa.select(m.PartnerIdentity).where(m.PartnerIdentity.siren == identity.siren)
    others = {each.partner.slug for each in session.scalars(same)} - {identity.partner.slug}
    yield bool(others), f"{identity.siren} is another partner already: {', '.join(sorted(others))}"
    yield not is_siren(identity.siren), f"{identity.siren!r} is not a SIREN: its check digit is wrong"
    check_siret(identity.siret, identity.siren)


def _contact(_session: Session, contact: m.Contact) -> Iterator[Fault]:
    check_contact(contact.role, contact.name, contact.email)
    yield contact.ended_on is not None and contact.ended_on < contact.since_on, "ended_on precedes since_on"


def _acts(file: m.Agreement | m.Amendment) -> Iterator[Fault]:
    days = [("signed_on", file.signed_on), ("transmitted_on", file.transmitted_on), ("notified_on", file.notified_on)]
    known = [(name, day) for name, day in days if day is not None]
    for (earlier, first), (later, second) in pairwise(known):
        yield second < first, f"{later} precedes {earlier}"
    for decision in file.decisions:
        late = file.signed_on is not None and decision.decided_on is not None and decision.decided_on > file.signed_on
        yield late, f"the council's decision {decision.number} follows the signature"


def _agreement(session: Session, agreement: m.Agreement) -> Iterator[Fault]:
    check_number(agreement.number)
    yield is_metropole(agreement.partner), "the Métropole has no agreement with itself (A16)"
    check_predecessor(agreement.partner, agreement.predecessor, of=agreement)
    check_agreement(session, agreement)
    yield from _acts(agreement)


def _amendment(_session: Session, amendment: m.Amendment) -> Iterator[Fault]:
    unknown = sorted(amendment.changes.keys() - set(AMENDABLE))
    yield bool(unknown) or not amendment.changes, f"changes name one or more of {', '.join(AMENDABLE)}"
    for name, value in amendment.changes.items():
        wanted = bool if name in {"already_equipped", "renews_yearly"} else str
        yield not isinstance(value, wanted), f"changes.{name}: {value!r} cannot be its value"
        try:
            read_term(name, value)
        except ValueError as error:
            yield True, f"changes.{name}: {error}"
    first, end = amended_on(amendment), str(amendment.changes.get("hard_end_on", "9999"))
    yield first is not None and end < first.isoformat(), "changes.hard_end_on precedes the amendment's first day"
    yield from _acts(amendment)


def _document(_session: Session, document: m.Document) -> Iterator[Fault]:
    digest = hashlib.sha256(document.content).hexdigest()
    yield document.sha256 != digest, f"the content's SHA-256 is {digest}, not {document.sha256}: it was altered"
    yield document.size != len(document.content), f"the content has {len(document.content)} bytes, not {document.size}"


def _suspension(_session: Session, suspension: m.Suspension) -> Iterator[Fault]:
    yield suspension.ends_at is not None and suspension.ends_at < suspension.starts_at, "ends_at precedes starts_at"


def _derogation(_session: Session, derogation: m.Derogation) -> Iterator[Fault]:
    yield derogation.until_on < derogation.from_on, "until_on precedes from_on"


def _processing(_session: Session, processing: m.Processing) -> Iterator[Fault]:
    check_facts(processing.partner, {name: getattr(processing, name) for name in EDITABLE})
    begun, ended = processing.validated_on, processing.withdrawn_on
    yield begun is not None and ended is not None and ended < begun, "withdrawn_on precedes validated_on"
    of_another = processing.replaces is not None and processing.replaces.partner not in line_of(processing.partner)
    yield of_another, "a processing replaces one of the same partner"


def _client(_session: Session, client: m.Client) -> Iterator[Fault]:
    numbers = [each.number for each in client.versions]
    yield not numbers, "a client has at least one version"
    yield len(set(numbers)) < len(numbers), "two versions have the same number"
    published = [each for each in client.versions if each.state is VersionState.PUBLISHED]
    yield len(published) > 1, "two versions are published: only one is in use"
    sandbox = client.environment is Environment.SANDBOX
    yield sandbox and bool(client.bindings), "a sandbox client is bound to no agreement"
    for earlier, later in pairwise(sorted(client.bindings, key=lambda each: each.valid_from_on)):
        overlap = earlier.valid_to_on is None or earlier.valid_to_on >= later.valid_from_on
        yield overlap, f"two bindings overlap on {later.valid_from_on}"
    for binding in client.bindings:
        owner = binding.agreement.partner
        another = owner not in line_of(client.partner_on(binding.valid_from_on))
        yield another, f"{binding.agreement.number} is another partner's agreement ({owner.slug})"
    holders = {client.partner, *(each.to_partner for each in client.transfers)}
    own = [each for holder in holders for each in line_of(holder)]
    for processing in client.processings:
        yield processing.partner not in own, f"{processing.name!r} is another partner's processing"


def _version(_session: Session, version: m.ClientVersion) -> Iterator[Fault]:
    registration_of(version).check()
    production = version.client.environment is Environment.PRODUCTION
    if production and version.state is not VersionState.ARCHIVED:
        for uri in (*version.redirect_uris, *version.post_logout_redirect_uris):
            check_production_uri(uri, {(urlsplit(uri).hostname or "").lower()})
    yield version.number < 1, "versions are numbered 1, 2, 3 …"
    yield (version.waived_at is None) is not (not version.waiver_reason), "waived_at and waiver_reason go together"


def _acceptance(_session: Session, run: m.AcceptanceRun) -> Iterator[Fault]:
    result = read_result(run.signed_text, ports().acceptances.read)
    yield run.verdict is not result.verdict, f"the signed result says verdict: {result.verdict.value}"
    yield run.finished_at != result.finished_at, f"the signed result says finished_at: {result.finished_at.isoformat()}"


def _secret(_session: Session, secret: m.ClientSecret) -> Iterator[Fault]:
    ports().client_secrets.open(secret.sealed)
    yield from ()


def _webhook(_session: Session, endpoint: m.WebhookEndpoint) -> Iterator[Fault]:
    check_address(endpoint.url, endpoint.events)
    ports().webhook_secrets.open(endpoint.sealed_secret)
    yield from ()


def _role(_session: Session, role: m.AgentRole) -> Iterator[Fault]:
    yield (role.role is Role.APPLICANT) is not (role.partner is not None), "an applicant's role names a partner"


def _tariff(session: Session, tariff: m.Tariff) -> Iterator[Fault]:
    check_grid(grid_of(tariff))
    check_years(session, grid_of(tariff))
    yield from ()


def _line(_session: Session, line: m.BillingLine) -> Iterator[Fault]:
    yield bool(line.reason) is not (line.counters is not None), "a counter-entry, and no other line, says why"
    yield line.due_cents != line.base_cents - line.discount_cents, "due_cents is not base_cents less discount_cents"
    undone = line.counters
    yield undone is not None and undone.due_cents != -line.due_cents, "a counter-entry is of the opposite amount"
    yield line.run.validated_at is None, "a run's lines are written when it is validated"


def _commune(_session: Session, commune: m.Commune) -> Iterator[Fault]:
    yield not is_siren(commune.siren), f"{commune.siren!r} is not a SIREN: its check digit is wrong"


def _population(_session: Session, population: m.LegalPopulation) -> Iterator[Fault]:
    yield min(population.municipal, population.total) < 0, "a population is not negative"


CHECKS: dict[type[Any], Callable[[Session, Any], Iterator[Fault]]] = {
    m.Partner: _partner,
    m.PartnerIdentity: _identity,
    m.Contact: _contact,
    m.Agreement: _agreement,
    m.Amendment: _amendment,
    m.Document: _document,
    m.Suspension: _suspension,
    m.Derogation: _derogation,
    m.Processing: _processing,
    m.Client: _client,
    m.ClientVersion: _version,
    m.AcceptanceRun: _acceptance,
    m.ClientSecret: _secret,
    m.WebhookEndpoint: _webhook,
    m.AgentRole: _role,
    m.Tariff: _tariff,
    m.BillingLine: _line,
    m.Commune: _commune,
    m.LegalPopulation: _population,
}
"""What is checked of each kind of row."""
