"""Spaces: made, isolated, reset, remembered, forgotten; and the keys they want. (Issue « Testkit », 1.)"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import jwt
import pytest
from conftest import NOON
from kit import Room
from openapi_spec_validator import validate
from werkzeug.test import Client

from glc.clock import ManualClock
from glc.serve import load_testkit
from glc.settings import Settings
from testkit import spaces
from testkit.server import Testkit, _memory
from testkit.space import MOST_SNAPSHOTS

Make = Callable[..., Room]


def test_a_space_says_where_it_is_and_how_it_is_driven(make_room: Make) -> None:
    """Point 1."""
    told = make_room().told
    assert told["issuer"] == f"http://localhost:8040/s/{told['id']}/"
    assert told["control_url"].endswith(f"/_testkit/spaces/{told['id']}")
    assert len(told["control_key"]) >= 24
    assert (told["seeded"], told["dialect"]) == (True, "grandlyonconnect")


def test_its_discovery_leads_to_endpoints_that_are_its_own(make_room: Make, kit: Testkit) -> None:
    """OpenID Connect Discovery 1.0, 4.3: the issuer is the one that was asked for."""
    room = make_room(dialect="standard")
    found = Client(kit).get(f"{room.base}/.well-known/openid-configuration").json
    assert found["issuer"] == room.told["issuer"]
    assert all(value.startswith(room.told["issuer"]) for name, value in found.items() if name.endswith("_endpoint"))


def test_an_issuer_is_had_without_its_final_slash(make_room: Make, kit: Testkit) -> None:
    """Peers, 33."""
    room = make_room(issuer_slash=False)
    assert not room.told["issuer"].endswith("/")
    room.call("PUT", "/logins/auto", {"account": "camille"})
    tokens = room.client().tokens()
    said = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert said["iss"] == room.told["issuer"]
    found = Client(kit).get(f"{room.base}/.well-known/openid-configuration").json
    assert found["token_endpoint"] == f"{room.told['issuer']}/idp/oidc/token"


def test_browsers_and_servers_are_sent_to_the_names_they_know(make_room: Make, kit: Testkit) -> None:
    """Peers, 32: what a container calls the provider, a browser often cannot."""
    room = make_room(browser_url="http://localhost:9999/", backchannel_url="http://glc:8040")
    found = Client(kit).get(f"{room.base}/.well-known/openid-configuration").json
    assert found["issuer"] == room.told["issuer"]
    assert found["authorization_endpoint"].startswith(f"http://localhost:9999{room.base}/")
    assert found["token_endpoint"].startswith(f"http://glc:8040{room.base}/")
    assert found["jwks_uri"].startswith(f"http://glc:8040{room.base}/")


def test_nothing_of_one_space_is_in_another(make_room: Make) -> None:
    """Accounts, clients, clock, faults, scripts, codes, sessions and journal."""
    one, other = make_room(), make_room()
    one.call("POST", "/accounts", {"email": "seule@citoyen.example"})
    one.call("POST", "/clock/advance", {"days": 400})
    one.call("PUT", "/logins/auto", {"account": "camille"})
    site = one.client(client_id="le-site", client_secret="un secret assez long")
    twin = other.client(client_id="le-site", client_secret="un secret assez long")
    code = site.log_in()["code"]
    assert twin.redeem(code).json["error"] == "invalid_grant"
    assert other.call("GET", "/accounts/seule@citoyen.example", expected=404)
    assert one.call("GET", "/clock")["now"][:10] != other.call("GET", "/clock")["now"][:10]
    assert other.call("GET", "/logins") == {"logins": [], "auto": None, "by_login_hint": False}
    assert {each["endpoint"] for each in other.call("GET", "/journal")["exchanges"]} == {"token"}
    assert twin.authorize().headers["Location"].startswith(f"{other.base}/login/")


def test_a_token_of_one_space_is_nothing_in_another(make_room: Make) -> None:
    """Even where both have the prepared keys: issuer and tables are their own."""
    one, other = make_room(), make_room()
    one.call("PUT", "/logins/auto", {"account": "camille"})
    tokens = one.client().tokens()
    assert other.client().userinfo(tokens["access_token"]).status_code == 401


def test_keys_are_its_own_from_the_start_when_asked(make_room: Make) -> None:
    """Otherwise two spaces begin with the same, made beforehand, and part at the first rotation."""
    kids = [{each["kid"] for each in make_room(**asked).call("GET", "/keys")["keys"]} for asked in ({}, {})]
    assert kids[0] == kids[1]
    fresh = make_room(fresh_keys=True)
    assert kids[0].isdisjoint(each["kid"] for each in fresh.call("GET", "/keys")["keys"])
    fresh.call("PUT", "/logins/auto", {"account": "camille"})
    assert fresh.client().tokens()["id_token"]
    before = fresh.call("GET", "/keys")
    fresh.call("POST", "/reset")
    assert fresh.call("GET", "/keys") == before


def test_an_empty_space_has_nobody_and_no_partner(make_room: Make) -> None:
    """For tests that bring everything along."""
    room = make_room(seeded=False)
    assert room.call("GET", "/accounts") == {"accounts": []}
    assert room.call("GET", "/agreements") == {"agreements": []}


def test_a_reset_leads_back_to_how_it_was_made(make_room: Make) -> None:
    """For sites whose issuer is fixed: data, time, faults, scripts, journal; issuer and key stay."""
    room = make_room(now="2026-03-02T11:00:00Z", frozen=True)
    site = room.client()
    room.call("PUT", "/logins/auto", {"account": "camille"})
    tokens = site.tokens()
    room.call("POST", "/clock/advance", {"hours": 5})
    room.call("POST", "/reset")
    assert room.call("GET", "/clock") == {"now": "2026-03-02T11:00:00+00:00", "frozen": True}
    assert room.call("GET", "/clients") == {"clients": []}
    assert room.call("GET", "/logins")["auto"] is None
    assert room.call("GET", "/journal") == {"exchanges": []}
    assert site.userinfo(tokens["access_token"]).status_code == 401


def test_a_snapshot_is_gone_back_to_as_often_as_one_likes(make_room: Make) -> None:
    """Data, keys and time."""
    room = make_room(now="2026-03-02T11:00:00Z", frozen=True)
    site = room.client()
    room.call("POST", "/snapshots", {"name": "connue"})
    for _ in range(2):
        room.call("PUT", "/logins/auto", {"account": "camille"})
        assert site.tokens()["id_token"]
        room.call("POST", "/keys/rotate", {"alg": "RS256"})
        room.call("POST", "/clock/advance", {"days": 1})
        room.call("POST", "/snapshots/connue/restore")
        assert room.call("GET", "/clock")["now"] == "2026-03-02T11:00:00+00:00"
        assert room.call("GET", "/consents") == {"consents": []}
        assert room.call("GET", f"/clients/{site.client_id}")["client_id"] == site.client_id
    refused = room.call("POST", "/snapshots/inconnue/restore", expected=404)
    assert "connue" in refused["detail"]


def test_a_deleted_space_is_gone(make_room: Make, kit: Testkit) -> None:
    """Its addresses say so, and its files are gone."""
    room = make_room()
    folder = Path(str(kit.spaces.find(room.told["id"]).house.engine.url.database)).parent
    room.call("DELETE", "")
    gone = Client(kit).get(f"{room.base}/.well-known/openid-configuration")
    assert (gone.status_code, gone.mimetype) == (404, "application/problem+json")
    assert "no more" in gone.json["detail"]
    assert room.send("GET", "").status_code == 404
    assert not folder.exists()


def test_a_space_is_forgotten_when_its_time_is_over() -> None:
    """By the machine's time, whatever its own clock says: nobody cleans up after a test that was killed."""
    clock = ManualClock(NOON)
    kit = load_testkit(Settings(testkit=True), clock=clock)
    try:
        made = Client(kit).post("/_testkit/spaces", json={"expires_in": 60, "now": "2019-06-01T00:00:00Z"}).json
        where = f"/s/{made['id']}/.well-known/openid-configuration"
        assert Client(kit).get(where).status_code == 200
        clock.advance(seconds=61)
        assert Client(kit).get(where).status_code == 404
        assert [each["id"] for each in Client(kit).get("/_testkit/spaces").json["spaces"]] == ["root"]
    finally:
        kit.close()


