"""The pages of billing: previews, a run through two people, counter-entries, files, grids."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flows import Citizen, text_of
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element, typed
from werkzeug.test import TestResponse

from partner_registry.agents import Agent
from partner_registry.billing.runs import RunState, find_run, run_state
from partner_registry.billing.tariff import tariff_for
from partner_registry.models import LegalPopulation

Desk = Callable[[Agent], Citizen]
HOME = "/registry/billing/"


def plain(of: Any) -> str:
    """A text with ordinary blanks."""
    return " ".join(of.get_text(" ").split())


def prepare(someone: Citizen, year: int) -> TestResponse:
    """Open a year's draft."""
    page: TestResponse = someone.submit(someone.get(HOME), "prepare-form", year=str(year))
    return page


def issued(desk: Desk, people: People, year: int) -> str:
    """The address of a year's run that two people brought to its end."""
    page, other = prepare(desk(people.reviewer), year).request.path, desk(people.other_reviewer)
    other.submit(other.get(page), None, None)
    other.submit(other.get(page), None, None)
    return page


def test_the_preview_shows_each_fee_with_its_basis_and_the_total(desk: Desk, people: People) -> None:
    """R30, section 2: Lyon 7 000 € in 2019, the five communes 29 100 €."""
    page = desk(people.auditor).get(HOME + "preview/2019/")
    lyon = next(row for row in element(page, "preview").tbody("tr") if row.th.get_text().startswith("Lyon"))
    assert "515 695 hab. (municipale, 2016) → tranche > 80 000, offre restreinte 14 000 €" in plain(lyon)
    assert plain(lyon("td")[-1]) == "7 000 €"
    assert plain(element(page, "preview-total")) == "29 100 €"


def test_a_year_without_a_grid_owes_nothing_and_says_so(desk: Desk, people: People) -> None:
    """R33, reading A17; who is left out, and why."""
    page = desk(people.auditor).get(HOME + "preview/2026/")
    assert "Aucune grille ne couvre cette année" in text_of(page)
    assert "aucune convention avec elle-même" in text_of(page)


def test_every_commune_is_previewed_for_an_offer(desk: Desk, people: People) -> None:
    """Issue, proof: all 59 communes."""
    page = desk(people.auditor).get(HOME + "preview/2020/?offer=GLOBAL")
    assert len(element(page, "preview").tbody("tr")) == 59
    assert "Les 59 communes qu’avait la Métropole le 1er janvier 2020" in text_of(page)


def test_a_run_goes_from_draft_to_issued_through_two_people(desk: Desk, people: People, registry: Registry) -> None:
    """5.3: DRAFT → VALIDATED → ISSUED, preparer ≠ validator."""
    reviewer, other = desk(people.reviewer), desk(people.other_reviewer)
    draft = prepare(reviewer, 2019)
    token = typed(reviewer.get(HOME), "csrf_token")
    alone = reviewer.client.post(f"{draft.request.path}validate", data={"csrf_token": token})
    validated = other.submit(other.get(draft.request.path), None, None)
    end = other.submit(validated, None, None)

    assert element(draft, "validate-run") is None
    assert "un collègue la valide" in element(draft, "awaits").get_text()
    assert alone.status_code == 403
    assert "une autre personne que l’auteur" in element(alone, "refused").get_text()
    assert plain(element(end, "total")) == "29 100 €"
    with registry() as session:
        run = find_run(session, int(draft.request.path.rstrip("/").rpartition("/")[2]))
        assert (run_state(run), len(run.lines)) == (RunState.ISSUED, 5)


def test_a_second_draft_of_a_year_is_refused_and_the_first_is_set_aside(desk: Desk, people: People) -> None:
    """One draft a year; discarding takes a reason."""
    reviewer = desk(people.reviewer)
    page = prepare(reviewer, 2020).request.path
    twice = prepare(reviewer, 2020)
    without = reviewer.submit(reviewer.get(page + "discard"), reason=" ")
    shown = reviewer.submit(reviewer.get(page + "discard"), reason="populations à vérifier")

    assert (twice.status_code, element(twice, "year")["value"]) == (409, "2020")
    assert without.status_code == 400
    assert "populations à vérifier" in text_of(shown)


def test_an_issued_line_is_undone_by_a_counter_entry_only(desk: Desk, people: People) -> None:
    """Issue, point 3: never changed, a line of the opposite amount, once."""
    page, admin = issued(desk, people, 2019), desk(people.admin)
    link = element(admin.get(page), "lines").find("a", id=lambda value: bool(value) and value.startswith("counter-"))
    shown = admin.submit(admin.get(link["href"]), reason="débiteur faux")
    again = admin.submit(admin.get(link["href"]), reason="débiteur faux")

    assert "Contre-écriture de la ligne" in text_of(shown)
    assert "−7 000 €" in plain(element(shown, "lines"))
    assert plain(element(shown, "total")) == "22 100 €"
    assert again.status_code == 409


