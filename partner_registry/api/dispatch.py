"""What every request goes through, in this order: address, form of the answer, who asks, may they, is it still as they
read it, what do they send; then its handler, one commit, and the answer. Whatever is raised becomes a problem."""

from __future__ import annotations

import json
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import Response, request
from werkzeug.routing import Map, Rule

from glc.database import db, only_read
from glc.errors import Forbidden
from glc.i18n import N_
from glc.services import services
from glc.web import request_id
from partner_registry.agents import PERMISSIONS, ROLE_WORDS, Agent
from partner_registry.api import BASE
from partner_registry.api.bodies import negotiate, read_body, read_query
from partner_registry.api.call import Call, Created, Page
from partner_registry.api.etags import check_if_match, etag_of, not_modified
from partner_registry.api.idempotency import once
from partner_registry.api.operation import JSON, Operation, Resource, answered, handler, schema
from partner_registry.api.operations import OPERATIONS
from partner_registry.api.parameters import CONVERTERS, PARAMETERS
from partner_registry.api.problems import Unauthenticated, problem
from partner_registry.models import Role
from partner_registry.tokens import find_agent_by_token

if TYPE_CHECKING:
    from pydantic import BaseModel


def respond(path: str) -> Response:
    """The answer to the request at hand, whose path within the interface is given."""
    try:
        return _respond(path)
    except Exception as error:
        db.session.rollback()
        return problem(error)


def _respond(path: str) -> Response:
    operation, parts = _match(path)
    media = negotiate(operation)
    if operation.public:
        public: Response = handler(operation.handler)(**parts)
        return public
    session, at = db.session(), services().clock.now()
    if not operation.changes:
        only_read(session)
    token = request.authorization.token if request.authorization else None
    agent = find_agent_by_token(session, token or "", at, request_id=request_id())
    if agent is None:
        raise Unauthenticated(N_("présentez le jeton d’un agent : Authorization: Bearer …"))
    _check_may(agent, operation)
    call = Call(operation=operation, session=session, agent=agent, at=at, path=parts, media=media)
    request.max_content_length = operation.longest
    response = once(call, partial(_perform, call)) if operation.creates else _perform(call)
    if operation.changes:
        session.commit()
    response.headers["Vary"] = "Accept, Accept-Language, Authorization"
    response.headers.setdefault("Cache-Control", "no-store" if operation.changes else "private, no-cache")
    return response


def _match(path: str) -> tuple[Operation, dict[str, Any]]:
    """The operation at a path. Raises werkzeug's `NotFound` and `MethodNotAllowed`."""
    operation, parts = _map().bind("").match(path, method=request.method)
    if any("\0" in each for each in parts.values() if isinstance(each, str)):
        raise _nowhere()
    return operation, dict(parts)


def _nowhere() -> Exception:
    from werkzeug.exceptions import NotFound

    return NotFound()


@cache
def _map() -> Map:
    rules = [
        Rule(
            operation.path.format_map({name: f"<{each.rule}:{name}>" for name, each in PARAMETERS.items()}),
            methods=[operation.method],
            endpoint=operation,
        )
        for operation in OPERATIONS
    ]
    return Map(rules, strict_slashes=False, merge_slashes=False, converters=CONVERTERS)


def _check_may(agent: Agent, operation: Operation) -> None:
    """Raise `Forbidden` when no role of theirs may do such a thing, whosesoever it is; rules look closer."""
    if not agent.roles and not agent.operator:
        raise Forbidden(N_("ce compte n’a pas de rôle dans le registre : demandez-en un à son administrateur"))
    allowed = set().union(*(PERMISSIONS[each] for each in operation.may)) if operation.may else set(Role)
    allowed -= {Role.APPLICANT} if operation.metropole else set()
    if not agent.operator and not agent.roles & allowed:
        who = [ROLE_WORDS[role] for role in Role if role in allowed]
        raise Forbidden(N_("cette action est réservée à : %(who)s"), who=who)


def _perform(call: Call) -> Response:
    operation = call.operation
    arguments: list[Any] = [call]
    resource: Resource | None = handler(operation.on) if operation.on else None
    row = resource.find(call) if resource else None
    if resource:
        arguments.append(row)
        if operation.matches:
            check_if_match(etag_of(_told(resource.schema, resource.show(row, call))))
    arguments += [read_query(operation)] if operation.query else []
    arguments += [read_body(operation)] if operation.body else []
    result = handler(operation.handler)(*arguments) if operation.handler else None
    if isinstance(result, Response):
        return result
    if operation.creates:
        return _created(call, handler(operation.creates), result)
    if result is None and resource:
        return _resource(call, resource, row)
    if isinstance(result, Page):
        return _page(operation, result)
    return _json(_told(answered(operation), result))


def _told(name: str, shown: object) -> str:
    model: BaseModel = schema(name).model_validate(shown, from_attributes=True)
    return model.model_dump_json()


def _json(body: str, status: int = 200, **headers: str) -> Response:
    response = Response(body, status, mimetype=JSON)
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _shown(call: Call, resource: Resource, row: Any) -> Any:
    """What is told of a row as the database has it: exactly what the next reading will tell."""
    if call.operation.changes:
        call.session.flush()
        call.session.expire_all()
    return resource.show(row, call)


def _resource(call: Call, resource: Resource, row: Any) -> Response:
    body = _told(resource.schema, _shown(call, resource, row))
    etag = etag_of(body)
    if not call.operation.changes and not_modified(etag):
        return Response(status=304, headers={"ETag": f'"{etag}"'})
    return _json(body, ETag=f'"{etag}"')


def _created(call: Call, resource: Resource, result: Any) -> Response:
    made = result if isinstance(result, Created) else Created(result, {})
    body = _told(resource.schema, _shown(call, resource, made.row))
    told = json.dumps(json.loads(body) | made.once, ensure_ascii=False)
    location = f"{request.script_root}{BASE}{quote(resource.path(made.row, call))}"
    return _json(told, 201, Location=location, ETag=f'"{etag_of(body)}"')


def _page(operation: Operation, page: Page) -> Response:
    items = [json.loads(_told(operation.answer, each)) for each in page.items]
    following = None
    if page.cursor is not None:
        asked = {**request.args.to_dict(), "cursor": page.cursor}
        following = f"{request.script_root}{request.path}?{urlencode(asked)}"
    response = _json(json.dumps({"items": items, "next": following}, ensure_ascii=False))
    if following is not None:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response
