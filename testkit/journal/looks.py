"""How each check looks at exchanges. None: nothing that it speaks of happened; else what is wrong.

Every function is pure, takes exchanges in their order, and names in its findings those that are wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from testkit.journal.exchange import Exchange
from testkit.journal.reading import (
    answer,
    answers_the_site,
    asks_for_login,
    error_of,
    given_code,
    header,
    parameters,
    redeems,
    sent_back,
)
from testkit.journal.unguessable import bits_of
from testkit.journal.verdicts import Finding

Found = list[Finding] | None
Exchanges = Sequence[Exchange]

LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "::1"}
SECRETS = ("client_secret", "password", "code_verifier", "client_assertion")
OUR_PAGES = {"page", "static", "login", "required_profile", "register_page"}
"""What a browser visits: what goes wrong there is no answer to the site."""
MOST_COMPARED = 20
"""Values that each one is compared with: enough to tell what is always there from chance."""
DECIDED = {"access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required"}
"""Errors that say what the user did or did not do."""
TOKENS = ("access_token", "refresh_token")


def pkce_s256(exchanges: Exchanges) -> Found:
    """RFC 7636, 4.2 and 4.3."""

    def wrong(asked: Mapping[str, str]) -> bool:
        return not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256"

    return _of_requests(exchanges, wrong, only=lambda asked: "code" in asked.get("response_type", "code").split())


def state_sent(exchanges: Exchanges) -> Found:
    """RFC 6749, 10.12."""
    return _of_requests(exchanges, lambda asked: not asked.get("state"))


def nonce_sent(exchanges: Exchanges) -> Found:
    """Core, 3.1.2.1 and 15.5.2."""
    return _of_requests(exchanges, lambda asked: not asked.get("nonce"))


def state_unguessable(exchanges: Exchanges, bits: int = 128) -> Found:
    """RFC 6749, 10.10 and 10.12: a right guess has a probability of 2^-128 at most."""
    return _unguessable(exchanges, "state", bits)


def nonce_unguessable(exchanges: Exchanges, bits: int = 96) -> Found:
    """Core, 15.5.2, which gives no number: enough never to be drawn twice (common libraries draw 119)."""
    return _unguessable(exchanges, "nonce", bits)


def scope_openid(exchanges: Exchanges) -> Found:
    """Core, 3.1.2.1."""
    return _of_requests(exchanges, lambda asked: "openid" not in asked.get("scope", "").split())


def redirect_uri_https(exchanges: Exchanges) -> Found:
    """RFC 9700, 2.6: plain http is for the machine itself."""

    def wrong(asked: Mapping[str, str]) -> bool:
        parts = urlsplit(asked.get("redirect_uri", ""))
        return parts.scheme == "http" and parts.hostname not in LOOPBACK

    return _of_requests(exchanges, wrong)


def code_redeemed_once(exchanges: Exchanges) -> Found:
    """RFC 6749, 4.1.2."""
    given = _codes(exchanges)
    uses: dict[str, list[int]] = {code: [] for code in given}
    for each in _redemptions(exchanges):
        uses.setdefault(parameters(each).get("code", ""), []).append(each.id)
    if not any(uses.values()):
        return None
    return [Finding(tuple(ids), {"count": len(ids)}) for ids in uses.values() if len(ids) > 1]


def code_redeemed_in_time(exchanges: Exchanges, seconds: int = 30) -> Found:
    """RFC 6749, 4.1.2."""
    given = _codes(exchanges)
    judged, late = False, []
    for each in _redemptions(exchanges):
        begun = given.get(parameters(each).get("code", ""))
        if begun is None:
            continue
        judged = True
        took = (each.at - begun.at).total_seconds()
        if took > seconds:
            late.append(Finding((begun.id, each.id), {"took": round(took)}))
    return late if judged else None


def jwks_fetched_at_most(exchanges: Exchanges, n: int = 2) -> Found:
    """Core, 10.1.1: keys are kept, and fetched again for a `kid` one does not know."""
    return _at_most(exchanges, "jwks", n)


def discovery_fetched_at_most(exchanges: Exchanges, n: int = 1) -> Found:
    """Discovery 1.0, 4."""
    return _at_most(exchanges, "discovery", n)


def discovery_url_right(exchanges: Exchanges) -> Found:
    """Discovery 1.0, 4.1: the issuer, without its final slash, then the well-known path."""
    read = [each for each in exchanges if each.endpoint == "discovery" or ".well-known" in urlsplit(each.url).path]
    if not read:
        return None
    return [
        Finding((each.id,), {"path": urlsplit(each.url).path})
        for each in read
        if "//" in urlsplit(each.url).path
        or each.status == 404
        or not urlsplit(each.url).path.endswith(("/openid-configuration", "/oauth-authorization-server"))
    ]


def client_authenticated_by(exchanges: Exchanges, method: str) -> Found:
    """Core, 9."""
    asked = [each for each in exchanges if each.endpoint in {"token", "par", "revoke", "introspect"}]
    if not asked:
        return None
    return [
        Finding((each.id,), {"used": each.client_authentication or "none"})
        for each in asked
        if (each.client_authentication or "none") != method
    ]


def client_authenticated_one_way(exchanges: Exchanges) -> Found:
    """RFC 6749, 2.3: not more than one method in each request; and a site has no reason to use another each time."""
    asked = [each for each in exchanges if each.endpoint == "token"]
    if not asked:
        return None
    twice = [
        Finding((each.id,), {"used": "client_secret_basic, client_secret_post"})
        for each in asked
        if header(each.request_headers, "Authorization").startswith("Basic") and "client_secret" in dict(each.form)
    ]
    used = sorted({each.client_authentication or "none" for each in asked})
    if len(used) > 1 and len({each.client_id for each in asked}) == 1:
        twice.append(Finding(tuple(each.id for each in asked), {"used": ", ".join(used)}))
    return twice


def secret_never_in_url(exchanges: Exchanges) -> Found:
    """RFC 6749, 2.3.1: credentials never go into the request URI."""
    return _never_in_url(exchanges, SECRETS, ("client_secret", "password"))


def token_never_in_url(exchanges: Exchanges) -> Found:
    """RFC 9700, 4.3.2. An ID Token may stand there as a hint; a fragment is seen by no server."""
    return _never_in_url(exchanges, TOKENS, ("access_token", "refresh_token"))


def redirect_uri_same_at_token(exchanges: Exchanges) -> Found:
    """RFC 6749, 4.1.3."""
    begun = {given_code(each): parameters(entry).get("redirect_uri") for entry, each in _answered(exchanges)}
    judged = [each for each in _redemptions(exchanges) if parameters(each).get("code") in begun]
    if not judged:
        return None
    wrong = []
    for each in judged:
        asked, said = begun[parameters(each)["code"]], parameters(each).get("redirect_uri")
        if asked != said:
            wrong.append(Finding((each.id,), {"asked": asked or "—", "said": said or "—"}))
    return wrong


def userinfo_by_header(exchanges: Exchanges) -> Found:
    """RFC 6750, 2.1."""
    read = [each for each in exchanges if each.endpoint == "userinfo" and each.method != "OPTIONS"]
    if not read:
        return None
    wrong = (each for each in read if not header(each.request_headers, "Authorization").lower().startswith("bearer "))
    return [Finding((each.id,)) for each in wrong]


def logged_out_with_hint(exchanges: Exchanges) -> Found:
    """RP-Initiated Logout 1.0, 2."""
    asked = [
        each
        for each in exchanges
        if each.endpoint == "logout" and urlsplit(each.url).path.rstrip("/").endswith("/idp/oidc/logout")
    ]
    if not asked:
        return None
    return [Finding((each.id,)) for each in asked if not parameters(each).get("id_token_hint")]


def no_error_answered(exchanges: Exchanges) -> Found:
    """Whatever the specification: nothing was refused."""
    spoken = [each for each in exchanges if each.endpoint not in OUR_PAGES]
    if not spoken:
        return None
    wrong = ((each, error_of(each)) for each in spoken)
    return [Finding((each.id,), {"error": error}) for each, error in wrong if error is not None]


def no_request_refused(exchanges: Exchanges) -> Found:
    """As above, but for what somebody decided, what was put wrong on purpose, and failures of the provider itself."""
    found = no_error_answered(exchanges)
    if found is None:
        return None
    excused = {each.id for each in exchanges if each.faults or (not each.outgoing and (each.status or 0) >= 500)}
    return [each for each in found if each.values["error"] not in DECIDED and not excused & set(each.exchanges)]


def refresh_rotated_token_used(exchanges: Exchanges) -> Found:
    """RFC 9700, 4.14.2: once a new refresh token was answered, the old one is gone."""
    replaced: set[str] = set()
    judged, wrong = False, []
    for each in exchanges:
        if not redeems(each, "refresh_token"):
            continue
        judged = True
        used, new = parameters(each).get("refresh_token", ""), answer(each).get("refresh_token")
        if used in replaced:
            wrong.append(Finding((each.id,)))
        if new and new != used:
            replaced.add(used)
    return wrong if judged else None


def _requests(exchanges: Exchanges) -> list[tuple[Exchange, dict[str, str]]]:
    """The requests for a login, and what they ask: pushed parameters count, and what points to them does not."""
    found = []
    for each in exchanges:
        asked = parameters(each)
        if each.endpoint == "par" or (asks_for_login(each) and "request_uri" not in asked):
            found.append((each, asked))
    return found


def _of_requests(
    exchanges: Exchanges,
    wrong: Callable[[Mapping[str, str]], bool],
    only: Callable[[Mapping[str, str]], bool] = lambda _: True,
) -> Found:
    asked = [(each, parameters) for each, parameters in _requests(exchanges) if only(parameters)]
    if not asked:
        return None
    return [Finding((each.id,)) for each, parameters in asked if wrong(parameters)]


def _unguessable(exchanges: Exchanges, name: str, least: int) -> Found:
    sent = [(each, asked[name]) for each, asked in _requests(exchanges) if asked.get(name)]
    if not sent:
        return None
    values = [*dict.fromkeys(value for _, value in sent)][:MOST_COMPARED]
    first: dict[str, tuple[Exchange, dict[str, str]]] = {}
    wrong = []
    for each, value in sent:
        asked = parameters(each)
        if value in first and (first[value][1] != asked or _answered_between(exchanges, first[value][0], each)):
            wrong.append(Finding((first[value][0].id, each.id), {"value": value, "most": 0}))
        elif value not in first and not value.startswith("‹") and bits_of(value, values) < least:
            wrong.append(Finding((each.id,), {"value": value, "most": int(bits_of(value, values))}))
        first.setdefault(value, (each, asked))
    return wrong


def _answered_between(exchanges: Exchanges, first: Exchange, second: Exchange) -> bool:
    """Whether the site had an answer before it asked the same again: else somebody reloaded the page."""
    return any(first.id <= each.id < second.id and answers_the_site(each) for each in exchanges)


def _codes(exchanges: Exchanges) -> dict[str, Exchange]:
    """The codes that went to a site, and the exchange that gave each."""
    return {code: each for each in exchanges if (code := given_code(each))}


def _answered(exchanges: Exchanges) -> list[tuple[Exchange, Exchange]]:
    """Each request for a login with the exchange that gave its code: the latest of the same state."""
    pairs = []
    asked = [each for each, _ in _requests(exchanges)]
    for each in exchanges:
        if given_code(each) is None:
            continue
        before = [entry for entry in asked if entry.id <= each.id]
        state = sent_back(each).get("state")
        same = [
            entry for entry in before if parameters(entry).get("state") == state and entry.client_id == each.client_id
        ]
        if same or before:
            pairs.append(((same or before)[-1], each))
    return pairs


def _redemptions(exchanges: Iterable[Exchange]) -> list[Exchange]:
    return [each for each in exchanges if redeems(each, "authorization_code")]


def _at_most(exchanges: Exchanges, endpoint: str, n: int) -> Found:
    read = [each.id for each in exchanges if each.endpoint == endpoint]
    if not exchanges:
        return None
    return [Finding(tuple(read), {"count": len(read)})] if len(read) > n else []


def _never_in_url(exchanges: Exchanges, names: Sequence[str], kinds: Sequence[str]) -> Found:
    if not exchanges:
        return None
    wrong: list[Finding] = []
    for each in exchanges:
        carried: list[tuple[str, Any]] = list(each.query)
        if each.location:
            carried += parse_qsl(urlsplit(each.location).query)
        found = sorted(
            {name for name, value in carried if name in names or any(f"‹{kind}:" in value for kind in kinds)}
        )
        if found:
            wrong.append(Finding((each.id,), {"parameter": ", ".join(found)}))
    return wrong
