"""The implicit flow: tokens straight in the fragment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flows import ISSUER, Citizen, Site, payload

from partner_registry.models import Flow, SubjectPolicy

MATRIX: dict[str, dict[str, Any]] = {
    "as registered by default": {},
    "RS256": {"id_token_alg": "RS256"},
    "ES256": {"id_token_alg": "ES256"},
    "uuid subjects": {"subject_policy": SubjectPolicy.UUID},
}


@pytest.mark.parametrize("options", MATRIX.values(), ids=MATRIX)
@pytest.mark.parametrize("response_type", ["id_token token", "token id_token"])
@pytest.mark.parametrize("state", ["un-état", None])
def test_the_fragment_has_exactly_the_tokens_and_the_state(
    register: Callable[..., Site], citizen: Citizen, options: dict[str, Any], response_type: str, state: str | None
) -> None:
    """Sections 1.4 (any order) and 1.7, success; checklist 17: no state, none back; never an `iss`."""
    site = register(flow=Flow.IMPLICIT, **options)

    arrival = citizen.authorize(site.request(response_type=response_type, state=state))

    members = {"access_token", "token_type", "expires_in", "id_token"}
    assert arrival.query == {}
    assert set(arrival.fragment) == members | ({"state"} if state else set())
    assert arrival.fragment.get("state") == state
    assert arrival.fragment["token_type"] == "Bearer"


def test_an_id_token_alone_comes_without_access_token(register: Callable[..., Site], citizen: Citizen) -> None:
    """Section 1.4: `id_token` is the other response type of an implicit client."""
    site = register(flow=Flow.IMPLICIT)

    arrival = citizen.authorize(site.request(response_type="id_token", nonce="un-nonce"))

    assert set(arrival.fragment) == {"id_token", "state"}
    claims = payload(arrival.fragment["id_token"])
    assert (claims["iss"], claims["aud"], claims["nonce"], claims["acr"]) == (ISSUER, site.client_id, "un-nonce", "1")


def test_the_access_token_of_the_fragment_opens_userinfo(register: Callable[..., Site], citizen: Citizen) -> None:
    """Section 1.12: the same claims as the ID Token's."""
    site = register(flow=Flow.IMPLICIT)
    answer = citizen.authorize(site.request(response_type="id_token token")).fragment

    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    told = citizen.client.get("/idp/oidc/user_info/", headers=bearer).json

    claims = payload(answer["id_token"])
    assert told["family_name"] == "Dupré"
    assert {name: claims[name] for name in told} == told


def test_a_refusal_comes_back_in_the_fragment(register: Callable[..., Site], citizen: Citizen) -> None:
    """Section 1.7: implicit clients get errors in the fragment."""
    site = register(flow=Flow.IMPLICIT)

    arrival = citizen.get(site.request(response_type="id_token token", prompt="none"))

    assert arrival.query == {}
    assert (arrival.fragment["error"], arrival.fragment["state"]) == ("login_required", "un-état")
