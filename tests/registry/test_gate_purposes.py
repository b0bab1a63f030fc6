"""No declared purpose, no claim; no offer, no scope: what a client may ask for and is told (registry, 6.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from conftest import register_site
from flask import Flask
from flows import Citizen, Site, payload, text_of
from sqlalchemy.orm import Session
from structlog.types import EventDict
from visits import Visit, outcome, production

from glc.clock import ManualClock
from glc.errors import InputError
from partner_registry.agents import OPERATOR
from partner_registry.clients.life import find_client, serve
from partner_registry.clients.registration import GLC_CLAIMS, registration_of
from partner_registry.clients.transfers import transfer
from partner_registry.clients.versions import draft_version
from partner_registry.models import ConsentMode, Flow, Offer, Partner, Processing, Purpose
from partner_registry.partners.life import find_partner

Change = Callable[..., None]
MakeVisit = Callable[..., Visit]
Registry = Callable[[], Iterator[Session]]

NOON = "2026-03-02 12:00:00"
EMAIL = {"email", "email_verified"}
DIALECTS = ("grandlyonconnect", "grandlyonconnect-2018", "standard")


@pytest.fixture
def app(make_app: Callable[..., Flask], request: pytest.FixtureRequest) -> Flask:
    """The provider: in the default dialect, or the one that `every_dialect` names."""
    return make_app(dialect=getattr(request, "param", "grandlyonconnect"))


every_dialect = pytest.mark.parametrize("app", DIALECTS, indirect=True)
every_dialect_that_refreshes = pytest.mark.parametrize("app", ["grandlyonconnect", "standard"], indirect=True)


@pytest.fixture
def two_processings(change: Change) -> None:
    """Lyon has one processing for the profile and one for the address."""

    def split(partner: Partner) -> None:
        names = {rule["name"] for rule in GLC_CLAIMS}
        partner.processings[0].purposes[0].claims = dict.fromkeys(sorted(names - EMAIL), "pour la démarche")
        purpose = Purpose(text="Vous écrire", claims=dict.fromkeys(sorted(EMAIL), "pour vous écrire"))
        partner.processings.append(
            Processing(
                name="Courriels",
                created_at=dt.datetime(2018, 1, 1, tzinfo=dt.UTC),
                validated_on=dt.date(2018, 1, 1),
                purposes=[purpose],
            )
        )

    change(split, "lyon")


@pytest.fixture
def withdraw(change: Change) -> Callable[..., None]:
    """Lyon's processing of addresses, or all of them, are withdrawn from a day on."""

    def from_day(day: str, *, every: bool = False) -> None:
        def withdrawn(partner: Partner) -> None:
            for processing in partner.processings:
                if every or processing.name == "Courriels":
                    processing.withdrawn_on = dt.date.fromisoformat(day)

        change(withdrawn, "lyon")

    return from_day


@every_dialect
def test_a_withdrawn_processing_takes_its_claims_and_its_scope_along_at_once(
    two_processings: None, withdraw: Callable[..., None], visit: MakeVisit, app: Flask
) -> None:
    """6.2: access goes on with the rest, the claim is absent, the token answer's `scope` is the smaller set (RFC 6749,
    5.1), at the code's exchange and at refresh, in every dialect."""
    used = visit("lyon", before=NOON)
    assert "email" in used.userinfo().json
    withdraw("2026-03-02")

    assert "email" not in used.userinfo().json
    assert used.userinfo().json["family_name"]
    if app.extensions["idp"].dialect.introspection:
        assert used.introspect().json["scope"] == "openid profile"
    redeemed = used.redeem().json
    assert redeemed["scope"] == "openid profile"
    assert "email" not in payload(redeemed["id_token"])
    if used.refreshes:
        used.tokens = used.refresh().json
        assert used.tokens["scope"] == "openid profile"
        assert "email" not in used.userinfo().json


