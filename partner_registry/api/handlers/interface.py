"""The interface itself: its description, its problems, and who is asking."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from flask import Response, request
from werkzeug.exceptions import NotFound

from partner_registry.agents import PERMISSIONS
from partner_registry.api import BASE
from partner_registry.api.call import Call
from partner_registry.api.language import translate
from partner_registry.api.operation import JSON
from partner_registry.api.problems import every_kind
from partner_registry.models import Partner, Role


def describe() -> Response:
    from partner_registry.api.openapi import describe

    response = Response(json.dumps(describe(request.script_root), ensure_ascii=False), mimetype=JSON)
    response.headers["Cache-Control"] = "max-age=3600"
    return response


def explain(problem: str) -> Response:
    kind = next((kind for kinds in every_kind().values() for kind in kinds if kind.name == problem), None)
    if kind is None:
        raise NotFound
    told = {
        "type": f"{request.script_root}{BASE}/problems/{kind.name}",
        "title": translate(kind.title),
        "status": kind.status,
        "detail": translate(kind.detail) if kind.detail else "",
    }
    return Response(json.dumps(told, ensure_ascii=False), mimetype=JSON, headers={"Vary": "Accept-Language"})


def me(call: Call) -> dict[str, Any]:
    roles, partners = call.agent.roles, sa.select(Partner.slug).where(Partner.id.in_(call.agent.partners))
    return {
        "name": call.agent.name,
        "roles": [role.value for role in Role if role in roles],
        "partners": sorted(call.session.scalars(partners)),
        "permissions": [action for action, allowed in PERMISSIONS.items() if roles & allowed],
    }
