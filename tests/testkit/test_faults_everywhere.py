"""Faults act whatever way a login takes: the real service's dialect, each response mode, a user who clicks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fault_evidence import EVERY_FLOW, EVIDENCE
from faulty import STATE, Space
from kit import Room

from testkit.faults.catalogue import CATALOGUE

MakeRoom = Callable[..., Room]
PLAIN = [
    name
    for name, case in EVIDENCE.items()
    if CATALOGUE[name].family in {"id_token", "authorize"} and not case.asks and case.site["id_token_alg"][1:] == "S256"
]
"""Those that need neither hybrid flow nor another algorithm than the dialect's."""


@pytest.mark.parametrize("name", [name for name in PLAIN if EVIDENCE[name].site["id_token_alg"] != "PS256"])
def test_a_fault_shows_in_the_real_services_dialect_too(make_room: MakeRoom, name: str) -> None:
    """What is not in its tokens (at_hash, say) is put there, or the fault is none there."""
    space = Space(make_room(login="camille"))
    site = space.register(**EVIDENCE[name].site, scopes=["openid", "profile", "email"])
    assert site.journey(scope="openid profile email").userinfo.status == 200
    number = space.fault(name)
    assert EVIDENCE[name].shows(site.journey(scope="openid profile email"))
    assert space.applied(number) >= 1


@pytest.mark.parametrize(
    ("mode", "response_type", "place"),
    [("form_post", "code", "form"), (None, "code id_token token", "fragment"), ("form_post", "code id_token", "form")],
)
def test_what_comes_back_to_the_site_is_changed_in_each_response_mode(
    make_room: MakeRoom, mode: str | None, response_type: str, place: str
) -> None:
    """OAuth 2.0 Multiple Response Type Encoding Practices, 2; Form Post Response Mode."""
    space = Space(make_room(dialect="standard", login="camille"))
    site = space.register(**EVERY_FLOW)

    def answer() -> tuple[str, list[str], list[str], list[str]]:
        seen = site.journey(response_type=response_type, response_mode=mode)
        return seen.place, seen.values("state"), seen.values("error"), seen.values("iss")

    issuer = [space.issuer]
    assert answer() == (place, [STATE], [], issuer)
    for name, expected in (
        ("authorize_state_twice", (place, ["un-autre-etat", STATE], [], issuer)),
        ("authorize_iss_absent", (place, [STATE], [], [])),
        ("authorize_error_consent_required", (place, [STATE], ["consent_required"], issuer)),
    ):
        number = space.fault(name)
        assert answer() == expected
        space.clear(number)
    assert answer() == (place, [STATE], [], issuer)


def test_what_a_user_who_clicks_brings_back_is_changed_too(make_room: MakeRoom) -> None:
    """The consent page's answer is the last of the authorization endpoint."""
    space = Space(make_room(dialect="standard"))
    visitor = {"email": "dominique@citoyen.example", "password": "un mot de passe d’essai"}
    space.room.call("POST", "/accounts", {"persona": "camille", **visitor})
    site = space.register(id_token_alg="RS256")
    site.visitor = (visitor["email"], visitor["password"])
    assert site.journey().values("state") == [STATE]
    space.fault("authorize_state_wrong")
    space.fault("id_token_nonce_absent")
    seen = site.journey()
    assert seen.values("state") == ["un-autre-etat"]
    assert "nonce" not in seen.id_token.claims


@pytest.mark.parametrize("name", ["jwks_500", "discovery_stale"])
def test_nobody_in_particular_fetches_discovery_and_keys(make_room: MakeRoom, name: str) -> None:
    """A fault planned there for one client or account would never act: that is refused, and told."""
    space = Space(make_room(dialect="standard"))
    site = space.register()
    refused = space.room.send("POST", "/faults", {"name": name, "client_id": site.client_id})
    assert refused.status_code == 400
    assert "nobody says who they are" in refused.json["detail"]
