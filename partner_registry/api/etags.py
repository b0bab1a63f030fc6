"""Optimistic locking (RFC 9110, section 13): the entity tag is a digest of what is told, so it changes if that does."""

from __future__ import annotations

import hashlib

from flask import request

from glc.errors import GlcError
from glc.i18n import N_


class Unconditional(GlcError):
    """A change that does not say from which state (RFC 6585, section 3)."""

    status = 428


class Stale(GlcError):
    """A change of what is no longer there as it was read."""

    status = 412


def etag_of(body: str) -> str:
    """The strong entity tag of a representation, without its quotes."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def check_if_match(etag: str) -> None:
    """Raise `Unconditional` or `Stale` unless If-Match names the present state."""
    if not request.headers.get("If-Match", "").strip():
        raise Unconditional(N_("dites de quel état vous partez : If-Match, avec l’ETag lu en dernier"))
    if not request.if_match.contains(etag):
        raise Stale(N_("l’état a changé depuis votre lecture : relisez, puis recommencez"))


def not_modified(etag: str) -> bool:
    """Whether whoever asks has it already."""
    return bool(request.headers.get("If-None-Match")) and request.if_none_match.contains_weak(etag)
