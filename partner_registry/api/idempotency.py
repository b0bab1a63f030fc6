"""Asking twice for one creation: the same Idempotency-Key and the same request get the same answer again.

The key is reserved before anything is done, so that of two requests at once the second waits for the first.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable

import sqlalchemy as sa
from flask import Response, request
from sqlalchemy.exc import IntegrityError

from glc.errors import InputError
from glc.i18n import N_
from partner_registry.api.call import Call
from partner_registry.models import IdempotentAnswer
from partner_registry.ports import ports

KEPT_FOR = dt.timedelta(hours=24)
"""How long an answer is given again (assumed)."""
HEADERS = ("Location", "ETag", "Content-Type")


class KeyReused(InputError):
    """The key of another request."""


def once(call: Call, perform: Callable[[], Response]) -> Response:
    """Perform a creation, or give again the answer it had. Refusals are not kept: mend the request and ask again.

    Raises `KeyReused`, `InputError` (no key).
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return perform()
    if not re.fullmatch("[\x21-\x7e]{1,200}", key):
        raise InputError(N_("Idempotency-Key : de 1 à 200 caractères ASCII, sans espace"))
    digest = _digest()
    reserved = _earlier(call, key) or _reserve(call, key, digest)
    if reserved.request_digest != digest:
        raise KeyReused(N_("cette Idempotency-Key est celle d’une autre demande : tirez-en une nouvelle"))
    if reserved.status:
        return _again(reserved)
    response = perform()
    reserved.status = response.status_code
    reserved.sealed_body = ports().answers.seal(response.get_data())
    reserved.headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
    return response


def _digest() -> str:
    said = (request.method, request.full_path, request.mimetype)
    return hashlib.sha256("\n".join(said).encode() + b"\n" + request.get_data()).hexdigest()


def _earlier(call: Call, key: str) -> IdempotentAnswer | None:
    old = sa.delete(IdempotentAnswer).where(IdempotentAnswer.answered_at <= call.at - KEPT_FOR)
    call.session.execute(old)
    return call.session.scalar(
        sa.select(IdempotentAnswer).where(
            IdempotentAnswer.account_id == call.agent.account_id, IdempotentAnswer.key == key
        )
    )


def _reserve(call: Call, key: str, digest: str) -> IdempotentAnswer:
    made = IdempotentAnswer(
        account_id=call.agent.account_id,
        key=key,
        request_digest=digest,
        status=0,
        sealed_body="",
        headers={},
        answered_at=call.at,
    )
    try:
        with call.session.begin_nested():
            call.session.add(made)
    except IntegrityError:  # somebody was faster, and is done by now
        found = _earlier(call, key)
        if found is None:
            raise
        return found
    return made


def _again(kept: IdempotentAnswer) -> Response:
    response = Response(ports().answers.open(kept.sealed_body), kept.status)
    response.headers.update(kept.headers)
    return response
