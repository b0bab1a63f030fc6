"""What a whole visit leaves in the log: enough to find a reason, nothing that opens a door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
import structlog
from conftest import add_account, register_site
from flask import Flask
from flows import PASSWORD, Citizen, challenge

from glc.clock import ManualClock
from glc.logs import configure_logs
from glc.settings import Settings

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


FORMATS = pytest.mark.parametrize("log_format", ["json", "console"])


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@FORMATS
def test_no_secret_token_code_or_password_is_logged_over_a_whole_visit(
    make_app: Callable[..., Flask], clock: ManualClock, capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    """Issue, « Ground »: no secrets in logs; refusals included, which say the reason."""
    _log_everything(log_format)
    app = make_app()
    options = {"refresh_tokens": True, "post_logout_redirect_uris": ("https://site.example/bye",)}
    site, other = register_site(app, clock, **options), register_site(app, clock)
    add_account(app, clock)
    citizen, server = Citizen(app.test_client()), app.test_client()

    page = citizen.get(site.request(nonce="a-nonce", code_challenge=challenge(VERIFIER), code_challenge_method="S256"))
    citizen.submit(page, username=citizen.email, password="un mauvais mot de passe")
    code = citizen.code(site.request(nonce="a-nonce", code_challenge=challenge(VERIFIER), code_challenge_method="S256"))
    other.redeem(server, code)
    site.redeem(server, code, code_verifier="wrong" * 10)
    first = site.redeem(server, code, code_verifier=VERIFIER).json
    second = site.refresh(server, first["refresh_token"]).json
    for token in (first["access_token"], second["access_token"]):
        server.get("/idp/oidc/user_info", headers={"Authorization": f"Bearer {token}"})
    server.post("/idp/oidc/revoke", data={"token": second["access_token"]}, headers=site.basic)
    server.post("/idp/oidc/token", data={"client_id": site.client_id, "client_secret": "guessed-secret"})
    swapped = {"grant_type": "authorization_code", "client_id": site.secret, "client_secret": site.client_id}
    server.post("/idp/oidc/token", data=swapped)
    site.redeem(server, code)
    cookie = citizen.client.get_cookie("glc_session").value
    citizen.get("/idp/oidc/logout?post_logout_redirect_uri=https://site.example/bye&state=a-state")

    output = "".join(capsys.readouterr())
    secrets = [PASSWORD, "un mauvais mot de passe", site.secret, "guessed-secret", code, VERIFIER, cookie, "a-nonce"]
    secrets += [tokens[name] for tokens in (first, second) for name in ("access_token", "refresh_token")]
    secrets += [citizen.email, first["id_token"], first["id_token"].rpartition(".")[2]]
    assert [value for value in secrets if value in output or quote(value) in output] == []
    for event in ("token.refused", "authorize.granted", "userinfo.refused", "request_id"):
        assert event in output


@FORMATS
def test_a_request_is_named_in_its_answer_and_in_every_event_about_it(
    app: Flask, capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    """Issue, « Ground »: a request id."""
    _log_everything(log_format)
    server = app.test_client()
    answers = [server.post("/idp/oidc/token", data={"grant_type": "x"}) for _ in range(2)]
    names = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(names)) == 2
    refusals = [line for line in capsys.readouterr().err.splitlines() if "token.refused" in line]
    assert len(refusals) == 2
    assert all(name in line for name, line in zip(names, refusals, strict=True))


@FORMATS
@pytest.mark.parametrize(
    "path", ["/password/reset/confirm/a-mailed-token/", "/accounts/activate/a-mailed-token/", "/a-mailed-token"]
)
def test_at_its_most_talkative_a_request_is_logged_without_the_link_that_was_mailed(
    make_app: Callable[..., Flask], capsys: pytest.CaptureFixture[str], log_format: str, path: str
) -> None:
    """Issue, « Ground »: no secrets in logs; the token of a mailed link stands in its path."""
    app = make_app(log_level="debug", alone=True)
    _log_everything(log_format)
    status = app.test_client().get(path).status_code
    written = capsys.readouterr().err
    assert "a-mailed-token" not in written
    assert str(status) in written


@FORMATS
def test_a_known_name_is_masked_should_somebody_pass_it(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    """The last resort."""
    _log_everything(log_format)
    structlog.get_logger().info("event", password="hunter2", access_token="hunter2", reason="seen")
    written = capsys.readouterr().err
    assert "hunter2" not in written
    assert "seen" in written


def test_below_its_level_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Setting log_level."""
    configure_logs(Settings(log_level="warning"))
    structlog.get_logger().info("unimportant")
    structlog.get_logger().warning("important")
    written = capsys.readouterr().err
    assert "unimportant" not in written
    assert "important" in written


def _log_everything(log_format: str) -> None:
    """Logs as `glc serve` writes them, at their most talkative; called by each test, to write where pytest looks."""
    configure_logs(Settings(log_level="debug", log_format=log_format))
