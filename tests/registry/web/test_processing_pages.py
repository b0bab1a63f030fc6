"""The pages of processings: declared, completed part by part, judged by the DPO, validated, replaced, withdrawn."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flows import Citizen, Site, text_of
from onboarding import PDF
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element, typed
from werkzeug.test import TestResponse

from partner_registry.agents import Agent
from partner_registry.clients.life import find_client
from partner_registry.models import Environment, Processing
from partner_registry.partners.life import find_partner

Desk = Callable[[Agent], Citizen]
Villeurbanne = Callable[..., Commune]


@pytest.fixture
def applicant(desk: Desk, villeurbanne: Villeurbanne) -> Citizen:
    """Somebody of Villeurbanne, whose file is a draft with one complete processing."""
    return desk(villeurbanne().people.applicant)


@pytest.fixture
def complete(registry: Registry, applicant: Citizen) -> str:
    """The address of that processing."""
    with registry() as session:
        return f"/registry/processings/{find_partner(session, 'villeurbanne').processings[0].id}/"


def declare(applicant: Citizen, **values: str) -> TestResponse:
    """Declare a processing of Villeurbanne."""
    form = applicant.get("/registry/partners/villeurbanne/processings/new")
    page: TestResponse = applicant.submit(
        form, "processing-form", **{"name": "Piscines", "part": "CONTROLLER"} | values
    )
    return page


def stored(registry: Registry, page: TestResponse) -> Processing:
    """The processing that a page is about."""
    with registry() as session:
        found = session.get_one(Processing, int(page.request.path.split("/")[3]))
        assert found.purposes is not None
        assert found.processors is not None
        return found


def test_a_processing_begins_with_its_name_and_its_page_says_what_is_missing(applicant: Citizen) -> None:
    """Issue, point 7: what is missing, in words that say what to do."""
    page = declare(applicant)
    missing = " ".join(each.get_text() for each in element(page, "completeness").find_next("ul")("li"))
    assert "Piscines" in page.text
    for words in ("au moins une finalité", "la durée de conservation", "citez le texte", "AIPD"):
        assert words in missing


def test_the_partner_s_part_is_chosen_and_never_a_default_one(applicant: Citizen) -> None:
    """GDPR 4(7), 4(8), 26: roles follow facts."""
    page = declare(applicant, part="")
    assert page.status_code == 400
    assert element(page, "part-error") is not None
    assert typed(page, "name") == "Piscines"


def test_what_is_declared_is_read_as_typed(applicant: Citizen, registry: Registry) -> None:
    """GDPR 30(1): every field of the form is kept."""
    page = declare(
        applicant,
        legal_reference="CGCT, L.2121-29",
        data_subjects="Usagers\r\nParents",
        retention_months="40",
        retention_reason="contentieux",
        dpia_required="no",
        dpia_reason="un critère",
        privacy_notice_url="https://www.villeurbanne.example/donnees",
    )
    made = stored(registry, page)
    assert (made.data_subjects, made.retention_months) == (["Usagers", "Parents"], 40)
    assert (made.dpia_required, made.source) == (False, "GrandLyonConnect")
    assert "contentieux" in text_of(page)


def test_a_purpose_keeps_only_the_claims_that_are_justified(applicant: Citizen, registry: Registry) -> None:
    """4.5: minimisation; a claim left without a reason is not asked for."""
    page = declare(applicant)
    form = applicant.get(f"{page.request.path}purposes/new")
    names = [
        field["value"] for field in element(form, "claims")("input", attrs={"name": lambda n: n.endswith("-claim")})
    ]
    place = names.index("email")

    shown = applicant.submit(form, "purpose-form", text="Inscrire", **{f"claims-{place}-why": "Prévenir de la séance"})

    made = stored(registry, shown)
    assert [(each.text, each.claims) for each in made.purposes] == [("Inscrire", {"email": "Prévenir de la séance"})]


def test_a_purpose_says_in_french_what_each_claim_is(applicant: Citizen) -> None:
    """Nobody of a commune knows claims by their technical names."""
    form = applicant.get(f"{declare(applicant).request.path}purposes/new")
    row = element(form, "claims").find("input", value="birthdate")
    assert element(form, row["aria-describedby"]).get_text() == "date de naissance"


def test_a_reason_without_its_claim_is_refused_and_kept(applicant: Citizen) -> None:
    """What was typed is not lost."""
    page = declare(applicant)
    form = applicant.get(f"{page.request.path}purposes/new")
    last = len(element(form, "claims").find_all("fieldset")) - 1
    wrong = applicant.submit(form, "purpose-form", text="Inscrire", **{f"claims-{last}-why": "parce que"})
    assert wrong.status_code == 400
    assert "de quelle donnée" in element(wrong, "claims-error").get_text()
    assert "parce que" in element(wrong, "claims").decode()


def test_a_purpose_is_changed_and_taken_away(applicant: Citizen, complete: str, registry: Registry) -> None:
    """One page a purpose."""
    changed = applicant.submit(applicant.get(complete + "purposes/1"), "purpose-form", text="Vous inscrire")
    texts = [each.text for each in stored(registry, changed).purposes]
    removed = applicant.submit(applicant.get(complete + "purposes/1"), "purpose-form", "remove")
    assert texts == ["Vous inscrire"]
    assert stored(registry, removed).purposes == []
    assert applicant.get(complete + "purposes/1").status_code == 404


def test_a_processor_s_contract_is_checked_point_by_point(
    applicant: Citizen, complete: str, registry: Registry
) -> None:
    """GDPR 28(3), a to h."""
    form = applicant.get(complete + "processors/new")
    nameless = applicant.submit(form, "processor-form", subject="Hébergement")
    with registry() as session:
        metropole = str(find_partner(session, "metropole").id)
    sent = {"partner": metropole, "subject": "Portail", "contract_on": "31/12/2018", "checklist": "a"}
    page = applicant.submit(form, "processor-form", **sent)

    assert nameless.status_code == 400
    assert "nommez le sous-traitant" in element(nameless, "refused").get_text()
    made = stored(registry, page).processors[0]
    assert (made.checklist, made.name) == (["a"], "")
    assert "b) confidentialité" in text_of(page)
    assert "Métropole de Lyon" in text_of(page)


def test_a_contract_is_kept_with_its_digest_and_only_a_pdf(applicant: Citizen, complete: str) -> None:
    """R36: PDF with SHA-256."""
    form = applicant.get(complete + "documents/new")
    token = typed(form, "csrf_token")
    sent = {"csrf_token": token, "kind": "PROCESSOR_CONTRACT"}
    refused = applicant.client.post(
        complete + "documents/new", data=sent | {"content": (io.BytesIO(b"MZ"), "contrat.exe")}
    )
    applicant.client.post(complete + "documents/new", data=sent | {"content": (io.BytesIO(PDF), "contrat.pdf")})
    page = applicant.get(complete)

    assert refused.status_code == 400
    assert "pas un PDF" in element(refused, "refused").get_text()
    link = element(page, "documents").find_next("a")
    assert link.get_text() == "contrat.pdf"
    assert applicant.get(link["href"]).data == PDF


def test_the_dpo_agrees_then_somebody_else_validates(
    desk: Desk, people: People, applicant: Citizen, complete: str, registry: Registry
) -> None:
    """6.2: DPO's opinion, then validation; each is offered only to who may."""
    dpo, reviewer = desk(people.dpo), desk(people.reviewer)
    early = reviewer.client.post(
        complete + "validate", data={"csrf_token": typed(reviewer.get(complete), "csrf_token")}
    )
    dpo.submit(dpo.get(complete + "opinion"), favourable="yes", text="Proportionné")
    page = reviewer.submit(reviewer.get(complete), None, None)

    assert early.status_code == 400
    assert "avis favorable du DPO" in element(early, "refused").get_text()
    assert element(applicant.get(complete), "opinion-link") is None
    assert element(applicant.get(complete), "validate-processing") is None
    assert stored(registry, page).validated_on is not None
    assert "Proportionné" in text_of(page)


