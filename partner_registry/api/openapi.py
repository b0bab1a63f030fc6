"""The description of the interface (OpenAPI 3.1), made from the table of operations and the schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from glc.i18n import english
from partner_registry.agents import PERMISSIONS
from partner_registry.api import BASE
from partner_registry.api.idempotency import KEPT_FOR
from partner_registry.api.operation import CSV, JSON, PDF, Operation, answered, schema
from partner_registry.api.operations import OPERATIONS
from partner_registry.api.parameters import PARAMETERS
from partner_registry.api.problems import MEDIA_TYPE, every_kind
from partner_registry.api.schemas.problems import ProblemTold
from partner_registry.models import Role

INTRODUCTION = f"""\
Everything that agents of the partner registry do on screens, for programs. A program presents the token of its agent
and can do exactly what that agent can; an applicant sees its own partner's records, and others' do not exist for it.

Dates (`…_on`) are civil dates in Lyon, instants (`…_at`) are RFC 3339, amounts (`…_cents`) are whole cents.

Lists are told by pages: follow `next` (also in the Link header) until it is null.
What is shown has an ETag; whatever changes it takes If-Match with the ETag read last, else answers 428 or 412.
What makes something takes an Idempotency-Key: asked again within {KEPT_FOR.total_seconds() / 3600:.0f} hours, it is
answered again and not made twice.
Refusals are problems (RFC 9457), in French if Accept-Language says so.
"""


class _Schemas(GenerateJsonSchema):
    """Schemas whose fields may be left out do not say `null` by default: that is another thing."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        return {name: value for name, value in made.items() if (name, value) != ("default", None)}


@cache
def describe(root: str) -> dict[str, Any]:
    """The description of the interface of an application mounted at a path."""
    schemas = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    queries = {_name(schema(each.query), "validation") for each in OPERATIONS if each.query}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "GrandLyonConnect (simulator): partner registry",
            "version": "1",
            "description": INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": f"{root}{BASE}"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Token of an agent: `glc agent token`"}
            },
            "schemas": {name: each for name, each in schemas.items() if name not in queries},
            "responses": dict(_problems()),
        },
    }


def _schemas() -> dict[str, Any]:
    """Every schema by its name."""
    used: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemTold, "serialization"): None}
    for each in OPERATIONS:
        used |= {(schema(name), "validation"): None for name in (each.query, each.body) if name}
        used |= {(schema(name), "serialization"): None for name in (answered(each),) if name}
    _, made = models_json_schema(list(used), schema_generator=_Schemas, ref_template="#/components/schemas/{model}")
    found: dict[str, Any] = made["$defs"]
    return found


def _name(model: type[BaseModel], _mode: JsonSchemaMode) -> str:
    return model.__name__


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.path.split("/")[1]],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation, schemas), *_headers(operation)],
        "responses": _responses(operation),
    }
    roles = _roles(operation)
    if roles and len(roles) < len(Role):
        made["description"] = f"For: {', '.join(each.value for each in roles)}."
        made["x-roles"] = [each.value for each in roles]
        made["x-permissions"] = list(operation.may)
    if operation.body:
        needed = bool(schemas[schema(operation.body).__name__].get("required"))
        made["requestBody"] = {"required": needed, "content": dict(_contents(operation))}
    if operation.public:
        made["security"] = []
    return made


def _roles(operation: Operation) -> list[Role]:
    allowed = set().union(*(PERMISSIONS[each] for each in operation.may)) if operation.may else set(Role)
    allowed -= {Role.APPLICANT} if operation.metropole else set()
    return [] if operation.public else [role for role in Role if role in allowed]


def _contents(operation: Operation) -> Iterator[tuple[str, Any]]:
    for media in operation.takes:
        yield media, {"schema": _ref(schema(operation.body).__name__) if media == JSON else {}}


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in re.findall("{(.*?)}", operation.path):
        each = PARAMETERS[name]
        yield {"name": name, "in": "path", "required": True, "description": each.meaning, "schema": each.schema}


