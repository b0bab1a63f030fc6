"""An agreement's file, page by page, from its draft to its effect: who is offered what, and what a refusal keeps."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flows import Citizen, text_of
from onboarding import PDF
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element, number, typed
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from glc.database import db
from partner_registry.agents import OPERATOR, Agent, grant_role
from partner_registry.agreements.documents import add_document
from partner_registry.data_protection.processings import give_opinion
from partner_registry.models import Agreement, AgreementKind, DocumentKind, Offer, Partner, Role
from partner_registry.partners.life import find_partner
from partner_registry.partners.succession import succeed

Desk = Callable[[Agent], Citizen]
Villeurbanne = Callable[..., Commune]


def status(page: TestResponse) -> str:
    """The status that a file's page shows."""
    return element(page, "status").get_text().strip()


def next_act(page: TestResponse) -> str | None:
    """The last part of the address of the one button."""
    button = element(page, "next-act")
    return button["href"].rpartition("/")[2] if button else None


def progress(page: TestResponse) -> dict[str, str]:
    """How far each stage is."""
    found = element(page, "stages").find_all("li", class_="stage")
    return {each["id"].removeprefix("stage-"): each["class"][1] for each in found}


def test_a_new_agreement_is_drafted_from_what_the_form_proposes(
    desk: Desk, villeurbanne: Villeurbanne, registry: Registry
) -> None:
    """The form proposes 1 January (A11) and the framework's name."""
    applicant = desk(villeurbanne().people.applicant)
    form = applicant.get("/registry/partners/villeurbanne/agreements/new")
    assert (typed(form, "starts_on"), typed(form, "number")) == ("01/01/2027", "GNM-2027-villeurbanne")
    assert typed(form, "hard_end_on") == "31/12/2029"

    page = applicant.submit(form, hard_end_on="31/12/2030", offer="RESTRICTED", predecessor="")

    assert status(page) == "en préparation"
    with registry() as session:
        made = session.get_one(Agreement, int(page.request.path.rstrip("/").rpartition("/")[2]))
        assert (made.offer, made.renews_yearly, made.notice_months) == (Offer.RESTRICTED, True, 3)
        assert made.framework == typed(form, "framework")


def test_a_file_in_preparation_shows_and_changes_its_kind_its_framework_and_what_it_continues(
    desk: Desk, villeurbanne: Villeurbanne, registry: Registry
) -> None:
    """Registry reference 6.2: everything of a draft may still be wrong, by page as by REST."""
    applicant = desk(villeurbanne().people.applicant)
    made = applicant.submit(
        applicant.get("/registry/partners/villeurbanne/agreements/new"), hard_end_on="31/12/2030", predecessor=""
    )
    form = applicant.get(f"{made.request.path}edit")
    assert typed(form, "kind") == "FRAMEWORK"
    with registry() as session:
        earlier = session.scalars(sa.select(Agreement).join(Partner).where(Partner.slug == "villeurbanne")).first()
        assert earlier is not None
        key, number = str(earlier.id), earlier.number

    applicant.submit(form, kind="EXPERIMENT", framework="Essai 2027", predecessor=key, starts_on="01/02/2027")

    again = applicant.get(f"{made.request.path}edit")
    shown = [typed(again, name) for name in ("kind", "framework", "predecessor", "starts_on")]
    assert shown == ["EXPERIMENT", "Essai 2027", key, "01/02/2027"]
    own = int(made.request.path.rstrip("/").rpartition("/")[2])
    assert own not in [each["value"] for each in element(again, "predecessor").find_all("option")]
    with registry() as session:
        changed = session.get_one(Agreement, own)
        assert (changed.kind, changed.framework) == (AgreementKind.EXPERIMENT, "Essai 2027")
        assert changed.predecessor is not None
        assert changed.predecessor.number == number


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"hard_end_on": "31/12/2030", "notice_months": "13"}, "préavis de dénonciation est de 12 mois au plus"),
        ({"hard_end_on": "31/12/2026"}, "le terme précède le début"),
        ({"hard_end_on": "31/12/2030", "number": "GNM-2019-lyon"}, "est déjà celui d’une convention"),
        ({"hard_end_on": "31/12/2030", "founding_partner": "y"}, "n’est pas un partenaire initial"),
        ({"hard_end_on": "31/12/2030", "framework": "GNM 2019-2023"}, "prend fin au plus tard le 31 décembre 2023"),
    ],
)
def test_a_draft_that_a_rule_refuses_keeps_what_was_typed(
    desk: Desk, villeurbanne: Villeurbanne, values: dict[str, str], why: str
) -> None:
    """R33, A5; registry reference 6.3, mistakes 3 and 6."""
    applicant = desk(villeurbanne().people.applicant)
    form = applicant.get("/registry/partners/villeurbanne/agreements/new")

    page = applicant.submit(form, predecessor="", notes="À relire", **values)

    assert page.status_code in {400, 409}
    assert why in text_of(page)
    assert typed(page, "hard_end_on") == values["hard_end_on"]
    assert typed(page, "notes") == "À relire"


