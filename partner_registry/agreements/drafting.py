"""The file of an agreement before it is signed: opened, changed, held to its framework's dates."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.errors import Conflict, InputError
from glc.i18n import N_
from partner_registry.agents import Agent, require
from partner_registry.agreements.instruction import STATUS_WORDS, party_of, subject_of
from partner_registry.agreements.status import AgreementStatus, status_at
from partner_registry.clients.bindings import begin_with
from partner_registry.models import (
    Agreement,
    AgreementKind,
    Offer,
    Partner,
    PartnerKind,
    Tariff,
)
from partner_registry.partners.life import agreements_of
from partner_registry.trail import note, note_change, snapshot

FIRST, NEVER = 1900, 2200
"""Years between which an agreement's dates are: beyond, somebody mistyped."""
LONGEST_NOTICE = 12
"""Months of notice, at most: a longer one would have to come before the year it ends."""


def draft_agreement(
    session: Session,
    by: Agent,
    partner: Partner,
    *,
    number: str,
    framework: str,
    offer: Offer,
    starts_on: dt.date,
    hard_end_on: dt.date,
    at: dt.datetime,
    kind: AgreementKind = AgreementKind.FRAMEWORK,
    predecessor: Agreement | None = None,
    **facts: object,
) -> Agreement:
    """Open the file of an agreement. Raises `Forbidden`, `Conflict` (number taken), `InputError` (dates against the
    framework's: R33; the discount for who is no founder: A5; an agreement of the Métropole with itself: A16)."""
    require(by, "agreement.draft", partner)
    if partner.kind is PartnerKind.METROPOLE:
        raise InputError(N_("la Métropole ne passe pas de convention avec elle-même (A16)"))
    number = free_number(session, number)
    check_predecessor(partner, predecessor)
    _check_terms(session, partner, framework=framework, starts_on=starts_on, hard_end_on=hard_end_on, **facts)
    agreement = Agreement(
        partner=partner,
        number=number,
        kind=kind,
        framework=framework,
        offer=offer,
        starts_on=starts_on,
        hard_end_on=hard_end_on,
        predecessor=predecessor,
        author_id=by.account_id,
        created_at=at,
        **facts,
    )
    session.add(agreement)
    note(session, by, at, "agreement.drafted", subject_of(agreement), partner=partner, after=snapshot(agreement))
    return agreement


def free_number(session: Session, number: str) -> str:
    """A number without blanks around. Raises `InputError`, `Conflict`."""
    number = number.strip()
    check_number(number)
    if session.scalar(sa.select(Agreement.id).where(Agreement.number == number)):
        raise Conflict(N_("le numéro %(number)s est déjà celui d’une convention"), number=number)
    return number


def check_number(number: str) -> None:
    """Raise `InputError` unless an agreement's number can stand in an address."""
    if not number:
        raise InputError(N_("donnez un numéro à la convention"))
    if "/" in number or number.startswith("."):
        raise InputError(
            N_("le numéro fait partie d’adresses : écrivez-le sans « / » ni point au début (2019-123, pas 2019/123)")
        )


def edit_draft(session: Session, by: Agent, agreement: Agreement, *, at: dt.datetime, **changes: object) -> None:
    """Change an agreement that is not submitted yet, or that must be completed. Raises as `draft_agreement`."""
    require(by, "agreement.draft", party_of(agreement, at))
    status = status_at(agreement, at)
    if status not in {AgreementStatus.DRAFT, AgreementStatus.CHANGES_REQUESTED}:
        raise Conflict(
            N_("une convention %(status)s ne se modifie pas : ouvrez un avenant, ou rouvrez le dossier"),
            status=STATUS_WORDS[status],
        )
    check_predecessor(agreement.partner, changes.get("predecessor"), of=agreement)
    before, was = snapshot(agreement), agreement.starts_on
    for name, value in changes.items():
        setattr(agreement, name, value)
    check_agreement(session, agreement)
    begin_with(session, agreement, was)
    note_change(
        session, by, at, "agreement.edited", subject_of(agreement), agreement, before, partner=agreement.partner
    )


def check_agreement(session: Session, agreement: Agreement) -> None:
    """Raise `InputError` for terms that no agreement has, whoever wrote them down: a page, a program or a file."""
    names = ("framework", "starts_on", "hard_end_on", "notice_months", "founding_partner")
    _check_terms(session, agreement.partner, **{name: getattr(agreement, name) for name in names})


def _check_terms(
    session: Session,
    partner: Partner,
    *,
    framework: str,
    starts_on: dt.date,
    hard_end_on: dt.date,
    notice_months: Any = 0,
    founding_partner: Any = False,
    **_others: object,
) -> None:
    if hard_end_on < starts_on:
        raise InputError(N_("le terme précède le début : vérifiez les deux dates"), field="hard_end_on")
    within_framework(session, framework, starts_on, hard_end_on)
    if not 0 <= notice_months <= LONGEST_NOTICE:
        told = N_("le préavis de dénonciation est de %(most)s mois au plus")
        raise InputError(told, most=LONGEST_NOTICE, field="notice_months")
    if founding_partner:
        check_founder(partner)


def check_predecessor(partner: Partner, predecessor: object, *, of: Agreement | None = None) -> None:
    """Raise `InputError` when what an agreement continues is another partner's, or comes after it in turn."""
    if not isinstance(predecessor, Agreement):
        return
    if predecessor not in agreements_of(partner):
        raise InputError(
            N_("%(number)s est d’un autre partenaire : une convention continue la sienne, ou celle qu’il a reprise"),
            number=predecessor.number,
            field="predecessor",
        )
    earlier: Agreement | None = predecessor
    while earlier is not None:
        if earlier is of:
            raise InputError(N_("une convention ne se continue pas elle-même"), field="predecessor")
        earlier = earlier.predecessor


def check_founder(partner: Partner) -> None:
    """Raise `InputError` when the discount is given to who was no founder (R8, reading A5)."""
    from partner_registry.seed import FOUNDERS

    numbers = {identity.siren for identity in partner.identities}
    if not numbers & {founder.siren for founder in FOUNDERS}:
        raise InputError(
            N_("%(partner)s n’est pas un partenaire initial : la remise de 2019 ne vaut que pour les cinq de R8"),
            partner=partner.slug,
        )


def within_framework(session: Session, framework: str, starts_on: dt.date, hard_end_on: dt.date) -> None:
    """Raise `InputError` for dates that the framework's tariff does not cover (R31, R33)."""
    if hard_end_on.year >= NEVER or starts_on.year < FIRST:
        raise InputError(N_("vérifiez les deux dates : une convention ne dure pas des siècles"))
    tariff = session.scalar(sa.select(Tariff).where(Tariff.name == framework))
    if tariff is None:
        return
    if hard_end_on > dt.date(tariff.last_year, 12, 31):
        raise InputError(
            N_("le cadre %(framework)s prend fin au plus tard le 31 décembre %(year)s (R33)"),
            framework=framework,
            year=tariff.last_year,
        )
    if starts_on < dt.date(tariff.first_year, 1, 1):
        raise InputError(
            N_("le cadre %(framework)s commence le 1er janvier %(year)s (R31)"),
            framework=framework,
            year=tariff.first_year,
        )
