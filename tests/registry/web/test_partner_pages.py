"""The partners' pages: who sees which, what is searched, registered, edited, and what a refusal keeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flows import Citizen, text_of
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element, typed
from werkzeug.test import TestResponse

from partner_registry.agents import Agent
from partner_registry.partners.life import find_partner, legal_name_of

Desk = Callable[[Agent], Citizen]
Villeurbanne = Callable[..., Commune]


def rows(page: TestResponse) -> list[str]:
    """The short names of the partners that a list shows."""
    table = element(page, "partners")
    return [row["id"].removeprefix("partner-") for row in table.find("tbody").find_all("tr")] if table else []


def test_whoever_is_not_logged_in_is_sent_to_log_in_and_comes_back(app: Flask, people: People) -> None:
    """Agents log in with their own account of the provider."""
    someone = Citizen(app.test_client(), email=people.admin.name)

    page = someone.log_in(someone.get("/registry/?q=lyon"))

    assert page.request.full_path == "/registry/?q=lyon"
    assert rows(page) == ["metropole", "lyon"]


@pytest.mark.parametrize(
    "path", ["/registry/", "/registry/todo/", "/registry/partners/lyon/", "/registry/agreements/1/"]
)
def test_a_citizen_without_a_role_is_told_whom_to_ask(desk: Desk, people: People, path: str) -> None:
    """Roles (issue 3, point 7)."""
    page = desk(people.citizen).get(path)

    assert page.status_code == 403
    assert "vous êtes connecté en tant que citizen@agents.example, qui n’a pas de rôle" in text_of(page)


def test_an_applicant_sees_its_own_partner_and_no_other(desk: Desk, villeurbanne: Villeurbanne) -> None:
    """What is not theirs looks as if it did not exist."""
    commune = villeurbanne()
    applicant = desk(commune.people.applicant)

    assert rows(applicant.get("/registry/")) == ["villeurbanne"]
    assert element(applicant.get("/registry/"), "chart") is None
    assert applicant.get("/registry/partners/villeurbanne/").status_code == 200
    for path in (
        "partners/lyon/",
        "partners/lyon/edit",
        "partners/lyon/contacts/new",
        "agreements/1/",
        "agreements/1/edit",
    ):
        assert applicant.get(f"/registry/{path}").status_code == 404, path


def test_an_auditor_sees_everything_and_is_offered_nothing(desk: Desk, villeurbanne: Villeurbanne) -> None:
    """Read only; the rule refuses what no button leads to."""
    commune = villeurbanne("in force")
    auditor = desk(commune.people.auditor)

    for path in ("/registry/", "/registry/partners/villeurbanne/", commune.file):
        page = auditor.get(path)
        assert page.status_code == 200
        assert not element(page, "main").find_all("a", class_="primary"), path
    for path in ("partners/new", "partners/lyon/edit", "partners/lyon/contacts/new", "partners/lyon/agreements/new"):
        assert auditor.get(f"/registry/{path}").status_code == 403, path
    assert auditor.get(f"{commune.file}suspend").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=vaulx", ["vaulx-en-velin"]),
        ("q=69149", ["oullins", "oullins-pierre-benite"]),
        ("offer=RESTRICTED", ["lyon"]),
        ("bracket=FROM_40000", ["bron", "vaulx-en-velin"]),
        ("status=agreement_suspended", []),
        ("status=agreement_in_force&on=31/12/2023", ["bron", "dardilly", "lyon", "oullins", "vaulx-en-velin"]),
    ],
)
def test_the_list_is_searched_and_narrowed_by_its_address(
    desk: Desk, people: People, query: str, found: list[str]
) -> None:
    """A form sent by GET: no script, and the answer can be kept."""
    assert rows(desk(people.reviewer).get(f"/registry/?{query}")) == found


def test_the_list_shows_the_year_s_fee_where_a_tariff_fixes_one(desk: Desk, people: People) -> None:
    """R30: Lyon, restricted, 14 000 € from 2020 on; none after the framework (R33)."""
    reviewer = desk(people.reviewer)

    assert "14 000 €" in element(reviewer.get("/registry/?on=31/12/2023"), "partner-lyon").get_text()
    assert "—" in element(reviewer.get("/registry/"), "partner-lyon").get_text()


def test_the_chart_counts_every_commune_and_says_the_same_in_a_table(desk: Desk, people: People) -> None:
    """58 communes since 2024 (A10); a picture has its words."""
    page = desk(people.reviewer).get("/registry/")

    assert len(element(page, "communes").find("tbody").find_all("tr")) == 58
    assert len(element(page, "chart").select(".bar-chart rect")) == 58
    assert "raccordée : 2, pas partenaire : 3" in element(page, "chart").get_text()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("69383", "arrondissement de Lyon"),
        ("38185", "n’est pas une commune de la Métropole"),
        ("69123", "est déjà un partenaire"),
        ("69152", "commune qui en tient lieu"),
        ("bron", "Bron est déjà un partenaire"),
        ("grenoble", "ne s’appelle grenoble"),
    ],
)
def test_a_commune_that_cannot_join_is_refused_with_the_reason_and_the_form_is_kept(
    desk: Desk, people: People, code: str, why: str
) -> None:
    """A10; registry reference 6.3, mistake 18."""
    reviewer = desk(people.reviewer)

    page = reviewer.submit(reviewer.get("/registry/partners/new"), code=code, portal_url="https://ville.example/")

    assert page.status_code in {400, 409}
    assert why in element(page, "refused").get_text()
    assert (typed(page, "code"), typed(page, "portal_url")) == (code, "https://ville.example/")


@pytest.mark.parametrize("code", ["69266", "villeurbanne"])
def test_a_commune_is_registered_by_its_code_or_its_name_alone(
    desk: Desk, people: People, registry: Registry, code: str
) -> None:
    """R9: any commune of the territory."""
    reviewer = desk(people.reviewer)

    page = reviewer.submit(reviewer.get("/registry/partners/new"), code=code)

    assert page.request.path == "/registry/partners/villeurbanne/"
    assert "Villeurbanne est enregistrée" in text_of(page)
    with registry() as session:
        assert find_partner(session, "villeurbanne").identities[0].legal_name == "Commune de Villeurbanne"


@pytest.mark.parametrize(("name", "legal"), [("Écully", "Commune d’Écully"), ("Lissieu", "Commune de Lissieu")])
def test_a_commune_is_called_in_full_as_people_write_it(name: str, legal: str) -> None:
    """What is told to users and written on statements is French."""
    assert legal_name_of(name) == legal


def test_site_domains_and_name_are_changed_each_on_its_page(desk: Desk, people: People, registry: Registry) -> None:
    """A name changes from a day on; a SIREN never does."""
    admin = desk(people.admin)
    base = "/registry/partners/bron/"

    admin.submit(admin.get(f"{base}edit"), portal_url="https://ville-bron.example/")
    admin.submit(admin.get(f"{base}domains"), domains="Bron-Services.example\nguichet.example")
    page = admin.submit(
        admin.get(f"{base}rename"), from_on="01/04/2026", name="Bron-Ville", legal_name="Ville de Bron", reason="Vote"
    )

    assert "Le nouveau nom est enregistré" in text_of(page)
    with registry() as session:
        bron = find_partner(session, "bron")
        assert bron.portal_url == "https://ville-bron.example/"
        assert bron.domains == ["bron-services.example", "guichet.example"]
        assert [each.name for each in bron.identities] == ["Bron", "Bron-Ville"]


def test_a_form_that_cannot_be_read_says_which_field_and_keeps_everything(desk: Desk, people: People) -> None:
    """Nothing typed is lost."""
    admin = desk(people.admin)

    page = admin.submit(
        admin.get("/registry/partners/bron/rename"), from_on="31/02/2026", name="Bron", legal_name="", reason="Vote"
    )

    assert page.status_code == 400
    assert {link["href"] for link in element(page, "error-summary").find_all("a")} == {"#from_on", "#legal_name"}
    assert (typed(page, "from_on"), typed(page, "reason")) == ("31/02/2026", "Vote")


def test_a_successor_takes_over_and_each_record_leads_to_the_other(
    desk: Desk, people: People, villeurbanne: Villeurbanne
) -> None:
    """A merger is another partner (registry reference 6.3, mistake 16)."""
    villeurbanne()
    admin = desk(people.admin)

    page = admin.submit(
        admin.get("/registry/partners/bron/succeed"), successor="villeurbanne", on="01/01/2027", reason="Fusion"
    )

    assert "La succession est enregistrée" in text_of(page)
    assert "Prend la suite de Bron" in text_of(admin.get("/registry/partners/villeurbanne/"))


def test_a_reviewer_is_not_offered_what_only_an_administrator_may(desk: Desk, people: People) -> None:
    """`agents.may` hides it; the rule refuses all the same."""
    reviewer = desk(people.reviewer)

    page = reviewer.get("/registry/partners/bron/")

    assert element(page, "partner-edit") is not None
    assert element(page, "partner-rename") is None
    refused = reviewer.get("/registry/partners/bron/rename")
    assert refused.status_code == 403
    assert "administrateur du registre" in text_of(refused)