def test_the_whole_file_is_walked_with_one_button_at_a_time(
    desk: Desk, villeurbanne: Villeurbanne, clock: ManualClock
) -> None:
    """Registry reference 6.2: each step by who may, with what it takes, until it takes effect."""
    commune = villeurbanne()
    who = commune.people
    applicant, reviewer, dpo = desk(who.applicant), desk(who.reviewer), desk(who.dpo)

    def walk(agent: Citizen, act: str, **values: object) -> TestResponse:
        assert next_act(agent.get(commune.file)) == act
        return agent.submit(agent.get(f"{commune.file}{act}"), **values)

    assert status(walk(applicant, "submit")) == "déposée"
    assert next_act(applicant.get(commune.file)) is None
    assert "avis du DPO manque" in text_of(dpo.get(commune.file))
    assert status(walk(reviewer, "examine", kind="CHANGES_REQUESTED", reason="Précisez")) == "à compléter"
    assert "Précisez" in element(applicant.get(commune.file), "sent-back").get_text()
    walk(applicant, "submit")
    _agree(commune, dpo)
    assert status(walk(reviewer, "examine", kind="APPROVED")) == "approuvée"

    walk(applicant, "decide", body="PARTNER", number="2026/10", decided_on="15/02/2026")
    walk(applicant, "decide", body="METROPOLE", number="2026-1234", decided_on="20/02/2026")
    page = walk(applicant, "attach", kind="AGREEMENT", content=(io.BytesIO(PDF), "convention.pdf"))
    assert progress(page)["decisions"] == "done"
    assert status(walk(reviewer, "sign", on="25/02/2026", signatories="Le Maire")) == "signée"
    transmitted = walk(reviewer, "transmit", on="26/02/2026", receipt="069-2026-0226")
    assert status(transmitted) == "transmise au contrôle de légalité"
    page = walk(reviewer, "notify", on="27/02/2026", means="LRAR")
    assert status(page) == "en vigueur"
    assert progress(page) | {"clients": "now"} == dict.fromkeys(progress(page), "done") | {"clients": "now"}


def _agree(commune: Commune, dpo: Citizen) -> None:
    app = dpo.client.application
    with app.app_context():
        session = db.session()
        for processing in session.get_one(Agreement, commune.agreement).partner.processings:
            at = app.extensions["glc"].clock.now()
            give_opinion(session, commune.people.dpo, processing, favourable=True, text="Rien à redire", at=at)
        session.commit()


def test_whoever_submitted_does_not_examine(desk: Desk, villeurbanne: Villeurbanne, people: People) -> None:
    """Four eyes (registry reference 6.3, mistake 9): no button, and the rule refuses."""
    commune = villeurbanne()
    reviewer = desk(people.reviewer)
    reviewer.submit(reviewer.get(f"{commune.file}submit"))

    assert next_act(reviewer.get(commune.file)) is None
    page = reviewer.submit(reviewer.get(f"{commune.file}examine"), kind="REFUSED", reason="Non")

    assert page.status_code == 403
    assert "une autre personne que l’auteur doit décider" in element(page, "refused").get_text()
    assert typed(page, "reason") == "Non"
    assert next_act(desk(people.other_reviewer).get(commune.file)) == "examine"


