"""A flow as an HTTP Archive (HAR 1.2), to hand to somebody: it holds the marks of secrets, not the secrets."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from testkit.journal.exchange import Exchange
from testkit.journal.flows import Flow
from testkit.journal.reading import header

Pairs = Sequence[tuple[str, str]]


def har(flow: Flow) -> dict[str, Any]:
    """The archive. What HAR has no word for stands under names that begin with `_`, as it allows."""
    page = f"flow-{flow.id}"
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "grandlyonconnect-simulator", "version": version("grandlyonconnect-simulator")},
            "pages": [
                {
                    "startedDateTime": flow.began_at.isoformat(),
                    "id": page,
                    "title": f"{flow.client_id or '?'}: {flow.outcome}",
                    "pageTimings": {"onContentLoad": -1, "onLoad": -1},
                }
            ],
            "entries": [_entry(each, page) for each in flow.exchanges],
        }
    }


def _entry(exchange: Exchange, page: str) -> dict[str, Any]:
    took = round(exchange.duration_in * 1000, 3)
    return {
        "pageref": page,
        "startedDateTime": exchange.at.isoformat(),
        "time": took,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_exchange": exchange.id,
        "_endpoint": exchange.endpoint,
        "_outgoing": exchange.outgoing,
        "_faults": list(exchange.faults),
        "_tokens": [
            {"where": each.where, "header": dict(each.header), "claims": dict(each.claims)} for each in exchange.tokens
        ],
    }


def _request(exchange: Exchange) -> dict[str, Any]:
    query = exchange.query or tuple(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True))
    told: dict[str, Any] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(exchange.request_headers),
        "queryString": _named(query),
        "headersSize": -1,
        "bodySize": len(exchange.request_body.encode()),
    }
    if exchange.form or exchange.request_body:
        content = header(exchange.request_headers, "Content-Type")
        told["postData"] = {
            "mimeType": content or "application/x-www-form-urlencoded",
            "params": _named(exchange.form),
            "text": exchange.request_body,
        }
    return told


def _response(exchange: Exchange) -> dict[str, Any]:
    status = exchange.status or 0
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in set(HTTPStatus) else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(exchange.response_headers),
        "content": {
            "size": len(exchange.body.encode()),
            "mimeType": header(exchange.response_headers, "Content-Type") or "x-unknown",
            "text": exchange.body,
        },
        "redirectURL": exchange.location or "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _named(pairs: Pairs) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
