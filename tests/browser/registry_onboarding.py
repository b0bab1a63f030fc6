"""Villeurbanne walked from its application to its production client, by those who must, in browsers without scripts.

Once a run: the journey, the suspension and the check of every page begin where it ends. It leaves the pictures of
docs/guide-registre.fr.md where the environment asks for them (see `registry_desk.PICTURES`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.registry_desk import PASSWORD, Desk, at_desk, follow_mail, path_of, status
from playwright.sync_api import Browser, Page, expect
from results import FAILED, document

from glc.clock import SystemClock, paris_date
from glc.entropy import SystemEntropy
from glc.settings import DEVELOPMENT_MASTER_KEY
from keys.documents import acceptance_signer
from keys.encryption import MasterKey

if TYPE_CHECKING:
    from browser.conftest import Demo

SITE = "https://www.villeurbanne.example/"
RETURN = f"{SITE}connexion/retour"
TODAY = paris_date(SystemClock().now())
PDF = b"%PDF-1.7\n% convention d'essai\n"
CONTACTS = {
    "CONTROLLER": ("La direction générale des services", "dgs@villeurbanne.example"),
    "DPO": ("La déléguée à la protection des données", "dpo@villeurbanne.example"),
    "TECHNICAL": ("L’équipe du site", "web@villeurbanne.example"),
    "SECURITY": ("Le responsable de la sécurité", "rssi@villeurbanne.example"),
}
APPLICANT = "dsi@villeurbanne.example"


@dataclass
class People:
    """Who takes part, each in a browser of their own."""

    admin: Desk
    reviewer: Desk
    dpo: Desk
    applicant: Desk


@dataclass
class Connected:
    """What the journey ends with: the file's page and the client's credentials."""

    people: People
    file: str
    client_id: str
    secret: str


@pytest.fixture(scope="session")
def connected(demo: Demo, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """Villeurbanne, walked from its application to its production client by those who must."""
    admin = at_desk(chromium, demo, "admin@agents.example")
    _register_the_commune(admin)
    applicant = _new_applicant(chromium, demo, admin)
    people = People(
        admin,
        at_desk(chromium, demo, "instruction@agents.example"),
        at_desk(chromium, demo, "dpo@agents.example"),
        applicant,
    )
    _prepare(people.applicant)
    file = _apply(people.applicant)
    _examine(people, file)
    _conclude(people, file, tmp_path_factory.mktemp("pdf") / "convention-signee.pdf")
    client_id, secret = _connect_the_site(people)
    people.reviewer.open(file)
    people.reviewer.picture("15-en-vigueur")
    yield Connected(people, file, client_id, secret)
    for desk in (people.admin, people.reviewer, people.dpo, people.applicant):
        desk.page.context.close()


def _register_the_commune(admin: Desk) -> None:
    admin.open("registry/")
    admin.picture("01-partenaires")
    admin.picture("01-communes", "#chart")
    admin.page.click("#register-partner")
    admin.fill(code="69383")
    admin.page.click("#act-submit")
    expect(admin.page.locator("#refused")).to_contain_text("arrondissement")
    admin.picture("02-refus")
    admin.send(code="69266", portal_url=SITE)
    expect(admin.page.locator("h1")).to_have_text("Villeurbanne")


def _new_applicant(chromium: Browser, demo: Demo, admin: Desk) -> Desk:
    """Somebody of the commune makes an account of their own; an administrator makes them its applicant."""
    page = chromium.new_context(java_script_enabled=False, locale="fr-FR").new_page()
    page.goto(f"{demo.provider}register/")
    page.fill("#email", APPLICANT)
    page.click("#register-submit")
    follow_mail(Desk(page, demo), APPLICANT)
    for name, value in {
        "first_name": "Violette",
        "last_name": "Urbain",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }.items():
        page.fill(f"#{name}", value)
    page.click("#registration-submit")
    page.context.close()
    admin.open("registry/agents/")
    admin.fill(email=APPLICANT, role="APPLICANT", partner="villeurbanne")
    admin.picture("03-role", "section[aria-labelledby=grant]")
    admin.send("#grant-submit")
    applicant = at_desk(chromium, demo, APPLICANT)
    expect(applicant.page.locator("#partners tbody tr")).to_have_count(1)
    return applicant


def _prepare(applicant: Desk) -> None:
    """Contacts, verified by whoever reads the addresses, and the processing."""
    record = "registry/partners/villeurbanne/"
    for role, (name, email) in CONTACTS.items():
        applicant.open(f"{record}contacts/new?role={role}")
        if role == "DPO":
            applicant.fill(name=name, email=email)
            applicant.picture("04-contact")
        applicant.send(name=name, email=email)
        follow_mail(applicant, email)
        applicant.page.click("#verify-submit")
        expect(applicant.page.locator("#verified")).to_contain_text(email)
    applicant.open(f"{record}processings/new")
    applicant.fill(
        name="Compte usager du site",
        part="CONTROLLER",
        part_reason="La commune décide des finalités et des moyens",
        legal_basis="PUBLIC_TASK",
        legal_reference="CGCT, article L. 2121-29",
        data_subjects="Usagers du site",
        recipients="Services instructeurs de la commune",
        retention_months="24",
        privacy_notice_url=f"{SITE}donnees-personnelles",
        dpia_required="no",
        dpia_reason="Un seul des neuf critères",
    )
    applicant.picture("05-traitement")
    applicant.page.click("main form[method=post] button[type=submit]")
    applicant.page.click("#purpose-new")
    applicant.fill(text="Vous reconnaître et préremplir vos démarches en ligne")
    for claim, why in {
        "given_name": "Saluer l’usager et préremplir",
        "family_name": "Saluer l’usager et préremplir",
        "email": "Prévenir de l’avancement de la démarche",
    }.items():
        row = applicant.page.locator(f"input[value={claim}]").get_attribute("name")
        assert row is not None
        applicant.page.fill(f"[name={row.replace('-claim', '-why')}]", why)
    applicant.picture("06-finalite")
    applicant.page.click("#purpose-submit")
    expect(applicant.page.locator("main")).to_contain_text("Rien ne manque")


def _apply(applicant: Desk) -> str:
    """The agreement is drafted and submitted; return its page."""
    applicant.open("registry/partners/villeurbanne/agreements/new")
    applicant.send(starts_on=TODAY.strftime("%d/%m/%Y"), hard_end_on=f"31/12/{TODAY.year + 4}", offer="RESTRICTED")
    file = path_of(applicant.page, applicant.demo)
    assert status(applicant.page) == "en préparation"
    applicant.picture("07-dossier")
    applicant.page.click("#next-act")
    applicant.send()
    assert status(applicant.page) == "déposée"
    return file


def _examine(people: People, file: str) -> None:
    """The DPO gives an opinion, a reviewer validates the processing and approves the file."""
    people.dpo.open("registry/todo/")
    people.dpo.picture("08-a-faire")
    people.dpo.page.locator("#todo-opine a", has_text="Villeurbanne").click()
    people.dpo.page.click("#opinion-link")
    people.dpo.send("#act-form-submit", favourable="yes", text="Les données demandées sont nécessaires.")
    people.reviewer.open("registry/todo/")
    people.reviewer.page.locator("#todo-validate a", has_text="Villeurbanne").click()
    people.reviewer.page.click("#validate-processing")
    people.reviewer.open(file)
    people.reviewer.page.click("#next-act")
    people.reviewer.fill(kind="APPROVED")
    people.reviewer.picture("09-instruire")
    people.reviewer.send(kind="APPROVED")
    assert status(people.reviewer.page) == "approuvée"


def _conclude(people: People, file: str, pdf: Path) -> None:
    """Both councils' decisions, the signed PDF, signature, transmission, notification."""
    today = TODAY.strftime("%d/%m/%Y")
    applicant, reviewer = people.applicant, people.reviewer
    applicant.open(file)
    for body, number in (("PARTNER", "2026-11-25"), ("METROPOLE", "2026-1234")):
        applicant.page.click("#next-act")
        applicant.send(body=body, number=number, decided_on=today)
    pdf.write_bytes(PDF)
    applicant.page.click("#next-act")
    applicant.page.set_input_files("[name=content]", pdf)
    applicant.send(kind="AGREEMENT")
    expect(applicant.page.locator("#documents")).to_contain_text("convention-signee.pdf")
    applicant.picture("10-documents", "#documents")
    reviewer.open(file)
    for act, values in (
        ("11-signature", {"on": today, "signatories": "Le Maire ; le Président de la Métropole"}),
        ("12-transmission", {"on": today, "receipt": "069-216902668-1125"}),
        ("13-notification", {"on": today, "means": "courriel avec accusé de réception"}),
    ):
        reviewer.page.click("#next-act")
        reviewer.fill(**values)
        reviewer.picture(act)
        reviewer.send()
    assert status(reviewer.page) == "en vigueur"


