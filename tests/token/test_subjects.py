"""The four kinds of subject (reference, 1.11)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flows import Site, payload
from werkzeug.test import TestResponse

from keys.encryption import SealBroken
from partner_registry.models import ConsentMode, SubjectPolicy

Tokens = Callable[..., dict[str, Any]]

ELSEWHERE = ("https://other.example/callback",)


@pytest.fixture
def subject(get_tokens: Tokens) -> Callable[..., str]:
    """What a newly registered site is given as `sub`."""
    return lambda site: payload(get_tokens(site)["id_token"])["sub"]


@pytest.mark.parametrize("policy", SubjectPolicy, ids=lambda policy: policy.value)
def test_the_subject_is_the_same_in_id_token_and_userinfo_and_at_each_login(
    register: Callable[..., Site], get_tokens: Tokens, userinfo: Callable[[str], TestResponse], policy: SubjectPolicy
) -> None:
    """Checklist 13; OpenID Connect Core 1.0, 5.3.2."""
    site = register(subject_policy=policy)
    first, second = get_tokens(site), get_tokens(site)
    told = {payload(first["id_token"])["sub"], payload(second["id_token"])["sub"]}
    assert told == {userinfo(first["access_token"]).json["sub"]}


def test_by_default_it_is_44_characters_of_ordinary_base64(site: Site, subject: Callable[[Site], str]) -> None:
    """Reference, 1.11 and 5 (point 4): base64 of a SHA-256, which may hold + / and =."""
    sub = subject(site)
    assert len(sub) == 44
    assert len(base64.b64decode(sub, validate=True)) == 32


@pytest.mark.parametrize("policy", [SubjectPolicy.PAIRWISE, SubjectPolicy.PAIRWISE_REVERSIBLE])
def test_a_pairwise_subject_depends_on_the_host_of_the_redirect_uri_alone(
    register: Callable[..., Site], subject: Callable[[Site], str], policy: SubjectPolicy
) -> None:
    """OpenID Connect Core 1.0, 8.1: sector."""
    sites = [
        register(subject_policy=policy),
        register(subject_policy=policy, redirect_uris=("https://site.example/another/path",)),
        register(subject_policy=policy, redirect_uris=ELSEWHERE),
        register(subject_policy=policy, redirect_uris=ELSEWHERE, sector_identifier_uri="https://site.example/sector"),
    ]
    one, same_host, other_host, same_sector = map(subject, sites)
    assert one == same_host == same_sector != other_host


def test_services_of_a_partner_that_share_consent_share_the_subject(
    register: Callable[..., Site], subject: Callable[[Site], str]
) -> None:
    """Reference, 1.11: with consent by organisational unit, the unit is the sector."""
    shared = {"consent_mode": ConsentMode.PARTNER}
    one, other = register(**shared), register(redirect_uris=ELSEWHERE, **shared)
    of_bron = register(partner="bron", **shared)
    assert subject(one) == subject(other)
    assert subject(of_bron) != subject(one)


def test_a_reversible_subject_leads_this_provider_alone_back_to_the_account(
    app: Flask, register: Callable[..., Site], subject: Callable[[Site], str]
) -> None:
    """Reference, 1.11: base64url of a deterministic encryption."""
    plain = subject(register(subject_policy=SubjectPolicy.UUID))
    sub = subject(register(subject_policy=SubjectPolicy.PAIRWISE_REVERSIBLE))
    ring = app.extensions["idp"].ring
    assert re.fullmatch("[A-Za-z0-9_-]+", sub)
    assert plain not in sub
    assert ring.account_behind("site.example", sub) == plain
    for sector, text in [("other.example", sub), ("site.example", sub[:-2] + "AA"), ("site.example", "é")]:
        with pytest.raises(SealBroken):
            ring.account_behind(sector, text)


def test_by_uuid_every_site_is_given_the_accounts_own(
    register: Callable[..., Site], subject: Callable[[Site], str]
) -> None:
    """Reference, 1.11: 32 hexadecimal digits, the same for all."""
    one = subject(register(subject_policy=SubjectPolicy.UUID))
    assert re.fullmatch("[0-9a-f]{32}", one)
    assert subject(register(subject_policy=SubjectPolicy.UUID, partner="bron", redirect_uris=ELSEWHERE)) == one


def test_by_email_it_is_the_address(register: Callable[..., Site], subject: Callable[[Site], str]) -> None:
    """Reference, 1.11."""
    assert subject(register(subject_policy=SubjectPolicy.EMAIL)) == "camille.dupre@citoyen.example"
