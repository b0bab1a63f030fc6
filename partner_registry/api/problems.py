"""Refusals as RFC 9457 problems: the one place that writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from glc.database import reason_of
from glc.errors import Conflict, Forbidden, GlcError, InputError, NotFound
from glc.i18n import N_
from glc.logs import logger
from glc.web import request_id
from partner_registry.agreements.instruction import Incomplete
from partner_registry.api import BASE
from partner_registry.api.etags import Stale, Unconditional
from partner_registry.api.idempotency import KeyReused
from partner_registry.api.language import Translate, spoken, translate

MEDIA_TYPE = "application/problem+json"


class Unauthenticated(GlcError):
    """No token, or none that is accepted (RFC 6750, section 3)."""

    status = 401


class Invalid(InputError):
    """What was sent does not follow its schema: `errors` say where (RFC 6901) and how."""

    def __init__(self, errors: list[Error]) -> None:
        self.errors = errors
        super().__init__(N_("ce qui est envoyé ne suit pas son schéma : voyez « errors »"))


@dataclass(frozen=True, slots=True)
class Error:
    """What is wrong at one place: in the body (`pointer`), or in the query (`parameter`)."""

    where: str
    code: str
    message: GlcError
    parameter: bool = False

    def told(self, translate: Translate) -> dict[str, str]:
        """As it is written."""
        place = "parameter" if self.parameter else "pointer"
        return {place: self.where, "code": self.code, "detail": self.message.told(translate)}


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of problem."""

    name: str
    status: int
    title: str
    detail: str = ""


KINDS: dict[type[Exception], Kind] = {
    Unauthenticated: Kind("unauthenticated", 401, N_("Jeton absent ou refusé")),
    Forbidden: Kind("forbidden", 403, N_("Interdit à cet agent")),
    NotFound: Kind("not-found", 404, N_("Introuvable")),
    Conflict: Kind("conflict", 409, N_("En conflit avec ce qui existe")),
    Stale: Kind("stale", 412, N_("Lu avant un autre changement")),
    Incomplete: Kind("incomplete", 422, N_("Incomplet")),
    Invalid: Kind("invalid", 422, N_("Contraire au schéma")),
    KeyReused: Kind("idempotency-key-reused", 422, N_("Idempotency-Key déjà employée")),
    InputError: Kind("refused", 422, N_("Contraire aux règles du registre")),
    Unconditional: Kind("unconditional", 428, N_("If-Match manque")),
    IntegrityError: Kind(
        "conflict",
        409,
        N_("En conflit avec ce qui existe"),
        N_("quelque chose de même nom ou numéro existe déjà, ou vient d’être enregistré"),
    ),
    DataError: Kind(
        "refused",
        422,
        N_("Contraire aux règles du registre"),
        N_("un texte est trop long, ou contient un caractère qui ne peut pas être enregistré"),
    ),
    OperationalError: Kind(
        "unavailable", 503, N_("Momentanément indisponible"), N_("réessayez dans quelques instants")
    ),
}
"""The nearest class of an exception says which problem it is."""

HTTP = {
    400: Kind("malformed", 400, N_("Illisible"), N_("le corps de la demande n’est pas du JSON lisible (RFC 8259)")),
    404: Kind("not-found", 404, N_("Introuvable"), N_("il n’y a rien à cette adresse : voyez openapi.json")),
    405: Kind("method-not-allowed", 405, N_("Méthode non admise"), N_("l’en-tête Allow dit ce qui l’est")),
    406: Kind("not-acceptable", 406, N_("Forme non disponible"), N_("l’en-tête Accept exclut ce qui peut être rendu")),
    413: Kind("too-long", 413, N_("Corps trop long"), N_("le corps de la demande est plus long qu’admis ici")),
    415: Kind("unsupported-media-type", 415, N_("Type de contenu non admis"), N_("envoyez ce que dit openapi.json")),
}
"""What is wrong with a request whatever it asks."""

UNFORESEEN = Kind("unforeseen", 500, N_("Erreur du simulateur"), N_("signalez-la, avec l’identifiant de la demande"))


def every_kind() -> dict[int, list[Kind]]:
    """Every type of problem, by status."""
    kinds: dict[int, list[Kind]] = {}
    for kind in (*KINDS.values(), *HTTP.values()):
        same = kinds.setdefault(kind.status, [])
        if kind.name not in {each.name for each in same}:
            same.append(kind)
    return kinds


def problem(error: Exception) -> Response:
    """The answer to a request that was refused, or failed."""
    kind = _kind(error)
    if kind is UNFORESEEN:
        logger().error("unforeseen", exc_info=error)
    elif isinstance(error, OperationalError):
        logger().error("database.unavailable", detail=reason_of(error))
    else:
        logger().info("refused", reason=kind.name, status=kind.status, detail=getattr(error, "detail", ""))
    told = error.told(translate) if isinstance(error, GlcError) else translate(kind.detail)
    content: dict[str, Any] = {
        "type": f"{request.script_root}{BASE}/problems/{kind.name}",
        "title": translate(kind.title),
        "status": kind.status,
        "detail": told,
        "instance": f"{request.script_root}{request.path}",
        "request_id": request_id(),
        **_more(error),
    }
    response = Response(json.dumps(content, ensure_ascii=False), kind.status, mimetype=MEDIA_TYPE)
    response.headers["Content-Language"] = spoken()
    response.headers["Vary"] = "Accept-Language"
    _add_headers(response, kind, error)
    return response


def _kind(error: Exception) -> Kind:
    if isinstance(error, HTTPException):
        return HTTP.get(error.code or 400, HTTP[400])
    return next((KINDS[each] for each in type(error).__mro__ if each in KINDS), UNFORESEEN)


def _more(error: Exception) -> dict[str, Any]:
    """The lists of what is wrong, or missing."""
    if isinstance(error, Invalid):
        return {"errors": [each.told(translate) for each in error.errors]}
    if isinstance(error, Incomplete):
        return {"missing": [{"key": each.key, "detail": each.told(translate)} for each in error.missing]}
    if isinstance(error, InputError) and "field" in error.values:  # the rule says which field it refuses
        field = Error(f"/{error.values['field']}", "refused", error)
        return {"errors": [field.told(translate)]}
    return {}


def _add_headers(response: Response, kind: Kind, error: Exception) -> None:
    if kind.status == 401:
        challenge = 'Bearer realm="registry"'
        response.headers["WWW-Authenticate"] = challenge + (
            ', error="invalid_token"' if "Authorization" in request.headers else ""
        )
    elif kind.status == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    elif kind.status == 503:
        response.headers["Retry-After"] = "2"
