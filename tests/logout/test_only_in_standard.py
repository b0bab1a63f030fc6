"""What the real service has not, its dialects have not either (docs/dialects.md)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import add_account, register_site
from flask import Flask
from flows import Citizen
from logout.standard.receiver import receiving

from glc.clock import ManualClock
from glc.worker import jobs_of, run_due


@pytest.mark.parametrize("dialect", ["grandlyonconnect", "grandlyonconnect-2018"])
def test_no_session_management_and_no_back_channel(
    make_app: Callable[..., Flask], clock: ManualClock, dialect: str
) -> None:
    """No frame, no session_state, no cookie for scripts, no call; a registered address stays unread."""
    app = make_app(dialect=dialect)
    add_account(app, clock)
    with receiving() as receiver:
        site = register_site(app, clock, protocol={"backchannel_logout_uri": receiver.url})
        citizen = Citizen(app.test_client())
        arrival = citizen.authorize(site.request())
        assert "session_state" not in arrival.query
        site.redeem(app.test_client(), arrival.query["code"])
        assert citizen.client.get_cookie("glc_browser_state") is None
        assert citizen.client.get("/idp/oidc/check_session").status_code == 404
        assert citizen.client.get("/logged-out/").status_code == 404
        citizen.client.get("/idp/oidc/logout")
        run_due(app)
        assert receiver.forms == []
    assert "backchannel_logout" not in [job.name for job in jobs_of(app)]
