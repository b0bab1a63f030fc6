"""The registry as the public record has it: territory, the five founding communes, the Métropole, their agreements.

Facts: rules R1–R11, R15, R29, R31–R33. What the record does not say is marked in the row's `assumed`. The framework
of 2019 ended on 31 December 2023 (R33): so that a demonstration works today, a clearly labelled follow-on framework
of the same shape is seeded too, as a new agreement and never an edit (reading A17). Oullins merged on 1 January 2024:
its successor is a partner of its own.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.clock import start_of_day
from partner_registry.clients.registration import GLC_CLAIMS
from partner_registry.completeness import CONTRACT_POINTS
from partner_registry.models import (
    Agreement,
    AgreementKind,
    Contact,
    ContactRole,
    CouncilBody,
    CouncilDecision,
    Offer,
    Partner,
    PartnerIdentity,
    PartnerKind,
    PopulationKind,
    Processing,
    Processor,
    Purpose,
    Tariff,
    TariffBracket,
)
from partner_registry.partners.life import legal_name_of
from partner_registry.partners.territory import load_territory

METROPOLE_SIREN = "200046977"
FRAMEWORK = "GNM 2019-2023"
"""The framework of 2019: the name its agreements and its tariff share."""
FOLLOW_ON_YEARS = 5
FIRST_CONTACT_ON = dt.date(2017, 9, 27)
"""Since when the seeded contacts are: the day of the experiment's decision (R3)."""


@dataclass(frozen=True, slots=True)
class Founder:
    """One of the five communes of R8."""

    slug: str
    name: str
    siren: str
    insee_code: str
    site: str
    portal_url: str = ""


FOUNDERS = (
    Founder("bron", "Bron", "216900290", "69029", "bron.example"),
    Founder("dardilly", "Dardilly", "216900720", "69072", "dardilly.example"),
    Founder("oullins", "Oullins", "216901496", "69149", "oullins.example"),
    Founder("vaulx-en-velin", "Vaulx-en-Velin", "216902569", "69256", "vaulx-en-velin.example"),
    Founder("lyon", "Lyon", "216901231", "69123", "lyon.example", portal_url="https://www.lyon.fr/"),
)
MERGED = Founder("oullins-pierre-benite", "Oullins-Pierre-Bénite", "200102747", "69149", "oullins.example")
"""What Oullins has been since MERGED_ON: same INSEE code, new SIREN."""
MERGED_ON = dt.date(2024, 1, 1)


def seed(session: Session, today: dt.date) -> dict[str, int]:
    """Load what is missing; return how many communes and partners were added. A second call adds nothing."""
    communes = load_territory(session)
    if session.scalar(sa.select(Tariff.id).where(Tariff.name == FRAMEWORK)) is None:
        session.add(_tariff())
    known = set(session.scalars(sa.select(Partner.slug)))
    added = [_metropole()] if "metropole" not in known else []
    added += [_commune(founder, today) for founder in FOUNDERS if founder.slug not in known]
    if MERGED.slug not in known:
        added.append(_merged(today))
    session.add_all(added)
    session.flush()
    partners = {each.slug: each for each in session.scalars(sa.select(Partner))}
    if partners["oullins"].successor is None:
        partners["oullins"].successor, partners["oullins"].succeeded_on = partners[MERGED.slug], MERGED_ON
    _metropole_processes(partners)
    session.flush()
    return {"communes": communes, "partners": len(added)}


def _tariff() -> Tariff:
    """The grid of the convention (R16 to R30). Only 2019 and 2020 are printed there; the same for 2021 to 2023 is
    reading A9. No grid is invented for the follow-on framework: nothing is due under it."""
    lines = (
        ("LT_5000", 0, "< 5 000", 1_800, 1_400),  # R17, R18
        ("FROM_5000", 5_000, "> 5 000 et < 10 000", 5_400, 4_200),  # R19, R20
        ("FROM_10000", 10_000, "> 10 000 et < 20 000", 8_400, 6_500),  # R21, R22
        ("FROM_20000", 20_000, "> 20 000 et < 40 000", 10_800, 8_400),  # R23, R24
        ("FROM_40000", 40_000, "> 40 000 et < 80 000", 14_000, 10_800),  # R25, R26
        ("FROM_80000", 80_000, "> 80 000", 18_000, 14_000),  # R27, R28
    )
    return Tariff(
        name=FRAMEWORK,
        reference="article 9 et annexe 3 de la convention",
        first_year=2019,
        last_year=2023,
        population_kind=PopulationKind.MUNICIPAL,
        brackets=[
            TariffBracket(
                code=code,
                lower_bound=bound,
                wording=wording,
                global_cents=whole * 100,
                restricted_cents=restricted * 100,
            )
            for code, bound, wording, whole, restricted in lines
        ],
        founders_discount_year=2019,
        founders_discount_percent=50,
    )


