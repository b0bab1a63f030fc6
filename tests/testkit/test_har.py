"""What leaves the inspector: an archive that browsers' tools read, a command to copy; no secret in either."""

from __future__ import annotations

import json
import shlex
from typing import Any

from exchanges import changed, exchange, login, redeem, userinfo

from testkit.journal.curl import curl
from testkit.journal.flows import flows
from testkit.journal.har import har

FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "entry": {
        "startedDateTime": str,
        "time": (int, float),
        "request": dict,
        "response": dict,
        "cache": dict,
        "timings": dict,
    },
    "request": {
        "method": str,
        "url": str,
        "httpVersion": str,
        "cookies": list,
        "headers": list,
        "queryString": list,
        "headersSize": int,
        "bodySize": int,
    },
    "response": {
        "status": int,
        "statusText": str,
        "httpVersion": str,
        "cookies": list,
        "headers": list,
        "content": dict,
        "redirectURL": str,
        "headersSize": int,
        "bodySize": int,
    },
    "content": {"size": int, "mimeType": str, "text": str},
    "timings": {"send": (int, float), "wait": (int, float), "receive": (int, float)},
}
"""HAR 1.2: the fields that must be there, and what each holds."""


def test_a_flow_is_an_archive_with_every_field_that_must_be_there() -> None:
    """HAR 1.2, sections entries, request, response, content, timings."""
    [flow] = flows(login())
    log = json.loads(json.dumps(har(flow)))["log"]
    assert log["version"] == "1.2"
    assert set(log["creator"]) == {"name", "version"}
    [page] = log["pages"]
    assert page["startedDateTime"] == "2026-03-02T11:00:01+00:00"
    assert {"id", "title", "pageTimings"} < set(page)
    assert len(log["entries"]) == 8
    for entry in log["entries"]:
        assert entry["pageref"] == page["id"]
        response = entry["response"]
        for name, part in (
            ("entry", entry),
            ("request", entry["request"]),
            ("response", response),
            ("content", response["content"]),
            ("timings", entry["timings"]),
        ):
            _has(name, part)
        assert all(set(pair) == {"name", "value"} for pair in entry["request"]["headers"])
    token = log["entries"][5]
    assert token["request"]["postData"]["mimeType"] == "application/x-www-form-urlencoded"
    assert token["response"]["statusText"] == "OK"
    assert token["_tokens"][0]["claims"]["sub"] == "s"


def test_an_exchange_that_had_no_answer_is_in_the_archive() -> None:
    """Status 0, as browsers write it."""
    [flow] = flows([*login()[:5], redeem(6, "c0de", status=None, body="")])
    assert har(flow)["log"]["entries"][5]["response"]["status"] == 0


def test_a_command_sends_the_same_request_and_asks_for_the_secrets() -> None:
    """Each secret is a variable of the shell."""
    words = shlex.split(curl(redeem(6, "c0de")).replace("\\\n", ""))
    assert words[:2] == ["curl", "--include"]
    assert "mon-site:$CLIENT_SECRET" in words
    assert "code=$CODE" in words
    assert "grant_type=authorization_code" in words
    assert words[-1] == "http://localhost:8040/s/abc/idp/oidc/token"
    assert "Authorization: Bearer $ACCESS_TOKEN" in shlex.split(curl(userinfo(8, "c0de")).replace("\\\n", ""))


def test_secrets_of_an_address_are_variables_too_however_they_were_encoded() -> None:
    """The address of a page holds that of the next one."""
    nested = "http://localhost/login/?next=/authorize?pending%3D%25E2%2580%25B9pending:69b19d24%25E2%2580%25BA"
    words = shlex.split(curl(changed(exchange(1, "login", "x"), url=nested)))
    assert words[-1] == "http://localhost/login/?next=/authorize?pending%3D$PENDING"


def test_whatever_was_sent_stays_one_word_of_the_shell() -> None:
    """A quote in a value runs nothing."""
    odd = 'it\'s $(id) `id` "x"'
    sent = changed(exchange(1, "authorize", "x", method="DELETE"), request_headers=(("X-Odd", odd),))
    words = shlex.split(curl(sent).replace("\\\n", ""))
    assert f"X-Odd: {odd}" in words
    assert words[2:4] == ["--request", "DELETE"]


def _has(name: str, part: dict[str, Any]) -> None:
    for field, kind in FIELDS[name].items():
        assert isinstance(part[field], kind), f"{name}.{field}"
