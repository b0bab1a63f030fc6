import pytest
import requests

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def connected(glc, settings):
    """The site's settings, for this test's provider."""
    registered = glc.client("http://testserver/oidc/callback/")
    provider = requests.get(glc.discovery_url, timeout=5).json()
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = registered.client_id, registered.client_secret
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = provider["authorization_endpoint"]
    settings.OIDC_OP_TOKEN_ENDPOINT = provider["token_endpoint"]
    settings.OIDC_OP_USER_ENDPOINT = provider["userinfo_endpoint"]
    settings.OIDC_OP_JWKS_ENDPOINT = provider["jwks_uri"]


def log_in(glc, client, *who, **how):
    callback = glc.log_in(client.get("/oidc/authenticate/")["Location"], *who, **how)
    return client.get(callback, follow=True)


def test_camille_logs_in(glc, client):
    assert log_in(glc, client, "camille").content.decode() == "Bonjour Camille"
    glc.journal.expect("pkce_s256", "nonce_sent", "state_unguessable", "code_redeemed_once")


def test_camille_refuses(glc, client):
    assert log_in(glc, client, "camille", does="refuses").content.decode() == "Non connecté"


def test_a_replayed_id_token_logs_nobody_in(glc, client):
    with glc.fault("id_token_nonce_wrong"):
        assert log_in(glc, client, "camille").status_code == 400
    assert client.get("/").content.decode() == "Non connecté"
