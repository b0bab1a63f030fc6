"""Refusals are problems that say what to do (RFC 9457), whatever is sent."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from programs import Program

from glc.i18n import english
from partner_registry.api import BASE

NUL, LONE, HUGE = "\\u0000", "\\ud800", "9" * 5000


def test_a_problem_says_what_where_and_by_which_request(admin: Program) -> None:
    """RFC 9457, section 3.1: type, title, status, detail, instance; and ours, the request."""
    answer = admin.send("GET", "/partners/nobody")
    assert answer.mimetype == "application/problem+json"
    problem = answer.json
    assert (
        (problem["status"], problem["instance"])
        == (answer.status_code, f"{BASE}/partners/nobody")
        == (404, BASE + "/partners/nobody")
    )
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    explained = admin.send("GET", problem["type"].removeprefix(BASE))
    assert explained.json["title"] == problem["title"]


SPOKEN = {"": "en", "fr": "fr", "fr-FR,en;q=0.5": "fr", "en,fr;q=0.9": "en", "de": "en", "de,fr;q=0.1": "fr"}


def test_refusals_are_in_english_unless_french_is_preferred(admin: Program) -> None:
    """Issue 3, point 8; RFC 9110, section 12.5.4."""
    french = "%(code)s n’est pas une commune de la Métropole de Lyon : donnez son code INSEE ou son SIREN"
    for asked, spoken in SPOKEN.items():
        answer = admin.send("POST", "/partners", json={"code": "75056"}, headers={"Accept-Language": asked})
        template = french if spoken == "fr" else english(french)
        assert answer.json["detail"] == template % {"code": "75056"}
        assert answer.headers["Content-Language"] == spoken
        assert "Accept-Language" in answer.headers["Vary"]


def test_roles_and_days_within_a_refusal_are_in_its_language(admin: Program, reviewer: Program) -> None:
    """Issue 3, point 8: no French word within an English sentence; a day is written as people write it there."""
    answer = reviewer.send("PUT", "/partners/bron/domains", json={"domains": []}, headers={"If-Match": "*"})
    assert answer.json["detail"] == "this action is reserved to: registry administrator"
    gone = {"code": "216901496"}
    english_answer = admin.send("POST", "/partners", json=gone)
    assert "no longer exists since 2024-01-01" in english_answer.json["detail"]
    french_answer = admin.send("POST", "/partners", json=gone, headers={"Accept-Language": "fr"})
    assert "n’existe plus depuis le 01/01/2024" in french_answer.json["detail"]


def test_everything_that_is_wrong_is_told_at_once_with_its_place(admin: Program) -> None:
    """RFC 6901: one pointer for each thing that does not follow the schema."""
    sent = {"partner": "bron", "redirect_uris": ["https://a.example/", 3], "claims": [{"name": "a/b", "extra~": 1}]}
    refused = admin.create("/clients", 422, **sent)
    assert refused["type"] == f"{BASE}/problems/invalid"
    assert {(each["pointer"], each["code"]) for each in refused["errors"]} == {
        ("/name", "missing"),
        ("/redirect_uris/1", "string_type"),
        ("/claims/0/source", "missing"),
        ("/claims/0/scopes", "missing"),
        ("/claims/0/extra~0", "extra_forbidden"),
    }


def test_a_rule_that_names_its_field_is_told_there(admin: Program) -> None:
    """The same, for what no schema says."""
    refused = admin.create("/clients", 422, partner="bron", name="x", redirect_uris=["ftp://a.example/"])
    assert [each["pointer"] for each in refused["errors"]] == ["/redirect_uris"]


BODIES = (
    ("", 422),
    ("{", 400),
    ("[]", 422),
    ("null", 422),
    ('"text"', 422),
    ("\x00", 400),
    ('{"code": NaN}', 400),
    ("[" * 10_000, 400),
    (f'{{"code": "{LONE}"}}', 400),
    (f'{{"code": "69{NUL}266"}}', 422),
    (f'{{"co{NUL}de": "69266"}}', 422),
    (f'{{"code": {HUGE}}}', 400),
    ('{"code": 99999999999999999999999}', 422),
    ('{"code": 69266}', 422),
    ('{"code": null}', 422),
    ('{"code": "69266", "slug": "%s"}' % ("x" * 500), 422),
    ('{"code": "69266", "portal_url": "https://exa mple"}', 422),
    ('{"code": "69383"}', 422),
)


def test_a_body_that_cannot_be_taken_is_the_senders_mistake(admin: Program) -> None:
    """Malformed: 400; against the schema, or a rule: 422; never a 5xx."""
    for body, status in BODIES:
        answer = admin.send("POST", "/partners", data=body.encode(), content_type="application/json")
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), body[:80]


def test_what_is_no_day_of_our_times_is_refused(admin: Program) -> None:
    """Dates are civil dates in Lyon, from 1900 to 2199."""
    sent = {"partner": "bron", "number": "N", "framework": "F", "offer": "GLOBAL", "starts_on": "2026-01-01"}
    mistyped = ("2026-02-30", "0001-01-01", "9999-12-31", "1772409600", 1772409600, "2026-03-02T11:00:00Z", "", None)
    for day in mistyped:
        refused = admin.create("/agreements", 422, **sent, hard_end_on=day)
        assert [each["pointer"] for each in refused["errors"]] == ["/hard_end_on"], day
        assert "datetime" not in refused["errors"][0]["detail"], day


def test_what_is_no_instant_is_refused(admin: Program) -> None:
    """RFC 3339, with its time zone (reading A18)."""
    for at in ("2026-03-02", "2026-03-02T11:00:00", "1772409600", "9999-12-31T23:59:59Z", "hier", "%00"):
        refused = admin.send("GET", f"/agreements?at={at}")
        assert refused.status_code == 422
        assert [each["parameter"] for each in refused.json["errors"]] == ["at"], at


NOWHERE = (
    "/nowhere",
    "/partners/%00",
    "/partners/a%0Ab",
    "/partners/%F0%9F%8E%AD",
    f"/partners/{'x' * 300}",
    "/processings/-1",
    "/processings/1e3",
    "/processings/99999999999999999999999",
    "/processings/2147483648",
    "/agreements/GNM-2019-bron/years/1999/budget",
    "/partners//contacts",
    "",
)


def test_there_is_nothing_at_other_addresses(admin: Program) -> None:
    """404 as a problem, never a page."""
    for path in NOWHERE:
        answer = admin.send("GET", path)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json"), path


def test_a_method_that_an_address_does_not_know_is_told_those_it_does(admin: Program) -> None:
    """RFC 9110, section 15.5.6: 405 with Allow."""
    for method in ("DELETE", "PUT", "TRACE", "OPTIONS", "QUERY"):
        answer = admin.send(method, "/partners/bron")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, PATCH"), method
        assert answer.mimetype == "application/problem+json"


def test_head_answers_as_get_without_a_body(admin: Program) -> None:
    """RFC 9110, section 9.3.2."""
    answer = admin.send("HEAD", "/partners/bron")
    admin.get("/partners/bron")
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", admin.etags["/partners/bron"])


def test_a_form_of_answer_that_is_not_told_is_refused(admin: Program) -> None:
    """RFC 9110, section 15.5.7: 406."""
    for accept, status in (("text/html", 406), ("application/json", 200), ("*/*", 200), ("application/*", 200)):
        assert admin.send("GET", "/partners", headers={"Accept": accept}).status_code == status


def test_another_type_than_json_is_refused(admin: Program) -> None:
    """RFC 9110, section 15.5.16: 415."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = admin.send("POST", "/partners", data=b'{"code": "69266"}', content_type=kind)
        assert answer.status_code == 415
    assert admin.send("POST", "/partners", data=b'{"code": "69266"}').status_code == 415


