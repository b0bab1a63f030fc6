"""docs/recette.md: its steps are played as they stand, against the site that it names."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "recette.md").read_text(encoding="utf-8")


def test_the_steps_of_the_page_lead_to_a_report(tmp_path: Path) -> None:
    """« Run it », with one duty of all for the sake of time, and « Try it without a site »."""
    blocks = re.findall(r"(?m)^   ```sh\n(.*?)^   ```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    site = re.search(r"(?m)^    RECETTE_SITE.*\n.*", PAGE)
    assert site
    start_the_site = f"{site[0]} &\ncurl -so site.html --retry 30 --retry-connrefused http://localhost:3000/\n"
    script = "".join([*blocks[:2], start_the_site, blocks[2].replace("--signed recette.jws", "--only nonce")])
    for named, real in {
        "localhost:8040": f"localhost:{(glc_port := free_port())}",
        "--testkit ": f"--testkit --port {glc_port} ",
        "recette run": f"recette run --glc-url http://localhost:{glc_port}/",
        "localhost:3000": f"localhost:{(site_port := free_port())}",
        "--port 3000": f"--port {site_port}",
        ".venv/bin/": "",
    }.items():
        assert named in script
        script = script.replace(named, real)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    command = ["bash", "-c", script]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            status = process.wait(timeout=180)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
    assert status == 0, (tmp_path / "log").read_text(encoding="utf-8")
    told = ElementTree.parse(tmp_path / "recette.xml").getroot()
    assert int(told.attrib["tests"]) > 0
    assert told.attrib["failures"] == "0"
    assert "nonce" in (tmp_path / "recette.html").read_text(encoding="utf-8")
