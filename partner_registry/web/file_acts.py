"""The acts of a file, an agreement's or an amendment's: the table its pages and buttons are made from."""

from __future__ import annotations

import datetime as dt
import functools

from glc.i18n import N_
from partner_registry.agents import Agent, may
from partner_registry.agreements import acts, amendments, documents, drafting, interruptions
from partner_registry.agreements.instruction import File, file_status, party_of, take_step
from partner_registry.agreements.status import AgreementStatus as S
from partner_registry.agreements.years import set_budget_voted
from partner_registry.models import Agreement, StepKind
from partner_registry.web import file_forms as f
from partner_registry.web.acts import Act
from partner_registry.web.agreement_forms import AmendForm, CorrectForm, TermsForm
from partner_registry.web.forms import RegistryForm

BEFORE = frozenset({S.DRAFT, S.CHANGES_REQUESTED})
PREPARED = BEFORE | {S.SUBMITTED, S.APPROVED}
LIVING = frozenset({S.IN_FORCE, S.DENOUNCED, S.SUSPENDED})
NOTIFIED = LIVING | {S.PENDING_START}
ANY = frozenset(S)

FILE_ACTS = {
    act.name: act
    for act in (
        Act(
            name="submit",
            title=N_("Déposer le dossier"),
            lead=N_("Le dossier part à l’instruction : un instructeur de la Métropole, autre que vous, l’examinera."),
            button=N_("Déposer le dossier"),
            done=N_("Le dossier est déposé."),
            action="agreement.submit",
            rule=functools.partial(take_step, kind=StepKind.SUBMITTED),
            form=RegistryForm,
        ),
        Act(
            name="withdraw",
            title=N_("Retirer le dossier"),
            lead=N_("Le dossier est mis de côté. Il pourra être rouvert ; rien n’est effacé."),
            button=N_("Retirer le dossier"),
            done=N_("Le dossier est retiré."),
            action="agreement.withdraw",
            rule=functools.partial(take_step, kind=StepKind.WITHDRAWN),
            form=f.ReasonForm,
        ),
        Act(
            name="examine",
            title=N_("Instruire le dossier"),
            lead=N_("Approuver demande un dossier complet et un avis favorable du DPO sur chaque traitement."),
            button=N_("Enregistrer la décision"),
            done=N_("Votre décision est enregistrée."),
            action="agreement.examine",
            rule=take_step,
            form=f.ExamineForm,
        ),
        Act(
            name="reopen",
            title=N_("Rouvrir le dossier"),
            lead=N_("Le dossier revient en préparation. Une convention en vigueur le reste."),
            button=N_("Rouvrir le dossier"),
            done=N_("Le dossier est rouvert."),
            action="agreement.examine",
            rule=functools.partial(take_step, kind=StepKind.REOPENED),
            form=f.ReasonForm,
        ),
        Act(
            name="decide",
            title=N_("Ajouter une délibération"),
            lead=N_("Il en faut une de chaque conseil, celui de la commune et celui de la Métropole."),
            button=N_("Ajouter la délibération"),
            done=N_("La délibération est ajoutée."),
            action="agreement.draft",
            rule=acts.add_decision,
            form=f.DecisionForm,
        ),
        Act(
            name="attach",
            title=N_("Joindre un document"),
            lead=N_("Le PDF est gardé tel quel, avec son empreinte SHA-256 ; il ne sera ni modifié ni effacé."),
            button=N_("Joindre le document"),
            done=N_("Le document est joint."),
            action="agreement.draft",
            rule=documents.add_document,
            form=f.DocumentForm,
        ),
        Act(
            name="sign",
            title=N_("Enregistrer la signature"),
            lead=N_("La signature suit les deux délibérations ; le PDF signé est joint au dossier."),
            button=N_("Enregistrer la signature"),
            done=N_("La signature est enregistrée."),
            action="agreement.record",
            rule=acts.sign,
            form=f.SignForm,
        ),
        Act(
            name="transmit",
            title=N_("Enregistrer la transmission au contrôle de légalité"),
            lead=N_("La préfecture du Rhône délivre un accusé de réception : son numéro est demandé."),
            button=N_("Enregistrer la transmission"),
            done=N_("La transmission est enregistrée."),
            action="agreement.record",
            rule=acts.transmit,
            form=f.TransmitForm,
        ),
        Act(
            name="notify",
            title=N_("Enregistrer la notification"),
            lead=N_("Rien ne prend effet avant la notification : la prise d’effet est la plus tardive des deux dates."),
            button=N_("Enregistrer la notification"),
            done=N_("La notification est enregistrée."),
            action="agreement.record",
            rule=acts.notify,
            form=f.NotifyForm,
        ),
    )
}
"""What an agreement and an amendment have in common."""

