"""Programs ask to be told of events (issue 3, point 8)."""

from __future__ import annotations

from programs import Program

ADDRESS = {"url": "https://hooks.example/glc", "events": ["partner.*"], "partner": None}


def test_an_address_is_told_what_it_wants_and_once_more_on_demand(admin: Program) -> None:
    """The secret is told once; a replay has the same event identifier."""
    made = admin.create("/webhooks", **ADDRESS)
    path = f"/webhooks/{made['id']}"
    assert made["secret"] not in admin.send("GET", path).text
    admin.create("/partners", code="69266")
    admin.create("/clients", partner="bron", name="Site", redirect_uris=["https://bron.example/back"])
    newest, ping = admin.get(f"{path}/deliveries")["items"]
    assert (newest["event"], ping["event"]) == ("partner.registered", "ping")
    assert newest["payload"]["subject"] == "partner:villeurbanne"

    again = admin.create(f"{path}/deliveries/{newest['id']}/replays")
    assert (again["event_id"], again["attempts"]) == (newest["event_id"], 0)
    assert again["id"] != newest["id"]
    assert len(admin.get(f"{path}/deliveries?delivered=false&event=partner.registered")["items"]) == 2


def test_an_address_is_left_in_peace_and_told_again(admin: Program) -> None:
    """Disabled with a reason, enabled again."""
    path = f"/webhooks/{admin.create('/webhooks', **ADDRESS | {'partner': 'lyon'})['id']}"
    delivery = admin.get(f"{path}/deliveries")["items"][0]["id"]
    assert admin.act(path, "/disable", reason="panne")["disabled_reason"] == "panne"
    admin.create(f"{path}/deliveries/{delivery}/replays", 409)
    assert admin.act(path, "/enable")["disabled_at"] is None
    assert [each["partner"] for each in admin.get("/webhooks?partner=lyon")["items"]] == ["lyon"]
    assert admin.get("/webhooks?partner=bron")["items"] == []


def test_addresses_are_for_administrators_and_on_https(admin: Program, reviewer: Program) -> None:
    """`agents.PERMISSIONS`: webhook.edit. A delivery is found at its own address only."""
    assert reviewer.send("GET", "/webhooks").status_code == 403
    admin.create("/webhooks", 422, **ADDRESS | {"url": "http://hooks.example/"})
    admin.create("/webhooks", 422, **ADDRESS | {"events": ["Partner"]})
    first, second = admin.create("/webhooks", **ADDRESS), admin.create("/webhooks", **ADDRESS)
    delivery = admin.get(f"/webhooks/{first['id']}/deliveries")["items"][0]["id"]
    assert admin.send("GET", f"/webhooks/{second['id']}/deliveries/{delivery}").status_code == 404
