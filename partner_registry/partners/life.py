"""Partners: registered, named by dated identities, edited."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.errors import Conflict, InputError, NotFound
from glc.i18n import N_
from partner_registry.agents import Agent, require, require_reason
from partner_registry.completeness import is_siren
from partner_registry.models import (
    Agreement,
    Commune,
    Partner,
    PartnerIdentity,
    PartnerKind,
)
from partner_registry.trail import note, note_change, snapshot

ARRONDISSEMENTS = re.compile("6938[1-9]")


def find_partner(session: Session, slug: str) -> Partner:
    """The partner of that short name. Raises `NotFound` naming those there are."""
    partner = session.scalar(sa.select(Partner).where(Partner.slug == slug))
    if partner is None:
        known = ", ".join(session.scalars(sa.select(Partner.slug).order_by(Partner.slug)))
        raise NotFound(
            N_("aucun partenaire ne s’appelle %(slug)s ; il y a : %(known)s"), slug=slug, known=known or N_("aucun")
        )
    return partner


def line_of(partner: Partner) -> list[Partner]:
    """A partner with whoever it succeeds and whoever succeeds it, near and far."""
    line, todo = [], [partner]
    while todo:
        each = todo.pop()
        if each not in line:
            line.append(each)
            todo += [*each.predecessors, *([each.successor] if each.successor else [])]
    return line


def agreements_of(partner: Partner) -> list[Agreement]:
    """What a partner signed, and what those in its line signed, in order of their first days."""
    found = [agreement for each in line_of(partner) for agreement in each.agreements]
    return sorted(found, key=lambda each: each.starts_on)


def register_partner(
    session: Session,
    by: Agent,
    *,
    code: str,
    at: dt.datetime,
    slug: str | None = None,
    legal_name: str | None = None,
    siret: str | None = None,
    portal_url: str | None = None,
    support_url: str | None = None,
) -> Partner:
    """Register a commune of the Métropole, known by its INSEE code or SIREN (reading A10).

    Raises `Forbidden`; `InputError` with the reason for an arrondissement, a commune elsewhere or one that no longer
    exists; `Conflict` when it is a partner already.
    """
    require(by, "partner.register")
    commune = find_commune(session, code, paris_date(at))
    if session.scalar(sa.select(PartnerIdentity.id).where(PartnerIdentity.siren == commune.siren)):
        raise Conflict(N_("%(name)s est déjà un partenaire"), name=commune.name)
    slug = slug or slug_of(commune.name)
    check_slug(slug)
    if session.scalar(sa.select(Partner.id).where(Partner.slug == slug)):
        raise Conflict(N_("le nom court %(slug)s est déjà pris"), slug=slug)
    check_siret(siret, commune.siren)
    for url in (portal_url, support_url):
        check_url(url)
    partner = Partner(
        slug=slug,
        kind=PartnerKind.COMMUNE,
        portal_url=portal_url,
        support_url=support_url,
        registered_at=at,
        identities=[
            PartnerIdentity(
                valid_from_on=commune.exists_from_on or paris_date(at),
                name=commune.name,
                legal_name=legal_name or legal_name_of(commune.name),
                siren=commune.siren,
                siret=siret,
                insee_code=commune.insee_code,
            )
        ],
    )
    session.add(partner)
    session.flush()
    after = snapshot(partner) | {"identity": snapshot(partner.identities[0])}
    note(session, by, at, "partner.registered", subject_of(partner), partner=partner, after=after)
    return partner


def find_commune(session: Session, code: str, day: dt.date) -> Commune:
    """The commune of the Métropole that has this INSEE code, SIREN or name on that day. Raises `InputError` with the
    reason there is none, and what to register instead where that is known."""
    named = _named(session, code, day)
    if named is not None:
        return named
    typed, code = code.strip(), code.strip().replace(" ", "")
    if ARRONDISSEMENTS.fullmatch(code):
        raise InputError(
            N_("%(code)s est un arrondissement de Lyon, pas une commune : enregistrez Lyon (69123)"), code=code
        )
    found = session.scalars(
        sa.select(Commune).where(sa.or_(Commune.insee_code == code, Commune.siren == code)).order_by(Commune.siren)
    ).all()
    living = [each for each in found if each.exists_until_on is None or day <= each.exists_until_on]
    begun = [each for each in living if each.exists_from_on is None or each.exists_from_on <= day]
    if begun:
        return begun[0]
    if living and living[0].exists_from_on is not None:
        told = N_("%(name)s n’existe qu’à partir du %(day)s : enregistrez-la ce jour-là")
        raise InputError(told, name=living[0].name, day=living[0].exists_from_on)
    if found:
        gone = found[0]
        heirs = session.scalars(
            sa.select(Commune.name).where(Commune.insee_code == gone.insee_code, Commune.exists_until_on.is_(None))
        ).all()
        raise InputError(
            N_("%(name)s n’existe plus depuis le %(day)s ; commune qui en tient lieu : %(heirs)s"),
            name=gone.name,
            day=gone.exists_until_on and gone.exists_until_on + dt.timedelta(days=1),
            heirs=", ".join(heirs) or "—",
        )
    if re.fullmatch("[0-9]{9}", code) and not is_siren(code):
        raise InputError(N_("%(code)s n’est pas un SIREN : sa clé est fausse"), code=code)
    if not re.search("[0-9]", code):
        raise InputError(
            N_("aucune commune de la Métropole de Lyon ne s’appelle %(name)s : donnez son code INSEE ou son SIREN"),
            name=typed,
        )
    raise InputError(
        N_("%(code)s n’est pas une commune de la Métropole de Lyon : donnez son code INSEE ou son SIREN"), code=code
    )


def _named(session: Session, name: str, day: dt.date) -> Commune | None:
    """The commune that is called so on that day, however its accents and hyphens are typed."""
    slug = slug_of(name)
    found = session.scalars(sa.select(Commune).where(_exists_on(day))) if slug and not slug.isdecimal() else ()
    return next((each for each in found if slug_of(each.name) == slug), None)


def _exists_on(day: dt.date) -> sa.ColumnElement[bool]:
    return sa.and_(
        sa.or_(Commune.exists_from_on.is_(None), Commune.exists_from_on <= day),
        sa.or_(Commune.exists_until_on.is_(None), Commune.exists_until_on >= day),
    )


def slug_of(name: str) -> str:
    """A short name from a name: « Saint-Genis-les-Ollières » → saint-genis-les-ollieres."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def legal_name_of(name: str) -> str:
    """What a commune is called in full: « Commune de Bron », « Commune d’Écully »."""
    vowel = slug_of(name)[0] in "aeiouy"
    return f"Commune d’{name}" if vowel else f"Commune de {name}"


