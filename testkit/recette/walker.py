"""Visiting a site without a browser: redirects, cookies, the provider's pages that send themselves; no scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests

from glc.urls import origin
from testkit.recette.errors import VisitError
from testkit.recette.pages import Page, shown
from testkit.recette.words import Words, no_answer

REDIRECTS = {301, 302, 303, 307, 308}
MOST_HOPS = 25
LONGEST_PAGE = 2 * 1024 * 1024
AGENT = "glc-recette/1 (acceptance run)"


@dataclass(frozen=True, slots=True)
class _Step:
    method: str
    url: str
    form: tuple[tuple[str, str], ...] = ()


@dataclass
class Walker:
    """A visitor that follows redirects by itself, within the origins it may visit: the site's and the provider's.

    On the provider's pages it also does what their scripts would: it sends on an answer that comes as a form
    (`form_post`), loads the frames of the logout page, confirms a logout.
    """

    origins: frozenset[str]
    provider: str
    """The origin whose pages it acts on."""
    timeout_in: float
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.http.trust_env = False  # a newcomer has no password of whoever runs this (~/.netrc)

    def open(self, url: str) -> Page:
        """See `Visitor`."""
        return self._walk(_Step("GET", url), None)

    def open_until(self, url: str, stop: str) -> str | None:
        """See `Visitor`."""
        page = self._walk(_Step("GET", url), stop)
        return page.url if _begins(page.url, stop) and not page.status else None

    def close(self) -> None:
        """See `Visitor`."""
        self.http.close()

    def _walk(self, step: _Step | None, stop: str | None) -> Page:
        hops: list[str] = []
        page: Page | None = None
        while step is not None:
            if len(hops) >= MOST_HOPS:
                way = " → ".join(hops[-6:])
                raise VisitError(Words(f"sent round in circles: {way}", f"renvoyé en rond : {way}"))
            if origin(step.url) not in self.origins or (stop and _begins(step.url, stop)):
                return Page(step.url, 0, hops=tuple(hops))
            answer = self._ask(step)
            hops.append(f"{step.method} {shown(step.url)} → {answer.status_code}")
            page = Page(step.url, answer.status_code, answer.text, tuple(hops))
            step = self._next(step, answer, page)
        assert page is not None
        return page

    def _ask(self, step: _Step) -> requests.Response:
        try:
            with self.http.request(
                step.method,
                step.url,
                data=step.form or None,
                allow_redirects=False,
                timeout=self.timeout_in,
                headers={"Accept": "text/html", "Accept-Language": "fr", "User-Agent": AGENT},
                stream=True,
            ) as answer:
                answer._content = answer.raw.read(LONGEST_PAGE, decode_content=True)  # no page is longer than we read
                return answer
        except requests.Timeout:
            asked, within = f"{step.method} {shown(step.url)}", f"{self.timeout_in:g} s"
            raise VisitError(
                Words(f"{asked}: no answer within {within}", f"{asked} : aucune réponse en {within}")
            ) from None
        except (requests.RequestException, OSError) as error:
            raise VisitError(no_answer(f"{step.method} {shown(step.url)}", error)) from None

    def _next(self, step: _Step, answer: requests.Response, page: Page) -> _Step | None:
        target = answer.headers.get("Location")
        if answer.status_code in REDIRECTS and target:
            method, form = (step.method, step.form) if answer.status_code in {307, 308} else ("GET", ())
            return _Step(method, urljoin(step.url, target.encode("latin-1").decode("utf-8", "replace")), form)
        return self._act(page) if origin(page.url) == self.provider else None

    def _act(self, page: Page) -> _Step | None:
        """What a page of the provider would do by itself, or by the one button that a visitor would press."""
        for frame in page.soup.select("iframe[src]"):
            self._load_frame(urljoin(page.url, str(frame["src"])))
        onwards = page.soup.select_one("a#a2-continue[href]")
        if onwards is not None:
            return _Step("GET", urljoin(page.url, str(onwards["href"])))
        form = page.soup.select_one("form#answer, form:has(#logout-confirm)")
        if form is None:
            return None
        values = [(str(field["name"]), str(field.get("value", ""))) for field in form.select("input[name]")]
        return _Step("POST", urljoin(page.url, str(form.get("action") or page.url)), tuple(values))

    def _load_frame(self, url: str) -> None:
        if origin(url) in self.origins:
            try:
                self._ask(_Step("GET", url))
            except VisitError:
                return  # a page goes on when a frame does not load


def _begins(url: str, stop: str) -> bool:
    one, other = urlsplit(url), urlsplit(stop)
    return (one.scheme, one.netloc, one.path) == (other.scheme, other.netloc, other.path)
