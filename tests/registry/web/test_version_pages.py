"""The pages of a client's versions and secrets: drafted, compared, published by somebody else; secrets shown once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flows import Citizen, Site, text_of
from registry.conftest import People
from registry.web.conftest import Registry, element, number, typed
from results import CASES, FAILED, signed

from glc.clock import ManualClock
from partner_registry.agents import OPERATOR, Agent, grant_role
from partner_registry.clients.life import find_client
from partner_registry.clients.registration import registration_of
from partner_registry.clients.secrets import living_secrets
from partner_registry.clients.versions import draft_version, submit_version
from partner_registry.models import Environment, Role, VersionState
from partner_registry.partners.life import find_partner

Desk = Callable[[Agent], Citizen]
URI = "https://lyon.example/retour"


@pytest.fixture
def production(register: Callable[..., Site]) -> str:
    """Lyon's production client, in use."""
    return register(environment=Environment.PRODUCTION, redirect_uris=(URI,)).client_id


@pytest.fixture
def applicant(registry: Registry, people: People, clock: ManualClock, desk: Desk) -> Citizen:
    """Somebody of Lyon."""
    with registry() as session:
        lyon = find_partner(session, "lyon")
        grant_role(session, OPERATOR, number(people.applicant), Role.APPLICANT, at=clock.now(), partner=lyon)
    return desk(people.applicant)


@pytest.fixture
def pending(registry: Registry, people: People, clock: ManualClock, production: str) -> str:
    """The address of a version that waits for publication: the reviewer wrote it."""
    with registry() as session:
        client = find_client(session, production)
        changed = dataclasses.replace(registration_of(client.latest), name="Ville de Lyon")
        version = draft_version(session, people.reviewer, client, changed, at=clock.now())
        submit_version(session, people.reviewer, version, at=clock.now())
    return f"/registry/clients/{production}/versions/2/"


def test_a_configuration_goes_from_draft_to_use_through_two_people(
    applicant: Citizen, desk: Desk, people: People, production: str
) -> None:
    """Issue, point 5: draft → pending → published, by somebody else."""
    form = applicant.get(f"/registry/clients/{production}/draft")
    draft = applicant.submit(form, "draft-form", name="Ville de Lyon", pkce_required="y")
    assert element(applicant.get(f"/registry/clients/{production}/"), "submit-version") is not None
    waiting = applicant.submit(draft, None, None)
    assert element(applicant.get(f"/registry/clients/{production}/"), "submit-version") is None
    published = desk(people.reviewer)
    shown = published.submit(published.get(waiting.request.path), "publish-form", waiver_reason="seul le nom change")

    assert "brouillon" in text_of(draft)
    assert "en attente de publication" in text_of(waiting)
    assert element(waiting, "publish-version") is None
    changed = [row.th.get_text() for row in element(draft, "differences").select("tbody tr")]
    assert changed == ["Nom du service", "PKCE exigé"]
    assert "en service" in text_of(shown)
    assert "Ville de Lyon" in text_of(applicant.get(f"/registry/clients/{production}/"))


def test_the_author_is_refused_by_the_rule_whatever_the_page_offers(
    desk: Desk, people: People, pending: str, registry: Registry, production: str
) -> None:
    """6.3, mistake 9: four eyes."""
    reviewer = desk(people.reviewer)

    refused = reviewer.submit(reviewer.get(pending), None, None)

    assert refused.status_code == 403
    assert "une autre personne que l’auteur" in element(refused, "refused").get_text()
    with registry() as session:
        assert find_client(session, production).versions[1].state is VersionState.PENDING


def test_a_pending_version_is_rejected_with_a_reason(desk: Desk, people: People, pending: str) -> None:
    """The version in use does not change."""
    other = desk(people.other_reviewer)
    without = other.submit(other.get(pending + "reject"), reason="   ")
    shown = other.submit(other.get(pending + "reject"), reason="le nom prête à confusion")

    assert without.status_code == 400
    assert "jamais été mise en service" in text_of(shown)
    assert element(other.get(pending.replace("/2/", "/1/")), "life") is not None


def test_an_earlier_configuration_comes_back_under_a_new_number(
    desk: Desk, people: People, pending: str, registry: Registry, production: str
) -> None:
    """Issue, point 5: rollback."""
    other = desk(people.other_reviewer)
    other.submit(other.get(pending), "publish-form", waiver_reason="essai")
    first = pending.replace("/2/", "/1/")

    other.submit(other.get(first + "rollback"), reason="le site refuse le nouveau nom")

    with registry() as session:
        client = find_client(session, production)
        assert (client.latest.number, client.latest.name) == (3, "Mon site")


