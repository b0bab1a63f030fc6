"""A site that was used, and everything it and its user may try afterwards: what each endpoint answers, in few words."""

from __future__ import annotations

import dataclasses
from typing import Any

from conftest import register_site
from flask import Flask
from flows import Arrival, Citizen, Site, link
from werkzeug.test import TestResponse

from glc.clock import ManualClock
from partner_registry.models import Environment

INTROSPECT, USERINFO = "/idp/oidc/introspect", "/idp/oidc/user_info"


@dataclasses.dataclass
class Visit:
    """A site, its user, and what it holds: tokens, and a code it has not redeemed."""

    app: Flask
    site: Site
    citizen: Citizen
    tokens: dict[str, Any]
    code: str = ""

    @property
    def refreshes(self) -> bool:
        """Whether there are refresh tokens in the provider's dialect: in 2018 there were none."""
        return "refresh_token" in self.app.extensions["idp"].dialect.grants

    def authorize(self, **request: str | None) -> Arrival | TestResponse:
        """Camille, logged in, comes again."""
        return self.citizen.get(self.site.request(**request))

    def redeem(self) -> TestResponse:
        """The site redeems the code it got a moment ago."""
        return self.site.redeem(self.app.test_client(), self.code)

    def refresh(self, **form: str) -> TestResponse:
        """The site uses its refresh token."""
        sent = {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"], **form}
        return self.app.test_client().post("/idp/oidc/token", data=sent, headers=self.site.basic)

    def introspect(self, token: str | None = None) -> TestResponse:
        """The site asks what a token is worth: its access token, unless told otherwise."""
        form = {"token": token or self.tokens["access_token"]}
        return self.app.test_client().post(INTROSPECT, data=form, headers=self.site.basic)

    def userinfo(self) -> TestResponse:
        """The site uses its access token."""
        return self.app.test_client().get(USERINFO, headers={"Authorization": f"Bearer {self.tokens['access_token']}"})

    def everything(self) -> dict[str, str]:
        """What each gated endpoint answers now; introspection and refresh tokens are only tried where they exist."""
        found = {"authorize": outcome(self.authorize()), "userinfo": outcome(self.userinfo())}
        if self.app.extensions["idp"].dialect.introspection:
            found["introspection"] = outcome(self.introspect())
        found["code"] = outcome(self.redeem())
        if self.refreshes:
            found["refresh"] = outcome(self.refresh())
        return found


def outcome(answer: Arrival | TestResponse) -> str:
    """An answer in few words: « code » or an error that reached the site, « stays here » for a page that leads nowhere
    (in 2018 a line of text), else a status with the error's code; « active » or « inactive » from introspection."""
    if isinstance(answer, Arrival):
        return answer.query.get("error", "code")
    if answer.mimetype == "text/html":
        onward = link(answer, "a2-continue")
        return outcome(Arrival(onward)) if onward else "stays here"
    if answer.mimetype == "text/plain":
        return "stays here" if answer.status_code == 400 else f"{answer.status_code} {answer.text.strip()}"
    if "active" in answer.json:
        return "active" if answer.json["active"] else "inactive"
    return "200" if answer.status_code == 200 else f"{answer.status_code} {answer.json['error']}"


def production(app: Flask, clock: ManualClock, partner: str, **options: Any) -> Site:
    """A site of a partner in production, published."""
    uri = "https://www.lyon.example/callback" if partner == "lyon" else "https://site.example/callback"
    values = {"partner": partner, "environment": Environment.PRODUCTION, "redirect_uris": (uri,)}
    return register_site(app, clock, **values | options)
