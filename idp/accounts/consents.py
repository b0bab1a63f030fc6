"""What the holder allowed, and taking it back."""

from __future__ import annotations

from flask import flash
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from consent.models import ConsentReceipt
from consent.receipts import active, end
from glc.database import db
from glc.i18n import gettext as _
from idp import grant_life
from idp.accounts.web import accounts, logged_in, now, page, to
from idp.consent_page import CLAIM_LABELS
from idp.models import Account
from partner_registry.clients import client_names, clients_of_partner


@accounts.get("/accounts/consents/")
@logged_in
def consents(account: Account) -> Response:
    """Every remembered consent."""
    session = db.session()
    receipts = active(session, account.id, now())
    names = client_names(session, [receipt.client_id for receipt in receipts])
    rows = [
        {
            "id": receipt.id,
            "name": names[receipt.client_id],
            "whole_partner": receipt.audience.startswith("partner:"),
            "data": list(dict.fromkeys(_(CLAIM_LABELS.get(claim, claim)) for claim in receipt.claims)),
            "answered_at": receipt.answered_at,
            "until": receipt.remembered_until,
        }
        for receipt in receipts
    ]
    return page("accounts/consents.html", consents=rows)


@accounts.post("/accounts/consents/<int:receipt_id>/withdraw/")
@logged_in
def withdraw(account: Account, receipt_id: int) -> Response:
    """Take a consent back: what it gave ends at once."""
    session = db.session()
    receipt = session.get(ConsentReceipt, receipt_id)
    if receipt is None or receipt.account_id != account.id:
        raise NotFound
    if not receipt.withdrawals:
        end(session, receipt, now())
        grant_life.revoke_client(session, account.id, _covered(receipt), now())
        session.commit()
    flash(_("Votre accord est retiré : ce service n’a plus accès à vos données."), "success")
    return to("/accounts/consents/")


def _covered(receipt: ConsentReceipt) -> list[int]:
    kind, _sep, name = receipt.audience.partition(":")
    return clients_of_partner(db.session(), name) if kind == "partner" else [receipt.client_id]
