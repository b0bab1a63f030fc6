"""Shapes of faults of what the browser brings back to the site from the authorization endpoint, in whatever way: in
the query, in the fragment, or in a form that it posts (OAuth 2.0 Multiple Response Type Encoding Practices)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from idp.tokens import codes
from idp.tokens.codes import Code
from testkit.faults.answering import header_of, with_body, with_header
from testkit.faults.fault import Answer, Answered

Pairs = list[tuple[str, str]]
PROTOCOL = {"code", "id_token", "access_token", "error"}
"""One of these tells an answer to a site from any other redirection."""

Values = Callable[..., "list[str] | None"]


def answered(**changes: Values) -> Callable[[Answered], Answer]:
    """Parameters of the answer with other values: each function is given those there were and makes those there will
    be, or None where it cannot apply; one of several arguments is given what was answered too."""

    def changed(given: Answered) -> Answer:
        return rewritten(given.answer, lambda pairs: _replaced(given, pairs, changes))

    return changed


def _replaced(given: Answered, pairs: Pairs, changes: dict[str, Values]) -> Pairs | None:
    made = list(pairs)
    for name, change in changes.items():
        sent = [value for each, value in pairs if each == name]
        values = change(given, sent) if name == "code" and change in _LOOKED_UP else change(sent)
        if values is None:
            continue
        made = [pair for pair in made if pair[0] != name] + [(name, value) for value in values]
    return made if made != pairs else None


def refused(error: str) -> Callable[[Answered], Answer]:
    """An error in the place of whatever was answered; state and issuer stay."""

    def changed(given: Answered) -> Answer:
        def pairs_of(pairs: Pairs) -> Pairs | None:
            if ("error", error) in pairs:
                return None
            kept = [pair for pair in pairs if pair[0] in {"state", "iss"}]
            return [("error", error), ("error_description", "Planned fault"), *kept]

        return rewritten(given.answer, pairs_of)

    return changed


def in_fragment(given: Answered) -> Answer:
    """The same answer, in the fragment instead of the query."""
    target = header_of(given.answer, "Location")
    parts = urlsplit(target)
    if not _is_answer(given.answer, parse_qsl(parts.query, keep_blank_values=True)):
        return given.answer
    return with_header(given.answer, "Location", urlunsplit(parts._replace(query="", fragment=parts.query)))


def rewritten(answer: Answer, change: Callable[[Pairs], Pairs | None]) -> Answer:
    """The answer to the site with other parameters, wherever they stand; itself where it is none, or for None."""
    target = header_of(answer, "Location")
    if answer.status in {302, 303} and target:
        parts = urlsplit(target)
        place = "fragment" if parts.fragment else "query"
        pairs = parse_qsl(getattr(parts, place), keep_blank_values=True)
        made = change(pairs) if _is_answer(answer, pairs) else None
        if made is None:
            return answer
        return with_header(answer, "Location", urlunsplit(parts._replace(**{place: urlencode(made)})))
    form = _FORM.search(answer.body) if answer.status == 200 else None
    if form is None:
        return answer
    text = form.group(2).decode()
    pairs = [(unescape(name), unescape(value)) for name, value in _INPUT.findall(text)]
    made = change(pairs)
    if made is None:
        return answer
    inputs = "\n".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in made)
    rest = _INPUT.sub("", text)
    body = answer.body[: form.start(2)] + (inputs + rest).encode() + answer.body[form.end(2) :]
    return with_body(answer, body)


_FORM = re.compile(rb'(<form [^>]*id="answer"[^>]*>)(.*?)(</form>)', re.DOTALL)
_INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def _is_answer(answer: Answer, pairs: Pairs) -> bool:
    """Whether a redirection answers a site: our own pages are named without host."""
    return bool(urlsplit(header_of(answer, "Location")).netloc) and not PROTOCOL.isdisjoint(dict(pairs))


def code_of_another_client(given: Answered, sent: list[str]) -> list[str] | None:
    """What the provider would have given to some other client."""
    return _resealed(given, sent, client=0)


def code_of_another_login(given: Answered, sent: list[str]) -> list[str] | None:
    """One of the same client and user, tied to another browser's nonce and code_verifier where the site sent such."""
    code = _code(given, sent)
    if code is None or (code.nonce is None and code.challenge is None):
        return None
    changes: dict[str, object] = {"grant_id": given.asked.house.entropy.bytes(16).hex()}
    if code.nonce is not None:
        changes["nonce"] = "nonce-d-un-autre"
    if code.challenge is not None:
        changes |= {"challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "challenge_method": "S256"}
    return _resealed(given, sent, **changes)


def code_that_expired(given: Answered, sent: list[str]) -> list[str] | None:
    """The same, issued long ago."""
    return _resealed(given, sent, issued=1)


def code_already_spent(given: Answered, sent: list[str]) -> list[str] | None:
    """The same, of a grant that was redeemed, and revoked, before."""
    import sqlalchemy as sa

    from glc.database import writing
    from idp.models import AuthorizationGrant

    code, house = _code(given, sent), given.asked.house
    if code is None:
        return None
    at = house.clock.now()
    row = {
        "id": code.grant_id,
        "client_id": code.client,
        "account_id": code.account,
        "session_id": code.session,
        "scopes": " ".join(sorted(code.scopes)),
        "granted_at": at,
        "authenticated_at": at,
        "outlives_session": False,
        "access_digest": house.entropy.bytes(32).hex(),
        "access_expires_at": at,
        "revoked_at": at,
    }
    with writing(house.engine) as connection:
        connection.execute(sa.insert(AuthorizationGrant).values(row))
    return sent


_LOOKED_UP = {code_of_another_client, code_of_another_login, code_that_expired, code_already_spent}


def _code(given: Answered, sent: list[str]) -> Code | None:
    return codes.unseal(given.asked.house, sent[0]) if len(sent) == 1 else None


def _resealed(given: Answered, sent: list[str], **changes: object) -> list[str] | None:
    code = _code(given, sent)
    if code is None:
        return None
    return [codes.seal(given.asked.house, dataclasses.replace(code, **changes))]  # type: ignore[arg-type]
