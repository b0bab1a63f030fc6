"""Pages of an agreement: opened, its onboarding file as stages, its acts, its life."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from flask import request
from werkzeug.wrappers import Response

from glc.audit import AuditEntry
from glc.clock import end_of_day
from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext
from partner_registry.agents import Agent, may, require, who_may
from partner_registry.agreements.drafting import draft_agreement
from partner_registry.agreements.impact import impact_of
from partner_registry.agreements.instruction import (
    STATUS_WORDS,
    File,
    agreement_behind,
    authors_of,
    file_status,
    party_of,
    status_in_words,
    subject_of,
)
from partner_registry.agreements.interruptions import gap_before
from partner_registry.agreements.onboarding import Progress, Stage, missing_in, remarks, stages
from partner_registry.agreements.status import (
    effective_on,
    last_day,
    last_step,
    notice_deadline,
    standing,
    status_at,
    terms_on,
)
from partner_registry.agreements.timeline import authored, file_timeline
from partner_registry.completeness import Missing, processings_under
from partner_registry.models import Agreement, Amendment, Partner, StepKind, Tariff
from partner_registry.ports import ports
from partner_registry.trail import entries
from partner_registry.web import links
from partner_registry.web.acts import take
from partner_registry.web.agreement_forms import (
    KIND_WORDS,
    OFFER_WORDS,
    DraftForm,
    TermsForm,
    changes_in_words,
    suggested_number,
)
from partner_registry.web.base import (
    NOTHING,
    Crumbs,
    agents_only,
    crumbs_to,
    done,
    now,
    page,
    partner_seen,
    registry,
    shown_to,
    today,
)
from partner_registry.web.fields import read_day
from partner_registry.web.file_acts import FILE_ACTS, act_of, other_acts
from partner_registry.web.file_forms import BODY_WORDS, DOCUMENT_WORDS
from partner_registry.web.forms import carried_out


@registry.route("/partners/<slug>/agreements/new", methods=["GET", "POST"])
@agents_only
def new_agreement(agent: Agent, slug: str) -> Response:
    """Open the file of an agreement."""
    partner = partner_seen(agent, slug)
    require(agent, "agreement.draft", partner)
    begins = dt.date(today().year + 1, 1, 1)
    framework = _frameworks()[-1]
    form = DraftForm(
        number=suggested_number(partner, begins.year),
        starts_on=begins,
        framework=framework,
        renews_yearly=True,
        hard_end_on=_end_of(framework, begins),
    )
    form.offer_predecessors(partner)
    made: list[Agreement] = []
    if carried_out(form, lambda: made.append(draft_agreement(db.session(), agent, partner, at=now(), **form.values()))):
        return done(N_("La convention est en préparation : suivez ses étapes."), links.file(made[0]))
    return page(
        "agreement_new.html",
        agent,
        form.status,
        form=form,
        partner=partner,
        frameworks=_frameworks(),
        crumbs=crumbs_to(partner),
    )


def _frameworks() -> list[str]:
    """The frameworks there are, the latest last."""
    tariffs = db.session.scalars(sa.select(Tariff.name).order_by(Tariff.first_year)).all()
    known = db.session.scalars(sa.select(Agreement.framework).order_by(Agreement.starts_on)).all()
    return list(dict.fromkeys([*tariffs, *known])) or [""]


def _end_of(framework: str, begins: dt.date) -> dt.date | None:
    """The last day of a framework, as its grid or its agreements say; None where it is over before that day."""
    year = db.session.scalar(sa.select(Tariff.last_year).where(Tariff.name == framework))
    last = db.session.scalar(sa.select(sa.func.max(Agreement.hard_end_on)).where(Agreement.framework == framework))
    ends = [each for each in (dt.date(year, 12, 31) if year else None, last) if each is not None and each >= begins]
    return max(ends, default=None)


@registry.get("/<any(agreements, amendments):noun>/<int:number>/")
@agents_only
def file_page(agent: Agent, noun: str, number: int) -> Response:
    """The file of an agreement or of an amendment: its stages, what is missing, who may act, its life."""
    file = file_seen(agent, noun, number)
    agreement, at = agreement_behind(file), now()
    partner = party_of(file, at)
    found = stages(file, at)
    as_of, as_of_error = _as_of()
    return page(
        "agreement.html" if isinstance(file, Agreement) else "amendment.html",
        agent,
        file=file,
        agreement=agreement,
        partner=partner,
        crumbs=crumbs_of(file),
        state=file_status(file, at),
        words=STATUS_WORDS,
        told_status=told_status,
        stages=found,
        next=next_for(agent, file, found),
        who=who_may,
        urls=mending(file),
        acts=FILE_ACTS,
        others=other_acts(agent, file, at),
        sent_back=last_step(file, StepKind.CHANGES_REQUESTED, StepKind.REFUSED, StepKind.WITHDRAWN, StepKind.SUBMITTED),
        remarks=remarks(agreement),
        gap=gap_before(agreement),
        effective=effective_on(agreement),
        terms=terms_on(agreement, today()),
        standing=standing(agreement, at),
        events=authored(file_timeline(file, at), _trail(file)),
        at=at,
        person=person,
        as_of=as_of,
        as_of_error=as_of_error,
        then=_then(agreement, as_of) if as_of else None,
        offer_words=OFFER_WORDS,
        kind_words=KIND_WORDS,
        body_words=BODY_WORDS,
        document_words=DOCUMENT_WORDS,
        changes=changes_in_words(file) if isinstance(file, Amendment) else (),
        amendments=[(each, file_status(each, at)) for each in agreement.amendments],
        Progress=Progress,
    )


@registry.route("/<any(agreements, amendments):noun>/<int:number>/<name>", methods=["GET", "POST"])
@agents_only
def file_act(agent: Agent, noun: str, number: int, name: str) -> Response:
    """One act of a file, on its own page."""
    file = file_seen(agent, noun, number)
    act = act_of(file, name)
    if act is None:
        raise NotFound(NOTHING)
    agreement = agreement_behind(file)
    form = TermsForm.of(agreement) if act.form is TermsForm else None
    impact = impact_of(db.session(), agreement, now(), ports().active_users) if act.cuts else None
    return take(
        agent,
        act,
        file,
        party_of(file, now()),
        back=links.file(file),
        crumbs=[*crumbs_of(file), (title_of(file), links.file(file))],
        missing=_missing_for(file, name),
        urls=mending(file),
        impact=impact,
        effects=_notice_effects(agreement) if name == "denounce" else [],
        agreement=agreement,
        form=form,
        frameworks=_frameworks() if form else [],
    )


def _notice_effects(agreement: Agreement) -> list[str]:
    """On which day a notice would end the agreement, received in time this year or later."""
    hard, year = last_day(agreement), max(today().year, agreement.starts_on.year)
    ends = [min(dt.date(each, 12, 31), hard) for each in (year, year + 1)]
    values = {
        "months": agreement.notice_months,
        "deadline": f"{notice_deadline(agreement, year):%d/%m/%Y}",
        "first": f"{ends[0]:%d/%m/%Y}",
        "then": f"{ends[1]:%d/%m/%Y}",
    }
    told = N_("Le préavis est de %(months)s mois. Reçue le %(deadline)s au plus tard : dernier jour le %(first)s.")
    return [gettext(told) % values, gettext(N_("Reçue après ce jour : dernier jour le %(then)s.")) % values]


def file_seen(agent: Agent, noun: str, number: int) -> File:
    """The agreement or amendment of that number. Raises `NotFound` when it is not the agent's to see."""
    session = db.session()
    file = session.get(Agreement, number) if noun == "agreements" else session.get(Amendment, number)
    if file is None:
        raise NotFound(NOTHING)
    shown_to(agent, party_of(file, now()))
    return file