def test_spaces_that_nobody_deletes_do_not_use_up_the_open_files(
    monkeypatch: pytest.MonkeyPatch, make_room: Make, kit: Testkit
) -> None:
    """A suite in a language whose tests forget to: those asked least lately close their database, and open it again."""
    monkeypatch.setattr(spaces, "MOST_AWAKE", 3)
    rooms = [make_room(login="camille") for _ in range(8)]
    pools = [kit.spaces.find(room.told["id"]).house.engine.pool for room in rooms]
    assert sum(pool.checkedin() > 0 for pool in pools) <= 3
    assert all("code" in room.client().log_in() for room in rooms)


def test_that_there_is_no_room_is_said_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, make_room: Make, kit: Testkit
) -> None:
    """Memory, or open files, are used up: half a space is not left behind."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    before = {each.id for each in kit.spaces.all()}
    refused = Client(kit).post("/_testkit/spaces", json={})
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert "delete" in refused.json["detail"]
    assert {each.id for each in kit.spaces.all()} == before


@pytest.mark.parametrize(("free", "in_memory"), [(64, False), (4096, True)])
def test_files_live_in_memory_only_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, free: int, in_memory: bool
) -> None:
    """A container's /dev/shm holds 64 MiB, which is some two hundred spaces."""
    monkeypatch.setattr(Path, "is_dir", lambda _: True)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free * 1024 * 1024))
    assert (_memory() is not None) is in_memory


