"""Versions of a client's configuration: drafted, submitted, published, rejected, compared, put in use again."""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa

from glc.services import services
from partner_registry.api.call import Call, Page, Shown, expect, page
from partner_registry.api.handlers.clients import find_client
from partner_registry.api.operation import Resource
from partner_registry.api.schemas import clients as schemas
from partner_registry.api.schemas import registrations as sent_
from partner_registry.api.schemas.base import Motivated, Positioned
from partner_registry.clients import acceptances
from partner_registry.clients import versions as rules
from partner_registry.clients.registration import registration_of
from partner_registry.models import AcceptanceRun, Client, ClientVersion
from partner_registry.ports import ports


def _numbered(client: Client, number: int) -> ClientVersion:
    return expect(next((each for each in client.versions if each.number == number), None))


def _show(version: ClientVersion) -> Shown:
    return Shown(version, client=version.client.client_id)


VERSION = Resource(
    schema="clients:VersionTold",
    find=lambda call: _numbered(find_client(call), call.path["version"]),
    show=lambda version, _call: _show(version),
    path=lambda version, _call: f"/clients/{version.client.client_id}/versions/{version.number}",
)


def _find_run(call: Call) -> AcceptanceRun:
    kept: list[AcceptanceRun] = VERSION.find(call).acceptances
    return expect(next((each for each in kept if each.id == call.path["acceptance"]), None))


def _show_run(run: AcceptanceRun) -> Shown:
    return Shown(run, client=run.version.client.client_id, version=run.version.number)


RUN = Resource(
    schema="clients:AcceptanceTold",
    find=_find_run,
    show=lambda run, _call: _show_run(run),
    path=lambda run, call: f"{VERSION.path(run.version, call)}/acceptances/{run.id}",
)


def versions(call: Call, client: Client, asked: Positioned) -> Page:
    query = sa.select(ClientVersion).where(ClientVersion.client_id == client.id)
    return page(call, asked, query, ClientVersion.number, _show)


def draft(call: Call, client: Client, sent: sent_.ConfigurationChanges) -> ClientVersion:
    registration = dataclasses.replace(registration_of(client.latest), **sent.values())
    return rules.draft_version(call.session, call.agent, client, registration, at=call.at)


def submit(call: Call, version: ClientVersion) -> None:
    rules.submit_version(call.session, call.agent, version, at=call.at)


def publish(call: Call, version: ClientVersion, sent: sent_.Published) -> None:
    within = services().settings.acceptance_within
    reason = sent.waiver_reason or ""
    rules.publish_version(call.session, call.agent, version, at=call.at, acceptance_within=within, waiver_reason=reason)


def runs(call: Call, version: ClientVersion, asked: Positioned) -> Page:
    query = sa.select(AcceptanceRun).where(AcceptanceRun.version_id == version.id)
    return page(call, asked, query, AcceptanceRun.id, _show_run)


def store_run(call: Call, version: ClientVersion, sent: sent_.NewAcceptance) -> AcceptanceRun:
    read = ports().acceptances.read
    return acceptances.store_run(call.session, call.agent, version, sent.signed_text, at=call.at, read=read)


def reject(call: Call, version: ClientVersion, sent: Motivated) -> None:
    rules.reject_version(call.session, call.agent, version, at=call.at, reason=sent.reason)


def roll_back(call: Call, client: Client, sent: sent_.RolledBack) -> None:
    rules.roll_back(call.session, call.agent, client, sent.version, at=call.at, reason=sent.reason)


def diff(_call: Call, version: ClientVersion, asked: schemas.Versions) -> dict[str, Any]:
    older = _numbered(version.client, asked.older) if asked.older is not None else version.client.published
    found = rules.diff(older, version)
    return {
        "older": older.number if older else None,
        "newer": version.number,
        "differences": [{"name": name, "before": pair[0], "after": pair[1]} for name, pair in found.items()],
    }
