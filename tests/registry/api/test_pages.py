"""Lists are told by pages."""

from __future__ import annotations

import base64

from programs import Program

from partner_registry.api import BASE


def walk(program: Program, path: str) -> list[list[dict[str, object]]]:
    """Every page, from one to the next."""
    pages = []
    while path:
        answer = program.send("GET", path)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json["items"])
        following = answer.json["next"] or ""
        assert answer.headers.get("Link", "") == (f'<{following}>; rel="next"' if following else "")
        path = following.removeprefix(BASE)
    return pages


def test_pages_tell_everything_once(reviewer: Program) -> None:
    """Issue 3, point 8: following `next`, or the Link header (RFC 8288), leads to the end."""
    whole = reviewer.get("/communes?limit=200")["items"]
    pages = walk(reviewer, "/communes?limit=7")
    assert [each for page in pages for each in page] == whole
    assert {len(page) for page in pages[:-1]} == {7}
    assert len(whole) >= 59


def test_a_filter_goes_on_from_page_to_page(reviewer: Program) -> None:
    """Statuses are computed, never stored: pages are full all the same."""
    query = "/agreements?limit=2&status=agreement_in_force&at=2020-06-01T00:00:00Z"
    numbers = [each["number"] for page in walk(reviewer, query) for each in page]
    assert numbers == [f"GNM-2019-{slug}" for slug in ("bron", "dardilly", "lyon", "oullins", "vaulx-en-velin")]
    assert reviewer.get("/agreements?status=agreement_draft") == {"items": [], "next": None}


def test_what_comes_between_two_pages_shifts_nothing(reviewer: Program) -> None:
    """A cursor says after which row to go on, not how many to skip."""
    first = reviewer.get("/partners?limit=3")
    reviewer.create("/partners", code="69003", slug="aaa")
    rest = walk(reviewer, first["next"].removeprefix(BASE))
    slugs = [each["slug"] for page in ([first["items"]], rest) for part in page for each in part]
    assert len(slugs) == len(set(slugs))
    assert "aaa" not in slugs


def test_the_newest_entry_of_the_trail_comes_first(admin: Program) -> None:
    """The trail is read from its end."""
    admin.create("/partners", code="69266")
    numbers = [each["id"] for page in walk(admin, "/audit/entries?limit=1") for each in page]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 1


def test_a_page_has_from_1_to_200_rows(reviewer: Program) -> None:
    """Else 422, which names the parameter."""
    for limit in ("0", "-1", "201", "x", "1.5", "99999999999999999999", ""):
        refused = reviewer.send("GET", f"/partners?limit={limit}")
        assert (refused.status_code, [each["parameter"] for each in refused.json["errors"]]) == (422, ["limit"])


def test_a_cursor_that_is_not_ours_is_refused(reviewer: Program) -> None:
    """It is opaque, and never an error of the server."""
    made_up = [b"", b"1", b"null", b'"a\\u0000"', b"[]", b"{", b"true", b"1" * 400, b"[" * 300, b"\xff"]
    texts = ["é", "%00", "!!!", *(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in made_up)]
    for path in ("/partners", "/processings", "/audit/entries"):
        for text in texts:
            answer = reviewer.send("GET", path, query_string={"cursor": text})
            assert answer.status_code in {403, 422} or (path, text) == ("/processings", "MQ"), (path, text)
