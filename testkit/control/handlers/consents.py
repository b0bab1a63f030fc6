"""Remembered consents of a space."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from consent import receipts
from consent.models import Answer, ConsentReceipt
from glc.database import db
from glc.errors import InputError
from glc.services import services
from idp.authorization import consent_page
from idp.grants import grant_life
from idp.models import Account
from partner_registry.models import Client
from testkit.control import schemas
from testkit.control.handlers.clients import find_client
from testkit.control.operation import Call, operation
from testkit.scripts import find_account


@operation("GET", "/consents", "List the remembered consents", query=("account",))
def list_consents(call: Call) -> Any:
    """Those that hold at the space's instant."""
    with call.space.inside():
        at = services().clock.now()
        query = sa.select(Account).where(Account.erased_at.is_(None))
        people = [find_account(db.session(), call.query["account"])] if "account" in call.query else None
        found = []
        for account in people or db.session.scalars(query).all():
            found += [_told(account, each) for each in receipts.active(db.session(), account.id, at)]
        return {"consents": found}


@operation("POST", "/consents", "Have somebody's consent remembered", body=schemas.ConsentAsked, status=201)
def create(call: Call) -> Any:
    """As if they had ticked « Ne plus me demander »: to the client's scopes, or to fewer."""
    asked, house = call.body, call.space.house
    with call.space.inside():
        at = services().clock.now()
        account, client = find_account(db.session(), asked.account), find_client(asked.client_id)
        terms = house.terms(client.client_id, at)
        if terms is None:
            raise InputError(f"the client {client.client_id} has no configuration in use")
        unknown = sorted({*(asked.scopes or ())} - terms.scopes)
        if unknown:
            known = ", ".join(sorted(terms.scopes))
            raise InputError(f"the client {client.client_id} has no scope {unknown[0]!r}; it has: {known}")
        receipt = ConsentReceipt(
            account_id=account.id,
            client_id=client.id,
            audience=consent_page.audience_of(terms),
            answer=Answer.ACCEPTED,
            scopes=sorted(asked.scopes if asked.scopes is not None else terms.scopes),
            claims=[rule.name for rule in terms.claims],
            text_shown="(test kit)",
            answered_at=at,
            remembered_until=at + dt.timedelta(days=house.settings.consent_remembered_in),
        )
        receipts.keep(db.session(), receipt)
        return _told(account, receipt)


@operation("DELETE", "/consents", "Withdraw consents", query=("account", "client_id"))
def withdraw(call: Call) -> Any:
    """Everything that was granted goes with them, as when their holder withdraws them."""
    with call.space.inside():
        at, session = services().clock.now(), db.session()
        if "account" not in call.query:
            raise InputError("say whose: ?account=…")
        account = find_account(session, call.query["account"])
        wanted = call.query.get("client_id")
        client = find_client(wanted) if wanted else None
        ended = [
            each for each in receipts.active(session, account.id, at) if client is None or each.client_id == client.id
        ]
        for each in ended:
            receipts.end(session, each, at)
        clients = {client.id} if client is not None else {each.client_id for each in ended}
        if clients:
            grant_life.revoke_client(session, account.id, clients, at)
        return {"withdrawn": len(ended)}


def _told(account: Account, receipt: ConsentReceipt) -> dict[str, Any]:
    client = db.session.get(Client, receipt.client_id)
    return {
        "account": account.uuid,
        "client_id": client.client_id if client else None,
        "scopes": receipt.scopes,
        "answered_at": receipt.answered_at,
        "remembered_until": receipt.remembered_until,
    }