def test_a_change_after_the_opinion_has_it_asked_again(
    desk: Desk, people: People, applicant: Citizen, complete: str
) -> None:
    """The opinion was given on what it was; the form says so."""
    dpo = desk(people.dpo)
    dpo.submit(dpo.get(complete + "opinion"), favourable="yes", text="Proportionné")
    form = applicant.get(complete + "edit")
    page = applicant.submit(form, "processing-form", retention_months="12")
    assert "une modification le fait redemander" in text_of(form)
    assert "L’avis du DPO de la Métropole est attendu" in text_of(page)


def test_a_validated_processing_is_replaced_and_never_edited(desk: Desk, people: People, registry: Registry) -> None:
    """Nothing is cut meanwhile."""
    admin = desk(people.admin)
    with registry() as session:
        lyon = f"/registry/processings/{find_partner(session, 'lyon').processings[0].id}/"
    shown = admin.get(lyon)
    assert element(shown, "edit-link") is None

    refused = admin.submit(admin.get(lyon + "edit"), "processing-form", name="Autre")
    copy = admin.submit(shown, None, None)

    assert refused.status_code == 409
    assert "déclarez-en un qui le remplace" in element(refused, "refused").get_text()
    assert copy.request.path != lyon
    assert "Il remplacera" in text_of(copy)
    assert stored(registry, shown).withdrawn_on is None


def test_before_a_withdrawal_the_page_says_which_claims_of_which_clients_stop(
    desk: Desk, people: People, register: Callable[..., Site], registry: Registry
) -> None:
    """6.2: a processing is withdrawn while the agreement is in force; the rest goes on."""
    site = register(environment=Environment.PRODUCTION, redirect_uris=("https://lyon.example/r",), name="Mes démarches")
    with registry() as session:
        account, toodego = find_client(session, site.client_id).processings
    admin = desk(people.admin)

    feeds = text_of(admin.get(f"/registry/processings/{account.id}/withdraw"))
    idle = text_of(admin.get(f"/registry/processings/{toodego.id}/withdraw"))
    page = admin.submit(admin.get(f"/registry/processings/{account.id}/withdraw"), reason="fin du service")

    assert "Mes démarches ne recevra plus :" in feeds
    assert "adresse de courriel (email)" in feeds
    assert "Aucun client n’en reçoit de données" in idle
    assert "retiré le 02/03/2026" in " ".join(text_of(page).split())


def test_another_commune_s_processing_is_nowhere(applicant: Citizen, registry: Registry) -> None:
    """Rights: applicants see only their partner."""
    with registry() as session:
        lyon = find_partner(session, "lyon").processings[0].id
    for path in ("", "edit", "opinion", "withdraw", "purposes/new", "processors/new", "documents/new"):
        assert applicant.get(f"/registry/processings/{lyon}/{path}").status_code == 404
    assert applicant.get("/registry/partners/lyon/processings/new").status_code == 404


def test_a_name_with_a_per_cent_sign_breaks_no_page(applicant: Citizen) -> None:
    """Names are shown, never taken for templates."""
    page = declare(applicant, name="Tarif à 50 % d’essai")
    assert "50 %" in text_of(page)
    assert "50 %" in text_of(applicant.get(page.request.path + "withdraw"))
