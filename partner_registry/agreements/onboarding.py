"""The onboarding file as ordered stages: what is done, what is missing, who may act next (registry reference, 6.2).

One table, `_ROWS`, for an agreement and for an amendment. Nothing is decided here: each act asks its own rule again.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import object_session

from glc.clock import paris_date
from glc.sentences import N_, Sentence
from partner_registry.agreements.acts import missing_for_signature
from partner_registry.agreements.instruction import File, agreement_behind, file_status
from partner_registry.agreements.status import OVER, SET_ASIDE, effective_on
from partner_registry.agreements.status import AgreementStatus as S
from partner_registry.completeness import Missing, missing_for_approval, processings_under
from partner_registry.models import Agreement, AgreementKind, Client, Environment, Offer, Tariff


class Progress(enum.Enum):
    """How far a stage is."""

    DONE = "done"
    NOW = "now"
    LATER = "later"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a file. `action` is the permission it takes; `act` the act that takes it."""

    key: str
    title: str
    progress: Progress
    action: str = ""
    act: str = ""
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """A stage: either it is done when the file has come as far as `reached`, or when nothing of its `keys` is missing,
    which is looked at from `since` on."""

    key: str
    title: str
    action: str = ""
    act: str = ""
    reached: int = 0
    keys: tuple[str, ...] = ()
    since: int = 0


_FAR = {
    S.DRAFT: 0,
    S.CHANGES_REQUESTED: 0,
    S.WITHDRAWN: 0,
    S.SUBMITTED: 1,
    S.REFUSED: 1,
    S.APPROVED: 2,
    S.SIGNED: 3,
    S.TRANSMITTED: 4,
    S.PENDING_START: 5,
    S.IN_FORCE: 6,
    S.DENOUNCED: 6,
    S.SUSPENDED: 6,
    S.TERMINATED: 6,
    S.EXPIRED: 6,
}
"""How far a file of each status has come."""

_ROWS = (
    _Row("identity", N_("Identité du partenaire"), "partner.rename", keys=("identity",)),
    _Row("contacts", N_("Contacts vérifiés"), "contact.edit", keys=("contacts",)),
    _Row("processings", N_("Traitements de données déclarés"), "processing.draft", keys=("processings",)),
    _Row("submission", N_("Dépôt du dossier"), "agreement.submit", "submit", reached=1),
    _Row("opinion", N_("Avis du délégué à la protection des données"), "processing.opine", keys=("opinion",), since=1),
    _Row("examination", N_("Instruction"), "agreement.examine", "examine", reached=2),
    _Row(
        "decisions",
        N_("Délibérations et documents"),
        "agreement.draft",
        keys=("decisions", "documents"),
        since=2,
    ),
    _Row("signature", N_("Signature"), "agreement.record", "sign", reached=3),
    _Row("transmission", N_("Transmission au contrôle de légalité"), "agreement.record", "transmit", reached=4),
    _Row("notification", N_("Notification"), "agreement.record", "notify", reached=5),
    _Row("effect", N_("Entrée en vigueur"), reached=6),
    _Row("clients", N_("Services raccordés"), "client.draft", keys=("clients", "validation"), since=2),
)
_STOPPED_AT = {S.WITHDRAWN: "submission", S.REFUSED: "examination"}


def stages(file: File, at: dt.datetime) -> list[Stage]:
    """The stages of a file at an instant, in order."""
    status = file_status(file, at)
    far = _FAR[status]
    lacking = [] if status in OVER | SET_ASIDE else missing_in(file, at)
    found: list[Stage] = []
    for row in _ROWS:
        if row.key == "clients" and not isinstance(file, Agreement):
            continue
        missing = tuple(each for each in lacking if each.key in row.keys) if far >= row.since else ()
        ready = all(each.progress is Progress.DONE for each in found)
        found.append(
            Stage(
                key=row.key,
                title=row.title,
                progress=_progress(row, status, missing, ready=ready),
                action="agreement.examine" if _STOPPED_AT.get(status) == row.key else row.action,
                act="reopen" if _STOPPED_AT.get(status) == row.key else row.act,
                missing=missing,
            )
        )
    return found


