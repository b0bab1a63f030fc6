"""The pages of clients: registered, described in plain words, bound, transferred, switched off and archived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from bs4 import Tag
from flows import Citizen, Site, text_of
from registry.conftest import People
from registry.web.conftest import Commune, Registry, element, typed
from werkzeug.test import TestResponse

from glc.clock import ManualClock, start_of_day
from partner_registry.agents import OPERATOR, Agent, grant_role
from partner_registry.clients.life import approve_security, find_client
from partner_registry.clients.secrets import living_secrets
from partner_registry.models import Environment, GnmService, Role, VersionState
from partner_registry.partners.life import find_partner

Desk = Callable[[Agent], Citizen]
Villeurbanne = Callable[..., Commune]

BACK = "https://www.villeurbanne.example/retour"


@pytest.fixture
def production(register: Callable[..., Site]) -> str:
    """Lyon's production client, in use."""
    return register(environment=Environment.PRODUCTION, redirect_uris=("https://lyon.example/retour",)).client_id


@pytest.fixture
def applicant(registry: Registry, people: People, clock: ManualClock, desk: Desk) -> Citizen:
    """Somebody of Lyon."""
    with registry() as session:
        lyon = find_partner(session, "lyon")
        assert people.applicant.account_id is not None
        grant_role(session, OPERATOR, people.applicant.account_id, Role.APPLICANT, at=clock.now(), partner=lyon)
    return desk(people.applicant)


def test_a_sandbox_client_is_registered_works_at_once_and_asks_what_is_declared(
    desk: Desk, villeurbanne: Villeurbanne, registry: Registry
) -> None:
    """Issue, point 5: self-service in the sandbox; no declared purpose, no claim."""
    someone = desk(villeurbanne().people.applicant)
    form = someone.get("/registry/partners/villeurbanne/clients/new?environment=SANDBOX")

    page = someone.submit(form, "client-form", name="Piscines", redirect_uris="http://localhost:8041/retour")

    client_id = page.request.path.split("/")[3]
    secret = element(page, "secret").get_text()
    with registry() as session:
        client = find_client(session, client_id)
        assert (client.environment, client.service) == (Environment.SANDBOX, GnmService.GRANDLYONCONNECT)
        assert client.published is not None
        assert {rule["name"] for rule in client.published.claims} >= {"email", "birthplace"}
        assert len(secret) == 36
        assert secret not in client.secrets[0].sealed


def test_a_refused_registration_keeps_what_was_typed_says_where_and_stores_nothing(
    desk: Desk, villeurbanne: Villeurbanne, registry: Registry
) -> None:
    """6.3, mistake 7: http in production; the message says what to do, beside nothing lost."""
    someone = desk(villeurbanne("in force").people.applicant)
    form = someone.get("/registry/partners/villeurbanne/clients/new?environment=PRODUCTION")

    page = someone.submit(form, "client-form", name="Piscines", redirect_uris="http://www.villeurbanne.example/")

    assert page.status_code == 400
    assert "en https" in element(page, "refused").get_text()
    assert (typed(page, "name"), typed(page, "redirect_uris")) == ("Piscines", "http://www.villeurbanne.example/")
    with registry() as session:
        assert find_partner(session, "villeurbanne").clients == []


def test_a_refusal_about_one_field_is_shown_at_that_field(desk: Desk, villeurbanne: Villeurbanne) -> None:
    """RGAA 11.10: the error is tied to its field."""
    someone = desk(villeurbanne().people.applicant)
    form = someone.get("/registry/partners/villeurbanne/clients/new")

    page = someone.submit(form, "client-form", name="Piscines", redirect_uris="javascript:alert(1)")

    assert page.status_code == 400
    assert "pas complète" in element(page, "redirect_uris-error").get_text()
    assert "redirect_uris-error" in element(page, "redirect_uris")["aria-describedby"]


def test_a_production_client_waits_for_a_second_person(
    desk: Desk, villeurbanne: Villeurbanne, registry: Registry
) -> None:
    """Issue, point 5: its first version is a draft."""
    someone = desk(villeurbanne("in force").people.applicant)
    form = someone.get("/registry/partners/villeurbanne/clients/new?environment=PRODUCTION")

    page = someone.submit(form, "client-form", name="Piscines", redirect_uris=BACK)

    client_id = page.request.path.split("/")[3]
    shown = someone.get(f"/registry/clients/{client_id}/")
    assert "aucune configuration n’a encore été mise en service" in element(shown, "access").get_text()
    with registry() as session:
        client = find_client(session, client_id)
        assert [each.state for each in client.versions] == [VersionState.DRAFT]
        assert client.bindings[0].agreement.partner.slug == "villeurbanne"


