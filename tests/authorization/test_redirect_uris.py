"""Which redirect URIs are taken for a registered one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flows import Citizen, Site

from partner_registry.models import SubjectPolicy

LONG = "https://site.example/" + "x" * (1024 - len("https://site.example/"))

ACCEPTED = [
    ("https://site.example/callback", "https://site.example/callback"),
    ("https://site.example/callback", "https://site.example/callback/"),
    ("https://site.example/callback/", "https://site.example/callback"),
    ("https://site.example", "https://site.example/"),
    ("https://site.example/", "https://site.example"),
    ("https://site.example/callback", "https://site.example:443/callback"),
    ("https://site.example:443/callback", "https://site.example/callback"),
    ("http://site.example/callback", "http://site.example:80/callback"),
    ("https://site.example/callback", "https://SITE.example/callback"),
    ("https://site.example:8443/callback", "https://site.example:8443/callback"),
    ("com.example.app:/callback", "com.example.app:/callback"),
    ("https://*.example.org/callback", "https://example.org/callback"),
    ("https://*.example.org/callback", "https://www.example.org/callback"),
    ("https://*.example.org/callback", "https://a.b.example.org/callback"),
    ("https://*example.org/callback", "https://www.example.org/callback"),
    ("https://site.example/x*", "https://site.example/x"),
    ("https://site.example/x*", "https://site.example/x/"),
    ("https://site.example/x*", "https://site.example/x/y/z"),
    ("https://site.example/?a=1", "https://site.example/?a=1"),
    ("https://site.example/?*", "https://site.example/?a=1&b=2"),
    ("https://site.example/?*", "https://site.example/"),
    ("https://site.example/#top", "https://site.example/#top"),
    ("https://site.example/#*", "https://site.example/#anywhere"),
    (LONG, LONG),
]
REFUSED = [
    ("https://site.example/callback", "http://site.example/callback"),
    ("https://site.example/callback", "https://site.example/Callback"),
    ("https://site.example/callback", "https://site.example/callback/more"),
    ("https://site.example/callback", "https://site.example/callbackmore"),
    ("https://site.example/callback", "https://site.example:8443/callback"),
    ("https://site.example/callback", "https://site.example:80/callback"),
    ("https://site.example/callback", "https://www.site.example/callback"),
    ("https://site.example/callback", "https://site.example.evil.example/callback"),
    ("https://site.example/callback", "https://site.example@evil.example/callback"),
    ("https://site.example/callback", "https://user:secret@site.example/callback"),
    ("https://site.example/callback", "https://user@site.example/callback"),
    ("https://site.example/callback", "https://evil.example\\@site.example/callback"),
    ("https://site.example/callback", "//site.example/callback"),
    ("https://site.example/callback", "/callback"),
    ("https://site.example/callback", "callback"),
    ("https://site.example/callback", "https://site.example/callback?a=1"),
    ("https://site.example/callback", "https://site.example/callback#top"),
    ("https://site.example/callback", "https://site.example/call\tback"),
    ("https://site.example/callback", " https://site.example/callback"),
    ("https://site.example/callback", "https://site.example/callback\r\nSet-Cookie: a=b"),
    ("https://site.example/callback", "https://site.example:99999/callback"),
    ("https://site.example/callback", "https://[site.example/callback"),
    ("https://site.example/callback", "javascript:alert(1)"),
    ("https://site.example/?a=1", "https://site.example/?a=2"),
    ("https://site.example/#top", "https://site.example/#bottom"),
    ("https://*.example.org/callback", "https://evilexample.org/callback"),
    ("https://*.example.org/callback", "https://example.org.evil.example/callback"),
    ("https://*example.org/callback", "https://evilexample.org/callback"),
    ("https://site.example/x*", "https://site.example/xyz"),
    ("https://site.example/x*", "https://site.example/x/../admin"),
    ("https://site.example/x*", "https://site.example/x/%2e%2E/admin"),
    ("https://site.example/x*", "https://site.example/y"),
    ("com.example.app:/callback", "com.example.other:/callback"),
    ("https://site.example/x*", LONG.replace("/x", "/x/", 1)),
]
WHICHEVER = {"subject_policy": SubjectPolicy.UUID}
"""Pairwise subjects need one host: registered patterns are not all of that kind."""


@pytest.mark.parametrize(("registered", "sent"), ACCEPTED)
def test_the_answer_goes_to_the_address_as_it_was_sent(
    register: Callable[..., Site], passer_by: Citizen, registered: str, sent: str
) -> None:
    """Section 1.6; checklist 54: the addresses that match."""
    site = register(redirect_uris=(registered,), **WHICHEVER)

    target = passer_by.client.get(site.request(redirect_uri=sent, prompt="none", state=None)).headers["Location"]

    address, _, fragment = sent.partition("#")
    joint = "&" if "?" in address else "?"
    answer = f"{joint}error=login_required"
    assert target.lower().startswith(f"{address}{answer}".lower())
    assert target.endswith(f"#{fragment}") or not fragment


@pytest.mark.parametrize(("registered", "sent"), REFUSED)
def test_an_address_that_differs_in_more_than_what_is_tolerated_is_never_redirected_to(
    register: Callable[..., Site], passer_by: Citizen, registered: str, sent: str
) -> None:
    """Section 1.6; checklist 54: the addresses that do not match, and the limit of 1024 characters."""
    site = register(redirect_uris=(registered,), **WHICHEVER)

    response = passer_by.client.get(site.request(redirect_uri=sent, prompt="none"))

    assert (response.status_code, response.headers["Location"]) == (302, "/continue/")


@pytest.mark.parametrize("app", ["grandlyonconnect-2018"], indirect=True)
@pytest.mark.parametrize(
    "sent", ["https://site.example/callback/", "https://site.example:443/callback", "https://SITE.example/callback"]
)
def test_in_2018_addresses_were_compared_as_strings(site: Site, passer_by: Citizen, sent: str) -> None:
    """Section 1.6, A2-2018."""
    assert passer_by.client.get(site.request(redirect_uri=sent)).status_code == 400


def test_what_authorize_tolerates_the_token_endpoint_does_not(site: Site, citizen: Citizen) -> None:
    """Section 1.6: at the token endpoint the address is byte-equal to the one sent at authorize."""
    sent = f"{site.redirect_uri}/"
    code = citizen.code(site.request(redirect_uri=sent))

    refused = site.redeem(citizen.client, code)
    accepted = site.redeem(citizen.client, code, redirect_uri=sent)

    assert refused.json["error_description"] == "Redirect_uri does not match the code."
    assert accepted.status_code == 200


def test_every_registered_address_may_be_used(register: Callable[..., Site], passer_by: Citizen) -> None:
    """Checklist, matrix: several redirect URIs."""
    addresses = ("https://site.example/callback", "https://autre.example/retour")
    site = register(redirect_uris=addresses, **WHICHEVER)

    arrivals = [passer_by.get(site.request(redirect_uri=each, prompt="none")) for each in addresses]

    assert [arrival.url.split("?")[0] for arrival in arrivals] == list(addresses)
