"""The description of the control interface (OpenAPI 3.1), made from its table."""

from __future__ import annotations

import re
from typing import Any

from pydantic.json_schema import models_json_schema

from testkit.control.operation import OPERATIONS, Operation

PROBLEM = {
    "description": "Refused, with the reason (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def description(base_url: str) -> dict[str, Any]:
    """The description, for whoever reached the interface at an address."""
    models = [(each.body, "validation") for each in OPERATIONS if each.body]
    _, made = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _told(each)
    problem = {
        "type": "object",
        "required": ["title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "GrandLyonConnect (simulator): control interface of the test kit",
            "version": "1",
            "description": "Makes isolated providers and decides what happens in them. Off unless `glc serve "
            "--testkit` switches it on. A call about a space presents the space's control_key as a bearer token.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_url}],
        "security": [{"control_key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"control_key": {"type": "http", "scheme": "bearer"}},
            "schemas": {**made.get("$defs", {}), "Problem": problem},
        },
    }


def _told(operation: Operation) -> dict[str, Any]:
    parts = re.findall(r"{(\w+)}", operation.path)
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parts]
    parameters += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in operation.query]
    answers: dict[str, Any] = {"4XX": PROBLEM}
    if operation.handler.__annotations__.get("return") in {None, "None"}:
        answers["204"] = {"description": "Done"}
    else:
        content = {operation.tells: {"schema": {"type": "object"}}}
        answers[str(operation.status)] = {"description": "Done", "content": content}
    told: dict[str, Any] = {
        "operationId": f"{operation.handler.__module__.rpartition('.')[2]}_{operation.handler.__name__}",
        "summary": operation.summary,
        "description": operation.handler.__doc__ or "",
        "tags": [operation.handler.__module__.rpartition(".")[2]],
        "parameters": parameters,
        "responses": answers,
    }
    if operation.body is not None:
        schema = {"$ref": f"#/components/schemas/{operation.body.__name__}"}
        told["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    elif operation.takes != ("application/json",):
        content = {each: {"schema": {"type": "string"}} for each in operation.takes}
        told["requestBody"] = {"required": True, "content": content}
    if operation.key == "nobody":
        told["security"] = []
    return told
