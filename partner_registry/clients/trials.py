"""Where sites that register themselves belong (RFC 7591): a partner for trials, made when the first one does."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import paris_date
from partner_registry.clients.registration import GLC_CLAIMS, STANDARD_CLAIMS
from partner_registry.models import Partner, PartnerIdentity, PartnerKind, Processing, Purpose
from partner_registry.seed import METROPOLE_SIREN

SLUG = "essais"


def trial_partner(session: Session, at: dt.datetime) -> Partner:
    """The partner for trials. It is the Métropole's own, so that no agreement is asked of it; it has sandbox clients
    only, which accept invented people only, and its one processing declares every claim there is."""
    found = session.scalar(sa.select(Partner).where(Partner.slug == SLUG))
    if found is not None:
        return found
    today = paris_date(at)
    claims = dict.fromkeys(
        (rule["name"] for rule in (*GLC_CLAIMS, *STANDARD_CLAIMS)), "Essayer une connexion avec une personne inventée"
    )
    made = Partner(
        slug=SLUG,
        kind=PartnerKind.METROPOLE,
        registered_at=at,
        identities=[
            PartnerIdentity(
                valid_from_on=today,
                name="Sites à l’essai",
                legal_name="Métropole de Lyon (essais)",
                siren=METROPOLE_SIREN,
            )
        ],
        processings=[
            Processing(
                name="Essais de connexion",
                part_reason="Le simulateur ne traite que des personnes inventées",
                legal_reference="Aucune donnée personnelle : comptes d’essai",
                data_subjects=["Personnes inventées"],
                recipients=["Développeurs du site"],
                retention_months=1,
                security_measures="Comptes d’essai seulement",
                created_at=at,
                validated_on=today,
                purposes=[Purpose(text="Essayer la connexion d’un site", claims=claims)],
            )
        ],
    )
    try:
        with session.begin_nested():
            session.add(made)
    except sa.exc.IntegrityError:  # another site was first, at the same instant
        return session.scalars(sa.select(Partner).where(Partner.slug == SLUG)).one()
    return made
