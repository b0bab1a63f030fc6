"""docs/testkit.md: each call of its table is accepted as it is written."""

from __future__ import annotations

import json
import re
from pathlib import Path

from kit import Room
from ports import free_port

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "testkit.md").read_text(encoding="utf-8")
A_CALL = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`\s]+)`(?:(?: said)? `(\{[^`]*\})`)?")


def calls() -> list[tuple[str, str, str]]:
    """Method, path and content of each call of the section, in its order."""
    section = PAGE.partition("## One test, with curl\n")[2].partition("\n## ")[0]
    return A_CALL.findall(section)


def test_every_call_of_the_table_is_accepted(room: Room) -> None:
    """In its order; `…` stands for what earlier calls told."""
    client = room.client(metadata={"backchannel_logout_uri": f"http://localhost:{free_port()}/"}).client_id
    kid = room.call("GET", "/keys")["keys"][0]["kid"]
    met = 0
    for method, path, content in calls():
        text = content
        for shown, sent in {
            '"client_id": …': f'"client_id": "{client}"',
            '"account": …': '"account": "camille"',
            '"endpoint": …': '"endpoint": "token"',
            '"timeout_in": 5': '"timeout_in": 0',
        }.items():
            text = text.replace(shown, sent)
        path = path.replace("<kid>", kid).replace("to=…", "to=camille@citoyen.example")
        answer = room.send(method, path, json.loads(text) if text else None)
        assert answer.status_code < 300, (method, path, text, answer.text)
        met += 1
    assert met > 20


def test_an_agreement_that_the_page_ends_was_in_force(room: Room) -> None:
    """Else nothing would be seen to happen."""
    path = next(path for method, path, _ in calls() if method == "PATCH")
    agreements = {each["number"]: each for each in room.call("GET", "/agreements")["agreements"]}
    assert agreements[path.rpartition("/")[2]]["status"] == "agreement_in_force"
    assert room.call("PATCH", path, {"terminated_on": "2026-01-31"})["status"] != "agreement_in_force"
