"""A login without a browser: follow the provider's redirects until they lead to the site."""

from __future__ import annotations

import http.client
import http.cookiejar
import urllib.request
from html.parser import HTMLParser
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import parse_qsl, urljoin, urlsplit

from pytest_grandlyonconnect.errors import LoginStopped, NotServed

__tracebackhide__ = True

MOST_STEPS = 20
TIMEOUT_IN = 30
EXPLANATIONS = {"message", "hint"}
"""The elements of an error's page that speak to the site's developer."""


class Callback(str):
    """The address at the site where a login ended: a `str`, so that any client can open it.

    `parameters` is what the provider said: in the query, in the fragment, or as a form to POST there (`posted`).
    """

    parameters: dict[str, str]
    posted: bool

    def __new__(cls, url: str, form: dict[str, str] | None = None) -> Self:
        made = super().__new__(cls, url)
        parts = urlsplit(url)
        made.posted = form is not None
        made.parameters = (
            dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True)) if form is None else form
        )
        return made


def walk(url: str, *, issuer: str, script: str | None) -> Callback:
    """Open the authorization request and follow until the site is reached.

    `script` is sent as `X-GLC-Login`. Raises `LoginStopped` when a page wants something else than that.
    """
    browser = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), _Stay()
    )
    headers = {"Accept": "text/html", "Accept-Language": "fr"} | ({"X-GLC-Login": script} if script else {})
    asked, home = urlsplit(url), {urlsplit(url).netloc, urlsplit(issuer).netloc}
    back = dict(parse_qsl(asked.query)).get("redirect_uri")
    for _ in range(MOST_STEPS):
        try:
            with browser.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_IN) as answer:  # noqa: S310
                status, text, location = (
                    answer.status,
                    answer.read().decode(errors="replace"),
                    answer.headers["Location"],
                )
        except (URLError, OSError, http.client.HTTPException) as error:
            raise NotServed(f"{url} does not answer: {error}") from error
        if location is None or not 300 <= status < 400:
            return _left_on(status, url, text)
        url = urljoin(url, location)
        if urlsplit(url).netloc not in home or (back and url.partition("?")[0].partition("#")[0] == back):
            return Callback(url)
    raise LoginStopped(f"the login goes round in circles, lately at {url}", url, "")


def _left_on(status: int, url: str, text: str) -> Callback:
    page = _Page()
    page.feed(text)
    if page.answer is not None:
        return Callback(page.action or url, page.answer)
    if "login-submit" in page.ids:
        message = (
            "the login page is shown, for nobody was said to log in: call next_login(…) or auto_login(…) before, "
            "or log_in(…, account=…)"
        )
    else:
        said = " ".join(" ".join(page.explanation or page.words).split())
        message = f"the login ended on a page of the provider ({status}, {url}): {said[:900]}"
    raise LoginStopped(message, url, text)


class _Stay(urllib.request.HTTPErrorProcessor):
    """Redirects and errors are answers like others."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:  # noqa: ARG002
        return response

    https_response = http_response


class _Page(HTMLParser):
    """What a page shows in its main part, and the answer that it would post to the site (form_post)."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.words: list[str] = []
        self.explanation: list[str] = []
        self.answer: dict[str, str] | None = None
        self.action: str | None = None
        self._in_main = self._in_answer = False
        self._silent = 0
        self._explaining: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if attributes.get("id"):
            self.ids.add(str(attributes["id"]))
            if attributes["id"] in EXPLANATIONS:
                self._explaining = tag
        if tag == "main":
            self._in_main = True
        elif tag in {"script", "style"}:
            self._silent += 1
        elif tag == "form" and attributes.get("id") == "answer":
            self._in_answer, self.answer, self.action = True, {}, attributes.get("action")
        elif tag == "input" and self._in_answer and self.answer is not None and attributes.get("name"):
            self.answer[str(attributes["name"])] = attributes.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self._explaining:
            self._explaining = None
        if tag == "main":
            self._in_main = False
        elif tag in {"script", "style"}:
            self._silent -= 1
        elif tag == "form":
            self._in_answer = False

    def handle_data(self, data: str) -> None:
        if self._in_main and not self._silent:
            self.words.append(data)
            if self._explaining:
                self.explanation.append(data)
