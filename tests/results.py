"""Signed results of acceptance runs, as `glc recette run` writes them (docs/acceptance.md)."""

from __future__ import annotations

from typing import Any

from flask import Flask

from partner_registry.ports import ports

CASES = [
    {"id": "login", "verdict": "passed", "title": "A login goes through"},
    {"id": "id_token_alg_none", "verdict": "passed", "title": "An unsigned ID Token is refused"},
    {"id": "refresh_rotation_lost", "verdict": "skipped", "title": "A lost refresh token"},
]


def document(client_id: str, **changes: Any) -> dict[str, Any]:
    """A result of the day before noon of 2 March 2026, passed unless told otherwise."""
    cases = changes.pop("cases", CASES)
    verdicts = [each["verdict"] for each in cases or () if isinstance(each, dict)]
    return {
        "client_id": client_id,
        "issuer": "http://localhost:8040/s/x/",
        "site": "https://www.lyon.example/",
        "tool": "glc recette 1",
        "started_at": "2026-03-01T09:00:00+00:00",
        "finished_at": "2026-03-01T09:02:30+00:00",
        "driver": "http",
        "verdict": "failed" if "failed" in verdicts else "passed",
        "counts": {each: verdicts.count(each) for each in ("passed", "failed", "skipped")},
        "cases": cases,
    } | changes


def signed(app: Flask, client_id: str, **changes: Any) -> str:
    """The same, signed by the provider."""
    with app.app_context():
        return ports().acceptances.sign(document(client_id, **changes))


FAILED = [{"id": "nonce_wrong", "verdict": "failed", "title": "A wrong nonce is refused"}, *CASES]
"""Cases of a site that does not look at the nonce."""
