"""Bad input to the endpoints that sites' servers call: the right 4xx with a reason, never a 500."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from flows import Citizen, Site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FORM = "application/x-www-form-urlencoded"
TOKEN, REVOKE = "/idp/oidc/token", "/idp/oidc/revoke"
POSTED = [TOKEN, REVOKE, f"{TOKEN}/", f"{REVOKE}/"]


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("name", ["code", "client_id", "grant_type", "token", "unheard_of"])
def test_a_doubled_parameter_is_refused_by_name(site: Site, server: FlaskClient, path: str, name: str) -> None:
    """RFC 6749, 3.2: parameters must not be included more than once."""
    answer = server.post(path, data=f"{name}=a&other=1&{name}=b", content_type=FORM, headers=site.basic)
    assert answer.status_code == 400
    assert name in answer.json["error_description"]


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"grant_type": "authorization_code"}', "application/json"),
        (b"grant_type=authorization_code", "text/plain"),
        (b"grant_type=authorization_code", None),
        (b"<grant/>", "application/xml"),
    ],
)
def test_a_body_that_is_no_form_is_refused_and_the_right_type_named(
    site: Site, server: FlaskClient, path: str, body: bytes, content_type: str | None
) -> None:
    """RFC 6749, 4.1.3: application/x-www-form-urlencoded."""
    answer = server.post(path, data=body, content_type=content_type, headers=site.basic)
    assert answer.status_code == 400
    assert FORM in answer.json["error_description"]


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("body", [b"code=\xff\xfe", b"code=%FF%FE", b"%E9=1", b"code=\xed\xa0\x80", b"code=%00"])
def test_what_is_not_text_is_refused(site: Site, server: FlaskClient, path: str, body: bytes) -> None:
    """RFC 6749, appendix B: form-encoded UTF-8."""
    answer = server.post(path, data=body, content_type=FORM, headers=site.basic)
    assert (answer.status_code, answer.mimetype) == (400, "application/json")
    assert answer.json["error_description"].startswith("Parameters must")


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("content_type", [FORM, "application/json", "multipart/form-data; boundary=x"])
def test_a_body_that_is_too_long_is_413(site: Site, server: FlaskClient, path: str, content_type: str) -> None:
    """RFC 9110, 15.5.14: refused before it is read."""
    answer = server.post(path, data=b"code=" + b"x" * 70_000, content_type=content_type, headers=site.basic)
    assert answer.status_code == 413
    assert answer.json["error_description"] == "Request Entity Too Large"


@pytest.mark.parametrize("path", POSTED)
def test_too_many_parameters_are_refused(site: Site, server: FlaskClient, path: str) -> None:
    """However short each is."""
    body = "&".join(f"p{number}=" for number in range(200))
    answer = server.post(path, data=body, content_type=FORM, headers=site.basic)
    assert (answer.status_code, answer.json["error_description"]) == (400, "At most 100 parameters are accepted")


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "PROPFIND"])
def test_another_method_is_405_and_told_which_is_right(site: Site, server: FlaskClient, path: str, method: str) -> None:
    """Reference, 1.1; checklist 50; RFC 9110, 15.5.6."""
    answer = server.open(path, method=method, headers=site.basic)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("path", POSTED)
def test_an_empty_request_says_what_is_missing(server: FlaskClient, path: str) -> None:
    """No body at all."""
    answer = server.post(path)
    assert answer.status_code == 400
    assert answer.json["error_description"]


def test_parameters_in_the_query_do_not_count(site: Site, citizen: Citizen, server: FlaskClient) -> None:
    """RFC 6749, 3.2: a code must not end up in a log of addresses."""
    query = {
        "grant_type": "authorization_code",
        "redirect_uri": site.redirect_uri,
        "code": citizen.code(site.request()),
    }
    answer = server.post(TOKEN, query_string=query, headers=site.basic)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_a_multipart_form_is_read_too(site: Site, citizen: Citizen, server: FlaskClient) -> None:
    """What Django, hence the real service, reads as a form."""
    form = {"grant_type": "authorization_code", "redirect_uri": site.redirect_uri, "code": citizen.code(site.request())}
    answer = server.post(TOKEN, data=form, content_type="multipart/form-data", headers=site.basic)
    assert answer.status_code == 200


_names = st.sampled_from(["grant_type", "code", "redirect_uri", "client_id", "client_secret", "token", "code_verifier"])
_values = st.one_of(st.sampled_from(["authorization_code", "refresh_token"]), st.text(max_size=40))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(POSTED),
    form=st.dictionaries(_names, _values),
    header=st.one_of(st.none(), st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=30)),
)
def test_whatever_is_sent_is_refused_with_a_reason(
    server: FlaskClient, path: str, form: dict[str, str], header: str | None
) -> None:
    """Never a 500."""
    encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in form.items()}
    headers = {} if header is None else {"Authorization": f"Basic {header}"}
    answer = server.post(path, data=encoded, content_type=FORM, headers=headers)
    assert answer.status_code == 400
    assert answer.json["error_description"]
