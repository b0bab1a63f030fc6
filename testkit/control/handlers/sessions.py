"""Sessions of browsers, and logouts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from glc.database import db
from glc.errors import Conflict, InputError
from glc.services import services
from idp import sessions
from idp.logout import backchannel
from idp.models import Account, BackchannelLogout, BrowserSession
from idp.subjects import subject
from testkit.control import schemas
from testkit.control.handlers.clients import find_client
from testkit.control.operation import Call, operation
from testkit.scripts import find_account


@operation("GET", "/sessions", "List the living sessions", query=("account",))
def list_sessions(call: Call) -> Any:
    """Who is logged in, since when, at which clients."""
    with call.space.inside():
        return {"sessions": [_told(call, session, account) for session, account in db.session.execute(_living(call))]}


@operation("DELETE", "/sessions", "End sessions", query=("account",))
def end_sessions(call: Call) -> Any:
    """Of an account, or all. Clients are told by back-channel, as for any end of a session."""
    house = call.space.house
    with call.space.inside():
        at = services().clock.now()
        which: sa.ColumnElement[bool] = sa.true()
        if "account" in call.query:
            which = BrowserSession.account_id == find_account(db.session(), call.query["account"]).id
        living = sa.select(sa.func.count()).select_from(BrowserSession)
        living = living.where(which, BrowserSession.ended_at.is_(None), BrowserSession.expires_at > at)
        ended = db.session.scalar(living)
        queued = sessions.end(db.session(), which, at)
    with call.space.inside():
        backchannel.send(house, queued, house.settings.backchannel_wait_in)
    return {"ended": ended, "told": len(queued)}


@operation("POST", "/logouts", "Tell a client of a logout", body=schemas.LogoutAsked)
def send_logout(call: Call) -> Any:
    """By back-channel: a logout token for the account's latest session there is sent and the answer told; the session
    itself goes on. By front-channel: the address to put in a frame."""
    asked, house = call.body, call.space.house
    with call.space.inside():
        at, session = services().clock.now(), db.session()
        account, client = find_account(session, asked.account), find_client(asked.client_id)
        current = session.scalar(
            sa.select(BrowserSession)
            .where(BrowserSession.account_id == account.id)
            .order_by(BrowserSession.ended_at.is_(None).desc(), BrowserSession.id.desc())
            .limit(1)
        )
        if current is None:
            raise Conflict(f"{account.email or account.uuid} never logged in here: there is no session to end")
        terms = house.terms(client.client_id, at)
        assert terms is not None
        sid = sessions.sid(house, current.uid, client.client_id)
        if asked.kind == "frontchannel":
            from idp.authorization.answers import with_parameters

            address = client.latest.frontchannel_logout_uri
            if not address:
                raise InputError(f"the client {client.client_id} has no frontchannel_logout_uri")
            return {"url": with_parameters(address, iss=house.settings.issuer, sid=sid)}
        if not terms.protocol.backchannel_logout_uri:
            raise InputError(
                f"the client {client.client_id} has no backchannel_logout_uri: give it one in its metadata"
            )
        told = session.scalar(
            sa.select(BackchannelLogout).where(
                BackchannelLogout.session_id == current.id, BackchannelLogout.client_id == client.id
            )
        )
        if told is None:
            told = BackchannelLogout(session_id=current.id, client_id=client.id)
            session.add(told)
        lives = current.ended_at is None
        told.subject = subject(house.ring, terms, account.uuid, account.email)
        told.queued_at = told.next_attempt_at = at
        told.attempts, told.delivered_at, told.given_up_at, told.last_error = 0, None, None, ""
        session.flush()
        number = told.id
    with call.space.inside():
        backchannel.send(house, [number], 30)
    with call.space.inside():
        sent = db.session.get_one(BackchannelLogout, number)
        answer = {"status": sent.last_status, "delivered": sent.delivered_at is not None, "error": sent.last_error}
        if lives:  # its end will be told in its turn
            db.session.delete(sent)
        return answer


def _living(call: Call) -> sa.Select[Any]:
    query: Any = (
        sa.select(BrowserSession, Account)
        .join(Account, Account.id == BrowserSession.account_id)
        .where(BrowserSession.ended_at.is_(None), BrowserSession.expires_at > services().clock.now())
        .order_by(BrowserSession.id)
    )
    if "account" in call.query:
        query = query.where(Account.id == find_account(db.session(), call.query["account"]).id)
    found: sa.Select[Any] = query
    return found


def _told(call: Call, session: BrowserSession, account: Account) -> dict[str, Any]:
    from partner_registry.models import Client

    numbers = sessions.visited_clients(db.session(), session.id)
    clients = db.session.scalars(sa.select(Client.client_id).where(Client.id.in_(numbers))).all()
    return {
        "account": account.uuid,
        "email": account.email,
        "authenticated_at": session.authenticated_at,
        "expires_at": session.expires_at,
        "clients": {client_id: sessions.sid(call.space.house, session.uid, client_id) for client_id in clients},
    }