def test_what_is_missing_is_said_each_thing_with_where_it_is_mended(
    desk: Desk, people: People, registry: Registry, villeurbanne: Villeurbanne
) -> None:
    """The checklist of registry reference 6.2; a refusal lists it again."""
    commune = villeurbanne("submitted")
    reviewer = desk(people.reviewer)

    page = reviewer.submit(reviewer.get(f"{commune.file}examine"), kind="APPROVED")

    assert page.status_code == 400
    assert "l’avis du DPO manque sur « Compte »" in element(page, "refused").get_text()
    stage = element(reviewer.get(commune.file), "stage-opinion")
    assert stage.find("a")["href"].startswith("/registry/processings/")
    turn = element(desk(people.dpo).get(commune.file), "next")
    assert turn.get_text().count("« Compte »") == 1
    assert turn.find("a", id="next-act")["href"] == stage.find("a")["href"]


def test_a_decision_other_than_approving_wants_a_reason(desk: Desk, villeurbanne: Villeurbanne, people: People) -> None:
    """Reasons are mandatory, except to approve."""
    commune = villeurbanne("submitted")
    reviewer = desk(people.reviewer)

    page = reviewer.submit(reviewer.get(f"{commune.file}examine"), kind="REFUSED")
    assert "donnez un motif" in element(page, "refused").get_text()
    page = reviewer.submit(reviewer.get(f"{commune.file}examine"), kind="REFUSED", reason="Hors cadre")
    assert status(page) == "refusée"
    page = reviewer.submit(reviewer.get(f"{commune.file}reopen"), reason="Recours gracieux")
    assert status(page) == "en préparation"


def test_an_applicant_withdraws_its_file_and_may_edit_it_only_before(desk: Desk, villeurbanne: Villeurbanne) -> None:
    """A submitted agreement changes by reopening or by amendment."""
    commune = villeurbanne()
    applicant = desk(commune.people.applicant)
    page = applicant.submit(applicant.get(f"{commune.file}edit"), offer="GLOBAL", hard_end_on="31/12/2028")
    assert "31/12/2028" in element(page, "terms").get_text()
    applicant.submit(applicant.get(f"{commune.file}submit"))

    page = applicant.submit(applicant.get(f"{commune.file}edit"), offer="RESTRICTED")
    assert page.status_code == 409
    page = applicant.submit(applicant.get(f"{commune.file}withdraw"), reason="Nouveau maire")
    assert status(page) == "retirée"
    assert applicant.get(f"{commune.file}examine").status_code == 403


@pytest.mark.parametrize(
    ("act", "values", "why"),
    [
        ("sign", {"on": "01/03/2026"}, "ajoutez la délibération de la commune"),
        ("transmit", {"on": "01/03/2026", "receipt": "AR"}, "cet acte attend une convention signée"),
        ("decide", {"body": "PARTNER", "number": "1", "decided_on": "03/03/2026"}, "cette date est à venir"),
    ],
)
def test_acts_out_of_order_say_what_they_wait_for(
    desk: Desk, villeurbanne: Villeurbanne, people: People, act: str, values: dict[str, str], why: str
) -> None:
    """Registry reference 6.3, mistake 3."""
    commune = villeurbanne("approved")
    reviewer = desk(people.reviewer)

    page = reviewer.submit(reviewer.get(f"{commune.file}{act}"), **values)

    assert page.status_code in {400, 409}
    assert why in element(page, "refused").get_text()