def _query_parameters(operation: Operation, schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not operation.query:
        return
    described = schemas[schema(operation.query).__name__]
    for name, each in described["properties"].items():
        content = {key: value for key, value in each.items() if key not in {"description", "title"}}
        yield {
            "name": name,
            "in": "query",
            "required": name in described.get("required", []),
            "description": each.get("description", name),
            "schema": _without_null(content),
        }


def _without_null(content: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: what may be left out is what it is."""
    kinds = [each for each in content.get("anyOf", []) if each != {"type": "null"}]
    rest = {key: value for key, value in content.items() if key != "anyOf"}
    return rest | kinds[0] if len(kinds) == 1 else content


def _headers(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.matches:
        yield _header("If-Match", "ETag read last of what is to be changed", required=True)
    if operation.creates:
        yield _header("Idempotency-Key", "A new name for this request, to ask again without doing it twice")
    if _has_etag(operation) and not operation.changes:
        yield _header("If-None-Match", "ETag of what is known already", {"type": "string"})


_NAME = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}


def _header(name: str, meaning: str, kind: dict[str, Any] | None = None, *, required: bool = False) -> dict[str, Any]:
    kind = kind or _NAME
    return {"name": name, "in": "header", "required": required, "description": meaning, "schema": kind}


def _has_etag(operation: Operation) -> bool:
    shown = operation.on and not operation.answer and JSON in operation.tells
    return bool(operation.creates or shown)


def _responses(operation: Operation) -> dict[str, Any]:
    status = "201" if operation.creates else "200"
    answers = {status: _answer(operation)}
    if _has_etag(operation) and not operation.changes:
        answers["304"] = {"description": "What is known already is still so", "headers": {"ETag": _told_header("ETag")}}
    for refusal in sorted(_refusals(operation)):
        answers[str(refusal)] = {"$ref": f"#/components/responses/{refusal}"}
    return answers


def _refusals(operation: Operation) -> set[int]:
    """The statuses of the problems that an operation may answer."""
    if operation.public:
        return {406} | ({404} if "{" in operation.path else set())
    refusals = {401, 403, 406}
    refusals |= {404} if "{" in operation.path else set()
    refusals |= {422} if operation.query or JSON not in operation.tells else set()
    refusals |= {400, 413, 415} if operation.body else set()
    refusals |= {409, 422} if operation.changes else set()
    refusals |= {412, 428} if operation.matches else set()
    return refusals


def _answer(operation: Operation) -> dict[str, Any]:
    contents: dict[str, Any] = {}
    for media in operation.tells:
        contents[media] = {"schema": _told_schema(operation) if media == JSON else _BYTES[media]}
    headers = ["ETag"] if _has_etag(operation) else []
    headers += ["Location"] if operation.creates else []
    headers += ["Link"] if operation.listed else []
    return {
        "description": operation.summary,
        "content": contents,
        "headers": {name: _told_header(name) for name in headers},
    }


_BYTES: dict[str, dict[str, Any]] = {PDF: {}, CSV: {"type": "string"}}


def _told_schema(operation: Operation) -> dict[str, Any]:
    name = answered(operation)
    if not name:
        return {"type": "object"}
    told = _ref(schema(name).__name__)
    if not operation.listed:
        return told
    following = {"type": ["string", "null"], "description": "Where the next page is; null: this is the last"}
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {"items": {"type": "array", "items": told}, "next": following},
    }


_TOLD_HEADERS = {
    "ETag": "Names this state, for If-Match and If-None-Match",
    "Location": "Where what was made is",
    "Link": "The next page, if there is one (RFC 8288)",
}


def _told_header(name: str) -> dict[str, Any]:
    return {"description": _TOLD_HEADERS[name], "required": False, "schema": {"type": "string"}}


def _problems() -> Iterator[tuple[str, Any]]:
    """The answer of each refusal's status."""
    for status, kinds in every_kind().items():
        described = "; ".join(english(kind.title) for kind in kinds)
        content = {MEDIA_TYPE: {"schema": _ref(ProblemTold.__name__)}}
        yield str(status), {"description": described, "content": content}