def _metropole() -> Partner:
    return Partner(
        slug="metropole",
        kind=PartnerKind.METROPOLE,
        portal_url="https://toodego.example/",
        registered_at=start_of_day(FIRST_CONTACT_ON),
        identities=[
            PartnerIdentity(
                valid_from_on=dt.date(2015, 1, 1),
                name="Métropole de Lyon",
                legal_name="Métropole de Lyon",
                siren=METROPOLE_SIREN,
                siret="20004697700019",
            )
        ],
        contacts=_contacts("metropole.example"),
        processings=[
            _processing("Toodego", "Déposer vos démarches en ligne et en suivre l’avancement", "toodego"),
            *_metropoles_own(),
        ],
    )


def _metropoles_own() -> list[Processing]:
    """The account itself and the registry: what the Métropole is the controller of (assumed: registry reference, 4.2).
    No claim is released for them."""
    account = _processing("Compte GrandLyonConnect", "Ouvrir votre compte et vous reconnaître", "metropole")
    account.data_categories = ["État civil", "Coordonnées", "Connexions et journaux de sécurité", "Consentements"]
    account.source = "La personne elle-même"
    account.recipients = ["Partenaires dont un service est ouvert : voir la liste des destinataires"]
    account.dpia_required, account.dpia_reason = True, "Grande échelle et croisement de données (assumed)"
    account.dpia_reference, account.dpia_on = "AIPD du compte (assumed)", dt.date(2017, 12, 1)
    partners = _processing("Registre des partenaires", "Conclure et suivre les conventions, facturer", "metropole")
    partners.data_subjects, partners.source = ["Agents et contacts des partenaires"], "Les partenaires"
    partners.data_categories = ["Nom, fonction, coordonnées professionnelles", "Actes accomplis dans le registre"]
    for each in (account, partners):
        each.purposes = [Purpose(text=each.purposes[0].text, claims={})]
    return [account, partners]


def _commune(founder: Founder, today: dt.date) -> Partner:
    return Partner(
        slug=founder.slug,
        kind=PartnerKind.COMMUNE,
        portal_url=founder.portal_url or f"https://{founder.site}/",
        domains=[founder.site],
        registered_at=start_of_day(FIRST_CONTACT_ON),
        identities=[
            PartnerIdentity(
                valid_from_on=dt.date(2015, 1, 1),
                name=founder.name,
                legal_name=f"Ville d’{founder.name}" if founder.name[0] in "AEIOU" else f"Ville de {founder.name}",
                siren=founder.siren,
                siret="21690123100011" if founder.slug == "lyon" else None,
                insee_code=founder.insee_code,
            )
        ],
        contacts=_contacts(founder.site),
        agreements=_agreements(founder, today),
        processings=[
            _processing("Compte usager du site", "Vous reconnaître et préremplir vos démarches en ligne", founder.slug)
        ],
    )


def _merged(today: dt.date) -> Partner:
    return Partner(
        slug=MERGED.slug,
        kind=PartnerKind.COMMUNE,
        portal_url=f"https://{MERGED.site}/",
        registered_at=start_of_day(MERGED_ON),
        identities=[
            PartnerIdentity(
                valid_from_on=MERGED_ON,
                name=MERGED.name,
                legal_name=legal_name_of(MERGED.name),
                siren=MERGED.siren,
                insee_code=MERGED.insee_code,
            )
        ],
        contacts=_contacts(MERGED.site),
        agreements=[_follow_on(MERGED, today)],
    )


def _contacts(site: str) -> list[Contact]:
    people = {
        ContactRole.CONTROLLER: ("Le représentant du responsable de traitement", "secretariat-general"),
        ContactRole.DPO: ("La déléguée à la protection des données", "dpo"),
        ContactRole.TECHNICAL: ("L’équipe technique", "dsi"),
        ContactRole.SECURITY: ("Le responsable de la sécurité", "securite"),
        ContactRole.BILLING: ("Le service des finances", "finances"),
    }
    return [
        Contact(
            role=role,
            name=name,
            email=f"{box}@{site}",
            since_on=FIRST_CONTACT_ON,
            verified_at=start_of_day(FIRST_CONTACT_ON),
        )
        for role, (name, box) in people.items()
    ]


def _agreements(founder: Founder, today: dt.date) -> list[Agreement]:
    lyon = founder.slug == "lyon"
    first = Agreement(
        number=f"GNM-2019-{founder.slug}",
        kind=AgreementKind.FRAMEWORK,
        framework=FRAMEWORK,
        offer=Offer.RESTRICTED if lyon else Offer.GLOBAL,
        founding_partner=True,
        already_equipped=lyon,
        clause="4.1" if lyon else "",
        assumed="date de notification" if lyon else "offre, date de notification",
        created_at=start_of_day(dt.date(2018, 12, 1)),
        notified_on=dt.date(2018, 12, 31),
        starts_on=dt.date(2019, 1, 1),
        hard_end_on=dt.date(2023, 12, 31),
    )
    if lyon:
        first.decisions = [CouncilDecision(body=CouncilBody.PARTNER, number="2018/4385")]
        first.reported_on = dt.date(2018, 12, 5)
        first.notes = (
            "Service demandeur : Secrétariat général, Direction des systèmes d’information et des télécommunications "
            "(DSIT). Avis : commission finances, commande publique, administration générale, ressources humaines. "
            "Extrait signé pour le Maire par l’adjointe déléguée, Sandrine FRIH."
        )
        first.budget_program, first.budget_operation = "RECIT", "GESTSI"
        first.budget_nature, first.budget_function = "62878", "020"
        first.predecessor = _experiment()
    return [
        *([first.predecessor] if first.predecessor else []),
        first,
        *([_follow_on(founder, today)] if founder.slug != "oullins" else []),
    ]