def test_the_page_says_in_plain_words_what_the_client_does(desk: Desk, people: People, production: str) -> None:
    """Issue, point 7."""
    page = desk(people.auditor).get(f"/registry/clients/{production}/")

    settings = text_of(page)
    assert "un identifiant propre à chaque service" in settings
    assert "code d’autorisation, échangé de serveur à serveur" in settings
    assert "la convention est en vigueur" in element(page, "access").get_text()
    assert element(page, "claims").select_one("tbody th").get_text() == "given_name"


def test_another_commune_s_client_is_nowhere_for_an_applicant(
    desk: Desk, villeurbanne: Villeurbanne, production: str
) -> None:
    """Rights: applicants see only their partner's records, and cannot tell what else there is."""
    someone = desk(villeurbanne().people.applicant)
    paths = ["", "draft", "secrets", "secrets/rotate", "terms", "bind", "transfer", "disable", "versions/1/", "compare"]
    answers = [someone.get(f"/registry/clients/{production}/{path}").status_code for path in paths]
    unknown = someone.get("/registry/clients/nobody/").text
    assert answers == [404] * len(paths)
    assert element_text(unknown) == element_text(someone.get(f"/registry/clients/{production}/").text)
    assert someone.get("/registry/partners/lyon/clients/").status_code == 404


def element_text(html: str) -> str:
    """What a page says, without the reference of the request."""
    return html.partition("<main")[2].partition('class="reference"')[0]


def test_only_an_administrator_is_offered_to_switch_off_and_the_rule_refuses_others(
    desk: Desk, people: People, applicant: Citizen, production: str, registry: Registry
) -> None:
    """`agents.PERMISSIONS`: client.switch."""
    page = f"/registry/clients/{production}/"
    assert element(applicant.get(page), "disable-link") is None
    assert element(desk(people.admin).get(page), "disable-link") is not None

    refused = applicant.submit(applicant.get(page + "disable"), reason="je le veux")

    assert refused.status_code == 403
    assert "administrateur du registre" in element(refused, "refused").get_text()
    with registry() as session:
        assert find_client(session, production).disabled_at is None


def test_a_client_is_switched_off_on_again_and_archived_each_with_its_reason(
    desk: Desk, people: People, production: str, registry: Registry
) -> None:
    """6.3, mistake 13: archived, never deleted."""
    admin, page = desk(people.admin), f"/registry/clients/{production}/"

    admin.submit(admin.get(page + "disable"), reason="secret divulgué")
    off = element(admin.get(page), "access").get_text()
    without = admin.submit(admin.get(page + "enable"))
    admin.submit(admin.get(page + "enable"), reason="secret changé")
    on = element(admin.get(page), "access").get_text()
    admin.submit(admin.get(page + "archive"), reason="site fermé")

    assert ("désactivé" in off, "en vigueur" in on) == (True, True)
    assert (without.status_code, element(without, "reason-error") is not None) == (400, True)
    archived = admin.get(page)
    assert "le client est archivé" in element(archived, "access").get_text()
    assert element(archived, "draft-link") is None
    assert "site fermé" in text_of(admin.get(f"/registry/audit/?subject=client:{production}"))


def test_a_client_is_bound_to_another_agreement_from_a_day_on(
    desk: Desk, people: People, production: str, registry: Registry
) -> None:
    """R34: the open binding ends the day before, and the timeline shows both."""
    reviewer, page = desk(people.reviewer), f"/registry/clients/{production}/"
    form = reviewer.get(page + "bind")
    choices = {option.get_text().split(" ")[0]: option["value"] for option in element(form, "agreement")("option")}

    clash = reviewer.submit(form, agreement=choices["GNM-2019-lyon"], from_on="01/06/2020")
    shown = reviewer.submit(form, agreement=choices["GNM-2019-lyon"], from_on="01/06/2030")

    assert (clash.status_code, typed(clash, "from_on")) == (409, "01/06/2020")
    assert "couvre déjà" in element(clash, "refused").get_text()
    assert [each.get_text() for each in element(shown, "bindings-list").find_all("time")][-1] == "01/06/2030"
    with registry() as session:
        ends = [each.valid_to_on for each in find_client(session, production).bindings]
    assert ends[-2:] == [dt.date(2030, 5, 31), None]


def test_the_processings_served_are_chosen_among_the_partner_s(
    applicant: Citizen, production: str, registry: Registry
) -> None:
    """Issue, point 4: claims of a client ⊆ claims of its processings."""
    page = f"/registry/clients/{production}/"
    form = applicant.get(page + "processings")
    names = [label.get_text() for label in element(form, "act-form").find_all("label")]
    assert names == ["Compte usager du site", "Démarches en ligne (Toodego)"]

    response = applicant.client.post(page + "processings", data={"csrf_token": typed(form, "csrf_token")})

    assert response.status_code == 303
    with registry() as session:
        assert find_client(session, production).processings == []


