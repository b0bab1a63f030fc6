"""Makes docs/conformance-plan.json, the configuration that the certification suite is given.

The suite drives a browser of its own by these steps. Where no redirect may come, or a person is to judge a page, a
module needs others than the rest (`override`): a step that does not find its page fails the module. A step with
`update-image-placeholder` hands in the picture that the module waits for; `…-optional`, if it waits for one.
"""

from __future__ import annotations

import json
import sys
from typing import Any

PROVIDER = "https://glc.example"
EMAIL = "camille.dupre@citoyen.example"
PASSWORD = "un mot de passe pour essayer"
PATIENCE_IN = 10
PICTURE = "update-image-placeholder"

Step = list[str | int]
Task = dict[str, Any]


def _shown(kind: str, what: str, text: str, then: str = PICTURE) -> Step:
    return ["wait", kind, what, PATIENCE_IN, text, then]


def _task(name: str, page: str, *commands: Step, optional: bool = False) -> Task:
    return {
        "task": name,
        **({"optional": True} if optional else {}),
        "match": f"{PROVIDER}{page}" if page.startswith("/") else page,
        "commands": list(commands),
    }


def _starting(endpoint: str, *tasks: Task) -> dict[str, Any]:
    return {"match": f"{PROVIDER}/idp/oidc/{endpoint}*", "tasks": list(tasks)}


def _log_in(*before: Step) -> list[Task]:
    return [
        _task(
            "Log in",
            "/login/*",
            *before,
            ["text", "id", "username", EMAIL],
            ["text", "id", "password", PASSWORD],
            ["click", "id", "login-submit"],
            optional=True,
        ),
        _task("Accept", "/idp/oidc/authorize*", ["click", "id", "accept", "optional"], optional=True),
        _task(
            "Back at the suite",
            "*",
            ["wait", "contains", "/callback", PATIENCE_IN],
            ["wait", "id", "submission_complete", PATIENCE_IN],
        ),
    ]


LOGIN = _starting("authorize", *_log_in())
CONFIRM = _task("Confirm", "/idp/oidc/logout*", ["click", "id", "logout-confirm", "optional"], optional=True)
ANY_TITLE = _shown("xpath", "//h1", r"\S")
LOGIN_PICTURE = [_starting("authorize", *_log_in([*ANY_TITLE[:-1], f"{PICTURE}-optional"]))]
REFUSED = [_starting("authorize", _task("The error page", "/continue/*", _shown("id", "message", "invalid_request")))]


def _login_page(kind: str, what: str) -> list[Any]:
    """The login page, with something of the site's on it."""
    return [_starting("authorize", _task("The login page", "/login/*", ["wait", kind, what, PATIENCE_IN], ANY_TITLE))]


def _logout(*tasks: Task) -> list[Any]:
    return [LOGIN, _starting("logout", *tasks)]


def _logout_refused(text: str) -> list[Any]:
    return _logout(_task("The error page", "/idp/oidc/logout*", _shown("id", "message", text)))


LOGGED_OUT = _logout(CONFIRM, _task("Logged out", "*", ["wait", "contains", "/logged-out/", PATIENCE_IN], ANY_TITLE))
OVERRIDES: dict[str, list[Any]] = {
    "prompt-login": LOGIN_PICTURE,
    "max-age-1": LOGIN_PICTURE,
    "ensure-registered-redirect-uri": REFUSED,
    "ensure-redirect-uri-in-authorization-request": REFUSED,
    "redirect-uri-query-added": REFUSED,
    "redirect-uri-query-mismatch": REFUSED,
    "registration-logo-uri": _login_page("css", ".from img"),
    "registration-policy-uri": _login_page("id", "service-words"),
    "registration-tos-uri": _login_page("id", "service-words"),
    "rp-initiated-logout-bad-post-logout-redirect-uri": _logout_refused("post_logout_redirect_uri"),
    "rp-initiated-logout-query-added-to-post-logout-redirect-uri": _logout_refused("post_logout_redirect_uri"),
    "rp-initiated-logout-modified-id-token-hint": _logout_refused("id_token_hint"),
    "rp-initiated-logout-bad-id-token-hint": _logout_refused("id_token_hint"),
    "rp-initiated-logout-no-id-token-hint": _logout(
        _task("The question", "/idp/oidc/logout*", ["wait", "id", "logout-confirm", PATIENCE_IN], ANY_TITLE)
    ),
    "rp-initiated-logout-no-params": LOGGED_OUT,
    "rp-initiated-logout-only-state": LOGGED_OUT,
    "rp-initiated-logout-no-post-logout-redirect-uri": LOGGED_OUT,
    "session-management-rp-initiated-logout": [],
}
"""The browser's steps of the modules that need others than the rest, by their names without `oidcc-`. None at all: a
person's browser takes every step, for the suite's own does not run the script of the frame."""


def plan() -> dict[str, Any]:
    """The whole configuration."""
    return {
        "alias": "glc-simulator",
        "description": "GrandLyonConnect simulator, dialect standard",
        "server": {"discoveryUrl": f"{PROVIDER}/.well-known/openid-configuration", "login_hint": EMAIL},
        "client": {"client_name": "conformance suite"},
        "client2": {"client_name": "conformance suite, second client"},
        "browser": _logout(
            CONFIRM, _task("Back at the suite", "*", ["wait", "contains", "/post_logout_redirect", PATIENCE_IN])
        ),
        "override": {f"oidcc-{name}": {"browser": steps} for name, steps in OVERRIDES.items()},
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(plan(), ensure_ascii=False, indent=2) + "\n")
