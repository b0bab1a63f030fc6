"""The registry's REST interface, under `/registry/api/v1`, described by its own `openapi.json` (OpenAPI 3.1).

`operations/` is one table: what can be asked, by whom, with what, and what is answered. Routes and the description
are made from it. `schemas/` say what is sent and told, `handlers/` call the rules, `dispatch` does what all need.
A program presents its agent's token and can do exactly what that agent can; no cookie is looked at, so no form of
another site can do anything here. Everything but this file is imported at the first request.
"""

from __future__ import annotations

from flask import Blueprint, Response
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter, Rule

from glc.web import csrf

api = Blueprint("registry_api", __name__)
BASE = "/registry/api/v1"


class _Anything(BaseConverter):
    """Whatever follows, line ends and slashes included."""

    regex = "(?s:.*)"
    part_isolating = False


def _call(rest: str = "") -> Response:
    from partner_registry.api.dispatch import respond

    return respond(f"/{rest}")


def _refused(error: Exception) -> Response:
    """What the application refuses before it comes here: a body that is too long."""
    from partner_registry.api.problems import problem

    return problem(error)


def _route(state: BlueprintSetupState) -> None:
    """Every address and method under BASE comes here, so that whatever is refused is refused as a problem."""
    state.app.url_map.converters["anything"] = _Anything
    for rule in (BASE, f"{BASE}/<anything:rest>"):
        state.app.url_map.add(Rule(rule, endpoint="registry_api.call"))
    state.app.view_functions["registry_api.call"] = _call


api.record(_route)
api.register_error_handler(Exception, _refused)
csrf.exempt(api)
