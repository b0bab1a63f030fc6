"""Shapes of faults of a logout: how the browser comes back, the frames that call sites, the calls to sites."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from testkit.faults.answering import header_of, with_body, with_header
from testkit.faults.fault import Answer, Answered

Values = Callable[[list[str]], "list[str] | None"]


def went_back(**changes: Values) -> Callable[[Answered], Answer]:
    """Where the browser goes after logout, with other parameters; without any change, nowhere but to the provider's
    own page."""

    def changed(given: Answered) -> Answer:
        answer = given.answer
        target = header_of(answer, "Location") or _next(answer)
        if not urlsplit(target).netloc:
            return answer
        other = _other(target, changes) if changes else given.asked.house.settings.base_url
        return answer if other in {None, target} else _sent_to(answer, target, str(other))

    return changed


def frames(**changes: Values) -> Callable[[Answered], Answer]:
    """The sites' front-channel logout pages, called with other parameters."""
    return _each_frame(lambda tag, url: _with_url(tag, _other(url, changes)))


def frames_dropped(given: Answered) -> Answer:
    """No site's logout page is called."""
    return _each_frame(lambda *_: "")(given)


def frames_twice(given: Answered) -> Answer:
    """Each site's logout page is called twice."""
    return _each_frame(lambda tag, _: tag * 2)(given)


_FRAME = re.compile(r'<iframe src="([^"]*)"[^>]*></iframe>')
_SOURCE = re.compile(r'src="[^"]*"')
_REFRESH = re.compile(r'http-equiv="refresh" content="0;url=([^"]*)"')


def _each_frame(change: Callable[[str, str], str]) -> Callable[[Answered], Answer]:
    def changed(given: Answered) -> Answer:
        answer = given.answer
        if answer.status != 200 or not header_of(answer, "Content-Type").startswith("text/html"):
            return answer
        text = answer.body.decode()
        made = _FRAME.sub(lambda found: change(found[0], unescape(found[1])), text)
        return answer if made == text else with_body(answer, made.encode())

    return changed


def _with_url(tag: str, other: str | None) -> str:
    return tag if other is None else _SOURCE.sub(lambda _: f'src="{escape(other)}"', tag, count=1)


def _other(url: str, changes: dict[str, Values]) -> str | None:
    parts = urlsplit(url)
    pairs = made = parse_qsl(parts.query, keep_blank_values=True)
    for name, change in changes.items():
        values = change([value for each, value in pairs if each == name])
        if values is not None:
            made = [pair for pair in made if pair[0] != name] + [(name, value) for value in values]
    return None if made == pairs else urlunsplit(parts._replace(query=urlencode(made)))


def _next(answer: Answer) -> str:
    found = _REFRESH.search(answer.body.decode()) if answer.status == 200 else None
    return unescape(found[1]) if found else ""


def _sent_to(answer: Answer, target: str, other: str) -> Answer:
    if header_of(answer, "Location"):
        return with_header(answer, "Location", other)
    text = answer.body.decode()
    return with_body(answer, text.replace(escape(target), escape(other)).encode())