def _progress(row: _Row, status: S, missing: tuple[Missing, ...], *, ready: bool) -> Progress:
    if _STOPPED_AT.get(status) == row.key:
        return Progress.STOPPED
    far = _FAR[status]
    if row.keys:
        if far < row.since:
            return Progress.LATER
        return Progress.NOW if missing else Progress.DONE
    if far >= row.reached:
        return Progress.DONE
    examined = row.key == "examination"  # a file may be sent back or refused whatever is missing
    return Progress.NOW if far == row.reached - 1 and (ready or examined) else Progress.LATER


def missing_in(file: File, at: dt.datetime) -> list[Missing]:
    """Everything a file lacks that can be mended now, each thing with the key of where."""
    agreement = agreement_behind(file)
    day, far = paris_date(at), _FAR[file_status(file, at)]
    found = missing_for_approval(agreement, day)
    if far == _FAR[S.APPROVED]:
        found += missing_for_signature(file, day)
    if isinstance(file, Agreement):
        found += _missing_clients(file, day)
    return found


def _missing_clients(agreement: Agreement, day: dt.date) -> list[Missing]:
    found = [
        Missing("validation", N_("validez le traitement « %(name)s »"), {"name": each.name})
        for each in processings_under(agreement, day)
        if each.validated_on is None and each.dpo_favourable
    ]
    clients = clients_under(agreement)
    if not clients:
        found.append(Missing("clients", N_("enregistrez le client de production")))
    for client in clients:
        if client.published is None:
            told = N_("faites publier la configuration de « %(name)s »")
            found.append(Missing("clients", told, {"name": client.latest.name}))
    return found


def clients_under(agreement: Agreement) -> list[Client]:
    """The production clients that some binding puts under an agreement, those received from another partner too;
    archived ones left out."""
    session = object_session(agreement)
    if session is None:
        return []
    query = sa.select(Client).where(
        Client.bindings.any(agreement_id=agreement.id),
        Client.environment == Environment.PRODUCTION,
        Client.archived_at.is_(None),
    )
    return list(session.scalars(query.order_by(Client.id)))


def remarks(agreement: Agreement) -> list[Sentence]:
    """What whoever examines an agreement should know: readings A6, A11 and A14, a framework that nothing prices or ends
    (R33: a name mistyped?), and what its record assumes."""
    found = []
    if agreement.kind is AgreementKind.FRAMEWORK and not _has_grid(agreement):
        told = N_("Aucune grille ne porte le nom de son cadre, « %(framework)s » : rien ne serait facturé.")
        found.append(Sentence(told, {"framework": agreement.framework}))
    first = effective_on(agreement) or agreement.starts_on
    if (first.month, first.day) != (1, 1):
        told = N_("Elle prend effet en cours d’année, le %(day)s : l’année entière est due.")
        found.append(Sentence(told, {"day": first.strftime("%d/%m/%Y")}))
    if agreement.offer is Offer.RESTRICTED and not agreement.already_equipped:
        found.append(
            Sentence(N_("Offre restreinte sans outils de gestion des demandes déclarés : c’est permis, vérifiez-le."))
        )
    if agreement.assumed:
        found.append(Sentence(N_("Supposé, non documenté : %(what)s."), {"what": agreement.assumed}))
    if agreement.unpaid:
        found.append(Sentence(N_("Un paiement est en retard ; cela n’a pas d’effet sur l’accès.")))
    return found


def _has_grid(agreement: Agreement) -> bool:
    session = object_session(agreement)
    named = sa.select(Tariff.id).where(Tariff.name == agreement.framework)
    return session is not None and session.scalar(named) is not None
