"""`glc recette run --driver browser`: Chromium, for sites that need scripts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from needs import needs

LONGEST_IN = 300

CASES = (
    "login",
    "consent_refused",
    "answer_in_another_browser",
    "open_redirect",
    "logout_at_provider",
    "frontchannel_logout",
    "id_token_nonce_wrong",
)


@pytest.mark.parametrize("mistakes", [(), ("open_redirect", "no_nonce_check")])
def test_a_real_browser_sees_what_the_walker_sees(
    mistakes: tuple[str, ...], target: Callable[..., Any], tmp_path: Path
) -> None:
    """Good paths, frames, another browser, an address that is not visited, a fault."""
    only = [part for case in CASES for part in ("--only", case)]
    driver = ("--driver", "browser", "--chromium", str(needs("chromium")), "--json", str(tmp_path / "r.json"))
    with target(*mistakes) as site:
        # a process of its own: the browser that other tests share keeps this thread's event loop
        command = [sys.executable, "-c", "from glc.cli import main; main()", "recette", "run", *site.options]
        ran = subprocess.run(
            [*command, *driver, *only], capture_output=True, text=True, timeout=LONGEST_IN, check=False, cwd=tmp_path
        )
    assert ran.returncode == bool(mistakes), ran.stdout + ran.stderr
    told = json.loads((tmp_path / "r.json").read_text())
    verdicts = {case["id"]: case["verdict"] for case in told["cases"]}
    wrong = {"open_redirect", "id_token_nonce_wrong"} if mistakes else set()
    assert {name for name, verdict in verdicts.items() if verdict == "failed"} == wrong, ran.stdout
    assert {*CASES} <= {*verdicts}
    assert set(verdicts.values()) <= {"passed", "failed"}
    assert told["driver"] == "browser"