def test_a_document_is_kept_as_it_came_and_only_its_readers_download_it(
    desk: Desk, villeurbanne: Villeurbanne, people: People
) -> None:
    """R36: the SHA-256 on the page is the content's; it is saved, never shown."""
    commune = villeurbanne("approved")
    applicant = desk(commune.people.applicant)
    page = applicant.submit(
        applicant.get(f"{commune.file}attach"), kind="ANNEX", content=(io.BytesIO(PDF), "../annexe « 3 ».pdf")
    )
    path = element(page, "documents").find("a")["href"]

    answer = applicant.get(path)

    assert answer.data == PDF
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''annexe%20%C2%AB%203%20%C2%BB.pdf"
    assert answer.headers["ETag"].strip('"') in element(page, "documents").get_text()
    assert desk(people.auditor).get(path).status_code == 200
    assert desk(people.citizen).get(path).status_code == 403
    assert applicant.get("/registry/documents/999").status_code == 404


def test_another_partner_s_document_is_not_there(
    desk: Desk, villeurbanne: Villeurbanne, people: People, registry: Registry, clock: ManualClock
) -> None:
    """What is not an applicant's to see looks as if it did not exist."""
    applicant = desk(villeurbanne().people.applicant)
    with registry() as session:
        agreement, at = session.get_one(Agreement, 1), clock.now()
        made = add_document(session, OPERATOR, agreement, kind=DocumentKind.ANNEX, name="a.pdf", content=PDF, at=at)
        session.flush()
        key = made.id

    assert applicant.get(f"/registry/documents/{key}").status_code == 404


def test_what_is_no_pdf_is_refused(desk: Desk, villeurbanne: Villeurbanne) -> None:
    """R36."""
    commune = villeurbanne()
    applicant = desk(commune.people.applicant)
    form = applicant.get(f"{commune.file}attach")

    page = applicant.submit(form, kind="ANNEX", content=(io.BytesIO(b"<html>"), "a.pdf"))
    assert "n’est pas un PDF" in element(page, "refused").get_text()
    page = applicant.submit(form, kind="ANNEX")
    assert page.status_code == 400
    assert "Renseignez ce champ" in element(page, "error-summary").get_text()


def test_the_page_shows_the_status_of_any_day(desk: Desk, people: People, registry: Registry) -> None:
    """R33 by the calendar: in force on 31 December 2023, over on the next day."""
    reviewer = desk(people.reviewer)
    with registry() as session:
        key = next(each.id for each in session.query(Agreement) if each.number == "GNM-2019-oullins")
    path = f"/registry/agreements/{key}/?on="

    assert "en vigueur" in element(reviewer.get(f"{path}31/12/2023"), "then").get_text()
    assert "arrivée à son terme" in element(reviewer.get(f"{path}01/01/2024"), "then").get_text()
    assert "Commune d’Oullins-Pierre-Bénite" in element(reviewer.get(f"{path}01/01/2024"), "then").get_text()
    assert "Écrivez la date ainsi" in text_of(reviewer.get(f"{path}hier"))


def test_the_timeline_tells_the_renewals_and_what_comes_next(desk: Desk, people: People, registry: Registry) -> None:
    """R32, A7: renewed each 1 January; the next one and the last day of its notice are announced."""
    reviewer = desk(people.reviewer)
    with registry() as session:
        key = next(each.id for each in session.query(Agreement) if each.number == "SIMULATEUR-2024-lyon")

    told = element(reviewer.get(f"/registry/agreements/{key}/"), "timeline").get_text(" ", strip=True)

    assert [year for year in range(2024, 2032) if f"Reconduction tacite pour {year}" in told] == [2025, 2026, 2027]
    assert "30/09/2026 Dernier jour pour dénoncer avant la reconduction de 2027" in told


def test_the_timeline_names_who_recorded_each_act_in_the_order_they_were_recorded_in(
    desk: Desk, villeurbanne: Villeurbanne, people: People, clock: ManualClock
) -> None:
    """The audit trail knows who signed, suspended, lifted, and why; an act with but a day has its place in it."""
    commune = villeurbanne("in force")
    clock.advance(hours=1)
    admin = desk(people.admin)
    admin.submit(admin.get(f"{commune.file}suspend"), reason="Clé volée", confirmation="villeurbanne")
    page = admin.submit(admin.get(f"{commune.file}lift"), reason="Clé changée")
    lines = [" ".join(each.get_text().split()) for each in element(page, "timeline").find_all("li")]
    told = {what: next(each for each in lines if what in each) for what in ("Signature", "suspendu", "rétabli")}
    assert told["Signature"].endswith("reviewer Agent")
    assert told["suspendu"].endswith("admin Agent, Clé volée")
    assert told["rétabli"].endswith("admin Agent, Clé changée")
    assert lines.index(told["Signature"]) < lines.index(told["suspendu"])


