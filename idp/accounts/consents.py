"""What the holder allowed, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from flask import flash, request
from werkzeug.wrappers import Response

from consent.models import ConsentReceipt
from consent.receipts import active, end
from glc.database import db
from glc.i18n import gettext as _
from idp import grant_life
from idp.accounts.web import accounts, logged_in, now, page, to
from idp.consent_page import CLAIM_LABELS
from idp.models import Account
from partner_registry.clients import clients_of_partner, published_versions


@accounts.get("/accounts/consents/")
@logged_in
def consents(account: Account) -> Response:
    """Every remembered consent, by whom it covers."""
    receipts = sorted(active(db.session(), account.id, now()), key=lambda receipt: receipt.audience)
    covered = [_described(audience, list(group)) for audience, group in groupby(receipts, lambda each: each.audience)]
    return page("accounts/consents.html", consents=sorted(covered, key=lambda each: each["answered_at"], reverse=True))


@accounts.post("/accounts/consents/")
@logged_in
def withdraw(account: Account) -> Response:
    """Take a consent back (the field `withdraw` says whose): what it gave ends at once."""
    session, audience = db.session(), request.form.get("withdraw", "")
    receipts = active(session, account.id, now(), audience=audience)
    for receipt in receipts:
        end(session, receipt, now())
    if receipts:
        grant_life.revoke_client(session, account.id, _clients(audience, receipts), now())
        session.commit()
        flash(_("Votre accord est retiré : ce service n’a plus accès à vos données."), "success")
    return to("/accounts/consents/")


def _clients(audience: str, receipts: Iterable[ConsentReceipt]) -> list[int]:
    kind, _sep, name = audience.partition(":")
    return clients_of_partner(db.session(), name) if kind == "partner" else [each.client_id for each in receipts]


def _described(audience: str, receipts: list[ConsentReceipt]) -> dict[str, Any]:
    (version,) = published_versions(db.session(), [receipts[0].client_id])
    claims = [claim for receipt in receipts for claim in receipt.claims]
    return {
        "audience": audience,
        "name": version.name,
        "partner": version.client.partner.name,
        "whole_partner": audience.startswith("partner:"),
        "data": list(dict.fromkeys(_(CLAIM_LABELS.get(claim, claim)) for claim in claims)),
        "offline": any("offline_access" in receipt.scopes for receipt in receipts),
        "answered_at": max(receipt.answered_at for receipt in receipts),
        "until": max(receipt.remembered_until for receipt in receipts if receipt.remembered_until),
    }