def test_any_two_versions_are_compared(desk: Desk, people: People, pending: str, production: str) -> None:
    """Issue, point 5: diff."""
    auditor = desk(people.auditor)
    page = auditor.get(f"/registry/clients/{production}/compare?older=2&newer=1")
    rows = [
        [cell.get_text(strip=True) for cell in row(["th", "td"])] for row in element(page, "differences").tbody("tr")
    ]
    assert rows == [["Nom du service", "Ville de Lyon", "Mon site"]]
    same = auditor.get(f"/registry/clients/{production}/compare?older=1&newer=1")
    assert "Rien ne diffère" in element(same, "differences").get_text()
    assert auditor.get(f"/registry/clients/{production}/compare?older=1&newer=9").status_code == 404


def test_the_claim_table_is_edited_in_rows_and_more_rows_are_offered_without_losing_what_was_typed(
    applicant: Citizen, production: str, registry: Registry
) -> None:
    """No script: a button of the form brings the rows."""
    form = applicant.get(f"/registry/clients/{production}/draft")
    rows = len(element(form, "claims").find_all("fieldset"))
    typed_in = {f"claims-{row}-{key}": "" for row in range(rows) for key in ("name", "source", "scopes")}
    typed_in |= {"claims-0-name": "email", "claims-0-source": "email", "claims-0-scopes": "email, profile"}

    more = applicant.submit(form, "draft-form", "more", name="Essai", **typed_in)
    assert (more.status_code, typed(more, "name"), typed(more, "claims-0-scopes")) == (200, "Essai", "email, profile")
    applicant.submit(more, "draft-form")

    with registry() as session:
        version = find_client(session, production).versions[1]
        assert version.claims == [{"name": "email", "source": "email", "scopes": ["email", "profile"]}]
        assert version.name == "Essai"


def test_a_claim_nobody_declared_or_a_row_half_filled_is_refused_with_everything_kept(
    applicant: Citizen, production: str
) -> None:
    """Issue, point 4: the invariant is checked when saved."""
    form = applicant.get(f"/registry/clients/{production}/draft")
    last = len(element(form, "claims").find_all("fieldset")) - 1
    row = {f"claims-{last}-name": "revenu", f"claims-{last}-source": "city", f"claims-{last}-scopes": "profile"}

    undeclared = applicant.submit(form, "draft-form", **row)
    half = applicant.submit(form, "draft-form", **row | {f"claims-{last}-source": ""})

    assert (undeclared.status_code, half.status_code) == (400, 400)
    assert "revenu" in element(undeclared, "refused").get_text()
    assert "Renseignement du compte" in element(half, "claims-error").get_text()
    assert "revenu" in element(half, "claims").decode()


def test_a_sandbox_s_configuration_is_in_use_at_once(applicant: Citizen, site: Site, registry: Registry) -> None:
    """6.1: self-service for trials."""
    form = applicant.get(f"/registry/clients/{site.client_id}/draft")
    applicant.submit(form, "draft-form", name="Autre nom")
    with registry() as session:
        assert find_client(session, site.client_id).latest.name == "Autre nom"


def test_a_new_secret_is_shown_once_and_never_kept_by_the_browser(
    app: Flask, applicant: Citizen, site: Site, registry: Registry, clock: ManualClock
) -> None:
    """6.3, mistakes 10 and 11: shown once, with an overlap."""
    page = f"/registry/clients/{site.client_id}/secrets"
    answer = applicant.client.post(
        page + "/rotate",
        data={"csrf_token": typed(applicant.get(page + "/rotate"), "csrf_token"), "days": "7"},
    )
    kept = applicant.client.get_cookie("glc_browser")
    once = applicant.get(page)
    again = applicant.get(page)

    secret = element(once, "secret").get_text()
    assert (answer.status_code, answer.headers["Location"].endswith("/secrets")) == (303, True)
    assert secret not in answer.text
    assert kept is not None
    assert secret not in kept.value
    assert secret not in str(app.session_interface.get_signing_serializer(app).loads(kept.value))
    assert once.headers["Cache-Control"] == "no-store"
    assert element(again, "secret") is None
    assert secret not in again.text
    with registry() as session:
        living = living_secrets(find_client(session, site.client_id), clock.now())
        assert living[0].valid_until == clock.now() + dt.timedelta(days=7)
        opened = app.extensions["idp"].ring.secrets.open
        assert [opened(each.sealed).decode() for each in living] == [site.secret, secret]


def test_a_secret_is_shown_on_its_own_client_s_page_only(
    applicant: Citizen, site: Site, register: Callable[..., Site]
) -> None:
    """Two tabs at once: the wrong page shows nothing, the right one still does."""
    other = register()
    form = applicant.get(f"/registry/clients/{site.client_id}/secrets/rotate")
    applicant.client.post(form.request.path, data={"csrf_token": typed(form, "csrf_token"), "days": "1"})
    assert element(applicant.get(f"/registry/clients/{other.client_id}/secrets"), "secret") is None
    assert element(applicant.get(f"/registry/clients/{site.client_id}/secrets"), "secret") is not None


@pytest.mark.parametrize(("days", "status"), [("0", 400), ("91", 400), ("999999999", 400), ("", 400), ("90", 200)])
def test_an_overlap_is_from_one_day_to_ninety(applicant: Citizen, site: Site, days: str, status: int) -> None:
    """6.3, mistake 11: never without overlap; and a rotation ends."""
    form = applicant.get(f"/registry/clients/{site.client_id}/secrets/rotate")
    assert applicant.submit(form, days=days).status_code == status