@every_dialect
def test_a_scope_whose_processing_was_withdrawn_may_be_asked_for_and_is_not_granted(
    two_processings: None, withdraw: Callable[..., None], visit: MakeVisit
) -> None:
    """6.2: authorize « yes with the rest »; the answer says what was granted (RFC 6749, 3.3 and 5.1)."""
    used = visit("lyon", before=NOON)
    withdraw("2026-03-02")
    arrival = used.authorize(scope="openid email")
    answer = used.site.redeem(used.app.test_client(), arrival.query["code"]).json
    assert answer["scope"] == "openid"


def test_in_the_implicit_flow_the_fragment_says_it(
    two_processings: None, withdraw: Callable[..., None], app: Flask, clock: ManualClock, citizen: Citizen
) -> None:
    """RFC 6749, 4.2.2."""
    site = production(app, clock, "lyon", flow=Flow.IMPLICIT)
    whole = citizen.authorize(site.request(response_type="id_token token")).fragment
    withdraw("2026-03-02")
    smaller = citizen.authorize(site.request(response_type="id_token token")).fragment
    assert (whole.get("scope"), smaller["scope"]) == (None, "openid profile")


@pytest.mark.parametrize("app", DIALECTS[:2], indirect=True)
def test_a_scope_granted_as_asked_is_not_repeated(visit: MakeVisit) -> None:
    """Reference, 1.9: the real service's token answer has no `scope`."""
    used = visit("lyon", before=NOON)
    assert "scope" not in used.redeem().json
    assert not used.refreshes or "scope" not in used.refresh().json


@every_dialect_that_refreshes
def test_a_refresh_may_narrow_and_a_later_one_be_whole_again(visit: MakeVisit) -> None:
    """RFC 6749, section 6: the refresh token keeps its scope."""
    used = visit("lyon", before=NOON)
    used.tokens = used.refresh(scope="openid email").json
    assert set(used.userinfo().json) == {"sub", "iss", *EMAIL}
    used.tokens = used.refresh().json
    assert used.userinfo().json["family_name"]


@every_dialect_that_refreshes
def test_a_refresh_may_not_widen(visit: MakeVisit) -> None:
    """6.2: refresh may only narrow; RFC 6749, section 6 and 5.2."""
    used = visit("lyon", before=NOON)
    arrival = used.authorize(scope="openid email")
    used.tokens = used.site.redeem(used.app.test_client(), arrival.query["code"]).json
    assert outcome(used.refresh(scope="openid email profile")) == "400 invalid_scope"
    assert outcome(used.refresh(scope="openid email")) == "200"


def test_a_processing_withdrawn_tomorrow_still_receives_data_today(
    withdraw: Callable[..., None], visit: MakeVisit, clock: ManualClock, lyon_time: Callable[[str], dt.datetime]
) -> None:
    """Civil days are Lyon's (A18): `withdrawn_on` is the first day on which it no longer may."""
    used = visit("lyon", before="2026-03-03 00:00:00")
    withdraw("2026-03-03", every=True)
    assert "email" in payload(used.redeem().json["id_token"])
    clock.set(lyon_time("2026-03-03 00:00:00"))
    assert set(used.userinfo().json) == {"sub", "iss"}


def test_a_claim_without_declared_purpose_is_neither_told_nor_asked_for(
    site: Site, app: Flask, citizen: Citizen, change: Change
) -> None:
    """R35 and invariant 4.5: claims are those of declared purposes, at run time; a trial drops the rest."""

    def forget_birth(partner: Partner) -> None:
        purpose = partner.processings[0].purposes[0]
        purpose.claims = {name: why for name, why in purpose.claims.items() if not name.startswith("birth")}

    change(forget_birth, "lyon")
    consent = citizen.log_in(citizen.get(site.request()))
    assert "Date de naissance" not in text_of(consent)
    code = citizen.submit(consent, "a2-oidc-authorization-form", "accept").query["code"]
    claims = payload(site.redeem(app.test_client(), code).json["id_token"])
    assert "birthdate" not in claims
    assert "family_name" in claims


