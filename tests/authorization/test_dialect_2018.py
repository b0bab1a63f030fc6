"""What else was different in 2018, the year GrandLyonConnect went live."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flows import Citizen, Site, challenge, payload

from partner_registry.models import Flow

pytestmark = pytest.mark.parametrize("app", ["grandlyonconnect-2018"], indirect=True)


def test_the_redirect_had_code_and_state_only(site: Site, citizen: Citizen) -> None:
    """Section 1.7, A2-2018: no `iss`."""
    assert set(citizen.authorize(site.request()).query) == {"code", "state"}


@pytest.mark.parametrize("registered", [{}, {"pkce_required": True}], ids=["optional", "demanded"])
def test_pkce_was_unknown(register: Callable[..., Site], citizen: Citizen, registered: dict[str, bool]) -> None:
    """Section 1.2, A2-2018: its parameters are ignored, at both ends."""
    site = register(**registered)
    request = site.request(code_challenge=challenge("v" * 43), code_challenge_method="S512")

    assert site.redeem(citizen.client, citizen.code(request)).status_code == 200


def test_the_id_token_of_the_code_flow_had_no_sid(register: Callable[..., Site], citizen: Citizen) -> None:
    """Section 1.10, A2-2018: absent in the code flow; the implicit flow has it."""
    site, implicit = register(), register(flow=Flow.IMPLICIT)

    answer = site.redeem(citizen.client, citizen.code(site.request())).json
    fragment = citizen.authorize(implicit.request(response_type="id_token")).fragment

    assert "sid" not in payload(answer["id_token"])
    assert "sid" in payload(fragment["id_token"])


def test_a_refusal_still_went_straight_back(site: Site, citizen: Citizen) -> None:
    """Section 1.7."""
    page = citizen.log_in(citizen.get(site.request()))

    assert citizen.submit(page, "a2-oidc-authorization-form", "refuse").query["error"] == "access_denied"


def test_there_were_no_refresh_tokens(register: Callable[..., Site], citizen: Citizen) -> None:
    """Sections 0 and 1.9, A2-2018: the token answer has four members, whatever was registered."""
    site = register(refresh_tokens=True)

    answer = site.redeem(citizen.client, citizen.code(site.request())).json

    assert set(answer) == {"access_token", "token_type", "expires_in", "id_token"}
    assert site.refresh(citizen.client, "a-token").json == {
        "error": "invalid_request",
        "desc": "grant_type must be authorization_code",
    }
