"""A year is billed by programs (registry reference, 5.3)."""

from __future__ import annotations

import io

import pytest
from programs import Hire, Program
from pypdf import PdfReader

from glc.clock import ManualClock
from partner_registry.models import Role


@pytest.fixture
def other(hire: Hire) -> Program:
    """A second reviewer's program."""
    return hire("other", Role.REVIEWER)


def test_a_year_is_billed_from_its_preview_to_its_statements(reviewer: Program, other: Program, admin: Program) -> None:
    """R30: Lyon owes 14 000 € for 2020. Two people, frozen lines, an état liquidatif."""
    preview = reviewer.get("/billing/preview?year=2020")
    assert preview["total_cents"] == 5_820_000
    path = f"/billing/runs/{reviewer.create('/billing/runs', year=2020)['id']}"
    draft = reviewer.get(path)
    assert (draft["state"], draft["lines"], draft["total_cents"]) == ("DRAFT", 5, 5_820_000)
    assert {each["id"] for each in reviewer.get(f"{path}/lines")["items"]} == {None}

    reviewer.act(path, "/validate", expected=403)
    assert other.act(path, "/validate")["state"] == "VALIDATED"
    assert reviewer.act(path, "/issue")["state"] == "ISSUED"
    lines = {each["siren"]: each for each in reviewer.get(f"{path}/lines?limit=5")["items"]}
    lyon = lines["216901231"]
    assert (lyon["bracket"], lyon["offer"], lyon["due_cents"]) == ("FROM_80000", "RESTRICTED", 1_400_000)

    statement = reviewer.send("GET", f"{path}/statements/lyon")
    assert statement.mimetype == "application/pdf"
    assert "Lyon" in PdfReader(io.BytesIO(statement.data)).pages[0].extract_text()
    admin.act("/partners/lyon", "/identities", from_on="2026-03-02", name="X", legal_name="Ville de X", reason="vote")
    assert reviewer.send("GET", f"{path}/statements/lyon").data == statement.data
    assert reviewer.send("GET", f"{path}/statements/villeurbanne").status_code == 404
    assert reviewer.send("GET", f"{path}/statements/metropole").status_code == 422


def test_a_line_is_undone_by_one_of_the_opposite_amount_and_billed_again(reviewer: Program, other: Program) -> None:
    """Registry reference, 5.3: cancelled by counter-entry only, one living line per agreement and year."""
    path = f"/billing/runs/{reviewer.create('/billing/runs', year=2020)['id']}"
    other.act(path, "/validate")
    reviewer.act(path, "/issue")
    line = next(each for each in reviewer.get(f"{path}/lines")["items"] if each["siren"] == "216901231")
    undone = reviewer.create(f"/billing/lines/{line['id']}/counter-entries", reason="mauvais destinataire")
    assert (undone["counters"], undone["due_cents"]) == (line["id"], -1_400_000)
    assert reviewer.get(path)["total_cents"] == 4_420_000
    reviewer.create(f"/billing/lines/{line['id']}/counter-entries", 409, reason="encore")
    assert reviewer.create("/billing/runs", year=2020)["lines"] == 1


def test_who_validates_has_read_what_they_validate(reviewer: Program, other: Program, admin: Program) -> None:
    """A draft is computed: when the registry changes, what was read is stale."""
    path = f"/billing/runs/{reviewer.create('/billing/runs', year=2020)['id']}"
    other.get(path)
    stale = {"If-Match": other.etags[path]}
    admin.act("/agreements/GNM-2019-bron", "/years/2020/budget", method="PUT", voted=False)
    assert other.send("POST", f"{path}/validate", headers=stale).status_code == 412
    assert "R11" in other.get(path)["anomalies"][-1]["detail"]


def test_lines_are_told_as_csv_to_spreadsheets_and_to_programs(reviewer: Program) -> None:
    """French spreadsheets: semicolons, euros with a decimal comma, a byte order mark."""
    path = f"/billing/runs/{reviewer.create('/billing/runs', year=2020)['id']}/lines"
    csv = reviewer.send("GET", path, headers={"Accept": "text/csv"})
    assert (csv.mimetype, "1400000" in csv.text, ";" in csv.text.splitlines()[0]) == ("text/csv", True, False)
    french = reviewer.send("GET", f"{path}?spreadsheet=true", headers={"Accept": "text/csv"})
    assert french.data.startswith("\ufeff".encode())
    assert "14000,00" in french.text
    assert reviewer.send("GET", path, headers={"Accept": "application/pdf"}).status_code == 406


