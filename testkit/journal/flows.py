"""Exchanges joined into flows: one flow is one login, from the site's request to what became of its tokens.

A request that begins a login opens a flow. Every later exchange goes to the flow with which it shares the strongest
mark (`STRENGTH`); documents that a site fetches carry no mark, and go to the flow they fall in, or precede, when there
is only one that can be meant. What no flow takes stays outside.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from testkit.journal.exchange import Exchange
from testkit.journal.reading import (
    ANSWERING,
    KEPT_BY_THE_SITE,
    answers_the_site,
    asks_for_login,
    error_of,
    given_code,
    parameters,
    redeems,
    sent_back,
    stops,
    succeeded,
)

STRENGTH = (
    ("pending", "request_uri", "code", "access_token", "refresh_token", "id_token", "logout_token"),
    ("state", "nonce", "code_challenge"),
    ("sid", "session"),
)
"""Kinds of marks, the strongest first: a code belongs to one login, a session to all those of a browser."""
NEAR_IN = 10.0
"""A document fetched within so many seconds of a flow's exchanges, in real time, may belong to it."""
ASIDE = frozenset({"static", "registration"})
"""Endpoints that belong to no login."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One login: its exchanges in their order, and what became of it (see `outcome_of`)."""

    id: int
    client_id: str | None
    account: str | None
    began_at: dt.datetime
    ended_at: dt.datetime
    outcome: str
    exchanges: tuple[Exchange, ...]


