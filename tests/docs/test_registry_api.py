"""Every command of docs/registry-api.md is run in its order, and answers what the page shows."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from pathlib import Path
from typing import Any

from flask import Flask
from onboarding import PDF
from programs import hiring
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.api import BASE
from partner_registry.models import Role

PAGE = Path(__file__).resolve().parents[2] / "docs" / "registry-api.md"
CUT = "…"


def exchanges() -> list[tuple[str, list[str]]]:
    """Each command of the page with the lines shown after it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\nHTTP/")
            found.append((command.replace("\\\n", " "), f"HTTP/{shown}".strip().splitlines() if shown else []))
    return found


def curl(app: Flask, command: str, variables: dict[str, str]) -> TestResponse:
    """Send what `curl` would."""
    options = argparse.ArgumentParser()
    options.add_argument("url")
    options.add_argument("-i", action="store_true")
    options.add_argument("-X", dest="method")
    options.add_argument("-H", dest="headers", action="append", default=[])
    options.add_argument("-d", dest="data")
    options.add_argument("--data-binary", dest="file")
    for name, value in variables.items():
        command = command.replace(f"${name}", value.replace('"', '\\"'))
    asked = options.parse_args(shlex.split(command)[1:])
    assert asked.i
    body = PDF if asked.file == "@convention.pdf" else asked.data.encode() if asked.data else None
    headers = dict(line.split(": ", 1) for line in asked.headers)
    return app.test_client().open(
        asked.url, method=asked.method or ("POST" if body else "GET"), headers=headers, data=body
    )


def expect_shown(shown: Any, told: Any, where: str) -> None:
    """Expect what the page shows in what was told; what it cuts may be anything."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            expect_shown(value, told[name], f"{where}/{name}")
    elif isinstance(shown, str) and CUT in shown:
        assert re.fullmatch(".*".join(map(re.escape, shown.split(CUT))), str(told), re.DOTALL), where
    else:
        assert shown == told, where


def test_the_page_s_commands_answer_what_it_shows(app: Flask, clock: ManualClock) -> None:
    """docs/registry-api.md."""
    program = hiring(app, clock)("someone", Role.REVIEWER, Role.ADMIN)
    variables = {"API": BASE, "TOKEN": program.token, "ETAG": ""}
    ran = 0
    for command, shown in exchanges():
        if not command.startswith("curl "):
            assert command.startswith("API=")
            continue
        answer = curl(app, command, variables)
        assert shown[0] == f"HTTP/1.1 {answer.status}", f"{command}\n{answer.text}"
        for line in shown[1:-1]:
            name, _, value = line.partition(": ")
            expect_shown(value, answer.headers[name], name)
        expect_shown(json.loads(shown[-1]), answer.json, command)
        variables["ETAG"] = answer.headers.get("ETag", "")
        ran += 1
    assert ran > 8


def test_the_page_knows_every_status_that_is_refused(app: Flask) -> None:
    """Its table leaves none out but 405, which no documented request gets."""
    described = app.test_client().get(f"{BASE}/openapi.json").json["components"]["responses"]
    table = " ".join(re.findall(r"^\| ([\d, ]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\d{3}", table)) == described.keys() - {"405"}
