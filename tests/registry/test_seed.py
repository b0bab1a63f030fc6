"""What `glc seed` loads: the public record, and a follow-on framework that says it is invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.database import Base
from partner_registry.completeness import dpo_of, missing_in_processing
from partner_registry.models import (
    Agreement,
    AgreementKind,
    Commune,
    LegalPopulation,
    Offer,
    Partner,
    PartnerKind,
)
from partner_registry.seed import seed

Registry = Callable[[], AbstractContextManager[Session]]

FOUNDERS_IN_2019 = {
    "Bron": ("69029", "216900290", 41_060, 41_589),
    "Dardilly": ("69072", "216900720", 8_617, 9_173),
    "Oullins": ("69149", "216901496", 26_512, 26_838),
    "Vaulx-en-Velin": ("69256", "216902569", 48_497, 48_906),
    "Lyon": ("69123", "216901231", 515_695, 523_164),
}
"""Registry reference, part 2: INSEE code, SIREN, population municipale and totale in force on 1 January 2019."""
NEW_YEAR_2019 = dt.date(2019, 1, 1)


def test_seeding_again_adds_nothing(registry: Registry) -> None:
    """Issue: `glc seed` on a database that has it all."""
    with registry() as session:
        before = _counts(session)
        assert seed(session, dt.date(2031, 5, 5)) == {"communes": 0, "partners": 0}
        assert _counts(session) == before


def test_there_were_59_communes_and_58_since_the_merger(registry: Registry) -> None:
    """Readings A10; part 3: on 1 January 2024 Oullins and Pierre-Bénite became one, code kept, SIREN new."""
    with registry() as session:
        communes = session.scalars(sa.select(Commune)).all()
    in_2019 = [each for each in communes if each.siren != "200102747"]
    gone = {each.name: each.exists_until_on for each in communes if each.exists_until_on}
    assert len(in_2019) == 59
    assert gone == dict.fromkeys(["Oullins", "Pierre-Bénite"], dt.date(2023, 12, 31))
    merged = next(each for each in communes if each.siren == "200102747")
    assert (merged.name, merged.insee_code, merged.exists_until_on) == ("Oullins-Pierre-Bénite", "69149", None)


@pytest.mark.parametrize("name", FOUNDERS_IN_2019)
def test_a_founders_codes_and_populations_are_those_in_force_in_2019(registry: Registry, name: str) -> None:
    """Part 2; readings A2, A3."""
    insee, siren, municipal, total = FOUNDERS_IN_2019[name]
    with registry() as session:
        commune = session.get_one(Commune, siren)
        population = session.get_one(LegalPopulation, (siren, NEW_YEAR_2019))
        assert (commune.name, commune.insee_code) == (name, insee)
        assert (population.census_year, population.municipal, population.total) == (2016, municipal, total)


def test_every_commune_of_2019_has_its_population_of_each_year_until_2023(registry: Registry) -> None:
    """Reading A3: figures in force on 1 January, census of three years before."""
    with registry() as session:
        rows = session.scalars(
            sa.select(LegalPopulation).where(LegalPopulation.in_force_on < dt.date(2024, 1, 1))
        ).all()
    years = {(row.siren, row.in_force_on) for row in rows}
    assert len(years) == len(rows) == 59 * 5
    assert {row.in_force_on.year - row.census_year for row in rows} == {3}
    assert all(0 < row.municipal <= row.total for row in rows)


def test_a_name_with_accents_is_kept_as_it_is(registry: Registry) -> None:
    """The data are UTF-8 from end to end."""
    with registry() as session:
        names = set(session.scalars(sa.select(Commune.name)))
    assert {"Saint-Genis-Laval", "Vénissieux", "Écully"} <= names


def test_partners_are_the_metropole_and_exactly_the_five_founders(registry: Registry) -> None:
    """R8: the sixth partner is of another kind, without an agreement with itself (A16)."""
    with registry() as session:
        partners = {each.identities[0].name: each for each in session.scalars(sa.select(Partner))}
        merged = partners.pop("Oullins-Pierre-Bénite")
        assert (merged.identities[0].siren, merged.identities[0].insee_code) == ("200102747", "69149")
        assert set(partners) == {*FOUNDERS_IN_2019, "Métropole de Lyon"}
        metropole = partners.pop("Métropole de Lyon")
        siren = metropole.identities[0].siren
        assert (metropole.kind, siren, metropole.agreements) == (PartnerKind.METROPOLE, "200046977", [])
        for name, partner in partners.items():
            assert (partner.kind, partner.identities[0].siren) == (PartnerKind.COMMUNE, FOUNDERS_IN_2019[name][1])
            assert [each.number for each in partner.agreements if each.founding_partner] == [f"GNM-2019-{partner.slug}"]


def test_lyons_agreements_are_those_of_its_council(registry: Registry) -> None:
    """R1 to R4, R15, R31 to R33: the experiment, the framework; the vote's date is not in the record (R2)."""
    with registry() as session:
        experiment, framework, _ = _of(session, "lyon")
        decisions = [[(each.number, each.decided_on) for each in a.decisions] for a in (experiment, framework)]
    assert experiment.kind is AgreementKind.EXPERIMENT
    assert decisions == [[("2017/3250", dt.date(2017, 9, 27))], [("2018/4385", None)]]
    assert experiment.hard_end_on == dt.date(2018, 12, 31)
    assert framework.kind is AgreementKind.FRAMEWORK
    assert framework.reported_on == dt.date(2018, 12, 5)
    assert (framework.starts_on, framework.hard_end_on) == (dt.date(2019, 1, 1), dt.date(2023, 12, 31))
    assert framework.renews_yearly
    assert (framework.offer, framework.already_equipped) == (Offer.RESTRICTED, True)


def test_what_the_record_does_not_say_is_marked_assumed(registry: Registry) -> None:
    """Part 2: only Lyon's offer is known."""
    with registry() as session:
        for slug in ("bron", "dardilly", "oullins", "vaulx-en-velin"):
            assert "offre" in _of(session, slug)[0].assumed
        assert "offre" not in _of(session, "lyon")[1].assumed


def test_the_framework_of_today_is_another_agreement_and_says_it_is_invented(registry: Registry) -> None:
    """Issue; reading A17: never an edit of the framework of 2019."""
    with registry() as session:
        follow_on = _of(session, "lyon")[-1]
    assert follow_on.starts_on == dt.date(2024, 1, 1)
    assert follow_on.hard_end_on > dt.date(2026, 12, 31)
    assert "Simulateur" in follow_on.framework
    assert "inventé" in follow_on.assumed
    assert not follow_on.founding_partner


def test_every_partner_is_controller_of_a_processing_with_purpose_notice_and_dpo(registry: Registry) -> None:
    """R35; part 4.4: what the consent page shows comes from here."""
    with registry() as session:
        for partner in session.scalars(sa.select(Partner)):
            assert dpo_of(partner, dt.date(2026, 3, 2))
            for processing in partner.processings:
                assert missing_in_processing(processing) == []
                assert processing.purposes[0].text
            assert partner.processings or partner.predecessors


def _of(session: Session, slug: str) -> list[Agreement]:
    return session.scalars(sa.select(Partner).where(Partner.slug == slug)).one().agreements


def _counts(session: Session) -> dict[str, int | None]:
    tables = Base.metadata.sorted_tables
    return {table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables}