@dataclass
class _Open:
    first: Exchange
    exchanges: list[Exchange] = field(default_factory=list)
    client_id: str | None = None
    answered: bool = False
    """Whether the site has its answer, so that another request of its is another login."""
    has_tokens: bool = False

    def take(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        self.client_id = self.client_id or exchange.client_id
        self.answered = self.answered or answers_the_site(exchange) or stops(exchange)
        self.has_tokens = self.has_tokens or (exchange.endpoint == "token" and succeeded(exchange))

    @property
    def account(self) -> str | None:
        return next((each.account for each in reversed(self.exchanges) if each.account), None)

    def near(self, exchange: Exchange) -> bool:
        """Whether the exchange is close to what else happened here."""
        return any(abs(each.began - exchange.began) <= NEAR_IN for each in self.exchanges)


class _Joining:
    """The flows opened so far, and where each mark leads."""

    def __init__(self) -> None:
        self.opened: list[_Open] = []
        self._by_mark: dict[str, _Open] = {}
        self._by_request: dict[tuple[tuple[str, str], ...], _Open] = {}

    def take(self, exchange: Exchange) -> None:
        """Give an exchange to its flow, opened for it if it begins one."""
        if exchange.endpoint == "par" or asks_for_login(exchange):
            home = self._of_kinds(exchange, ("request_uri",)) or self._asked_again(exchange) or self._begin(exchange)
        else:
            found = self._marked(exchange) or self._by_client(exchange)
            if found is None:
                return
            home = found
        home.take(exchange)
        for mark in exchange.marks:
            known = self._by_mark.get(mark)
            if known is None or known.first.id < home.first.id:
                self._by_mark[mark] = home

    def _begin(self, exchange: Exchange) -> _Open:
        begun = _Open(exchange)
        self.opened.append(begun)
        self._by_request[_request(exchange)] = begun
        return begun

    def _asked_again(self, exchange: Exchange) -> _Open | None:
        """The flow that the very same request opened, when it is still waiting: somebody reloaded the page."""
        found = self._by_request.get(_request(exchange))
        return None if found is None or found.answered or exchange.endpoint == "par" else found

    def _marked(self, exchange: Exchange) -> _Open | None:
        """The latest flow that shares the strongest mark."""
        return next((found for kinds in STRENGTH if (found := self._of_kinds(exchange, kinds))), None)

    def _of_kinds(self, exchange: Exchange, kinds: tuple[str, ...]) -> _Open | None:
        marks = (mark for mark in exchange.marks if mark.partition(":")[0] in kinds)
        found = [self._by_mark[mark] for mark in marks if mark in self._by_mark]
        return max(found, key=lambda each: each.first.id, default=None)

    def _by_client(self, exchange: Exchange) -> _Open | None:
        """The latest flow of that client that waits for what is asked: a token for a code nobody gave, a logout."""
        mine = (each for each in reversed(self.opened) if exchange.client_id and each.client_id == exchange.client_id)
        if redeems(exchange, "authorization_code"):
            return next((each for each in mine if each.answered and not each.has_tokens), None)
        if exchange.endpoint in {"backchannel_logout", "logout"}:
            return next((each for each in mine if exchange.account in {None, each.account}), None)
        return None


def flows(exchanges: Iterable[Exchange]) -> list[Flow]:
    """The flows of a journal, in the order in which they began."""
    joining = _Joining()
    fetched: list[Exchange] = []
    for exchange in sorted(exchanges, key=lambda each: each.id):
        if exchange.endpoint in KEPT_BY_THE_SITE:
            fetched.append(exchange)
        elif exchange.endpoint not in ASIDE:
            joining.take(exchange)
    readers = [(_reader(exchange, joining.opened), exchange) for exchange in fetched]  # before any of them is taken
    for reader, exchange in readers:
        if reader is not None:
            reader.take(exchange)
    return [_closed(each) for each in joining.opened]


def outside(exchanges: Iterable[Exchange], found: Iterable[Flow]) -> list[Exchange]:
    """The exchanges that belong to no flow."""
    taken = {each.id for flow in found for each in flow.exchanges}
    return [each for each in exchanges if each.id not in taken]


def outcome_of(exchanges: Sequence[Exchange]) -> str:
    """What became of a login.

    `logged_out`, `logged_in` (the site has its tokens), `token_refused`, `code_unused`, `refused` (the site was told an
    error), `stopped` (our page told the user an error) or `in_progress`.
    """
    tokens = [each for each in exchanges if redeems(each, "authorization_code")]
    answers = [sent_back(each) for each in exchanges if each.endpoint in ANSWERING]
    had_tokens = any(succeeded(each) for each in tokens) or any(
        {"id_token", "access_token"} & each.keys() for each in answers
    )
    if had_tokens:
        out = any(each.endpoint in {"logout", "backchannel_logout"} and succeeded(each) for each in exchanges)
        return "logged_out" if out else "logged_in"
    if tokens:
        return "token_refused"
    if any(given_code(each) for each in exchanges):
        return "code_unused"
    if any("error" in each for each in answers):
        return "refused"
    entries = [each for each in exchanges if each.endpoint in ANSWERING | {"par"}]
    return "stopped" if entries and error_of(entries[-1]) else "in_progress"


def _request(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(parameters(exchange).items()))


def _reader(exchange: Exchange, opened: list[_Open]) -> _Open | None:
    """The one flow during which a document was fetched, else the one beside it; None when several can be meant.

    Between two logins, the discovery document announces the second, and the keys verify what the first has received.
    """
    during = [each for each in opened if each.first.id < exchange.id < each.exchanges[-1].id and each.near(exchange)]
    if len(during) > 1:
        return _last_to_have_tokens(exchange, during)
    if during:
        return during[0]
    before = [each for each in opened if each.exchanges[-1].id < exchange.id and each.near(exchange)]
    after = [each for each in opened if each.first.id > exchange.id]
    last, following = before[-1:], [each for each in after[:1] if each.near(exchange)]
    beside = following or last if exchange.endpoint == "discovery" else last or following
    if beside:
        return beside[0]
    return after[0] if len({each.client_id for each in after}) == 1 else None  # a site that starts reads long before


def _last_to_have_tokens(exchange: Exchange, during: list[_Open]) -> _Open | None:
    """Of several flows of one site, the one that has just received what is to be verified."""
    if exchange.endpoint != "jwks" or len({each.client_id for each in during}) > 1:
        return None
    received = [
        (sent.id, each)
        for each in during
        for sent in each.exchanges
        if sent.endpoint == "token" and sent.id < exchange.id
    ]
    return max(received, key=lambda pair: pair[0])[1] if received else None


def _closed(opened: _Open) -> Flow:
    exchanges = tuple(sorted(opened.exchanges, key=lambda each: each.id))
    return Flow(
        id=opened.first.id,
        client_id=opened.client_id,
        account=opened.account,
        began_at=exchanges[0].at,
        ended_at=exchanges[-1].at,
        outcome=outcome_of(exchanges),
        exchanges=exchanges,
    )