def test_a_binding_and_a_transfer_to_come_are_cancelled(desk: Desk, people: People, production: str) -> None:
    """6.3, mistake 2: typed for the wrong year; what has begun is not offered."""
    admin, page = desk(people.admin), f"/registry/clients/{production}/"
    bound = admin.submit(admin.get(page + "bind"), agreement=_last_option(admin, page), from_on="01/06/2029")
    assert [link["id"] for link in bound_links(bound, "unbind")] == ["unbind-2029-06-01"]
    free = admin.submit(admin.get(page + "bindings/2029-06-01/cancel"), reason="Année fausse")
    assert "c’est annulé." in text_of(free)
    assert bound_links(free, "unbind") == []

    admin.submit(admin.get(page + "transfer"), partner="bron", on="01/01/2027", reason="Mutualisation")
    free = admin.submit(admin.get(page + "transfers/2027-01-01/cancel"), reason="Année fausse")
    assert bound_links(free, "untransfer") == []
    assert admin.get(page + "bindings/hier/cancel").status_code == 404


def _last_option(admin: Citizen, page: str) -> str:
    """The latest agreement that may be chosen."""
    return str(element(admin.get(page + "bind"), "agreement").find_all("option")[-1]["value"])


def bound_links(page: TestResponse, prefix: str) -> list[Tag]:
    """The links that cancel something."""
    return [each for each in element(page, "main").find_all("a") if each.get("id", "").startswith(f"{prefix}-")]


def test_a_transfer_hands_the_client_over_and_says_what_to_do_next(
    desk: Desk, people: People, production: str, registry: Registry, applicant: Citizen
) -> None:
    """Issue, point 5: `client_id` and every `sub` stay."""
    admin, page = desk(people.admin), f"/registry/clients/{production}/"
    form = admin.get(page + "transfer")
    assert "renouvelez-les" in text_of(form)

    shown = admin.submit(form, partner="bron", on="02/03/2026", reason="mutualisation")

    assert "Bron" in element(shown, "facts").find_next("dl").get_text()
    assert applicant.get(page).status_code == 404
    with registry() as session:
        client = find_client(session, production)
        assert client.partner_on(dt.date(2026, 3, 2)).slug == "bron"
        assert living_secrets(client, start_of_day(dt.date(2026, 3, 3)))


def test_what_a_client_would_get_is_told_for_any_instant_in_lyon_s_time(
    desk: Desk, people: People, production: str
) -> None:
    """R33: in force on 31 December 2023 at 23:59, over one minute later; reason code for operators."""
    auditor, page = desk(people.auditor), f"/registry/clients/{production}/terms"

    during = auditor.get(f"{page}?at=31/12/2023+23:59")
    before = auditor.get(f"{page}?at=01/01/2017+10:00")
    wrong = auditor.get(f"{page}?at=demain")

    assert element(during, "reason-code").get_text() == "agreement_in_force"
    assert "email" in element(during, "terms-claims").get_text()
    assert element(before, "reason-code").get_text() == "binding_pending_start"
    assert "Aucune" in element(before, "terms-claims").get_text()
    assert (wrong.status_code, typed(wrong, "at")) == (400, "demain")


def test_the_page_warns_until_the_security_approval_is_there_and_before_it_ends(
    desk: Desk, people: People, production: str, applicant: Citizen, clock: ManualClock
) -> None:
    """4.6: RGS homologation, warned when absent or about to end."""
    page = f"/registry/clients/{production}/"
    absent = element(applicant.get(page), "security-warning").get_text()

    half = applicant.submit(applicant.get(page + "security"), approval="Le maire")
    applicant.submit(applicant.get(page + "security"), approval="Le maire", until_on="01/03/2027")
    fresh = element(applicant.get(page), "security-warning")
    clock.advance(days=320)
    soon = element(desk(people.reviewer).get(page), "security-warning").get_text()

    assert "n’est pas renseignée" in absent
    assert half.status_code == 400
    assert fresh is None
    assert "prend fin le 01/03/2027" in soon


def test_a_stranger_logs_in_first_and_a_citizen_is_told_to_ask_for_a_role(
    desk: Desk, people: People, production: str
) -> None:
    """Agents log in with their own account of the provider."""
    page = f"/registry/clients/{production}/"
    citizen = desk(people.citizen)
    assert citizen.get(page).status_code == 403
    citizen.client.delete_cookie("glc_session")
    assert (
        citizen.client.get(page).headers["Location"].endswith(f"/login/?next=%2Fregistry%2Fclients%2F{production}%2F")
    )


def test_recording_an_approval_takes_both_its_parts(registry: Registry, production: str, clock: ManualClock) -> None:
    """4.6: authority and last day go together."""
    with registry() as session:
        client = find_client(session, production)
        approve_security(session, OPERATOR, client, approval="Le maire", until_on=dt.date(2027, 3, 1), at=clock.now())
        approve_security(session, OPERATOR, client, approval="", until_on=None, at=clock.now())
        assert client.security_approved_until_on is None