def test_every_commune_is_previewed_for_an_offer_and_a_population(reviewer: Program) -> None:
    """Issue 3, proof: 59 communes × 2 offers."""
    told = reviewer.get("/billing/preview?year=2019&all_communes=true&offer=RESTRICTED")
    assert len(told["lines"]) == 59
    assert {each["name"]: each["due_cents"] for each in told["lines"]}["Lyon"] == 700_000
    total = reviewer.get("/billing/preview?year=2019&all_communes=true&offer=RESTRICTED&population=totale")
    assert total["total_cents"] != told["total_cents"]
    for query in ("year=2019&all_communes=true", "year=2019&offer=GLOBAL", "year=2050&all_communes=true&offer=GLOBAL"):
        assert reviewer.send("GET", f"/billing/preview?{query}").status_code == 422
    empty = reviewer.get("/billing/preview?year=2024")
    assert len(empty.pop("excluded")) == 6
    assert empty == {
        "year": 2024,
        "lines": [],
        "total_cents": 0,
        "without_population": [],
    }


def test_a_grid_that_billed_never_changes(admin: Program, reviewer: Program, other: Program) -> None:
    """Registry reference, 6.3, mistake 4; a new framework has a new grid (A17)."""
    path = "/tariffs/GNM 2019-2023"
    grid = admin.get(path)
    assert (grid["billed"], len(grid["brackets"])) == (False, 6)
    changed = {name: value for name, value in grid.items() if name not in {"name", "billed"}}
    assert admin.act(path, method="PUT", **changed | {"reference": "annexe 3"})["reference"] == "annexe 3"

    run = f"/billing/runs/{reviewer.create('/billing/runs', year=2020)['id']}"
    other.act(run, "/validate")
    assert admin.get(path)["billed"]
    admin.act(path, method="PUT", expected=409, **changed | {"reference": "autre"})
    years = {"first_year": 2050, "last_year": 2054, "founders_discount_year": None, "founders_discount_percent": 0}
    assert admin.create("/tariffs", **changed | years | {"name": "Suite n° 2"})["first_year"] == 2050
    admin.create("/tariffs", 409, **changed | years | {"name": "Suite n° 2"})


def test_billing_is_for_the_metropole(applicant: Program, clock: ManualClock) -> None:
    """An applicant sees neither runs nor others' bills; the grid is public among partners."""
    for path in ("/billing/preview?year=2020", "/billing/runs"):
        assert applicant.send("GET", path).status_code == 403
    assert applicant.get("/tariffs")["items"]


def test_a_draft_is_set_aside_with_a_reason(reviewer: Program) -> None:
    """Nothing is deleted."""
    path = f"/billing/runs/{reviewer.create('/billing/runs', year=2021)['id']}"
    reviewer.create("/billing/runs", 409, year=2021)
    assert reviewer.act(path, "/discard", reason="trop tôt")["state"] == "DISCARDED"
    assert [each["state"] for each in reviewer.get("/billing/runs?year=2021&state=DISCARDED")["items"]] == ["DISCARDED"]


def test_an_administrator_records_the_population_of_a_year(admin: Program, reviewer: Program) -> None:
    """Reading A3: without it a run is blocked."""
    figures = {"municipal": 43_000, "total": 43_700, "census_year": 2023, "source": "INSEE, 12/2025"}
    told = admin.act("/communes/216900290", "/populations/2026", method="PUT", **figures)
    assert told["populations"][-1] == figures | {"in_force_on": "2026-01-01"}
    reviewer.act("/communes/216900290", "/populations/2026", method="PUT", expected=403, **figures)
    wrong = figures | {"total": 1}
    assert (
        "it is no smaller"
        in admin.act("/communes/216900290", "/populations/2026", method="PUT", expected=422, **wrong)["detail"]
    )
