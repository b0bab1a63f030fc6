"""What waits for an agent: files, opinions, publications, and the dates that come near."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import shorten

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from glc.clock import paris_date
from glc.sentences import N_, Translate, fill
from partner_registry.agents import Agent, may, visible
from partner_registry.agreements.instruction import STATUS_WORDS, File, authors_of, file_status
from partner_registry.agreements.interruptions import gap_before
from partner_registry.agreements.onboarding import clients_under, missing_in
from partner_registry.agreements.status import RUNNING, effective_on, last_day, notice_deadline, terms_on
from partner_registry.agreements.status import AgreementStatus as S
from partner_registry.completeness import CONTACT_WORDS, current_contacts
from partner_registry.data_protection.incidents import due_at
from partner_registry.models import (
    Agreement,
    Amendment,
    Client,
    ClientVersion,
    Contact,
    Environment,
    Incident,
    Partner,
    Processing,
    VersionState,
)
from partner_registry.overview import everyone

NOTICE_WITHIN = dt.timedelta(days=60)
ENDING_WITHIN = dt.timedelta(days=90)


class Kind(enum.Enum):
    """Why something waits, in the order of the page."""

    INCIDENT = N_("Violations de données : 72 heures pour prévenir la CNIL")
    EXAMINE = N_("Dossiers à instruire")
    COMPLETE = N_("Dossiers à préparer ou à compléter")
    OPINE = N_("Avis à donner")
    VALIDATE = N_("Traitements à valider")
    RECORD = N_("Actes à enregistrer")
    CONNECT = N_("Services à raccorder")
    PUBLISH = N_("Versions de clients à publier")
    GAP = N_("Interruptions d’accès à prévenir")
    NOTICE = N_("Dénonciations : la date limite approche")
    ENDING = N_("Conventions qui prennent fin sous 90 jours")
    CONTACT = N_("Contacts à vérifier")
    APPROVAL = N_("Homologations de sécurité qui expirent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing that waits: about `subject`, of a partner if it is one's, maybe with a last day."""

    kind: Kind
    partner: Partner | None
    subject: Incident | File | Processing | ClientVersion | Contact | Client
    template: str
    values: Mapping[str, str] = field(default_factory=dict)
    due_on: dt.date | None = None

    def told(self, translate: Translate = str) -> str:
        """What it is, in another language when its gettext is given."""
        return fill(self.template, self.values, translate)


_AGREEMENTS = selectinload(Partner.agreements)
_LOADED = (
    selectinload(Partner.processings),
    selectinload(Partner.contacts),
    selectinload(Partner.clients).selectinload(Client.versions),
    _AGREEMENTS.selectinload(Agreement.derogations),
    _AGREEMENTS.selectinload(Agreement.amendments).selectinload(Amendment.steps),
)


def waiting_for(session: Session, agent: Agent, at: dt.datetime) -> list[Task]:
    """What waits for an agent at an instant, most urgent kinds first; what their colleague must decide is left out."""
    found: list[Task] = []
    for partner in everyone(session, *_LOADED):
        holder = partner.holder_on(paris_date(at))
        if visible(agent, holder):
            found += _of_partner(agent, partner, holder, at)
    if may(agent, "incident.edit"):
        found += _incidents(session)
    order = list(Kind)
    return sorted(found, key=lambda each: (order.index(each.kind), each.due_on or dt.date.max))


def _incidents(session: Session) -> Iterator[Task]:
    """The breaches that the CNIL was not told of yet (GDPR 33(1))."""
    untold = sa.select(Incident).where(Incident.authority_notified_at.is_(None), Incident.closed_at.is_(None))
    for incident in session.scalars(untold.order_by(Incident.aware_at)):
        values = {"nature": shorten(incident.nature, 100, placeholder="…")}
        due_on = paris_date(due_at(incident))
        yield Task(
            kind=Kind.INCIDENT, partner=None, subject=incident, template="%(nature)s", values=values, due_on=due_on
        )


def _of_partner(agent: Agent, partner: Partner, holder: Partner, at: dt.datetime) -> Iterator[Task]:
    """What a partner's record has waiting, for the people of whoever holds its rights now."""
    for agreement in partner.agreements:
        files: tuple[File, ...] = (agreement, *agreement.amendments)
        for file in files:
            yield from _file(agent, holder, file, at)
        yield from _services(agent, holder, agreement, at)
        if agent.of_metropole:
            yield from _dates(holder, agreement, at)
    for processing in partner.processings:
        yield from _processing(agent, holder, processing)
    if holder is partner and may(agent, "contact.edit", holder):
        yield from _contacts(holder, at)
    for client in partner.clients:
        yield from _client(agent, client, at)


_WAITING = {
    S.SUBMITTED: (Kind.EXAMINE, "agreement.examine"),
    S.DRAFT: (Kind.COMPLETE, "agreement.submit"),
    S.CHANGES_REQUESTED: (Kind.COMPLETE, "agreement.submit"),
    S.APPROVED: (Kind.RECORD, "agreement.record"),
    S.SIGNED: (Kind.RECORD, "agreement.record"),
    S.TRANSMITTED: (Kind.RECORD, "agreement.record"),
}


def _file(agent: Agent, partner: Partner, file: File, at: dt.datetime) -> Iterator[Task]:
    status = file_status(file, at)
    kind, action = _WAITING.get(status, (None, ""))
    if kind is None or not may(agent, action, partner):
        return
    if kind is Kind.EXAMINE and agent.account_id in authors_of(file):
        return
    number = file.number if isinstance(file, Agreement) else file.agreement.number
    told = N_("convention %(number)s : %(status)s")
    values = {"number": str(number), "status": STATUS_WORDS[status]}
    if not isinstance(file, Agreement):
        told = N_("convention %(number)s, avenant n° %(amendment)s : %(status)s")
        values["amendment"] = str(file.number)
    if kind is Kind.EXAMINE and any(each.key == "opinion" for each in missing_in(file, at)):
        values["status"] = N_("déposée, l’avis du DPO est attendu avant d’approuver")
    yield Task(kind=kind, partner=partner, subject=file, template=told, values=values)