def test_a_typing_mistake_is_corrected_with_a_reason_and_terms_are_not(
    desk: Desk, villeurbanne: Villeurbanne, people: People, registry: Registry
) -> None:
    """Registry reference 6.3, mistake 15: dates of access move by amendment only."""
    commune = villeurbanne("in force")
    admin = desk(people.admin)
    form = admin.get(f"{commune.file}correct")
    assert form.status_code == 200
    assert element(form, "hard_end_on") is None

    page = admin.submit(form, prefecture_receipt="AR-2", reason="")
    assert page.status_code == 400
    page = admin.submit(form, prefecture_receipt="AR-2", reason="Coquille")
    assert "La correction est enregistrée" in text_of(page)
    with registry() as session:
        assert session.get_one(Agreement, commune.agreement).prefecture_receipt == "AR-2"


def test_what_a_bill_says_is_corrected_by_the_page_too(
    desk: Desk, villeurbanne: Villeurbanne, people: People, registry: Registry
) -> None:
    """R11: the same corrections by page, by REST and on the command line."""
    commune = villeurbanne("in force")
    admin = desk(people.admin)
    page = admin.submit(
        admin.get(f"{commune.file}correct"), budget_nature="62878", commitment_number="E-2026-7", reason="Coquille"
    )
    assert "La correction est enregistrée" in text_of(page)
    with registry() as session:
        agreement = session.get_one(Agreement, commune.agreement)
        assert (agreement.budget_nature, agreement.commitment_number) == ("62878", "E-2026-7")


def test_credits_of_a_year_are_noted(desk: Desk, villeurbanne: Villeurbanne, people: People) -> None:
    """R11: subject to the vote of credits, year by year."""
    commune = villeurbanne("in force")
    reviewer = desk(people.reviewer)

    page = reviewer.submit(reviewer.get(f"{commune.file}budget"), year="2026", voted="yes")

    assert "Crédits 2026 votés" in text_of(page)


def test_an_act_that_no_file_has_is_not_found(desk: Desk, villeurbanne: Villeurbanne, people: People) -> None:
    """Addresses made by hand."""
    commune = villeurbanne()
    assert desk(people.admin).get(f"{commune.file}burn").status_code == 404
    assert desk(people.admin).get("/registry/agreements/999/").status_code == 404
    assert desk(people.admin).get("/registry/amendments/999/").status_code == 404


def test_after_a_merger_the_people_of_the_successor_hold_the_file(
    desk: Desk, villeurbanne: Villeurbanne, people: People, registry: Registry, clock: ManualClock
) -> None:
    """The new commune steps into all acts of the old ones (registry reference, 3)."""
    commune = villeurbanne("in force")
    with registry() as session:
        bron, old = find_partner(session, "bron"), find_partner(session, "villeurbanne")
        grant_role(session, OPERATOR, number(people.citizen), Role.APPLICANT, at=clock.now(), partner=bron)
        succeed(session, OPERATOR, old, bron, on=dt.date(2026, 3, 2), at=clock.now(), reason="Fusion")

    successor = desk(people.citizen)
    page = successor.submit(
        successor.get(f"{commune.file}amend"), purpose="Fusion", effective_on="01/04/2026", offer="GLOBAL"
    )

    assert "L’avenant est ouvert" in text_of(page)
    assert "convention CONV-villeurbanne, avenant n° 1" in text_of(successor.get("/registry/todo/"))
    assert desk(commune.people.applicant).get(commune.file).status_code == 404
