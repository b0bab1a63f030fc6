"""The origin of an address, as browsers write it."""

from __future__ import annotations

import pytest

from glc.settings import Settings
from glc.urls import origin


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://site.example/callback?x#y", "https://site.example"),
        ("HTTPS://Site.Example:443/", "https://site.example"),
        ("http://localhost:80/", "http://localhost"),
        ("https://site.example:80/", "https://site.example:80"),
        ("http://[::1]:8040/x", "http://[::1]:8040"),
        ("https://somebody@site.example/", "https://site.example"),
        ("fr.lyon.app:/back", ""),
        ("/accounts/", ""),
        ("https://site.example:99999/", ""),
        ("https://[site.example/", ""),
    ],
)
def test_an_origin_is_scheme_host_and_port_unless_it_is_the_schemes_own(url: str, expected: str) -> None:
    """RFC 6454, sections 4 and 6.2."""
    assert origin(url) == expected


@pytest.mark.parametrize("issuer", ["http://LOCALHOST:8040/", "http://localhost:80/", "http://[::1]:8040/idp/"])
def test_the_providers_own_is_written_like_any_other(issuer: str) -> None:
    """Both are compared: after a logout, and in front of a login."""
    assert Settings(issuer=issuer).origin == origin(issuer)
