"""What a site is told of a person: its claim table, narrowed by scope (reference, 1.12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flows import Citizen, Site, payload
from werkzeug.test import TestResponse

Tokens = Callable[..., dict[str, Any]]
Userinfo = Callable[[str], TestResponse]


def test_a_claim_added_to_a_site_appears_at_the_next_userinfo_call(
    site: Site, get_tokens: Tokens, userinfo: Userinfo, add_claims: Callable[..., None]
) -> None:
    """Checklist 15: no new login is needed."""
    token = get_tokens(site)["access_token"]
    assert "date_of_birth" not in userinfo(token).json
    add_claims(site, date_of_birth="django_user_birthdate", town="city")
    told = userinfo(token).json
    assert told["date_of_birth"] == "1987-06-05"
    assert told["town"] is None


def test_a_claim_may_be_a_list(
    app: Flask, site: Site, get_tokens: Tokens, make_account: Callable[..., str], add_claims: Callable[..., None]
) -> None:
    """Checklist 15: role names; an empty list is null."""
    add_claims(site, roles="roles")
    make_account(email="agent@citoyen.example", roles=["agent", "élu"])
    make_account(email="nobody@citoyen.example")
    agent, nobody = (Citizen(app.test_client(), email=f"{name}@citoyen.example") for name in ("agent", "nobody"))
    assert payload(get_tokens(site, agent)["id_token"])["roles"] == ["agent", "élu"]
    assert payload(get_tokens(site, nobody)["id_token"])["roles"] is None


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ django_user_first_name }} {{ django_user_last_name }}", "Camille Dupré"),
        ("{{ first_name }} ({{ birthdate }})", "Camille (1987-06-05)"),
        ("https://avatars.example/{{ uuid }}.png", "https://avatars.example/{uuid}.png"),
        ("{{ nickname }}", None),
        ("{{ first_name.__class__.__mro__ }}", None),
    ],
)
def test_a_claim_may_mix_attributes_in_a_template(
    site: Site,
    get_tokens: Tokens,
    add_claims: Callable[..., None],
    register: Callable[..., Site],
    template: str,
    value: str,
) -> None:
    """Checklist 46. What a template may not read, or cannot, is empty: it never stops a login."""
    add_claims(site, mixed=template, account="uuid")
    claims = payload(get_tokens(site)["id_token"])
    assert claims["mixed"] == (value and value.replace("{uuid}", claims["account"]))


def test_a_claim_without_value_is_there_all_the_same(
    app: Flask, site: Site, get_tokens: Tokens, make_account: Callable[..., str], add_claims: Callable[..., None]
) -> None:
    """Reference, 1.12; checklist 47: "" for the names and the address, null for all others."""
    empty_text = ["family_name", "full_name", "name", "middle_name", "nickname", "preferred_username"]
    add_claims(site, **dict.fromkeys([*empty_text, "phone_number", "birthplace"], "usage_last_name"))
    make_account(email="sobre@citoyen.example")
    claims = payload(get_tokens(site, Citizen(app.test_client(), email="sobre@citoyen.example"))["id_token"])
    assert {name: claims[name] for name in empty_text} == dict.fromkeys(empty_text, "")
    assert (claims["phone_number"], claims["birthplace"]) == (None, None)


def test_a_person_born_abroad_without_gender_gets_null_for_both(
    app: Flask, site: Site, get_tokens: Tokens, make_account: Callable[..., str], userinfo: Userinfo
) -> None:
    """Reference, 6.3: the test persons on whom real sites break."""
    make_account(email="vincent@citoyen.example", gender="", birth_place="", birthdate="1977-00-03", last_name="D’Ça")
    tokens = get_tokens(site, Citizen(app.test_client(), email="vincent@citoyen.example"))
    told = userinfo(tokens["access_token"])
    assert (told.json["gender"], told.json["birthplace"], told.json["birthdate"]) == (None, None, "1977-00-03")
    assert told.data.isascii()
    assert told.json["family_name"] == "D’Ça"


def test_what_an_authority_vouched_for_is_marked_verified_and_nothing_else_is(
    app: Flask, site: Site, get_tokens: Tokens, make_account: Callable[..., str], userinfo: Userinfo
) -> None:
    """Reference, 1.12; checklist 44: `<claim>_verified` true, never false (but for email_verified)."""
    make_account(email="vue@citoyen.example", verified_attributes=["first_name", "birthdate"])
    tokens = get_tokens(site, Citizen(app.test_client(), email="vue@citoyen.example"))
    told = userinfo(tokens["access_token"]).json
    marks = {name: value for name, value in told.items() if name.endswith("_verified")}
    assert marks == {
        "given_name_verified": True,
        "first_name_verified": True,
        "birthdate_verified": True,
        "email_verified": False,
    }
    assert marks.items() <= payload(tokens["id_token"]).items()


@pytest.mark.parametrize(
    ("scope", "there", "absent"),
    [
        ("openid", {"sub", "iss"}, {"given_name", "email", "phone_number"}),
        ("openid email", {"email", "email_verified"}, {"given_name", "phone_number"}),
        ("openid profile", {"given_name", "birthdate"}, {"email", "email_verified", "phone_number"}),
        ("openid phone", {"phone_number"}, {"given_name", "email"}),
    ],
)
def test_only_what_the_granted_scopes_cover_is_told(
    register: Callable[..., Site],
    reconfigure: Callable[..., None],
    get_tokens: Tokens,
    userinfo: Userinfo,
    scope: str,
    there: set[str],
    absent: set[str],
) -> None:
    """Checklist 43."""
    site = register(scopes=("openid", "profile", "email", "phone"))
    phone = {"name": "phone_number", "source": "mobile_phone", "scopes": ["phone"]}
    reconfigure(site, claims=(*GLC_PRESET, phone))
    tokens = get_tokens(site, scope=scope)
    for told in (set(userinfo(tokens["access_token"]).json), set(payload(tokens["id_token"]))):
        assert there <= told
        assert not absent & told


def test_a_claim_that_no_purpose_declares_is_not_told_even_if_the_table_has_it(
    register: Callable[..., Site], get_tokens: Tokens
) -> None:
    """Second promise of the house: no declared purpose, no claim."""
    table = (*GLC_PRESET, {"name": "phone_number", "source": "mobile_phone", "scopes": ["profile"]})
    claims = payload(get_tokens(register(claims=table))["id_token"])
    assert "given_name" in claims
    assert "phone_number" not in claims


def test_the_2018_service_put_the_mark_on_its_own_name_of_the_attribute(
    make_app: Callable[..., Flask],
    clock: Any,
) -> None:
    """Reference, 1.12: A2-2018; 1.10: no sid in the code flow; 1.13: 28 800 seconds."""
    from conftest import add_account, register_site

    app = make_app(dialect="grandlyonconnect-2018")
    site = register_site(app, clock)
    add_account(app, clock, verified_attributes=["first_name"])
    answer = site.redeem(app.test_client(), Citizen(app.test_client()).code(site.request())).json
    claims = payload(answer["id_token"])
    assert "first_name_verified" in claims
    assert "given_name_verified" not in claims
    assert "sid" not in claims
    assert answer["expires_in"] == 28_800


GLC_PRESET = (
    {"name": "given_name", "source": "first_name", "scopes": ["profile"]},
    {"name": "birthdate", "source": "birthdate", "scopes": ["profile"]},
    {"name": "email", "source": "email", "scopes": ["email"]},
    {"name": "email_verified", "source": "email_verified", "scopes": ["email"]},
)
