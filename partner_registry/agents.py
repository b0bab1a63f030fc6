"""Who may do what in the registry: `PERMISSIONS` is one table, and every rule that changes something asks it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from glc.audit import Actor
from glc.errors import Conflict, Forbidden, InputError
from glc.i18n import N_
from partner_registry.models import AgentRole, Partner, PartnerKind, Role
from partner_registry.ports import ports


@dataclass(frozen=True, slots=True)
class Agent(Actor):
    """Whoever acts in the registry, and the roles they hold at that instant.

    `operator` is whoever holds the server itself (seeding, first roles): every permission, but no second person.
    """

    roles: frozenset[Role] = frozenset()
    partners: frozenset[int] = frozenset()
    """Partners (internal numbers) that an applicant acts for."""
    operator: bool = False

    @property
    def of_metropole(self) -> bool:
        """Whether they may see every partner's record."""
        return self.operator or bool(self.roles - {Role.APPLICANT})


OPERATOR = Agent(name="glc", operator=True)
"""The command line of whoever holds the server."""

SELF_REGISTRATION = Agent(name="self-registration", via="api", roles=frozenset({Role.ADMIN}))
"""A site that registers itself, within what the registration endpoint lets it ask for (RFC 7591)."""

_APPLICANTS = frozenset({Role.APPLICANT, Role.REVIEWER, Role.ADMIN})
_METROPOLE = frozenset({Role.REVIEWER, Role.ADMIN})
_ADMIN = frozenset({Role.ADMIN})

PERMISSIONS: dict[str, frozenset[Role]] = {
    "partner.register": _METROPOLE,
    "partner.edit": _APPLICANTS,
    "partner.rename": _ADMIN,
    "partner.succeed": _ADMIN,
    "contact.edit": _APPLICANTS,
    "agreement.draft": _APPLICANTS,
    "agreement.submit": _APPLICANTS,
    "agreement.withdraw": _APPLICANTS,
    "agreement.examine": _METROPOLE,
    "agreement.record": _METROPOLE,
    "agreement.suspend": _ADMIN,
    "agreement.end": _ADMIN,
    "agreement.derogate": _ADMIN,
    "agreement.correct": _ADMIN,
    "processing.draft": _APPLICANTS,
    "processing.opine": frozenset({Role.DPO}),
    "processing.validate": _METROPOLE,
    "processing.withdraw": _APPLICANTS,
    "client.draft": _APPLICANTS,
    "client.secret": _APPLICANTS,
    "client.publish": _METROPOLE,
    "client.bind": _METROPOLE,
    "client.switch": _ADMIN,
    "tariff.edit": _ADMIN,
    "population.record": _ADMIN,
    "billing.prepare": _METROPOLE,
    "billing.validate": _METROPOLE,
    "billing.confirm": _ADMIN,
    "incident.edit": frozenset({Role.DPO, Role.ADMIN}),
    "webhook.edit": _ADMIN,
    "role.edit": _ADMIN,
    "registry.import": _ADMIN,
    "key.read": frozenset({Role.ADMIN, Role.AUDITOR}),
    "key.edit": _ADMIN,
    "audit.read": frozenset({Role.ADMIN, Role.AUDITOR, Role.DPO}),
}
"""Every action that changes something, or shows what few may see, and the roles that may take it."""

ROLE_WORDS = {
    Role.APPLICANT: N_("demandeur (commune)"),
    Role.REVIEWER: N_("instructeur"),
    Role.ADMIN: N_("administrateur du registre"),
    Role.DPO: N_("délégué à la protection des données"),
    Role.AUDITOR: N_("auditeur"),
}


def may(agent: Agent, action: str, partner: Partner | None = None) -> bool:
    """Whether an agent may take an action, on a partner's record if one is given."""
    allowed = agent.roles & PERMISSIONS[action]
    if agent.operator or allowed - {Role.APPLICANT}:
        return True
    return bool(allowed) and partner is not None and partner.id in agent.partners


def who_may(action: str) -> list[str]:
    """The roles that may take an action, in words."""
    return [ROLE_WORDS[role] for role in Role if role in PERMISSIONS[action]]


def require(agent: Agent, action: str, partner: Partner | None = None) -> None:
    """Raise `Forbidden`, saying who may, unless the agent may take the action."""
    if not may(agent, action, partner):
        raise Forbidden(N_("cette action est réservée à : %(who)s"), detail=action, who=who_may(action))


def require_another(agent: Agent, author_id: int | None) -> None:
    """The four-eyes rule: raise `Forbidden` when whoever decides is who wrote, or when nobody is named."""
    if agent.account_id is None:
        raise Forbidden(N_("dites qui décide : un compte d’agent, et non la ligne de commande seule (--as)"))
    if agent.account_id == author_id:
        raise Forbidden(N_("une autre personne que l’auteur doit décider : demandez à un collègue"))


