"""Shapes of faults that act on an answer, or give one before the provider is asked.

A shape gives back the very answer it was given where it cannot apply, and then it did not."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from keys import forgery
from testkit.faults.fault import Answer, Answered, Asked

JSON = "application/json"
HTML_PAGE = (
    b"<!doctype html><html lang=fr><title>Maintenance</title>"
    b"<p>Ce service est momentan\xc3\xa9ment indisponible.</p></html>\n"
)
Changed = Callable[[Answered], Answer]
Said = Callable[[Asked], Answer]


def said(status: int, body: bytes, content_type: str, **headers: str) -> Said:
    """An answer that has nothing to do with the question; `_` in a header's name stands for `-`."""
    answer = _answer(status, body, content_type, **headers)
    return lambda asked: answer  # noqa: ARG005 — whatever is asked


def error(status: int, code: str) -> Said:
    """An error of the token endpoint (RFC 6749, section 5.2)."""
    body = json.dumps({"error": code, "error_description": "Planned fault"}).encode()
    challenge = {"WWW-Authenticate": 'Basic realm="GrandLyonConnect"'} if status == 401 else {}
    return said(status, body, JSON, **{"Cache-Control": "no-store"}, **challenge)


def error_of_choice(asked: Asked) -> Answer:
    """An error of whoever switched the fault on: the options `status` and `error`."""
    return error(int(asked.options["status"]), str(asked.options["error"]))(asked)


def bearer_error(status: int, code: str) -> Said:
    """An error of a protected resource (RFC 6750, section 3.1)."""
    body = json.dumps({"error": code, "error_description": "Planned fault"}).encode()
    return said(status, body, JSON, **{"WWW-Authenticate": f'Bearer error="{code}", error_description="Planned fault"'})


def instead_of_it(status: int, body: bytes, content_type: str) -> Changed:
    """Another answer in the place of one that succeeded: what was asked is done, and nobody learns it."""
    other = _answer(status, body, content_type)
    return lambda answered: other if answered.answer.status == 200 else answered.answer


def json_changed(change: Callable[[Mapping[str, Any]], Mapping[str, Any] | None], *, removes: bool = False) -> Changed:
    """Members of a JSON object that succeeded, replaced by those that `change` makes of them; with `removes`, those
    that it makes None are left out."""

    def changed(answered: Answered) -> Answer:
        told = json_of(answered.answer)
        made = change(told) if told is not None else None
        if told is None or not made:
            return answered.answer
        whole = {**told, **made}
        if removes:
            whole = {name: value for name, value in whole.items() if not (name in made and value is None)}
        return answered.answer if whole == told else with_body(answered.answer, json.dumps(whole).encode())

    return changed


def json_with(**members: Any) -> Changed:
    """Members replaced, or added."""
    return json_changed(lambda _: members)


def json_without(*names: str) -> Changed:
    """Members left out."""
    return json_changed(lambda told: {name: None for name in names if name in told}, removes=True)


def json_of_choice(answered: Answered) -> Answer:
    """Members of whoever switched the fault on: those of the option `values`, of which null leaves one out."""
    return json_changed(lambda _: answered.asked.options["values"], removes=True)(answered)


def keys_changed(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Changed:
    """Another list of keys in a JWK Set, made from those that sign; keys to encrypt for stay."""

    def keys(told: Mapping[str, Any]) -> dict[str, Any]:
        signing = [key for key in told["keys"] if key.get("use") == "sig"]
        return {"keys": [*change(signing), *(key for key in told["keys"] if key.get("use") != "sig")]}

    return json_changed(keys)


def keys_doubled(stranger: Callable[[dict[str, Any]], dict[str, Any]]) -> Changed:
    """Each key that signs, or that of the option `kid`, behind a stranger's."""

    def changed(answered: Answered) -> Answer:
        wanted = answered.asked.options["kid"]
        return keys_changed(
            lambda keys: [
                each for key in keys for each in ((stranger(key), key) if wanted in {"", key["kid"]} else (key,))
            ]
        )(answered)

    return changed


def as_type(content_type: str) -> Changed:
    """The same under another media type."""

    def changed(answered: Answered) -> Answer:
        if answered.answer.status != 200:
            return answered.answer
        return with_header(answered.answer, "Content-Type", content_type)

    return changed


def truncated(answered: Answered) -> Answer:
    """The first half of a body, whole as HTTP goes."""
    answer = answered.answer
    return with_body(answer, answer.body[: len(answer.body) // 2]) if answer.status == 200 else answer


def not_gzip(answered: Answered) -> Answer:
    """The same, said to be compressed."""
    answer = answered.answer
    return with_header(answer, "Content-Encoding", "gzip") if answer.status == 200 else answer


def to_itself(asked: Asked) -> Answer:
    """A redirection to the address that was asked."""
    return _answer(307, b"", "text/plain", Location=asked.url)


def unsigned_json(answered: Answered) -> Answer:
    """The claims of a JWT as plain JSON."""
    answer = answered.answer
    if answer.status != 200 or not header_of(answer, "Content-Type").startswith("application/jwt"):
        return answer
    from keys import jose

    claims = dict(jose.claims_of(answer.body.decode("ascii")))
    return with_body(with_header(answer, "Content-Type", JSON), json.dumps(claims).encode())


def stranger_jwt(answered: Answered) -> Answer:
    """Plain claims as a JWT that a stranger signed."""
    answer = answered.answer
    if json_of(answer) is None:
        return answer
    kid = forgery.stranger_jwk("RS256")["kid"]
    token = forgery.by_a_stranger({"alg": "RS256", "typ": "JWT", "kid": kid}, answer.body)
    return with_body(with_header(answer, "Content-Type", "application/jwt"), token.encode())


def json_of(answer: Answer) -> dict[str, Any] | None:
    """The object that a successful answer holds, if it is JSON and holds one."""
    if answer.status != 200 or not header_of(answer, "Content-Type").startswith(JSON):
        return None
    try:
        found = json.loads(answer.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def header_of(answer: Answer, name: str) -> str:
    """One header, empty if there is none."""
    return next((value for each, value in answer.headers if each.lower() == name.lower()), "")


def with_header(answer: Answer, name: str, value: str) -> Answer:
    """The answer with one header replaced, or added."""
    kept = tuple(pair for pair in answer.headers if pair[0].lower() != name.lower())
    return dataclasses.replace(answer, headers=(*kept, (name, value)))


def with_body(answer: Answer, body: bytes) -> Answer:
    """The answer with another body, and its length."""
    return with_header(dataclasses.replace(answer, body=body), "Content-Length", str(len(body)))


def _answer(status: int, body: bytes, content_type: str, **headers: str) -> Answer:
    told = {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}
    return Answer(status, tuple(told.items()), body)
