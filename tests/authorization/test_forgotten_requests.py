"""Requests whose users never came back are forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask
from flows import Citizen, Site

from glc.clock import ManualClock
from glc.database import reading_session
from idp.models import PendingAuthorization


def test_an_unfinished_login_is_forgotten_when_its_time_is_over(
    app: Flask, citizen: Citizen, site: Site, clock: ManualClock
) -> None:
    """It holds what the site sent, a login hint included."""
    citizen.get(site.request(login_hint="camille.dupre@citoyen.example", state="ancienne"))
    clock.advance(seconds=app.extensions["glc"].settings.pending_lifetime_in + 1)
    citizen.get(site.request(state="nouvelle"))
    with reading_session(app.extensions["glc"].engine) as session:
        kept = [dict(one.parameters)["state"] for one in session.scalars(sa.select(PendingAuthorization))]
    assert kept == ["nouvelle"]