@pytest.mark.parametrize("validated_on", [None, dt.date(2026, 3, 3)])
def test_a_scope_outside_validated_purposes_fails_loudly_in_production(
    app: Flask,
    clock: ManualClock,
    citizen: Citizen,
    change: Change,
    log: list[EventDict],
    validated_on: dt.date | None,
) -> None:
    """6.2: redirect error invalid_scope, never dropped silently; the operator is told which of the two it is."""
    site = production(app, clock, "lyon")

    def not_yet_validated(partner: Partner) -> None:
        partner.processings[0].validated_on = validated_on

    change(not_yet_validated, "lyon")
    assert outcome(citizen.get(site.request())) == "invalid_scope"
    assert log[-1]["detail"] == "scope_not_open"
    assert outcome(citizen.get(site.request(scope="openid crown"))) == "invalid_scope"
    assert log[-1]["detail"] == "scope_not_registered"
    assert outcome(citizen.authorize(site.request(scope="openid"))) == "code"


def test_a_processing_becomes_valid_at_midnight_in_lyon(
    app: Flask, clock: ManualClock, citizen: Citizen, change: Change, lyon_time: Callable[[str], dt.datetime]
) -> None:
    """6.2, « processing VALIDATED »; A18."""
    site = production(app, clock, "lyon")

    def validated_tomorrow(partner: Partner) -> None:
        partner.processings[0].validated_on = dt.date(2026, 3, 3)

    change(validated_tomorrow, "lyon")
    clock.set(lyon_time("2026-03-02 23:59:59"))
    assert outcome(citizen.get(site.request())) == "invalid_scope"
    clock.set(lyon_time("2026-03-03 00:00:00"))
    assert outcome(citizen.authorize(site.request())) == "code"


# ── Offers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def gru_site(registry: Registry, register: Callable[..., Site]) -> Callable[[Offer], Site]:
    """A site of Lyon that may ask for the scope of the agents' tools, as far as the offer allows."""

    def make(offer: Offer) -> Site:
        with registry() as session:
            find_partner(session, "lyon").agreements[-1].offer = offer
        claims = ({"name": "birthplace", "source": "birth_place", "scopes": ["gru"]},)
        return register(scopes=("openid", "email", "gru"), claims=claims, refresh_tokens=True)

    return make


def test_the_scope_of_the_agents_tools_is_for_the_global_offer(
    gru_site: Callable[[Offer], Site], citizen: Citizen, log: list[EventDict]
) -> None:
    """R13, A13; 6.2: invalid_scope."""
    assert outcome(citizen.authorize(gru_site(Offer.GLOBAL).request())) == "code"
    restricted = gru_site(Offer.RESTRICTED)
    assert outcome(citizen.get(restricted.request())) == "invalid_scope"
    assert log[-1]["detail"] == "scope_not_open"
    assert outcome(citizen.authorize(restricted.request(scope="openid email"))) == "code"


def test_what_the_restricted_offer_lacks_is_impossible_to_publish(
    app: Flask, clock: ManualClock, registry: Registry
) -> None:
    """6.2; A13: a scope of the agents' tools, or a client of theirs."""
    with pytest.raises(InputError, match="offre restreinte"):
        production(app, clock, "lyon", scopes=("openid", "gru"))
    site = production(app, clock, "bron", redirect_uris=("https://bron.example/retour",), scopes=("openid", "gru"))
    with registry() as session:
        client = find_client(session, site.client_id)
        client.bindings[-1].agreement.offer = Offer.RESTRICTED
        with pytest.raises(InputError, match="offre restreinte"):
            draft_version(session, OPERATOR, client, registration_of(client.published), at=clock.now())


def test_a_downgrade_takes_the_scope_of_the_agents_tools_from_what_was_granted(
    gru_site: Callable[[Offer], Site], citizen: Citizen, app: Flask, change: Change
) -> None:
    """R13; 6.2: refresh may only narrow, and says so; userinfo gives its claims no more."""
    site = gru_site(Offer.GLOBAL)
    tokens = site.redeem(app.test_client(), citizen.code(site.request())).json
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert app.test_client().get("/idp/oidc/user_info", headers=headers).json["birthplace"]

    def downgrade(partner: Partner) -> None:
        partner.agreements[-1].offer = Offer.RESTRICTED

    change(downgrade, "lyon")
    assert "birthplace" not in app.test_client().get("/idp/oidc/user_info", headers=headers).json
    assert site.refresh(app.test_client(), tokens["refresh_token"]).json["scope"] == "email openid"


