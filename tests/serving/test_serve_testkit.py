"""`glc serve --testkit` as a CI job meets it: a real process, its own port for test powers, what it refuses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from ports import free_port
from served import GLC, LONGEST_IN, served


@contextmanager
def serving(folder: Path, port: int, *words: str, **settings: str) -> Iterator[Path]:
    """Serve the test kit until the end of the block; the file it writes to."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GLC_")} | settings
    command = [*GLC, "serve", "--testkit", "--port", str(port), *words]
    with served(command, folder, f"http://localhost:{port}/_testkit/health", environment=environment) as process:
        yield folder / "log"
    assert process.returncode == 0


def ask(port: int, path: str, content: Any = None, key: str = "", method: str | None = None) -> tuple[int, Any]:
    """The status of an answer and its JSON; (0, None) when nobody answers."""
    body = None if content is None else json.dumps(content).encode()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=LONGEST_IN) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error) if "json" in error.headers["Content-Type"] else None
    except OSError:
        return 0, None


def test_it_says_where_everything_is_and_stops_when_told(tmp_path: Path) -> None:
    """The key of the root space is shown to whoever starts it, and is in no log line."""
    port = free_port()
    with serving(tmp_path, port) as log:
        text = log.read_text()
        found = re.search(r"control key +(\S+)", text)
        assert found is not None, text
        status, root = ask(port, "/_testkit/spaces/root", key=found[1])
        assert (status, root["issuer"]) == (200, f"http://localhost:{port}/")
        status, space = ask(port, "/_testkit/spaces", {"dialect": "standard"})
        assert status == 201
        assert ask(port, f"/s/{space['id']}/.well-known/openid-configuration")[1]["issuer"] == space["issuer"]
        logged = [line for line in log.read_text().splitlines() if re.match(r"\d{4}-\d\d-\d\dT", line)]
        assert logged
        assert not any(found[1] in line or space["control_key"] in line for line in logged)
    assert not (tmp_path / "var").exists(), "the configured database was touched"


def test_test_powers_have_a_port_of_their_own_and_answer_on_no_other(tmp_path: Path) -> None:
    """Point 9: what browsers and sites reach gives nobody any power."""
    port, own = free_port(), free_port()
    with serving(tmp_path, port, "--testkit-port", str(own), GLC_TESTKIT_KEY="une-cle-de-test-assez-longue"):
        refused, told = ask(port, "/_testkit/spaces", {})
        assert (refused, str(own) in told["detail"]) == (404, True)
        assert ask(own, "/_testkit/spaces", {})[0] == 401
        status, space = ask(own, "/_testkit/spaces", {}, "une-cle-de-test-assez-longue")
        assert status == 201
        assert space["control_url"].startswith(f"http://127.0.0.1:{own}/")
        where = f"/_testkit/spaces/{space['id']}/clients"
        made = ask(own, where, {"redirect_uris": ["https://site.example/cb"]}, space["control_key"])
        assert made[0] == 201
        assert ask(port, f"/s/{space['id']}/.well-known/openid-configuration")[0] == 200


def test_a_port_that_others_may_reach_without_a_key_is_pointed_out(tmp_path: Path) -> None:
    """Issue, point 9. In a container the port is open and the machine's own is not: it is told, not refused."""
    told = {}
    for host in ("127.0.0.1", "0.0.0.0"):
        with serving(tmp_path, free_port(), "--host", host) as log:
            told[host] = "Whoever reaches this port can make spaces" in log.read_text()
    assert told == {"127.0.0.1": False, "0.0.0.0": True}


def test_an_issuer_below_a_path_has_its_spaces_below_it(tmp_path: Path) -> None:
    """Point 1."""
    port = free_port()
    with serving(tmp_path, port, "--issuer", f"http://localhost:{port}/pilote"):
        status, space = ask(port, "/pilote/_testkit/spaces", {})
        assert (status, space["issuer"]) == (201, f"http://localhost:{port}/pilote/s/{space['id']}/")
        found = ask(port, f"/pilote/s/{space['id']}/.well-known/openid-configuration")[1]
        assert found["issuer"] == space["issuer"]
        assert ask(port, "/pilote/.well-known/openid-configuration")[1]["issuer"] == f"http://localhost:{port}/pilote"


def test_many_spaces_are_made_and_used_at_the_same_time(tmp_path: Path) -> None:
    """Threads of one process, each in a space of its own."""
    port, wrong = free_port(), []

    def work() -> None:
        for _ in range(5):
            _, space = ask(port, "/_testkit/spaces", {"login": "camille"})
            where = f"/_testkit/spaces/{space['id']}"
            asked = {"redirect_uris": ["https://s.example/cb"]}
            status, told = ask(port, f"{where}/clients", asked, space["control_key"])
            accounts = ask(port, f"{where}/accounts", None, space["control_key"])[1]["accounts"]
            if status != 201 or told["redirect_uris"] != ["https://s.example/cb"] or len(accounts) < 20:
                wrong.append((status, told))

    with serving(tmp_path, port):
        threads = [threading.Thread(target=work) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(ask(port, "/_testkit/spaces")[1]["spaces"]) == 41
    assert wrong == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"GLC_SMTP_URL": "smtp://mail.example"}, "smtp_url"),
        ({"GLC_DATABASE_URL": "postgresql://base.example/glc"}, "database_url"),
        ({"GLC_ISSUER": "https://moncompte.grandlyon.com/", "GLC_MASTER_KEY": "a" * 43}, "testkit_public_host"),
        ({"GLC_WORKERS": "2"}, "workers"),
    ],
)
def test_a_start_that_looks_like_production_is_refused_in_one_sentence(
    tmp_path: Path, settings: dict[str, str], told: str
) -> None:
    """Point 9."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GLC_")}
    done = subprocess.run(
        [*GLC, "serve", "--testkit"],
        env=environment | settings,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_without_the_switch_there_is_no_test_power(tmp_path: Path) -> None:
    """Off unless switched on."""
    from werkzeug.test import Client

    from glc.app import create_app
    from glc.commands import migrate, prepare
    from glc.settings import Settings

    settings = Settings(database_url=f"sqlite:///{tmp_path}/glc.sqlite3")
    migrate(settings)
    prepare(settings)
    browser = Client(create_app(settings))
    for path in ("/_testkit/health", "/_testkit/spaces", "/inspector/", "/s/x/"):
        assert browser.get(path).status_code == 404
    asked = "/idp/oidc/authorize?client_id=x&response_type=code&scope=openid&redirect_uri=https://s.example/cb"
    assert browser.get(asked, headers={"X-GLC-Login": "camille"}).status_code in {302, 400}