def test_a_run_s_lines_and_statements_are_files(desk: Desk, people: People) -> None:
    """Issue, point 3: CSV for a French spreadsheet, JSON, a PDF a partner; never cached."""
    page, auditor = issued(desk, people, 2019), desk(people.auditor)
    csv, as_json = auditor.get(page + "lines.csv"), auditor.get(page + "lines.json")
    pdf = auditor.get(page + "statements/216901231.pdf")

    assert csv.data.startswith(b"\xef\xbb\xbf")
    assert "Ville de Lyon" in csv.text
    assert sum(each["due_cents"] for each in json.loads(as_json.text)) == 2_910_000
    assert pdf.data.startswith(b"%PDF-")
    assert {each.headers["Cache-Control"] for each in (csv, as_json, pdf)} == {"no-store"}
    assert auditor.get(page + "statements/000000000.pdf").status_code == 404


def test_the_vote_of_credits_is_recorded_and_a_refusal_is_told(desk: Desk, people: People) -> None:
    """R11: expenditure subject to the vote of credits."""
    reviewer = desk(people.reviewer)
    page = prepare(reviewer, 2020)
    link = next(a for a in element(page, "lines")("a") if "Crédits" in a.get_text())
    shown = reviewer.submit(reviewer.get(link["href"]), voted="no")
    assert shown.request.path == page.request.path
    assert "n’a pas voté les crédits" in element(shown, "anomalies-list").get_text()


def test_a_new_framework_s_grid_is_added_and_one_that_billed_never_changes(
    desk: Desk, people: People, registry: Registry
) -> None:
    """A17; 6.3, mistake 4: editing a tariff already billed."""
    issued(desk, people, 2019)
    admin = desk(people.admin)
    form = admin.get(HOME + "tariffs/new")
    bracket = {
        "code": "ALL",
        "lower_bound": "0",
        "wording": "toutes",
        "global_euros": "1 200",
        "restricted_euros": "900",
    }
    rows = {f"brackets-0-{name}": value for name, value in bracket.items()}
    years = {"name": "Simulateur, suite du cadre 2019-2023", "first_year": "2024", "last_year": "2031"}
    shown = admin.submit(form, "tariff-form", **years, **rows)
    with registry() as session:
        tariff, billed = tariff_for(session, 2026), tariff_for(session, 2019)
        assert tariff is not None
        assert billed is not None
        assert [each.global_cents for each in tariff.brackets] == [120_000]
        old = f"{HOME}tariffs/{billed.id}/edit"
    refused = admin.submit(admin.get(old), "tariff-form", reference="ailleurs")

    assert "1 200 €" in " ".join(text_of(shown).split())
    assert refused.status_code == 409
    assert "a déjà servi à facturer" in element(refused, "refused").get_text()
    assert typed(refused, "reference") == "ailleurs"


@pytest.mark.parametrize("typed_in", ["mille", "-5", "1,5"])
def test_what_is_no_number_in_a_grid_is_told_and_kept(desk: Desk, people: People, typed_in: str) -> None:
    """Whole euros."""
    admin = desk(people.admin)
    row = {"code": "A", "lower_bound": "0", "wording": "toutes", "global_euros": typed_in, "restricted_euros": "0"}
    years = {"name": "Cadre", "first_year": "2040", "last_year": "2041"}
    page = admin.submit(
        admin.get(HOME + "tariffs/new"), "tariff-form", **years, **{f"brackets-0-{k}": v for k, v in row.items()}
    )
    assert page.status_code == 400
    assert typed_in in element(page, "brackets-error").get_text()
    assert typed(page, "brackets-0-global_euros") == typed_in


def test_billing_is_nowhere_for_an_applicant_and_read_only_for_an_auditor(
    desk: Desk, people: People, villeurbanne: Callable[..., Commune]
) -> None:
    """Rights: these pages speak of every partner; the rule refuses whoever only reads."""
    applicant, auditor = desk(villeurbanne().people.applicant), desk(people.auditor)
    for path in ("", "preview/2019/", "tariffs/", "tariffs/new", "runs/1/", "lines/1/counter"):
        assert applicant.get(HOME + path).status_code == 404
    assert element(auditor.get(HOME), "prepare-form") is None
    token = typed(auditor.get(HOME + "tariffs/new"), "csrf_token")
    assert auditor.client.post(HOME, data={"csrf_token": token, "year": "2019"}).status_code == 403


@pytest.mark.parametrize("year", ["0", "1999", "3000", "999999999"])
def test_a_year_is_one_of_four_digits(desk: Desk, people: People, year: str) -> None:
    """A run that nobody could open afterwards is not prepared."""
    reviewer = desk(people.reviewer)
    assert prepare(reviewer, int(year)).status_code == 400
    for path in (f"preview/{year}/", f"agreements/1/{year}/budget", f"agreements/1/{year}/bracket"):
        assert reviewer.get(HOME + path).status_code == 404


