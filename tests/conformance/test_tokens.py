"""What certification checks of the token endpoint (requirements 36 to 45)."""

from __future__ import annotations

import re

import pytest
from flows import payload
from strict_site import Begin, StrictSite

from glc.clock import ManualClock

WITH_REFRESH = {"refresh_tokens": True}


def refused(response: object) -> str:
    """The error of a refusal that is JSON with status 400."""
    assert (response.status_code, response.mimetype) == (400, "application/json"), response.text  # type: ignore[attr-defined]
    return str(response.json["error"])  # type: ignore[attr-defined]


def test_36_and_41_a_token_response_is_json_that_no_cache_keeps(rp: StrictSite) -> None:
    """Requirements 36 and 41: `StrictSite.tokens` checks content type, no-store, expires_in and token_type."""
    assert rp.redeem(rp.authorize()).keys() == {"access_token", "token_type", "expires_in", "id_token", "scope"}


def test_34_a_secret_may_come_in_the_form(rp: StrictSite) -> None:
    """Requirement 34; oidcc-server-client-secret-post."""
    form = {
        "grant_type": "authorization_code",
        "code": rp.authorize()["code"],
        "redirect_uri": rp.site.redirect_uri,
        "client_id": rp.site.client_id,
        "client_secret": rp.site.secret,
    }
    assert rp.tokens(rp.client.post("/idp/oidc/token", data=form))["id_token"]


@pytest.mark.parametrize("seconds", [0, 30])
def test_37_and_38_a_code_is_refused_the_second_time_and_its_tokens_die(
    rp: StrictSite, clock: ManualClock, seconds: int
) -> None:
    """Requirements 37 and 38; oidcc-codereuse, oidcc-codereuse-30seconds; RFC 6749, 4.1.2."""
    answer = rp.authorize()
    body = rp.redeem(answer)
    clock.advance(seconds=seconds)
    assert refused(rp.site.redeem(rp.client, answer["code"])) == "invalid_grant"
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert rp.client.get("/idp/oidc/user_info", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("grant_type", "error"), [(None, "invalid_request"), ("", "invalid_request"), ("x", "unsupported_grant_type")]
)
def test_a_grant_type_is_needed_and_known(rp: StrictSite, grant_type: str | None, error: str) -> None:
    """RFC 6749, 5.2 and 3.2: what is empty is missing."""
    form = {} if grant_type is None else {"grant_type": grant_type}
    assert refused(rp.client.post("/idp/oidc/token", data=form, headers=rp.site.basic)) == error


def test_39_a_code_is_bound_to_its_client_and_redirect_uri(rp: StrictSite, begin: Begin) -> None:
    """Requirement 39; RFC 6749, 4.1.3."""
    assert refused(begin().site.redeem(rp.client, rp.authorize()["code"])) == "invalid_grant"
    end = rp.site.redeem(rp.client, rp.authorize()["code"], redirect_uri="https://site.example/other")
    assert refused(end) == "invalid_grant"


def test_40_a_code_lives_a_minute_at_most(rp: StrictSite, clock: ManualClock) -> None:
    """Requirement 40."""
    answer = rp.authorize()
    clock.advance(seconds=60)
    assert refused(rp.site.redeem(rp.client, answer["code"])) == "invalid_grant"


def test_42_and_43_a_refresh_keeps_who_and_when(begin: Begin, clock: ManualClock) -> None:
    """Requirements 42 and 43; oidcc-refresh-token; Core 1.0, 12.2, though the session authenticated again meanwhile."""
    rp = begin(**WITH_REFRESH)
    assert "refresh_token" in rp.metadata["grant_types_supported"]
    body = rp.redeem(rp.authorize(scope="openid offline_access", prompt="consent"))
    assert re.fullmatch(r"[\x20-\x7e]{22,}", body["refresh_token"])
    clock.advance(minutes=5)
    rp.authorize(prompt="login")
    fresh = rp.refresh(body["refresh_token"])
    first, second = payload(body["id_token"]), rp.id_token(fresh["id_token"], now=clock.now().timestamp(), nonce=None)
    kept = ("iss", "sub", "aud", "auth_time", "acr", "sid")
    assert [second[name] for name in kept] == [first[name] for name in kept]
    assert second["iat"] > first["iat"]
    assert rp.userinfo(fresh["access_token"])["sub"] == first["sub"]


def test_44_a_refresh_token_is_its_clients_only(begin: Begin) -> None:
    """Requirement 44; RFC 6749, 6."""
    rp, other = begin(**WITH_REFRESH), begin(**WITH_REFRESH)
    token = rp.redeem(rp.authorize())["refresh_token"]
    assert refused(other.site.refresh(other.client, token)) == "invalid_grant"
    assert rp.refresh(token)["access_token"]


def test_45_a_lost_answer_is_asked_for_again_within_the_time_of_grace(begin: Begin, clock: ManualClock) -> None:
    """Requirement 45."""
    rp = begin(**WITH_REFRESH)
    token = rp.redeem(rp.authorize())["refresh_token"]
    rp.refresh(token)
    clock.advance(seconds=5)
    assert rp.refresh(rp.refresh(token)["refresh_token"])["access_token"]


def test_a_used_refresh_token_that_comes_back_late_ends_its_family(begin: Begin, clock: ManualClock) -> None:
    """RFC 9700, 4.14.2: what somebody got with it, or after it, dies; another grant of the user's does not."""
    rp = begin(**WITH_REFRESH)
    stolen, apart = (rp.redeem(rp.authorize())["refresh_token"] for _ in range(2))
    newest = rp.refresh(stolen)
    clock.advance(hours=1)
    assert refused(rp.site.refresh(rp.client, stolen)) == "invalid_grant"
    assert refused(rp.site.refresh(rp.client, newest["refresh_token"])) == "invalid_grant"
    headers = {"Authorization": f"Bearer {newest['access_token']}"}
    assert rp.client.get("/idp/oidc/user_info", headers=headers).status_code == 401
    assert rp.refresh(apart)["access_token"]