def title_of(file: File) -> str:
    """What the pages call a file."""
    if isinstance(file, Agreement):
        return gettext("Convention %(number)s") % {"number": file.number}
    return gettext("Avenant n° %(number)s") % {"number": file.number}


def crumbs_of(file: File) -> Crumbs:
    """The pages above a file's."""
    found = crumbs_to(party_of(file, now()))
    return found if isinstance(file, Agreement) else [*found, (title_of(file.agreement), links.file(file.agreement))]


def mending(file: File) -> dict[str, str]:
    """Where each kind of missing thing is mended."""
    partner = party_of(file, now())
    named = {
        f"{key}:{each.name}": links.processing(each)
        for each in processings_under(agreement_behind(file), today())
        for key in ("processings", "opinion", "validation")
    }
    return named | {
        "identity": links.partner(partner),
        "contacts": links.contacts(partner),
        "processings": links.processings(partner),
        "opinion": links.processings(partner),
        "validation": links.processings(partner),
        "decisions": links.act(file, "decide"),
        "documents": links.act(file, "attach"),
        "clients": links.clients(partner),
    }


def next_for(agent: Agent, file: File, found: list[Stage]) -> Stage | None:
    """The stage whose act waits for this agent, if one does."""
    partner = party_of(file, now())
    for stage in found:
        waits = stage.progress in {Progress.NOW, Progress.STOPPED} and may(agent, stage.action, partner)
        if waits and (stage.act or stage.missing) and not _is_for_another(agent, file, stage):
            return stage
    return None


def _is_for_another(agent: Agent, file: File, stage: Stage) -> bool:
    return stage.act == "examine" and agent.account_id in authors_of(file)


def _missing_for(file: File, name: str) -> list[Missing]:
    """What the rule of an act would find missing, said before it is tried."""
    keys = {
        "submit": {"identity", "contacts", "processings"},
        "examine": {"identity", "contacts", "processings", "opinion"},
        "sign": {"decisions", "documents"},
    }.get(name, set())
    return [each for each in missing_in(file, now()) if each.key in keys] if keys else []


def _trail(file: File) -> list[AuditEntry]:
    """What the audit trail has about a file: it has more than this only after hundreds of acts."""
    return entries(db.session(), subject=subject_of(file), limit=500)


def told_status(file: File) -> str:
    """The status of a file now, in the visitor's language."""
    return status_in_words(file, now(), gettext)


def person(account_id: int | None) -> str:
    """The name of an account, for those who read a file."""
    found = ports().person(db.session(), account_id) if account_id is not None else None
    return found.name or found.email if found else ""


def _as_of() -> tuple[dt.date | None, str]:
    """The day that the page is asked to show the status of, or why it cannot be read."""
    typed = request.args.get("on", "").strip()
    if not typed:
        return None, ""
    try:
        return read_day(typed), ""
    except ValueError as error:
        return None, str(error)


@dataclasses.dataclass(frozen=True, slots=True)
class Then:
    """What was, or will be, at the end of a day."""

    day: dt.date
    status: str
    words: str
    offer: str
    partner: str


def _then(agreement: Agreement, day: dt.date) -> Then:
    evening = end_of_day(day) - dt.timedelta(microseconds=1)
    status = status_at(agreement, evening)
    holder: Partner = agreement.partner.holder_on(day)
    words = OFFER_WORDS[terms_on(agreement, day).offer]
    told = status_in_words(agreement, evening, gettext)
    return Then(day, status.value, told, words, holder.identity_on(day).legal_name)