def require_reason(reason: str) -> str:
    """The reason without blanks around. Raises `InputError` when there is none."""
    if not reason.strip():
        raise InputError(N_("donnez un motif : il reste au journal"))
    return reason.strip()


def agent_of(session: Session, account_id: int, name: str, at: dt.datetime, *, via: str, request_id: str = "") -> Agent:
    """The agent behind an account, with the roles it holds at that instant: none, for a mere citizen."""
    rows = _held(session, at, account_id=account_id)
    return Agent(
        name=name,
        account_id=account_id,
        via=via,
        request_id=request_id,
        roles=frozenset(row.role for row in rows),
        partners=frozenset(row.partner_id for row in rows if row.partner_id is not None),
    )


def grant_role(
    session: Session, by: Agent, account_id: int, role: Role, *, at: dt.datetime, partner: Partner | None = None
) -> AgentRole:
    """Give an account a role; an applicant's is for one partner. Raises `Forbidden`, `InputError`, `Conflict`."""
    from partner_registry.trail import note

    require(by, "role.edit")
    if (role is Role.APPLICANT) != (partner is not None):
        raise InputError(N_("un demandeur agit pour un partenaire ; les autres rôles n’en nomment aucun"))
    number = partner.id if partner else None
    if any(row.role is role and row.partner_id == number for row in _held(session, at, account_id=account_id)):
        raise Conflict(N_("ce compte a déjà ce rôle"))
    made = AgentRole(account_id=account_id, role=role, partner=partner, granted_at=at)
    session.add(made)
    after = {"account_id": account_id, "role": role.value, "partner": partner.slug if partner else None}
    note(session, by, at, "role.granted", f"account:{account_id}", after=after)
    return made


def revoke_role(session: Session, by: Agent, held: AgentRole, *, at: dt.datetime, reason: str) -> None:
    """End a role. The last administrator of the registry cannot leave it without one. Raises `Forbidden`,
    `InputError`, `Conflict`."""
    from partner_registry.trail import note

    require(by, "role.edit")
    reason = require_reason(reason)
    if held.revoked_at is not None:
        raise Conflict(N_("ce rôle a déjà pris fin"))
    _keep_an_administrator(session, held, at)
    held.revoked_at = at
    before = {"account_id": held.account_id, "role": held.role.value}
    note(session, by, at, "role.revoked", f"account:{held.account_id}", before=before, reason=reason)


def end_roles(session: Session, account_id: int, *, at: dt.datetime) -> None:
    """End every role of an account that its holder deletes. Raises `Conflict` for the last administrator's."""
    from partner_registry.trail import note

    by = Agent(name=f"account:{account_id}", account_id=account_id, via="web")
    for held in _held(session, at, account_id=account_id):
        _keep_an_administrator(session, held, at)
        held.revoked_at = at
        before = {"account_id": account_id, "role": held.role.value}
        note(session, by, at, "role.revoked", f"account:{account_id}", before=before, reason="compte supprimé")


def _keep_an_administrator(session: Session, held: AgentRole, at: dt.datetime) -> None:
    """Raise `Conflict` when nobody else would be left to administer the registry; an account that was erased is
    nobody."""
    if held.role is not Role.ADMIN:
        return
    others = {row.account_id for row in _held(session, at, role=Role.ADMIN)} - {held.account_id}
    if not any(ports().person(session, each) for each in others):
        raise Conflict(N_("c’est le dernier administrateur du registre : donnez d’abord ce rôle à quelqu’un d’autre"))


def _held(
    session: Session, at: dt.datetime, *, account_id: int | None = None, role: Role | None = None
) -> list[AgentRole]:
    query = sa.select(AgentRole).where(
        AgentRole.granted_at <= at, sa.or_(AgentRole.revoked_at.is_(None), AgentRole.revoked_at > at)
    )
    if account_id is not None:
        query = query.where(AgentRole.account_id == account_id)
    if role is not None:
        query = query.where(AgentRole.role == role)
    return list(session.scalars(query.order_by(AgentRole.id)))


def held_roles(session: Session, at: dt.datetime) -> list[AgentRole]:
    """Every role held at that instant."""
    return _held(session, at)


def visible(agent: Agent, partner: Partner) -> bool:
    """Whether an agent may see a partner's record: everybody of the Métropole, and the partner's own applicants."""
    return agent.of_metropole or partner.id in agent.partners


def is_metropole(partner: Partner) -> bool:
    """Whether the partner is the Métropole itself (reading A16)."""
    return partner.kind is PartnerKind.METROPOLE