def edit_partner(session: Session, by: Agent, partner: Partner, *, at: dt.datetime, **changes: str | None) -> None:
    """Change where the partner's users are sent and helped. The portal's host is a domain on which its production
    services may live, so that another one is for whoever sets domains. Raises `Forbidden`, `InputError`."""
    require(by, "partner.edit", partner)
    if urlsplit(changes.get("portal_url", partner.portal_url) or "").hostname != portal_host(partner):
        require(by, "partner.rename")
    before = snapshot(partner)
    for name, url in changes.items():
        if name not in {"portal_url", "support_url"}:
            raise InputError(N_("%(name)s ne se modifie pas ici"), name=name)
        check_url(url)
        setattr(partner, name, url)
    note_change(session, by, at, "partner.edited", subject_of(partner), partner, before, partner=partner)


def portal_host(partner: Partner) -> str | None:
    """The host of a partner's portal."""
    return urlsplit(partner.portal_url or "").hostname


def set_domains(session: Session, by: Agent, partner: Partner, domains: list[str], *, at: dt.datetime) -> None:
    """Say on which domains a partner's production services may live, suppliers' included. Raises `Forbidden`,
    `InputError` for what is no domain."""
    require(by, "partner.rename")
    cleaned = sorted({domain.strip().lower() for domain in domains if domain.strip()})
    for domain in cleaned:
        if not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", domain):
            raise InputError(N_("%(domain)s n’est pas un nom de domaine"), domain=domain)
    before = snapshot(partner)
    partner.domains = cleaned
    note_change(session, by, at, "partner.domains_set", subject_of(partner), partner, before, partner=partner)


def rename_partner(
    session: Session,
    by: Agent,
    partner: Partner,
    *,
    from_on: dt.date,
    name: str,
    legal_name: str,
    at: dt.datetime,
    reason: str,
    siret: str | None = None,
) -> PartnerIdentity:
    """Give a partner another name from a day on; its number stays. A merger is a successor, never an edited SIREN.

    Raises `Forbidden`, `InputError`, `Conflict`.
    """
    require(by, "partner.rename")
    reason = require_reason(reason)
    last = partner.identities[-1]
    if from_on <= last.valid_from_on:
        raise Conflict(N_("un nom plus récent est déjà connu depuis le %(day)s"), day=last.valid_from_on)
    if not name.strip() or not legal_name.strip():
        raise InputError(N_("donnez le nom et la dénomination légale"))
    check_siret(siret, last.siren)
    made = PartnerIdentity(
        valid_from_on=from_on,
        name=name.strip(),
        legal_name=legal_name.strip(),
        siren=last.siren,
        siret=siret or last.siret,
        insee_code=last.insee_code,
    )
    partner.identities.append(made)
    note(
        session,
        by,
        at,
        "partner.renamed",
        subject_of(partner),
        partner=partner,
        before=snapshot(last),
        after=snapshot(made),
        reason=reason,
    )
    return made


def subject_of(partner: Partner) -> str:
    """What the audit trail calls a partner."""
    return f"partner:{partner.slug}"


def check_slug(slug: str) -> None:
    """Raise `InputError` unless a short name can stand in a command and in an address."""
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > 60:
        raise InputError(N_("le nom court s’écrit en minuscules, chiffres et tirets : %(slug)s"), slug=slug)


def check_siret(siret: str | None, siren: str) -> None:
    """Raise `InputError` unless the SIRET, if there is one, is of that SIREN."""
    if siret is not None and not re.fullmatch(f"{siren}[0-9]{{5}}", siret):
        raise InputError(N_("le SIRET a quatorze chiffres et commence par le SIREN %(siren)s"), siren=siren)


def check_url(url: str | None) -> None:
    """Raise `InputError` unless the address, if there is one, is https."""
    if url is not None and not re.fullmatch(r"https://[^\s/?#@]+[^\s]*", url):
        raise InputError(N_("%(url)s n’est pas une adresse https"), url=url)