def test_a_number_that_no_database_holds_is_nowhere(desk: Desk, people: People) -> None:
    """An address made by hand is answered plainly, on every page of the registry."""
    admin, number = desk(people.admin), 10**20
    paths = ["processings/{}/", "billing/runs/{}/", "tokens/{}/revoke", "privacy/incidents/{}/", "documents/{}"]
    assert [admin.get("/registry/" + path.format(number)).status_code for path in paths] == [404] * len(paths)


def without_populations(registry: Registry, year: int, *sirens: str) -> None:
    """A registry that the figures of a year have not reached yet."""
    with registry() as session:
        for siren in sirens:
            session.delete(session.get_one(LegalPopulation, (siren, dt.date(year, 1, 1))))
        session.commit()


def test_a_run_that_an_unknown_population_blocks_leads_to_the_form_that_records_it(
    desk: Desk, people: People, registry: Registry
) -> None:
    """Reading A3: unknown is not zero; an administrator records the figures, and the run goes on."""
    without_populations(registry, 2020, "216900290")
    page = prepare(desk(people.reviewer), 2020).request.path
    assert element(desk(people.reviewer).get(page), "blocked").find("a", string="Bron") is None

    admin = desk(people.admin)
    assert element(admin.get(page), "validate-run") is None
    assert "population inconnue" in element(admin.get(page), "awaits").get_text()
    link = element(admin.get(page), "blocked").find("a", string="Bron")["href"]
    swapped = {"municipal": "42 216", "total": "41 543", "source": "INSEE, décembre 2019"}
    refused = admin.submit(admin.get(link), None, None, **swapped)
    assert "n’est pas plus petite" in element(refused, "total-error").get_text()
    assert typed(refused, "census_year") == "2017"
    back = admin.submit(refused, None, None, municipal="41 543", total="42 216")
    assert back.request.path == page
    assert element(back, "blocked") is None
    assert plain(element(back, "total")) == "58 200 €"
    assert element(back, "validate-run") is not None


def test_the_populations_of_a_year_are_listed_the_unknown_ones_first(
    desk: Desk, people: People, registry: Registry
) -> None:
    """Reading A3: what a year's fees are computed from is there to be read, and to be corrected by who may."""
    without_populations(registry, 2020, "216902593")
    first = element(desk(people.admin).get(HOME + "populations/2020/"), "populations").tbody.tr
    assert "Vénissieux" in first.get_text()
    assert first.a["href"].endswith("/2020/216902593")
    auditor = desk(people.auditor)
    assert element(auditor.get(HOME + "populations/2020/"), "populations").find("a") is None
    form = auditor.get(HOME + "populations/2020/216902593")
    values = {"municipal": "1", "total": "1", "source": "moi"}
    assert auditor.submit(form, None, None, **values).status_code == 403
    assert auditor.get(HOME + "populations/2020/000000000").status_code == 404


def test_a_year_s_populations_are_read_from_a_file(desk: Desk, people: People) -> None:
    """Reading A3: fifty-eight communes in one go; a wrong line is named, and nothing of the file is kept."""
    admin = desk(people.admin)
    page = admin.get(HOME + "populations/2026/")
    form = admin.get(element(page, "read-file")["href"])
    assert typed(form, "census_year") == "2023"
    wrong, right = (f"insee;municipale;totale\n69029;{each};43700".encode() for each in ("?", "43000"))
    refused = admin.submit(form, None, None, source="INSEE, 12/2025", content=(io.BytesIO(wrong), "p.csv"))
    assert "ligne 2" in element(refused, "content-error").get_text()
    listed = admin.submit(refused, None, None, content=(io.BytesIO(right), "p.csv"))
    assert "1 enregistrées, 0 déjà connues, 57 inconnues" in text_of(listed)
    assert "43 000" in element(listed, "population-216900290").get_text()
    assert element(desk(people.auditor).get(HOME + "populations/2026/"), "read-file") is None
    assert desk(people.auditor).get(HOME + "populations/2026/file").status_code == 403


def test_pages_say_why_nothing_is_due_and_lead_to_who_may_change_it(
    desk: Desk, people: People, registry: Registry
) -> None:
    """R33, reading A17: no grid and no population are two reasons; the list of partners and billing say which."""
    admin, reviewer = desk(people.admin), desk(people.reviewer)
    for path in ("/registry/", HOME):
        assert element(admin.get(path), "no-grid").a["href"].endswith("/tariffs/new")
        assert "Un administrateur du registre" in element(reviewer.get(path), "no-grid").get_text()

    without_populations(registry, 2023, "216900290")
    past = admin.get("/registry/?on=01/06/2023")
    assert element(past, "no-grid") is None
    assert "population inconnue" in element(past, "partner-bron").get_text()
    assert element(past, "no-population").a["href"].endswith("/populations/2023/")