def test_the_root_is_a_space_that_can_be_reset_and_not_deleted(kit: Testkit) -> None:
    """It is where a site with a fixed issuer finds its provider."""
    root = kit.spaces.root
    found = Client(kit).get("/.well-known/openid-configuration").json
    assert found["issuer"] == "http://localhost:8040/"
    headers = {"Authorization": f"Bearer {root.control_key}"}
    assert Client(kit).post("/_testkit/spaces/root/reset", headers=headers).status_code == 200
    assert "reset it" in Client(kit).delete("/_testkit/spaces/root", headers=headers).json["detail"]


def test_settings_of_a_space_are_its_own(make_room: Make) -> None:
    """Lifetimes and the like; never what holds the process together."""
    room = make_room(settings={"code_lifetime_in": 5}, frozen=True)
    room.call("PUT", "/logins/auto", {"account": "camille"})
    site = room.client()
    code = site.log_in()["code"]
    room.call("POST", "/clock/advance", {"seconds": 6})
    assert site.redeem(code).json["error"] == "invalid_grant"


def test_no_setting_of_the_process_can_be_set(kit: Testkit) -> None:
    """The database, the master key, the test kit's own."""
    for name in ("database_url", "master_key", "testkit_key", "issuer"):
        refused = Client(kit).post("/_testkit/spaces", json={"settings": {name: "x"}})
        assert (refused.status_code, name in refused.json["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"dialect": "france"}, "dialect"),
        ({"nom": 1}, "nom"),
        ({"now": "2026-03-02T11:00:00"}, "now"),
        ({"settings": {"code_lifetime_in": 0}}, "code_lifetime_in"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_field(kit: Testkit, asked: dict[str, object], told: str) -> None:
    """An instant says its time zone; a dialect exists; nothing unknown is passed over in silence."""
    refused = Client(kit).post("/_testkit/spaces", json=asked)
    assert refused.status_code == 400
    assert told in refused.json["detail"]


@pytest.mark.parametrize("key", [None, "Bearer faux", "Bearer ", "Basic eDp5"])
def test_no_call_goes_through_without_the_space_s_key(make_room: Make, key: str | None) -> None:
    """Peers, « unserved »: a hard error when the key is missing, never a default."""
    room, other = make_room(), make_room()
    headers = {"Authorization": key} if key else {}
    path = f"/_testkit/spaces/{room.told['id']}"
    for method, below in [("GET", ""), ("POST", "/reset"), ("GET", "/journal"), ("DELETE", ""), ("POST", "/tokens")]:
        answer = Client(room.kit).open(path + below, method=method, headers=headers, json={})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="testkit"')
    theirs = {"Authorization": f"Bearer {other.told['control_key']}"}
    refused = Client(room.kit).get(path, headers=theirs)
    assert refused.status_code == 401
    assert refused.json["detail"].startswith(f"that key is not the one of the space {room.told['id']}; present")


def test_whoever_makes_a_space_presents_the_key_where_one_is_set() -> None:
    """Point 9; the root's key is that one."""
    key = "une-cle-de-seize-lettres"
    kit = load_testkit(Settings(testkit=True, testkit_key=key))
    try:
        assert Client(kit).post("/_testkit/spaces", json={}).status_code == 401
        headers = {"Authorization": f"Bearer {key}"}
        assert Client(kit).post("/_testkit/spaces", json={}, headers=headers).status_code == 201
    finally:
        kit.close()


def test_the_interface_describes_itself_validly(kit: Testkit) -> None:
    """OpenAPI 3.1."""
    found = Client(kit).get("/_testkit/openapi.json").json
    validate(found)
    assert found["openapi"] == "3.1.0"
    assert len(found["paths"]) > 30


def test_what_is_not_there_is_said_as_a_problem(room: Room) -> None:
    """RFC 9457."""
    refused = room.send("GET", "/nulle-part")
    assert (refused.status_code, refused.mimetype) == (404, "application/problem+json")
    assert room.send("PUT", "/accounts").status_code == 405
    assert room.send("POST", "/faults", headers={"Content-Type": "application/json"}, data=b"{").status_code == 400


def test_ready_is_said_without_a_key(kit: Testkit) -> None:
    """Peers, 36: containers wait for it."""
    assert Client(kit).get("/_testkit/health").json["ready"] is True


def test_snapshots_of_several_names_stay_what_each_was(make_room: Make) -> None:
    """Also when one of them was taken anew before the other."""
    room = make_room()
    room.call("POST", "/snapshots", {"name": "vide"})
    room.call("POST", "/snapshots", {"name": "vide"})
    room.call("POST", "/accounts", {"email": "seule@citoyen.example"})
    room.call("POST", "/snapshots", {"name": "peuplée"})
    room.call("POST", "/snapshots/vide/restore")
    assert room.call("GET", "/accounts/seule@citoyen.example", expected=404)
    room.call("POST", "/snapshots/peuplée/restore")
    assert room.call("GET", "/accounts/seule@citoyen.example")


def test_a_space_remembers_so_many_states_and_says_so(make_room: Make) -> None:
    """Each is a file in memory: a loop in a test must not fill the machine's."""
    room = make_room()
    for number in range(MOST_SNAPSHOTS):
        room.call("POST", "/snapshots", {"name": str(number)})
    assert str(MOST_SNAPSHOTS) in room.call("POST", "/snapshots", {"name": "de trop"}, expected=400)["detail"]
    room.call("POST", "/snapshots", {"name": "0"})


def test_who_logged_in_by_themselves_from_the_start_does_again_after_a_reset(make_room: Make) -> None:
    """« Back to how it was made »."""
    room = make_room(login="camille")
    room.call("PUT", "/logins/auto", {"account": "helene", "by_login_hint": True})
    room.call("POST", "/reset")
    assert room.call("GET", "/logins") == {"logins": [], "auto": "camille", "by_login_hint": False}
    assert room.client().tokens()["id_token"]


def test_whoever_is_connected_while_a_space_is_reset_sees_the_reset_one(make_room: Make, kit: Testkit) -> None:
    """A request or a job of the provider that was begun before: what it wrote is gone, and it goes on with the rest."""
    room = make_room()
    space = kit.spaces.find(room.told["id"])
    assert space is not None
    room.call("POST", "/accounts", {"email": "seule@citoyen.example"})
    with space.house.engine.connect() as begun:
        begun.exec_driver_sql("SELECT count(*) FROM account").scalar_one()
        begun.rollback()
        room.call("POST", "/reset")
        seen = begun.exec_driver_sql("SELECT count(*) FROM account WHERE email = 'seule@citoyen.example'")
        assert seen.scalar_one() == 0
