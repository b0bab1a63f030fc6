"""A fault acts within its scope: an account, an endpoint; and the catalogue is told to whoever asks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fault_evidence import EVIDENCE
from faulty import Space
from kit import Room

from testkit.faults.catalogue import CATALOGUE


@pytest.fixture
def space(make_room: Callable[..., Room]) -> Space:
    """A space of the standard dialect."""
    return Space(make_room(dialect="standard", login="camille"))


def test_a_fault_may_concern_one_account_only(space: Space) -> None:
    """Issue, point 4: scoped to an account."""
    site = space.register(id_token_alg="RS256")
    other = space.room.call("POST", "/accounts", {"email": "autre@citoyen.example", "password": "un mot de passe"})
    for name, endpoint in (("id_token_iss_wrong", "id_token"), ("userinfo_sub_differs", "userinfo")):
        theirs = space.fault(name, account=other["uuid"])
        seen = site.journey()
        assert (seen.id_token.problem(), seen.userinfo.get("sub")) == (None, seen.id_token.claims["sub"]), endpoint
        assert space.applied(theirs) == 0
        mine = space.fault(name, account="camille")
        assert EVIDENCE[name].shows(site.journey())
        space.clear(mine)


def test_a_fault_does_nothing_elsewhere_than_at_the_endpoint_it_was_planned_for(space: Space) -> None:
    """Issue, point 4: scoped to an endpoint."""
    site = space.register(id_token_alg="RS256")
    site.journey()
    here = space.fault("transport_empty", endpoint="userinfo")
    seen = site.journey()
    assert (seen.discovery.status, seen.keys.status, seen.id_token.problem()) == (200, 200, None)
    assert seen.userinfo.body == b""
    assert space.applied(here) == 1
    refused = space.room.send("POST", "/faults", {"name": "userinfo_401", "endpoint": "token"})
    assert refused.status_code == 400
    assert "userinfo" in refused.json["detail"]
    never = {"name": "id_token_nonce_wrong", "endpoint": "authorize", "client_id": site.client_id}
    assert "flow code" in space.room.call("POST", "/faults", never, expected=400)["detail"]


def test_answers_say_whatever_a_test_wants(space: Space) -> None:
    """Peers, 14, 16, 31: a discovery document, a token answer, claims of one's own; null leaves one out."""
    site = space.register(id_token_alg="RS256")
    space.fault("discovery_unknown_members", options={"values": {"acr_values_supported": ["eidas1"]}})
    space.fault("token_members_unknown", options={"values": {"client_info": "x", "expires_in": None}})
    space.fault("id_token_claims_unknown", options={"values": {"acr": "eidas1", "birthplace": None}})
    space.fault("userinfo_claims_unknown", options={"values": {"given_name": None, "nickname": "Cam"}})
    seen = site.journey()
    assert seen.discovery.json["acr_values_supported"] == ["eidas1"]
    assert (seen.token.json["client_info"], "expires_in" in seen.token.json) == ("x", False)
    assert (seen.id_token.claims["acr"], seen.id_token.signature_holds) == ("eidas1", True)
    assert (seen.userinfo.json["nickname"], "given_name" in seen.userinfo.json) == ("Cam", False)


@pytest.mark.parametrize(("endpoint", "path"), [("registration", "register"), ("par", "par"), ("revoke", "revoke")])
def test_any_endpoint_of_a_site_is_refused_with_any_error(space: Space, endpoint: str, path: str) -> None:
    """Peers, 7: a registration that is refused, and whatever else a site's server asks for."""
    site = space.register(id_token_alg="RS256")
    asked = {"status": 403, "error": "access_denied"}
    space.fault("transport_error", endpoint=endpoint, times=1, options=asked)
    answers = [space.server.post(f"{space.room.base}/idp/oidc/{path}", json={}) for _ in range(2)]
    assert [(answer.status_code, answer.json.get("error")) == (403, "access_denied") for answer in answers] == [
        True,
        False,
    ]
    assert site.journey().id_token.problem() is None


def test_the_catalogue_is_told_to_whoever_asks(space: Space) -> None:
    """`GET /_testkit/faults`, without key."""
    told = space.server.get("/_testkit/faults").json["faults"]
    assert {each["name"] for each in told} == CATALOGUE.keys()
    assert all(each["rp_must"] and each["why"] and each["section"] and each["resume_fr"] for each in told)
