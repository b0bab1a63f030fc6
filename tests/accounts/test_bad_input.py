"""Bad input on the account pages: a refusal with a reason, never a server error, and forms of this site only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from accounts.mailbox import heading, soup
from flask import Flask
from flows import Citizen, text_of
from werkzeug.test import TestResponse

from glc.errors import InputError

FORMS = [
    "/login/",
    "/register/",
    "/password/reset/",
    "/accounts/edit/",
    "/accounts/edit/required/",
    "/accounts/change-email/",
    "/accounts/password/change/",
    "/accounts/delete/",
    "/accounts/consents/1/withdraw/",
    "/accounts/activate/jeton/",
    "/password/reset/confirm/jeton/",
    "/accounts/validate-deletion/jeton/",
    "/accounts/change-email/confirm/jeton/",
]
NAMES = ["username", "password", "email", "old_password", "password1", "password2", "first_name", "birthdate", "gender"]


@pytest.fixture
def token(at_home: Citizen) -> str:
    """The proof, in each form, that a page of ours shows it in this browser."""
    page = at_home.get("/accounts/edit/")
    return str(soup(page).find("input", attrs={"name": "csrf_token"})["value"])


def post(citizen: Citizen, path: str, body: Any, **options: Any) -> TestResponse:
    """Send a body."""
    return citizen.client.post(path, data=body, **options)


@pytest.mark.parametrize("body", [{}, {"csrf_token": "forged"}], ids=["none", "forged"])
def test_a_form_without_the_proof_of_its_page_is_refused_with_the_remedy(
    at_home: Citizen, body: dict[str, str]
) -> None:
    """Issue, « Ground »: CSRF on every form."""
    for path in FORMS:
        response = post(at_home, path, body)

        assert response.status_code == 400, path
        assert heading(response) == "Formulaire à renvoyer"
        assert "rechargez-la" in text_of(response)


def test_the_proof_belongs_to_one_browser(at_home: Citizen, token: str, browser_at: Callable[..., Citizen]) -> None:
    """A page of another site cannot read it, and one read elsewhere serves for nothing."""
    other = browser_at()
    other.get("/login/")

    assert post(other, "/login/", {"csrf_token": token, "username": "x", "password": "x"}).status_code == 400


@pytest.mark.parametrize(
    "value", [b"%ff%fe", b"%c3", b"%00", b"a%00b", b"a%0d%0aBcc:%20b", b"a%09b", b"%7f", b"%ed%a0%80"]
)
def test_what_cannot_be_read_is_refused_on_every_form(at_home: Citizen, token: str, value: bytes) -> None:
    """Not UTF-8, or a control character that no field of one line sends."""
    for path in FORMS:
        body = f"csrf_token={token}&email=".encode() + value
        response = post(at_home, path, body, content_type="application/x-www-form-urlencoded")

        assert response.status_code == 400, path
        assert "caractère qui ne peut pas être lu" in text_of(response)


def test_a_file_upload_that_cannot_be_read_is_refused_too(at_home: Citizen, token: str) -> None:
    """The other way in which browsers send forms."""
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
    body = f"{part.format('csrf_token')}{token}\r\n{part.format('email')}".encode() + b"\xff\r\n--x--\r\n"

    response = post(at_home, "/register/", body, content_type="multipart/form-data; boundary=x")

    assert response.status_code == 400
    assert "caractère qui ne peut pas être lu" in text_of(response)


def test_a_field_sent_twice_is_refused_on_every_form(at_home: Citizen, token: str) -> None:
    """Which of the two was meant is nobody's to guess."""
    for path in FORMS:
        response = post(at_home, path, {"csrf_token": token, "email": ["a", "b"]})

        assert response.status_code == 400, path
        assert "deux fois" in text_of(response)


def test_a_body_too_long_is_refused_on_every_form(at_home: Citizen, token: str) -> None:
    """64 KiB is more than any form of ours."""
    for path in FORMS:
        assert post(at_home, path, {"csrf_token": token, "password": "x" * 70_000}).status_code == 413, path


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "😀" * 3_000, "' OR 1=1 --", "{{ 7*7 }}", "%s%n", "\u202e"], ids=lambda text: ascii(text[:9])
)
def test_long_and_strange_values_are_answered_not_fatal(at_home: Citizen, token: str, text: str) -> None:
    """Whatever is typed, the page says what is wrong with it."""
    for path in FORMS:
        response = post(at_home, path, {"csrf_token": token, **dict.fromkeys(NAMES, text)})

        assert response.status_code < 500, path
    assert at_home.get("/accounts/").status_code == 200


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data", "é", ""])
@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"username=x"])
def test_what_is_no_form_is_refused(at_home: Citizen, content_type: str, body: bytes) -> None:
    """Issue, proof: wrong content type."""
    assert post(at_home, "/login/", body, content_type=content_type).status_code == 400


@pytest.mark.parametrize("token_of_mail", ["x", "%00", "%ff", "x" * 5_000, "..%2f..", "é", "%0d%0a"])
@pytest.mark.parametrize("path", [each.removesuffix("jeton/") for each in FORMS if each.endswith("jeton/")])
def test_a_link_that_was_never_sent_does_not_work(passer_by: Citizen, path: str, token_of_mail: str) -> None:
    """The page says how to get a new one."""
    assert passer_by.client.get(f"{path}{token_of_mail}/").status_code in {404, 410}


@pytest.mark.parametrize(
    ("method", "paths"),
    [
        ("PUT", FORMS),
        ("DELETE", FORMS),
        ("PATCH", FORMS),
        ("GET", ["/accounts/consents/1/withdraw/"]),
        (
            "POST",
            ["/", "/accounts/", "/accounts/consents/", "/outbox/", "/.well-known/change-password", "/language/en"],
        ),
    ],
)
def test_a_wrong_method_is_405_and_names_the_right_ones(app: Flask, method: str, paths: list[str]) -> None:
    """RFC 9110, section 15.5.6."""
    for path in paths:
        response = app.test_client().open(path, method=method)

        assert response.status_code == 405, path
        assert response.headers["Allow"]
        assert method not in response.headers["Allow"].split(", ")


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999999", "-1", "x", "1.5"])
def test_a_consent_that_there_is_not_is_not_found(at_home: Citizen, token: str, number: str) -> None:
    """Nor is one of somebody else."""
    assert post(at_home, f"/accounts/consents/{number}/withdraw/", {"csrf_token": token}).status_code == 404


@pytest.mark.parametrize("address", ["", "x", "a@b\nBcc: c@d", "a b@c", "<a@b>", "a@b@c"])
def test_no_account_is_made_for_what_is_no_address(make_account: Callable[..., str], address: str) -> None:
    """The rule is the same wherever an account is made: on a page or by a command."""
    with pytest.raises(InputError, match="not an e-mail address"):
        make_account(email=address)


@pytest.mark.parametrize("birthdate", ["١٩٨٧-06-05", "05/06/1987", "1987-13-01"])
def test_no_account_is_made_with_what_is_no_date(make_account: Callable[..., str], birthdate: str) -> None:
    """OpenID Connect Core 1.0, section 5.1: ISO 8601, in the digits that sites read."""
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        make_account(birthdate=birthdate)
