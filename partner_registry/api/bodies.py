"""Reading what is sent: JSON that follows its schema to the letter, and queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flask import request
from pydantic import ValidationError
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest, NotAcceptable, UnsupportedMediaType

from glc.errors import InputError
from glc.i18n import N_
from partner_registry.api.operation import JSON, Operation, schema
from partner_registry.api.problems import Error, Invalid

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

MESSAGES = {
    "missing": N_("ce champ manque"),
    "extra_forbidden": N_("ce champ n’existe pas ici"),
    "string_type": N_("un texte est attendu"),
    "string_too_long": N_("au plus %(max_length)s caractères"),
    "string_too_short": N_("au moins %(min_length)s caractère(s)"),
    "string_pattern_mismatch": N_("la forme attendue est %(pattern)s"),
    "int_type": N_("un nombre entier est attendu"),
    "int_parsing": N_("un nombre entier est attendu"),
    "bool_type": N_("true ou false"),
    "bool_parsing": N_("true ou false"),
    "enum": N_("une de ces valeurs : %(expected)s"),
    "literal_error": N_("une de ces valeurs : %(expected)s"),
    "greater_than_equal": N_("au moins %(ge)s"),
    "less_than_equal": N_("au plus %(le)s"),
    "too_long": N_("au plus %(max_length)s éléments"),
    "too_short": N_("au moins %(min_length)s élément(s)"),
    "dict_type": N_("un objet est attendu"),
    "model_type": N_("un objet est attendu"),
    "list_type": N_("une liste est attendue"),
    "date_parsing": N_("une date AAAA-MM-JJ est attendue"),
    "date_type": N_("une date AAAA-MM-JJ est attendue"),
    "date_out_of_reach": N_("une date de 1900 à 2199 est attendue"),
    "datetime_type": N_("un instant RFC 3339 est attendu : 2026-03-02T11:00:00Z"),
    "datetime_parsing": N_("un instant RFC 3339 est attendu : 2026-03-02T11:00:00Z"),
    "unstorable": N_("un texte ne contient pas de caractère nul"),
}
"""What each way to be wrong is called; pydantic's own words serve for others."""


def read_body(operation: Operation) -> BaseModel | bytes:
    """The body, as the operation's schema reads it; its bytes, where another type than JSON is taken and sent.

    Raises `Invalid`, `BadRequest`, `UnsupportedMediaType`, `RequestEntityTooLarge`.
    """
    body = request.get_data() or b"{}"  # nothing sent is an object without members
    if request.mimetype not in operation.takes and (request.mimetype or body != b"{}"):
        raise UnsupportedMediaType
    if request.mimetype not in {JSON, ""}:
        return body
    try:
        unstorable = list(_unstorable(from_json(body, allow_inf_nan=False)))
    except ValueError as error:
        raise BadRequest from error
    if unstorable:
        raise Invalid([Error(each, "unstorable", InputError(MESSAGES["unstorable"])) for each in unstorable])
    try:
        return schema(operation.body).model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error, parameter=False) from error


def read_query(operation: Operation) -> BaseModel | None:
    """The query, as the operation's schema reads it. Raises `Invalid`."""
    if not operation.query:
        return None
    sent = request.args.to_dict()
    unstorable = [name for name, value in sent.items() if "\0" in name + value]
    if unstorable:
        messages = [Error(each, "unstorable", InputError(MESSAGES["unstorable"]), True) for each in unstorable]
        raise Invalid(messages)
    try:
        return schema(operation.query).model_validate_strings(sent)
    except ValidationError as error:
        raise _invalid(error, parameter=True) from error


def negotiate(operation: Operation) -> str:
    """The type to answer with, of those the operation tells. Raises `NotAcceptable`."""
    if "Accept" not in request.headers:
        return operation.tells[0]
    best = request.accept_mimetypes.best_match(operation.tells)
    if best is None:
        raise NotAcceptable
    return best


def _invalid(error: ValidationError, *, parameter: bool) -> Invalid:
    details = error.errors(include_url=False, include_input=False)
    return Invalid([_error(each, parameter) for each in details])


def _error(detail: ErrorDetails, parameter: bool) -> Error:
    place = [str(each).replace("~", "~0").replace("/", "~1") for each in detail["loc"]]
    where = place[0] if parameter and place else "".join(f"/{each}" for each in place)
    template = MESSAGES.get(detail["type"])
    if template is None:
        return Error(where, detail["type"], InputError(detail["msg"].replace("%", "%%") % ()), parameter)
    return Error(where, detail["type"], InputError(template, **detail.get("ctx", {})), parameter)


def _unstorable(value: Any, where: str = "") -> Iterator[str]:
    """Where a NUL character is: PostgreSQL keeps none."""
    if isinstance(value, str) and "\0" in value:
        yield where
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _unstorable(each, f"{where}/{place}")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from [where] if "\0" in name else _unstorable(each, f"{where}/{name}")
