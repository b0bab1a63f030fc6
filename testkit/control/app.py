"""Answers calls: address, key, body, handler, answer. Whatever is refused is a problem (RFC 9457)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from glc.errors import GlcError, SettingsError
from glc.i18n import english
from glc.logs import logger
from testkit.control import CONTROL
from testkit.control.operation import OPERATIONS, Call, Operation
from testkit.space import Space
from testkit.spaces import Spaces

LONGEST_BODY = 4 * 1024 * 1024


class Control:
    """The WSGI application, which sees whole paths."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = LONGEST_BODY
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            return self._respond(request)
        except _Refused as refused:
            return problem(refused.status, refused.detail, **refused.more)
        except GlcError as error:
            status = 400 if isinstance(error, SettingsError) else error.status
            return problem(status, error.told(english))
        except IntegrityError as error:
            return problem(400, f"that cannot be kept: {error.orig}")
        except OverflowError:
            return problem(400, "a number or an instant is out of every range")
        except HTTPException as error:
            return problem(error.code or 500, _explained(error, request))
        except Exception as error:
            logger().error("testkit.failed", exc_info=error)
            return problem(500, "something went wrong in the simulator; its log says what")

    def _respond(self, request: Request) -> Response:
        path = request.path[len(CONTROL) :].rstrip("/") or "/"
        found, parts = table().bind("").match(path, method=request.method)
        operation: Operation = found
        space = self._space(request, operation, parts)
        _know(request.args.keys(), operation)
        raw = request.get_data()
        call = Call(
            spaces=self._spaces,
            found=space,
            path=parts,
            query=request.args.to_dict(),
            body=_read(operation, raw) if operation.body else None,
            raw=raw,
            media_type=request.mimetype,
            base_url=f"{self._base_url(request)}{CONTROL}",
        )
        result = operation.handler(call)
        if isinstance(result, Response):
            return result
        if result is None:
            return Response(status=204)
        return Response(
            json.dumps(result, ensure_ascii=False, default=_plain), operation.status, mimetype="application/json"
        )

    def _base_url(self, request: Request) -> str:
        """Where whoever asks reaches the provider: by the name that they used themselves."""
        return request.host_url.rstrip("/") + request.root_path

    def _space(self, request: Request, operation: Operation, parts: Mapping[str, str]) -> Space | None:
        if operation.key == "nobody":
            return None
        token = request.authorization.token if request.authorization else None
        if operation.key == "spaces":
            wanted = self._spaces.settings.testkit_key
            if wanted and not _same(token, wanted):
                raise _Refused(401, "present the setting testkit_key: Authorization: Bearer …")
            return None
        space = self._spaces.find(parts["space"])
        if space is None:
            raise _Refused(404, f"there is no space {parts['space']!r}, or no more")
        if not _same(token, space.control_key):
            wrong = f"that key is not the one of the space {parts['space']}; " if token else ""
            raise _Refused(401, f"{wrong}present the space's control_key: Authorization: Bearer …")
        return space


class _Refused(Exception):
    def __init__(self, status: int, detail: str, **more: Any) -> None:
        self.status, self.detail, self.more = status, detail, more


def _same(given: str | None, wanted: str) -> bool:
    return hmac.compare_digest((given or "").encode(), wanted.encode())


@cache
def table() -> Map:
    """The routes."""
    import testkit.control.handlers  # noqa: F401 — each of its modules fills the table

    rules = [
        Rule(each.path.replace("{", "<").replace("}", ">"), methods=[each.method], endpoint=each) for each in OPERATIONS
    ]
    return Map(rules, strict_slashes=False, merge_slashes=False)


def _know(names: Iterable[str], operation: Operation) -> None:
    """Refuse a parameter that would be passed over: `DELETE /sessions?acount=camille` is not to end everybody's."""
    unknown = sorted(set(names) - set(operation.query))
    if unknown:
        raise _Refused(400, f"no such parameter: {unknown[0]!r}; there are: {', '.join(operation.query) or 'none'}")


def _read(operation: Operation, raw: bytes) -> Any:
    assert operation.body is not None
    try:
        return operation.body.model_validate_json(raw or b"{}")
    except ValidationError as error:
        problems = [
            {"field": ".".join(map(str, each["loc"])), "message": _wrong(each, operation.body)}
            for each in error.errors(include_url=False, include_input=False)
        ]
        told = "; ".join(f"{each['field'] or 'body'}: {each['message']}" for each in problems)
        raise _Refused(400, told, errors=problems) from error


def _wrong(error: ErrorDetails, body: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        return f"no such member; there are: {', '.join(body.model_fields)}"
    return error["msg"]


def problem(status: int, detail: str, **more: Any) -> Response:
    """A refusal."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Refused"
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail} | more
    headers = {"WWW-Authenticate": 'Bearer realm="testkit"'} if status == 401 else {}
    return Response(json.dumps(told, ensure_ascii=False), status, headers, mimetype="application/problem+json")


def _explained(error: HTTPException, request: Request) -> str:
    if error.code == 404:
        return f"nothing is at {request.path}; GET {CONTROL}/openapi.json tells all there is"
    if error.code == 405:
        return f"{request.path} does not take {request.method}"
    return str(error.description or error.name)


def _plain(value: Any) -> Any:
    import dataclasses
    import datetime as dt
    import enum

    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {spec.name: getattr(value, spec.name) for spec in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