def test_a_revoked_secret_is_refused_from_then_on_and_the_page_warns_before_the_last_one_goes(
    applicant: Citizen, site: Site, registry: Registry, clock: ManualClock
) -> None:
    """Issue, point 5: revoke with a reason."""
    page = applicant.get(f"/registry/clients/{site.client_id}/secrets")
    link = BeautifulSoup(page.text, "html.parser").find("a", id=lambda value: value and value.startswith("revoke-"))
    form = applicant.get(link["href"])
    assert "sera coupé" in text_of(form)

    shown = applicant.submit(form, reason="publié par erreur")

    assert "n’est plus accepté" in text_of(shown)
    with registry() as session:
        assert living_secrets(find_client(session, site.client_id), clock.now()) == []
    assert applicant.get(f"/registry/clients/{site.client_id}/secrets/99/revoke").status_code == 404


def test_without_an_acceptance_run_the_page_asks_why(
    desk: Desk, people: People, pending: str, registry: Registry, production: str
) -> None:
    """Issue 5, point 7: the two remedies are there, and what was typed comes back."""
    other = desk(people.other_reviewer)
    shown = other.get(pending)
    refused = other.submit(shown, "publish-form", waiver_reason="   ")

    assert "il manque à cette version une recette réussie" in text_of(shown).lower()
    assert element(shown, "acceptance-link") is not None
    assert refused.status_code == 400
    assert "déposez le résultat signé" in element(refused, "waiver_reason-error").get_text()
    done = other.submit(refused, "publish-form", waiver_reason="seul le nom change")
    assert "seul le nom change" in element(done, "waiver").get_text()
    with registry() as session:
        assert find_client(session, production).versions[1].waived_by_id == people.other_reviewer.account_id


def test_a_result_that_is_deposited_lets_the_version_be_published(
    app: Flask, desk: Desk, applicant: Citizen, people: People, pending: str, production: str
) -> None:
    """Issue 5, point 7: from the client's page, then in one press."""
    home = f"/registry/clients/{production}/"
    file = (io.BytesIO(signed(app, production).encode()), "recette.jws")
    shown = applicant.submit(applicant.get(home), "acceptance-form", content=file)
    rows = [row.get_text(" ", strip=True) for row in element(shown, "acceptance-runs").select("tbody tr")]
    listed = element(applicant.get(home), "acceptance-runs").get_text()
    other = desk(people.other_reviewer)
    page = other.get(pending)

    assert len(rows) == 1
    assert "réussie" in rows[0]
    assert "réussie" in listed
    assert element(page, "publish-form") is None
    assert "en service" in text_of(other.submit(page, None, None))


def test_a_run_s_page_shows_what_failed_first(
    app: Flask, applicant: Citizen, desk: Desk, people: People, pending: str, production: str
) -> None:
    """Whoever may waive reads what was seen."""
    told = {"title": "A wrong <b>nonce</b>", "title_fr": "<b>Un nonce</b> faux"}
    seen = {"exchanges": 830, "logins": 241, "faults_acted": 198}
    text = signed(app, production, cases=[*CASES, FAILED[0] | told], evidence=seen)
    shown = applicant.submit(applicant.get(pending + "acceptance"), content=(io.BytesIO(text.encode()), "r.jws"))
    assert element(shown, "acceptance-missing") is not None
    link = element(shown, "acceptance-runs").find("a")["href"]
    auditor = desk(people.auditor)
    page = auditor.get(link)
    auditor.get("/language/en")
    in_english = auditor.get(link)

    rows = [row.get_text(" ", strip=True) for row in element(page, "cases").select("tbody tr")]
    assert rows[0] == "<b>Un nonce</b> faux échoué nonce_wrong"
    assert [row.split()[-1] for row in rows[1:]] == ["refresh_rotation_lost", "login", "id_token_alg_none"]
    assert element(page, "signed-text").get_text() == text
    assert "A login goes through" in text_of(page), "older results speak English only"
    assert "A wrong <b>nonce</b>" in text_of(in_english)
    assert "241 connexions du site, 198 défauts" in element(page, "evidence").get_text()
    assert applicant.get(link.replace("/versions/2/", "/versions/1/")).status_code == 404


def test_a_result_that_is_not_ours_is_refused_on_the_page(applicant: Citizen, pending: str, production: str) -> None:
    """The reason is said; nothing is listed."""
    page = applicant.get(pending + "acceptance")
    refused = applicant.submit(page, content=(io.BytesIO(b"\xff\x00{}"), "x.json"))
    empty = applicant.submit(page)

    assert refused.status_code == 400
    assert "signé par ce fournisseur" in element(refused, "refused").get_text()
    assert "Renseignez ce champ" in text_of(empty)
    assert "Aucun résultat" in element(applicant.get(pending), "acceptance-runs").get_text()
