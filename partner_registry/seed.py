"""The registry as the public record has it: territory, the five founding communes, the Métropole, their agreements.

Facts: rules R1–R9, R15, R29, R31–R33. What the record does not say is marked in the row's `assumed`. The framework
of 2019 ended on 31 December 2023 (R33): so that a demonstration works today, a clearly labelled follow-on framework
of the same shape is seeded too, as a new agreement and never an edit (reading A17).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from partner_registry.clients import GLC_CLAIMS
from partner_registry.models import (
    Agreement,
    AgreementKind,
    Offer,
    Partner,
    PartnerKind,
    Processing,
    Purpose,
)
from partner_registry.territory import load_territory

METROPOLE_SIREN = "200046977"
FOLLOW_ON_YEARS = 5


@dataclass(frozen=True, slots=True)
class Founder:
    """One of the five communes of R8, as it is today."""

    slug: str
    name: str
    siren: str
    site: str
    offer_assumed: bool = True


FOUNDERS = (
    Founder("bron", "Bron", "216900290", "bron.example"),
    Founder("dardilly", "Dardilly", "216900720", "dardilly.example"),
    Founder("oullins", "Oullins", "216901496", "oullins.example"),
    Founder("vaulx-en-velin", "Vaulx-en-Velin", "216902569", "vaulx-en-velin.example"),
    Founder("lyon", "Lyon", "216901231", "lyon.example", offer_assumed=False),
)


def seed(session: Session, today: dt.date) -> dict[str, int]:
    """Load what is missing; return how many communes and partners were added. A second call adds nothing."""
    communes = load_territory(session)
    known = set(session.scalars(sa.select(Partner.slug)))
    added = [_metropole()] if "metropole" not in known else []
    added += [_commune(founder, today) for founder in FOUNDERS if founder.slug not in known]
    session.add_all(added)
    session.flush()
    return {"communes": communes, "partners": len(added)}


def _metropole() -> Partner:
    return Partner(
        slug="metropole",
        kind=PartnerKind.METROPOLE,
        name="Métropole de Lyon",
        legal_name="Métropole de Lyon",
        siren=METROPOLE_SIREN,
        portal_url="https://toodego.example/",
        dpo_contact="dpo@metropole.example",
        processings=[_processing("Toodego", "Déposer vos démarches en ligne et en suivre l’avancement", "toodego")],
    )


def _commune(founder: Founder, today: dt.date) -> Partner:
    return Partner(
        slug=founder.slug,
        kind=PartnerKind.COMMUNE,
        name=founder.name,
        legal_name=f"Ville de {founder.name}",
        siren=founder.siren,
        portal_url=f"https://{founder.site}/",
        dpo_contact=f"dpo@{founder.site}",
        agreements=_agreements(founder, today),
        processings=[
            _processing("Compte usager du site", "Vous reconnaître et préremplir vos démarches en ligne", founder.slug)
        ],
    )


def _agreements(founder: Founder, today: dt.date) -> list[Agreement]:
    lyon = founder.slug == "lyon"
    offer = Offer.RESTRICTED if lyon else Offer.GLOBAL
    first = Agreement(
        number=f"GNM-2019-{founder.slug}",
        kind=AgreementKind.FRAMEWORK,
        framework="GNM 2019-2023",
        offer=offer,
        founding_partner=True,
        already_equipped=lyon,
        assumed="notification date" if lyon else "offer, notification date",
        council_decision_number="2018/4385" if lyon else None,
        notified_on=dt.date(2018, 12, 31),
        starts_on=dt.date(2019, 1, 1),
        hard_end_on=dt.date(2023, 12, 31),
    )
    follow_on = Agreement(
        number=f"SIMULATEUR-2024-{founder.slug}",
        kind=AgreementKind.FRAMEWORK,
        framework="Simulateur, suite du cadre 2019-2023",
        offer=offer,
        already_equipped=lyon,
        assumed="everything: an invented framework of the same shape, so that the demonstration works today",
        notified_on=dt.date(2023, 12, 31),
        starts_on=dt.date(2024, 1, 1),
        hard_end_on=dt.date(max(today.year, 2024) + FOLLOW_ON_YEARS, 12, 31),
    )
    return [*([_experiment()] if lyon else []), first, follow_on]


def _experiment() -> Agreement:
    """The experiment of the Compte Unique du Territoire, today GrandLyonConnect (R3, R4, R6)."""
    return Agreement(
        number="CUT-2017-lyon",
        kind=AgreementKind.EXPERIMENT,
        framework="Expérimentation CUT 2017-2018",
        offer=Offer.RESTRICTED,
        assumed="first day (« since December 2017 »), notification date, offer",
        council_decision_number="2017/3250",
        council_decided_on=dt.date(2017, 9, 27),
        notified_on=dt.date(2017, 12, 1),
        starts_on=dt.date(2017, 12, 1),
        hard_end_on=dt.date(2018, 12, 31),
    )


def _processing(name: str, purpose: str, slug: str) -> Processing:
    claims = [rule["name"] for rule in GLC_CLAIMS]
    return Processing(
        name=name,
        privacy_notice_url=f"https://{slug}.example/donnees-personnelles",
        validated_on=dt.date(2017, 12, 1),
        purposes=[Purpose(text=purpose, claims=claims)],
    )
