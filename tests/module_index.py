"""Which test asserts what each module of the certification suite checks: read from the tests' own docstrings.
`python tests/module_index.py` prints the table of docs/conformance.md."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
PLANS = {
    "Config": "discovery-endpoint-verification",
    "Basic (and Implicit, Hybrid, Form Post: the same modules)": """
        server response-type-missing idtoken-signature idtoken-unsigned userinfo-get userinfo-post-header
        userinfo-post-body ensure-request-without-nonce-succeeds-for-code-flow scope-profile scope-email scope-address
        scope-phone scope-all alternate-happy-flow display-page display-popup prompt-login prompt-none-not-logged-in
        prompt-none-logged-in max-age-1 max-age-10000 ensure-request-with-unknown-parameter-succeeds id-token-hint
        login-hint ui-locales claims-locales ensure-request-with-acr-values-succeeds codereuse codereuse-30seconds
        ensure-registered-redirect-uri ensure-post-request-succeeds server-client-secret-post
        request-uri-unsigned-supported-correctly-or-rejected-as-unsupported
        unsigned-request-object-supported-correctly-or-rejected-as-unsupported claims-essential
        ensure-request-object-with-redirect-uri refresh-token ensure-request-with-valid-pkce-succeeds""",
    "Implicit and Hybrid only": "ensure-request-without-nonce-fails",
    "Dynamic": """
        idtoken-rs256 userinfo-rs256 ensure-redirect-uri-in-authorization-request redirect-uri-query-OK
        redirect-uri-query-mismatch redirect-uri-query-added redirect-uri-regfrag registration-logo-uri
        registration-policy-uri registration-tos-uri registration-jwks-uri registration-sector-uri
        registration-sector-bad server-rotate-keys refresh-token-rp-key-rotation request-uri-unsigned
        request-uri-signed-rs256 ensure-client-assertion-with-iss-aud-succeeds""",
    "Third-party-initiated login": "3rd_party-init-login 3rd_party-init-login-nohttps",
    "RP-initiated logout": """
        rp-initiated-logout-discovery-endpoint-verification rp-initiated-logout rp-initiated-logout-no-state
        rp-initiated-logout-bad-post-logout-redirect-uri rp-initiated-logout-query-added-to-post-logout-redirect-uri
        rp-initiated-logout-modified-id-token-hint rp-initiated-logout-bad-id-token-hint
        rp-initiated-logout-no-id-token-hint rp-initiated-logout-no-params rp-initiated-logout-only-state
        rp-initiated-logout-no-post-logout-redirect-uri""",
    "Session management": """
        session-management-discovery-endpoint-verification session-management-rp-initiated-logout""",
    "Front-channel logout": """
        frontchannel-logout-discovery-endpoint-verification frontchannel-rp-initiated-logout""",
    "Back-channel logout": """
        backchannel-logout-discovery-endpoint-verification backchannel-rp-initiated-logout""",
}
"""The modules of each plan, without their prefix `oidcc-`."""
MODULES = [f"oidcc-{name}" for names in PLANS.values() for name in names.split()]
_MODULE = re.compile(r"oidcc-[A-Za-z0-9_-]*[A-Za-z0-9]")


@cache
def index() -> dict[str, list[str]]:
    """For each module, the tests whose docstrings name it, as `file::test`."""
    proofs: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.glob("**/test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for module in sorted(set(_MODULE.findall(ast.get_docstring(node) or ""))):
                    proofs[module].append(f"{path.relative_to(TESTS).as_posix()}::{node.name}")
    return dict(proofs)


def table() -> str:
    """The table, plan by plan."""
    proofs = index()
    lines = []
    for plan, names in PLANS.items():
        lines += [f"### {plan}", "", "| module | tests |", "|---|---|"]
        lines += [f"| `oidcc-{name}` | {'<br>'.join(proofs.get(f'oidcc-{name}', []))} |" for name in names.split()]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table())