def test_a_body_that_is_too_long_is_refused(admin: Program) -> None:
    """RFC 9110, section 15.5.14: 413."""
    sent = json.dumps({"code": "69266", "legal_name": "x" * 100_000})
    assert admin.send("POST", "/partners", data=sent, content_type="application/json").status_code == 413


def test_a_query_that_does_not_follow_its_schema_is_refused(admin: Program) -> None:
    """A parameter that is misspelt would filter nothing, in silence."""
    for query in ("?kin=COMMUNE", "?kind=commune", "?siren=%00", "?kind=COMMUNE%00"):
        assert admin.send("GET", f"/partners{query}").status_code == 422, query


def test_a_query_that_is_no_utf8_is_refused_or_read_never_fatal(admin: Program) -> None:
    """Whatever the bytes are."""
    assert admin.send("GET", "/partners?kind=%FF%FE").status_code == 422
    assert admin.send("GET", "/partners/%FF%FE").status_code == 404


def test_what_goes_wrong_on_our_side_says_nothing_of_it_and_changes_nothing(
    admin: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a traceback; what was begun is undone."""
    from partner_registry.api.handlers import partners

    before = admin.get("/partners/bron")

    def broken(*_arguments: object) -> object:
        raise RuntimeError("a detail of ours")

    monkeypatch.setattr(partners.rules, "note_change", broken)
    etag = {"If-Match": admin.etags["/partners/bron"]}
    answer = admin.send("PATCH", "/partners/bron", json={"portal_url": "https://x.example/"}, headers=etag)
    assert (answer.status_code, answer.json["type"]) == (500, f"{BASE}/problems/unforeseen")
    assert "detail of ours" not in answer.text
    assert "Traceback" not in answer.text
    assert admin.get("/partners/bron") == before


def test_pages_and_problems_keep_apart(app: Flask, make_account: Callable[..., str]) -> None:
    """The registry's pages go on answering pages."""
    assert app.test_client().get("/registry/nowhere").mimetype == "text/html"


@pytest.mark.parametrize("number", ["2018/4385", "..", "", " "])
def test_an_agreement_whose_number_could_not_stand_in_an_address_is_refused(admin: Program, number: str) -> None:
    """What is made must be found again."""
    days = {"starts_on": "2026-01-01", "hard_end_on": "2026-12-31"}
    admin.create("/agreements", 422, partner="bron", number=number, framework="F", offer="GLOBAL", **days)
    admin.act("/agreements/GNM-2019-bron", "/correct", expected=422, number=number, reason="faute de frappe")


def test_a_number_is_not_corrected_into_another_agreements(admin: Program) -> None:
    """409, as when it is drafted."""
    path = "/agreements/GNM-2019-bron"
    admin.act(path, "/correct", expected=409, number="GNM-2019-lyon", reason="faute de frappe")
    assert admin.act(path, "/correct", number="GNM-2019-bron", unpaid=True, reason="relance")["unpaid"]
