"""What the holder allowed, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flask import flash
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from consent.models import ConsentReceipt
from consent.receipts import active, end, latest
from glc.clock import paris_date
from glc.database import db
from glc.i18n import gettext as _
from idp.accounts.web import accounts, logged_in, now, page, to
from idp.authorization.consent_page import CLAIM_LABELS
from idp.grants import grant_life
from idp.models import Account
from idp.provider import provider
from partner_registry.clients.life import clients_sharing_consent, published_versions
from partner_registry.models import ClientVersion


@accounts.get("/accounts/consents/")
@logged_in
def consents(account: Account) -> Response:
    """Every remembered consent, by whom it covers; then who reads on by a refresh token though the answer was for
    once."""
    receipts = sorted(active(db.session(), account.id, now()), key=lambda receipt: receipt.audience)
    listed = [_remembered(audience, list(group)) for audience, group in groupby(receipts, lambda each: each.audience)]
    listed += [_standing(client, given) for client, given in _uncovered(account, receipts).items()]
    return page("accounts/consents.html", consents=sorted(listed, key=lambda each: each["answered_at"], reverse=True))


@accounts.post("/accounts/consents/<int(max=2147483647):receipt_id>/withdraw/")
@logged_in
def withdraw(account: Account, receipt_id: int) -> Response:
    """Take a consent back, with every other that covers the same service: what they gave ends at once."""
    session = db.session()
    receipt = session.get(ConsentReceipt, receipt_id)
    if receipt is None or receipt.account_id != account.id:
        raise NotFound
    for each in active(session, account.id, now(), audience=receipt.audience):
        end(session, each, now())
    return _stopped(account, _covered(receipt))


@accounts.post("/accounts/consents/services/<int(max=2147483647):client>/withdraw/")
@logged_in
def withdraw_standing(account: Account, client: int) -> Response:
    """Take back the answer that a service, by its internal number, was given last, and all that it still reads by."""
    session = db.session()
    if client not in _uncovered(account, active(session, account.id, now())):
        raise NotFound
    if receipt := latest(session, account.id, client):
        end(session, receipt, now())
    return _stopped(account, [client])


def _stopped(account: Account, clients: list[int]) -> Response:
    grant_life.revoke_client(db.session(), account.id, clients, now())
    db.session.commit()
    flash(_("Votre accord est retiré : ce service n’a plus accès à vos données."), "success")
    return to("/accounts/consents/")


def _covered(receipt: ConsentReceipt) -> list[int]:
    kind, _sep, name = receipt.audience.partition(":")
    return clients_sharing_consent(db.session(), name) if kind == "partner" else [receipt.client_id]


def _uncovered(account: Account, receipts: Sequence[ConsentReceipt]) -> dict[int, list[grant_life.Standing]]:
    """What goes on by refresh token at services that no remembered consent covers."""
    needs_offline_access = provider().dialect.refresh_token_needs_offline_access
    found = grant_life.standing(db.session(), account.id, now(), needs_offline_access=needs_offline_access)
    covered = {client for receipt in receipts for client in _covered(receipt)}
    return {client: given for client, given in found.items() if client not in covered}


def _remembered(audience: str, receipts: list[ConsentReceipt]) -> dict[str, Any]:
    (version,) = published_versions(db.session(), [receipts[0].client_id])
    return _described(version, [claim for receipt in receipts for claim in receipt.claims]) | {
        "path": f"{receipts[0].id}/withdraw/",
        "whole_partner": audience.startswith("partner:"),
        "offline": any("offline_access" in receipt.scopes for receipt in receipts),
        "answered_at": max(receipt.answered_at for receipt in receipts),
        "until": max(receipt.remembered_until for receipt in receipts if receipt.remembered_until),
    }


def _standing(client: int, given: list[grant_life.Standing]) -> dict[str, Any]:
    scopes = frozenset().union(*(each.scopes for each in given))
    (version,) = published_versions(db.session(), [client])
    claims = [claim["name"] for claim in version.claims if scopes.intersection(claim["scopes"])]
    return _described(version, claims) | {
        "path": f"services/{client}/withdraw/",
        "whole_partner": False,
        "offline": True,
        "answered_at": max(each.granted_at for each in given),
        "until": max(each.until for each in given),
    }


def _described(version: ClientVersion, claims: list[str]) -> dict[str, Any]:
    return {
        "name": version.name,
        "partner": version.client.partner_on(paris_date(now())).identity_on(paris_date(now())).name,
        "data": list(dict.fromkeys(_(CLAIM_LABELS.get(claim, claim)) for claim in claims)),
    }