def _connect_the_site(people: People) -> tuple[str, str]:
    """The commune registers its production client, a reviewer publishes it; return its identifier and secret."""
    applicant, reviewer = people.applicant, people.reviewer
    applicant.open("registry/partners/villeurbanne/clients/new?environment=PRODUCTION")
    applicant.fill(name="Mes démarches à Villeurbanne", redirect_uris=RETURN)
    applicant.picture("14-service")
    applicant.page.click("#client-form-submit")
    secret = applicant.page.locator("#secret").inner_text()
    client = applicant.page.url.removesuffix("/").removesuffix("secrets")
    applicant.page.goto(client)
    client_id = applicant.page.locator("#client-id").inner_text()
    applicant.page.goto(f"{client.rstrip('/')}/versions/1/")
    applicant.page.click("#submit-version")
    reviewer.open("registry/todo/")
    reviewer.page.locator("#todo-publish a", has_text="Villeurbanne").click()
    reviewer.page.goto(f"{client.rstrip('/')}/versions/1/")
    _deposit_a_run(applicant.page, client, client_id)
    reviewer.page.reload()
    reviewer.page.fill("#waiver_reason", "Le site a été vérifié à la main.")
    reviewer.picture("14-recette", "section[aria-labelledby=acceptance]")
    reviewer.page.click("#publish-version")
    reviewer.page.goto(client)
    expect(reviewer.page.locator("#access")).to_contain_text("ouvert")
    return client_id, secret


def _deposit_a_run(page: Page, client: str, client_id: str) -> None:
    """The commune deposits the result of an acceptance run that failed, on the client's page."""
    master, now = MasterKey(DEVELOPMENT_MASTER_KEY, SystemEntropy()), SystemClock().now().isoformat()
    result = document(client_id, cases=FAILED, started_at=now, finished_at=now)
    page.goto(client)
    text = acceptance_signer(master).sign(result).encode()
    page.set_input_files("[name=content]", {"name": "recette.jws", "mimeType": "application/jose", "buffer": text})
    page.click("#acceptance-submit")
    expect(page.locator("#acceptance-runs")).to_contain_text("échouée")
