import pytest
from site_flask import create_app


@pytest.fixture
def site(glc):
    client = glc.client("http://localhost/callback")
    return create_app(glc.issuer, client.client_id, client.client_secret).test_client()


def log_in(glc, site, *who, **how):
    callback = glc.log_in(site.get("/login").location, *who, **how)
    return site.get(callback, follow_redirects=True)


def test_camille_logs_in(glc, site):
    assert log_in(glc, site, "camille").text == "Bonjour Camille"
    glc.journal.expect("pkce_s256", "nonce_sent", "state_unguessable", "code_redeemed_once")


def test_camille_refuses(glc, site):
    assert log_in(glc, site, "camille", does="refuses").text == "Non connecté : access_denied"


def test_a_replayed_id_token_logs_nobody_in(glc, site):
    with glc.fault("id_token_nonce_wrong"):
        assert log_in(glc, site, "camille").text == "Non connecté : invalid_claim"
    assert site.get("/").text == "Non connecté"
