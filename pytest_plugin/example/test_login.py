"""What a site's tests look like. The site is in site_under_test.py; `glc` comes from pytest-grandlyonconnect."""

from __future__ import annotations

import pytest
from pytest_grandlyonconnect import Space
from site_under_test import NotLoggedIn, Site


@pytest.fixture
def site(glc: Space) -> Site:
    """Our site, connected to this test's provider."""
    client = glc.client("http://localhost:3000/callback", id_token_alg="HS256")
    return Site(glc.issuer, client.client_id, client.client_secret or "")


def test_camille_logs_in(glc: Space, site: Site) -> None:
    glc.next_login("camille")
    user = site.callback(glc.log_in(site.login()))
    assert user["given_name"] == "Camille"
    glc.journal.expect("pkce_s256", "nonce_sent", "code_redeemed_once", client_authenticated_by="client_secret_basic")


def test_somebody_who_refuses_is_not_logged_in(glc: Space, site: Site) -> None:
    with pytest.raises(NotLoggedIn, match="access_denied"):
        site.callback(glc.log_in(site.login(), "camille", does="refuses"))


def test_a_wrong_nonce_is_noticed(glc: Space, site: Site) -> None:
    with glc.fault("id_token_nonce_wrong"), pytest.raises(NotLoggedIn, match="nonce"):
        site.callback(glc.log_in(site.login(), "camille"))
    assert site.callback(glc.log_in(site.login(), "camille"))


def test_a_code_is_worth_nothing_after_a_while(glc: Space, site: Site) -> None:
    callback = glc.log_in(site.login(), "camille")
    glc.clock.advance(minutes=5)
    with pytest.raises(OSError, match="400"):
        site.callback(callback)