def _follow_on(founder: Founder, today: dt.date) -> Agreement:
    lyon = founder.slug == "lyon"
    return Agreement(
        number=f"SIMULATEUR-2024-{founder.slug}",
        kind=AgreementKind.FRAMEWORK,
        framework="Simulateur, suite du cadre 2019-2023",
        offer=Offer.RESTRICTED if lyon else Offer.GLOBAL,
        already_equipped=lyon,
        assumed="tout : un cadre inventé, de même forme, pour que la démonstration marche aujourd’hui",
        created_at=start_of_day(dt.date(2023, 12, 1)),
        notified_on=dt.date(2023, 12, 31),
        starts_on=dt.date(2024, 1, 1),
        hard_end_on=dt.date(max(today.year, 2024) + FOLLOW_ON_YEARS, 12, 31),
    )


def _experiment() -> Agreement:
    """The experiment of the Compte Unique du Territoire, today GrandLyonConnect (R3, R4, R6)."""
    return Agreement(
        number="CUT-2017-lyon",
        kind=AgreementKind.EXPERIMENT,
        framework="Expérimentation CUT 2017-2018",
        offer=Offer.RESTRICTED,
        assumed="premier jour (« depuis décembre 2017 »), date de notification, offre",
        created_at=start_of_day(dt.date(2017, 9, 27)),
        decisions=[
            CouncilDecision(body=CouncilBody.PARTNER, number="2017/3250", decided_on=dt.date(2017, 9, 27)),
        ],
        notified_on=dt.date(2017, 12, 1),
        starts_on=dt.date(2017, 12, 1),
        hard_end_on=dt.date(2018, 12, 31),
    )


def _processing(name: str, purpose: str, slug: str) -> Processing:
    return Processing(
        name=name,
        part_reason="La collectivité détermine les finalités et les moyens de ce traitement (R35)",
        legal_reference="Missions de service public de la collectivité (à préciser : supposé)",
        data_subjects=["Usagers du site"],
        recipients=["Services instructeurs de la collectivité"],
        retention_months=36,
        security_measures="Connexion chiffrée ; accès des agents par habilitation ; journaux.",
        privacy_notice_url=f"https://{slug}.example/donnees-personnelles",
        dpia_required=False,
        dpia_reason="Moins de deux critères du CEPD (supposé)",
        created_at=start_of_day(FIRST_CONTACT_ON),
        dpo_favourable=True,
        dpo_opinion="Avis favorable (donnée de démonstration)",
        dpo_opinion_at=start_of_day(FIRST_CONTACT_ON),
        validated_on=dt.date(2017, 12, 1),
        purposes=[Purpose(text=purpose, claims={rule["name"]: _WHY[rule["name"]] for rule in GLC_CLAIMS})],
    )


_WHY = {
    "given_name": "Saluer l’usager et préremplir ses démarches",
    "family_name": "Saluer l’usager et préremplir ses démarches",
    "first_name": "Même donnée que given_name, sous le nom que lisent d’anciens sites",
    "last_name": "Même donnée que family_name, sous le nom que lisent d’anciens sites",
    "gender": "Écrire les courriers avec la bonne civilité",
    "birthdate": "Vérifier l’âge qu’une démarche demande",
    "birthplace": "Distinguer des homonymes",
    "email": "Prévenir l’usager de l’avancement de sa démarche",
    "email_verified": "Savoir si l’adresse a été vérifiée",
}


def _metropole_processes(partners: dict[str, Partner]) -> None:
    """On a commune's instructions the Métropole runs Toodego and, in the global offer, the GRU (R13, R35): it is their
    processor (GDPR 28)."""
    for founder in (*FOUNDERS, MERGED):
        partner = partners[founder.slug]
        wanted = {"Démarches en ligne (Toodego)": "Portail et formulaires opérés par la Métropole"}
        if founder.slug != "lyon":
            wanted["Suivi des demandes (GRU)"] = "Outils des agents opérés par la Métropole"
        known = {each.name for each in partner.processings}
        for name, subject in wanted.items():
            if name not in known:
                made = _processing(name, "Traiter vos demandes", founder.slug)
                made.purposes = [Purpose(text=made.purposes[0].text, claims={})]
                made.data_categories = ["Réponses aux formulaires et pièces jointes", "Suivi de la demande"]
                made.processors = [
                    Processor(
                        partner=partners["metropole"],
                        subject=subject,
                        checklist=list(CONTRACT_POINTS),
                        contract_on=dt.date(2018, 12, 31),
                    )
                ]
                partner.processings.append(made)
