"""Tokens made to measure."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from glc.clock import epoch
from glc.database import db, reading, writing
from glc.entropy import random_token
from glc.errors import InputError
from glc.services import services
from idp import sessions
from idp.claims import claims_of
from idp.grants import grant_life
from idp.logout import backchannel
from idp.models import AuthorizationGrant, BrowserSession
from idp.provider import Provider, digest
from idp.subjects import subject
from idp.tokens import access_tokens, codes, signing
from idp.tokens.codes import Code
from idp.tokens.id_token import id_token
from keys import jose
from partner_registry.terms import ReleaseTerms
from testkit.control import schemas
from testkit.control.handlers.clients import find_client
from testkit.control.operation import Call, operation
from testkit.scripts import find_account

SIGNED = ("id_token", "logout_token")


@operation("POST", "/tokens", "Mint a token", body=schemas.TokenAsked, status=201)
def mint(call: Call) -> Any:
    """As the provider would, with claims and header of one's own; rightly signed whatever they say. The account has a
    session, a new one where it had none; access and refresh tokens and codes work."""
    asked, house = call.body, call.space.house
    if asked.kind not in SIGNED and (asked.claims or asked.header):
        raise InputError(f"a token of kind {asked.kind} has neither claims nor header; these have: {', '.join(SIGNED)}")
    with call.space.inside():
        at = services().clock.now()
        account, client = find_account(db.session(), asked.account), find_client(asked.client_id)
        session_id = _session(account.id, at)
        redirect_uri = asked.redirect_uri or client.latest.redirect_uris[0]
    terms = house.terms(asked.client_id, at)
    if terms is None:
        raise InputError(f"the client {asked.client_id} has no configuration in use")
    with reading(house.engine) as connection:
        login = sessions.by_id(connection, session_id, at)
    assert login is not None
    scopes = frozenset(asked.scope.split()) if asked.scope is not None else frozenset(terms.scopes)
    makers = {"id_token": _id_token, "logout_token": _logout_token, "code": _code}
    if asked.kind in makers:
        with call.space.app.app_context():
            token = makers[asked.kind](house, asked, terms, login, scopes, at, redirect_uri)
        return {"kind": asked.kind, "token": token}
    return {"kind": asked.kind, "token": _granted(house, asked, terms, login, scopes, at)}


def _session(account_id: int, at: dt.datetime) -> int:
    session = db.session()
    found = session.scalar(
        sa.select(BrowserSession.id)
        .where(BrowserSession.account_id == account_id, BrowserSession.ended_at.is_(None))
        .where(BrowserSession.expires_at > at)
        .order_by(BrowserSession.id.desc())
        .limit(1)
    )
    if found is not None:
        return found
    entropy = services().entropy
    made = BrowserSession(
        uid=entropy.bytes(16).hex(),
        account_id=account_id,
        digest=digest(random_token(entropy)),
        authenticated_at=at,
        expires_at=at + dt.timedelta(seconds=services().settings.session_lifetime_in),
    )
    session.add(made)
    session.flush()
    return made.id


def _id_token(
    house: Provider, asked: Any, terms: ReleaseTerms, login: Row[Any], scopes: frozenset[str], at: dt.datetime, _: str
) -> str:
    claims = claims_of(house, terms, scopes, login)
    usual = id_token(
        house, terms, claims, login=login, at=at, nonce=asked.nonce, fresh=True, with_sid=True, named=tuple(claims)
    )
    if terms.protocol.id_token_encrypted_response_alg and usual.count(".") == 4:
        if asked.claims or asked.header:
            raise InputError("the ID Tokens of this client are encrypted: mint one with its usual claims")
        return usual
    return _changed(house, asked, terms, usual, at)


def _logout_token(
    house: Provider, asked: Any, terms: ReleaseTerms, login: Row[Any], _scopes: object, at: dt.datetime, _: str
) -> str:
    told = subject(house.ring, terms, login.uuid, login.email)
    sid = sessions.sid(house, login.session_uid, terms.client_id)
    return _changed(house, asked, terms, backchannel.logout_token(house, terms, told, sid, at), at)


def _changed(house: Provider, asked: Any, terms: ReleaseTerms, token: str, at: dt.datetime) -> str:
    if not (asked.claims or asked.header):
        return token
    claims = {**jose.claims_of(token), **asked.claims}
    header = {**jose.header_of(token), **asked.header}
    claims, header = ({k: v for k, v in each.items() if v is not None} for each in (claims, header))
    return signing.signed_under(house, terms, terms.id_token_alg, signing.serialise(claims), at, header)


def _code(
    house: Provider,
    asked: Any,
    terms: ReleaseTerms,
    login: Row[Any],
    scopes: frozenset[str],
    at: dt.datetime,
    redirect_uri: str,
) -> str:
    return codes.seal(
        house,
        Code(
            grant_id=house.entropy.bytes(16).hex(),
            client=terms.key,
            account=login.account_id,
            session=login.session_id,
            issued=epoch(at),
            withdrawals=login.withdrawals,
            scopes=tuple(sorted(scopes)),
            narrowed=False,
            redirect_uri_digest=digest(redirect_uri),
            nonce=asked.nonce,
            fresh=True,
            challenge=asked.code_challenge,
            challenge_method="S256" if asked.code_challenge else None,
            acr=None,
            for_userinfo=(),
            for_id_token=(),
        ),
    )


def _granted(
    house: Provider, asked: Any, terms: ReleaseTerms, login: Row[Any], scopes: frozenset[str], at: dt.datetime
) -> str:
    access = access_tokens.new_access_token(house, terms, at, login.session_expires_at)
    row = {
        "id": house.entropy.bytes(16).hex(),
        "client_id": terms.key,
        "account_id": login.account_id,
        "session_id": login.session_id,
        "scopes": " ".join(sorted(scopes)),
        "granted_at": at,
        "outlives_session": False,
        "authenticated_at": login.authenticated_at,
        "access_digest": access.digest,
        "access_expires_at": access.expires_at,
    }
    with writing(house.engine) as connection:
        connection.execute(sa.insert(AuthorizationGrant).values(row))
        if asked.kind == "refresh_token":
            return grant_life.add_refresh_token(house, connection, str(row["id"]), at)
    return access.value