AGREEMENT_ACTS = {
    act.name: act
    for act in (
        Act(
            name="edit",
            title=N_("Modifier la convention en préparation"),
            lead=N_("Tant que le dossier n’est pas déposé, ou qu’il est à compléter."),
            button=N_("Enregistrer"),
            done=N_("La convention est modifiée."),
            action="agreement.draft",
            rule=drafting.edit_draft,
            form=TermsForm,
        ),
        Act(
            name="amend",
            title=N_("Ouvrir un avenant"),
            lead=N_("Un avenant suit les mêmes étapes. La convention reste en vigueur telle qu’elle est jusque-là."),
            button=N_("Ouvrir l’avenant"),
            done=N_("L’avenant est ouvert : suivez ses étapes."),
            action="agreement.draft",
            rule=amendments.open_amendment,
            form=AmendForm,
        ),
        Act(
            name="derogate",
            title=N_("Accorder une dérogation"),
            lead=N_("Elle ouvre l’accès en attendant la prise d’effet, pour que les usagers ne soient pas coupés."),
            button=N_("Accorder la dérogation"),
            done=N_("La dérogation est accordée."),
            action="agreement.derogate",
            rule=interruptions.grant_derogation,
            form=f.DerogateForm,
        ),
        Act(
            name="correct",
            title=N_("Corriger une erreur de saisie"),
            lead=N_(
                "Les termes (offre, début, fin) ne se corrigent pas : ouvrez un avenant. Le journal garde les deux."
            ),
            button=N_("Enregistrer la correction"),
            done=N_("La correction est enregistrée."),
            action="agreement.correct",
            rule=acts.correct,
            form=CorrectForm,
            prefilled=True,
        ),
        Act(
            name="denounce",
            title=N_("Enregistrer une dénonciation"),
            lead=N_("La convention reste en vigueur jusqu’au 31 décembre ; elle n’est plus reconduite."),
            button=N_("Enregistrer la dénonciation"),
            done=N_("La dénonciation est enregistrée ; le partenaire est prévenu."),
            action="agreement.record",
            rule=interruptions.refuse_renewal,
            form=f.DenounceForm,
            mailed=True,
        ),
        Act(
            name="budget",
            title=N_("Noter le vote des crédits"),
            lead=N_("La dépense d’une année dépend du vote des crédits par le partenaire ; l’accès n’en dépend pas."),
            button=N_("Enregistrer"),
            done=N_("C’est noté."),
            action="billing.prepare",
            rule=set_budget_voted,
            form=f.BudgetForm,
        ),
        Act(
            name="suspend",
            title=N_("Suspendre l’accès"),
            lead=N_(
                "Les services du partenaire sont coupés à l’instant dit, et rétablis quand vous levez la suspension."
            ),
            button=N_("Suspendre l’accès"),
            done=N_("L’accès est suspendu ; le partenaire est prévenu."),
            action="agreement.suspend",
            rule=interruptions.suspend,
            form=f.SuspendForm,
            mailed=True,
            cuts=True,
        ),
        Act(
            name="lift",
            title=N_("Lever la suspension"),
            lead=N_(
                "L’accès est rétabli tout de suite, une suspension à venir est annulée ; les usagers gardent leur "
                "identifiant."
            ),
            button=N_("Lever la suspension"),
            done=N_("La suspension est levée ; le partenaire est prévenu."),
            action="agreement.suspend",
            rule=interruptions.lift_suspension,
            form=f.ReasonForm,
            mailed=True,
        ),
        Act(
            name="terminate",
            title=N_("Résilier la convention"),
            lead=N_("L’accès prend fin au soir du dernier jour. Pour revenir, il faudra une nouvelle convention."),
            button=N_("Résilier la convention"),
            done=N_("La résiliation est enregistrée ; le partenaire est prévenu."),
            action="agreement.end",
            rule=interruptions.terminate,
            form=f.TerminateForm,
            mailed=True,
            cuts=True,
        ),
    )
}
"""What only an agreement has."""

_SHOWN = {
    "edit": BEFORE,
    "withdraw": BEFORE | {S.SUBMITTED},
    "reopen": frozenset({S.APPROVED}),
    "decide": PREPARED,
    "attach": ANY,
    "amend": NOTIFIED,
    "derogate": frozenset({S.APPROVED, S.SIGNED, S.TRANSMITTED, S.PENDING_START}),
    "correct": ANY - BEFORE,
    "denounce": frozenset({S.IN_FORCE, S.SUSPENDED}),
    "budget": NOTIFIED,
    "suspend": frozenset({S.IN_FORCE, S.DENOUNCED}),
    "lift": NOTIFIED,
    "terminate": NOTIFIED,
}
"""For the acts that no stage leads to, the statuses in which a button leads there; the rule decides all the same."""


def act_of(file: File, name: str) -> Act | None:
    """The act of that name, if such a file has it."""
    found = FILE_ACTS.get(name)
    return AGREEMENT_ACTS.get(name) if found is None and isinstance(file, Agreement) else found


def other_acts(agent: Agent, file: File, at: dt.datetime) -> list[Act]:
    """The acts besides the next stage's that an agent may find useful at an instant."""
    status, partner = file_status(file, at), party_of(file, at)
    found = [act_of(file, name) for name, statuses in _SHOWN.items() if status in statuses]
    if not isinstance(file, Agreement) or not interruptions.suspensions_left(file, at):
        found = [act for act in found if act is not AGREEMENT_ACTS["lift"]]
    return [act for act in found if act is not None and may(agent, act.action, partner)]
