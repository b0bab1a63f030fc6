"""Roles, tokens, and the audit trail."""

from __future__ import annotations

import sqlalchemy as sa

from glc import audit
from glc.audit import AuditEntry
from glc.errors import InputError
from glc.i18n import N_
from partner_registry import agents as rules
from partner_registry import tokens as token_rules
from partner_registry.api.call import Call, Page, Shown, page
from partner_registry.api.language import translate
from partner_registry.api.operation import Resource
from partner_registry.api.schemas import records as schemas
from partner_registry.api.schemas.base import Motivated
from partner_registry.models import AgentRole, ApiToken, Partner
from partner_registry.ports import ports
from partner_registry.trail import matching


def _show(held: AgentRole, call: Call) -> Shown:
    person = ports().person(call.session, held.account_id)
    return Shown(
        held,
        name=person.name if person else "",
        email=person.email if person else "",
        partner=held.partner.slug if held.partner else None,
    )


ROLE = Resource(
    schema="records:RoleTold",
    find=lambda call: call.one(sa.select(AgentRole).where(AgentRole.id == call.path["role"])),
    show=_show,
    path=lambda held, _call: f"/roles/{held.id}",
)


def roles(call: Call, asked: schemas.Roles) -> Page:
    query = sa.select(AgentRole)
    if asked.role is not None:
        query = query.where(AgentRole.role == asked.role)
    if asked.partner is not None:
        query = query.join(Partner).where(Partner.slug == asked.partner)

    def kept(held: AgentRole) -> bool:
        now = held.granted_at <= call.at and (held.revoked_at is None or call.at < held.revoked_at)
        return asked.held in {None, now}

    return page(call, asked, query, AgentRole.id, lambda each: _show(each, call), keep=kept)


def grant(call: Call, sent: schemas.NewRole) -> AgentRole:
    person = ports().person_at(call.session, sent.email)
    if person is None:
        raise InputError(N_("aucun compte n’a l’adresse %(email)s : la personne s’inscrit d’abord"), email=sent.email)
    partner = call.named(sent.partner) if sent.partner is not None else None
    return rules.grant_role(call.session, call.agent, person.account_id, sent.role, at=call.at, partner=partner)


def revoke(call: Call, held: AgentRole, sent: Motivated) -> None:
    rules.revoke_role(call.session, call.agent, held, at=call.at, reason=sent.reason)


def _show_token(token: ApiToken, call: Call) -> Shown:
    person = ports().person(call.session, token.account_id)
    return Shown(token, email=person.email if person else "")


def _find_token(call: Call) -> ApiToken:
    query = sa.select(ApiToken).where(ApiToken.id == call.path["token"])
    if not rules.may(call.agent, "role.edit"):
        query = query.where(ApiToken.account_id == call.agent.account_id)
    return call.one(query)


TOKEN = Resource(
    schema="records:TokenTold",
    find=_find_token,
    show=_show_token,
    path=lambda token, _call: f"/tokens/{token.id}",
)


def tokens(call: Call, asked: schemas.Tokens) -> Page:
    account_id = call.agent.account_id
    if asked.email is not None and asked.email != call.agent.name:
        rules.require(call.agent, "role.edit")
        person = ports().person_at(call.session, asked.email)
        account_id = person.account_id if person else None
    query = sa.select(ApiToken).where(ApiToken.account_id == account_id)
    return page(call, asked, query, ApiToken.id, lambda each: _show_token(each, call))


def revoke_token(call: Call, token: ApiToken, sent: Motivated) -> None:
    token_rules.revoke_token(call.session, call.agent, token, at=call.at, reason=sent.reason)


def entries(call: Call, asked: schemas.Entries) -> Page:
    query = matching(subject=asked.subject, action=asked.action, since=asked.since, until=asked.until)
    return page(call, asked, query, AuditEntry.id, lambda each: each, newest_first=True)


def verify(call: Call, asked: schemas.Checked) -> Shown:
    found = audit.verify(call.session, expected_head=asked.expected_head)
    return Shown(found, problems=[each.told(translate) for each in found.problems])
