"""What the holder allowed, and taking it back."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import flash
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from consent.models import ConsentReceipt
from consent.receipts import active, end
from glc.clock import paris_date
from glc.database import db
from glc.i18n import gettext as _
from idp.accounts.web import accounts, logged_in, now, page, to
from idp.authorization.consent_page import CLAIM_LABELS
from idp.grants import grant_life
from idp.models import Account
from partner_registry.clients import clients_sharing_consent, published_versions


@accounts.get("/accounts/consents/")
@logged_in
def consents(account: Account) -> Response:
    """Every remembered consent, by whom it covers."""
    receipts = sorted(active(db.session(), account.id, now()), key=lambda receipt: receipt.audience)
    covered = [_described(audience, list(group)) for audience, group in groupby(receipts, lambda each: each.audience)]
    return page("accounts/consents.html", consents=sorted(covered, key=lambda each: each["answered_at"], reverse=True))


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
    grant_life.revoke_client(session, account.id, _covered(receipt), now())
    session.commit()
    flash(_("Votre accord est retiré : ce service n’a plus accès à vos données."), "success")
    return to("/accounts/consents/")


def _covered(receipt: ConsentReceipt) -> list[int]:
    kind, _sep, name = receipt.audience.partition(":")
    return clients_sharing_consent(db.session(), name) if kind == "partner" else [receipt.client_id]


def _described(audience: str, receipts: list[ConsentReceipt]) -> dict[str, Any]:
    (version,) = published_versions(db.session(), [receipts[0].client_id])
    today = paris_date(now())
    claims = [claim for receipt in receipts for claim in receipt.claims]
    return {
        "id": receipts[0].id,
        "name": version.name,
        "partner": version.client.partner_on(today).identity_on(today).name,
        "whole_partner": audience.startswith("partner:"),
        "data": list(dict.fromkeys(_(CLAIM_LABELS.get(claim, claim)) for claim in claims)),
        "offline": any("offline_access" in receipt.scopes for receipt in receipts),
        "answered_at": max(receipt.answered_at for receipt in receipts),
        "until": max(receipt.remembered_until for receipt in receipts if receipt.remembered_until),
    }