@pytest.mark.parametrize("app", ["standard"], indirect=True)
@pytest.mark.parametrize(("offer", "given"), [(Offer.GLOBAL, True), (Offer.RESTRICTED, False)])
def test_a_claim_of_the_agents_tools_is_not_had_by_name_where_their_scope_is_not(
    gru_site: Callable[[Offer], Site], citizen: Citizen, app: Flask, offer: Offer, given: bool
) -> None:
    """R13; OpenID Connect Core 1.0, 5.5: the `claims` parameter goes round no offer."""
    site = gru_site(offer)
    request = site.request(scope="openid email", claims='{"userinfo": {"birthplace": null}}')
    token = site.redeem(app.test_client(), citizen.code(request)).json["access_token"]
    told = app.test_client().get("/idp/oidc/user_info", headers={"Authorization": f"Bearer {token}"}).json
    assert ("birthplace" in told) == given


# ── Whose purposes ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_transferred_client_serves_its_new_partners_purposes_alone(
    app: Flask, clock: ManualClock, citizen: Citizen, registry: Registry
) -> None:
    """R35: each partner answers for its own processing. The new one's purposes can be made ready before."""
    site = register_site(app, clock, partner="lyon")
    with registry() as session:
        client, bron = find_client(session, site.client_id), find_partner(session, "bron")
        transfer(session, OPERATOR, client, bron, on=dt.date(2026, 3, 3), at=clock.now(), reason="essai")
    clock.advance(days=1)
    assert _claims(app, site, citizen) == {"sub", "iss"}
    with registry() as session:
        client, bron = find_client(session, site.client_id), find_partner(session, "bron")
        serve(session, OPERATOR, client, bron.processings, at=clock.now())
    assert "email" in _claims(app, site, citizen)


def test_the_new_partners_purposes_may_be_made_ready_before_the_transfer(
    app: Flask, clock: ManualClock, citizen: Citizen, registry: Registry
) -> None:
    """R34: not a second without."""
    site = register_site(app, clock, partner="lyon")
    with registry() as session:
        client = find_client(session, site.client_id)
        lyon, bron = find_partner(session, "lyon"), find_partner(session, "bron")
        transfer(session, OPERATOR, client, bron, on=dt.date(2026, 3, 3), at=clock.now(), reason="essai")
        serve(session, OPERATOR, client, [*lyon.processings, *bron.processings], at=clock.now())
    for days in (0, 1):
        clock.advance(days=days)
        assert "email" in _claims(app, site, citizen)


def test_a_consent_for_all_services_of_a_partner_does_not_follow_a_client_to_another(
    app: Flask, clock: ManualClock, citizen: Citizen, registry: Registry
) -> None:
    """GDPR, articles 4(11) and 7(3): given to Lyon, it says nothing of Bron; taken back, it takes along what it gave
    while the client was Lyon's. The `sub` stays (R34)."""
    site = register_site(app, clock, partner="lyon", consent_mode=ConsentMode.PARTNER, refresh_tokens=True)
    first = citizen.authorize(site.request(), remember=True).query["code"]
    held = site.redeem(app.test_client(), first).json
    assert outcome(citizen.get(site.request())) == "code"
    with registry() as session:
        client, bron = find_client(session, site.client_id), find_partner(session, "bron")
        transfer(session, OPERATOR, client, bron, on=dt.date(2026, 3, 3), at=clock.now(), reason="essai")
    clock.advance(days=1)
    assert "a2-oidc-authorization-form" in citizen.log_in(citizen.get(site.request())).text
    code = citizen.code(site.request())
    again = payload(site.redeem(app.test_client(), code).json["id_token"])
    assert again["sub"] == payload(held["id_token"])["sub"]
    citizen.submit(citizen.get("/accounts/consents/"))
    assert site.refresh(app.test_client(), held["refresh_token"]).status_code == 400


def _claims(app: Flask, site: Site, citizen: Citizen) -> set[str]:
    token = site.redeem(app.test_client(), citizen.code(site.request())).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    return set(app.test_client().get("/idp/oidc/user_info", headers=bearer).json)