def _services(agent: Agent, partner: Partner, agreement: Agreement, at: dt.datetime) -> Iterator[Task]:
    """What the partner's own people still do for its services, once its agreement is notified."""
    if agent.of_metropole or not may(agent, "client.draft", partner):
        return
    if file_status(agreement, at) not in RUNNING | {S.PENDING_START, S.SUSPENDED}:
        return
    clients = clients_under(agreement)
    if not clients:
        told = N_("convention %(number)s : raccordez vos services, enregistrez le client de production")
        values = {"number": agreement.number}
        yield Task(kind=Kind.CONNECT, partner=partner, subject=agreement, template=told, values=values)
    for client in clients:
        if client.published is None and client.latest.state is VersionState.DRAFT:
            told, values = N_("« %(name)s » : soumettez sa configuration à publication"), {"name": client.latest.name}
            yield Task(kind=Kind.CONNECT, partner=partner, subject=client, template=told, values=values)


def _dates(partner: Partner, agreement: Agreement, at: dt.datetime) -> Iterator[Task]:
    today, status = paris_date(at), file_status(agreement, at)
    gap = gap_before(agreement)
    if gap is not None and gap[1] >= today and not _derogated(agreement, gap):
        told = N_("convention %(number)s : pas d’accès du %(first)s au %(last)s, entre elle et la précédente")
        values = {"number": agreement.number, "first": f"{gap[0]:%d/%m/%Y}", "last": f"{gap[1]:%d/%m/%Y}"}
        yield Task(kind=Kind.GAP, partner=partner, subject=agreement, template=told, values=values, due_on=gap[0])
    if status not in RUNNING | {S.SUSPENDED}:
        return
    last, limit = last_day(agreement, today), notice_deadline(agreement, today.year)
    renewed = terms_on(agreement, today).renews_yearly and last > dt.date(today.year, 12, 31)
    if renewed and today <= limit <= today + NOTICE_WITHIN:
        told = N_("convention %(number)s : reconduite le 1er janvier, sauf dénonciation reçue à temps")
        values = {"number": agreement.number}
        yield Task(kind=Kind.NOTICE, partner=partner, subject=agreement, template=told, values=values, due_on=limit)
    if last <= today + ENDING_WITHIN and not _followed(agreement, last):
        told = N_("convention %(number)s : dernier jour, et aucune convention ne la suit")
        values = {"number": agreement.number}
        yield Task(kind=Kind.ENDING, partner=partner, subject=agreement, template=told, values=values, due_on=last)


def _derogated(agreement: Agreement, gap: tuple[dt.date, dt.date]) -> bool:
    return any(each.from_on <= gap[0] and gap[1] <= each.until_on for each in agreement.derogations)


def _followed(agreement: Agreement, last: dt.date) -> bool:
    """Whether another agreement of the partner takes over on the next day."""
    holder = agreement.partner.holder_on(last + dt.timedelta(days=1))
    others = [each for partner in {agreement.partner, holder} for each in partner.agreements if each is not agreement]
    firsts = [(effective_on(each), last_day(each)) for each in others]
    return any(first is not None and first <= last + dt.timedelta(days=1) <= end for first, end in firsts)


def _processing(agent: Agent, partner: Partner, processing: Processing) -> Iterator[Task]:
    if processing.validated_on is not None or processing.withdrawn_on is not None:
        return
    values = {"name": processing.name}
    mine = agent.account_id is not None and agent.account_id == processing.author_id
    if processing.dpo_favourable is None and may(agent, "processing.opine") and not mine:
        told = N_("traitement « %(name)s »")
        yield Task(kind=Kind.OPINE, partner=partner, subject=processing, template=told, values=values)
    if processing.dpo_favourable and may(agent, "processing.validate", partner) and not mine:
        told = N_("traitement « %(name)s », avis favorable")
        yield Task(kind=Kind.VALIDATE, partner=partner, subject=processing, template=told, values=values)


def _contacts(partner: Partner, at: dt.datetime) -> Iterator[Task]:
    for contact in current_contacts(partner, paris_date(at)):
        if contact.verified_at is None:
            values = {"role": CONTACT_WORDS[contact.role]}
            yield Task(kind=Kind.CONTACT, partner=partner, subject=contact, template="%(role)s", values=values)


def _client(agent: Agent, client: Client, at: dt.datetime) -> Iterator[Task]:
    partner = client.partner_on(paris_date(at))
    if client.archived_at is not None or client.environment is Environment.SANDBOX:
        return
    for version in client.versions:
        pending = version.state is VersionState.PENDING and may(agent, "client.publish", partner)
        if pending and version.author_id != agent.account_id:
            told = N_("« %(name)s », version %(number)s")
            values = {"name": version.name, "number": str(version.number)}
            yield Task(kind=Kind.PUBLISH, partner=partner, subject=version, template=told, values=values)
    until = client.security_approved_until_on
    if until is not None and until <= paris_date(at) + ENDING_WITHIN and may(agent, "client.draft", partner):
        values = {"name": client.latest.name}
        told = N_("« %(name)s »")
        yield Task(kind=Kind.APPROVAL, partner=partner, subject=client, template=told, values=values, due_on=until)
