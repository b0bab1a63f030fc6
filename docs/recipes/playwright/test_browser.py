"""A real browser logs in to the site of ../flask (`page` comes from pytest-playwright)."""

import threading

import pytest
from site_flask import create_app
from werkzeug.serving import make_server


@pytest.fixture
def site(glc):
    """Our site, served on a port of its own and connected to this test's provider."""
    server = make_server("localhost", 0, app=None)
    address = f"http://localhost:{server.server_port}"
    client = glc.client(f"{address}/callback")
    server.app = create_app(glc.issuer, client.client_id, client.client_secret)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield address
    server.shutdown()
    serving.join()
    server.server_close()


def test_camille_logs_in_without_a_page_of_the_provider(glc, site, page):
    glc.next_login("camille")
    page.goto(f"{site}/login")
    assert page.inner_text("body") == "Bonjour Camille"


def test_camille_logs_in_as_citizens_do(glc, site, page):
    camille = glc.persona("camille")
    page.goto(f"{site}/login")
    page.get_by_label("Courriel").fill(camille["email"])
    page.get_by_label("Mot de passe").fill(camille["password"])
    page.get_by_role("button", name="Connexion").click()
    page.get_by_role("button", name="Accepter").click()
    assert page.inner_text("body") == "Bonjour Camille"
