"""A flow as a sequence diagram: arrows between the browser, the site and the provider."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from testkit.journal.exchange import Exchange
from testkit.journal.flows import Flow
from testkit.journal.reading import BY_THE_SITE, asks_for_login, error_of

BROWSER, SITE, PROVIDER = "browser", "site", "provider"
LANES = (BROWSER, SITE, PROVIDER)


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow. `seen`: whether the provider saw it, or it is what must have happened between browser and site."""

    sender: str
    receiver: str
    label: str
    seen: bool = True
    failed: bool = False

    @property
    def columns(self) -> tuple[int, int]:
        """The lanes it goes from and to, counted from 0."""
        return LANES.index(self.sender), LANES.index(self.receiver)


@dataclass(frozen=True, slots=True)
class Step:
    """An exchange and its arrows: what came before, the request, the answer, what follows from it."""

    exchange: Exchange
    arrows: tuple[Arrow, ...]


def steps(flow: Flow) -> list[Step]:
    """The diagram of a flow, exchange by exchange."""
    return [step(each) for each in flow.exchanges]


def step(exchange: Exchange) -> Step:
    """An exchange's arrows."""
    if exchange.outgoing:
        caller, called = PROVIDER, SITE
    else:
        caller, called = (SITE if exchange.endpoint in BY_THE_SITE else BROWSER), PROVIDER
    arrows = []
    if asks_for_login(exchange) or (exchange.endpoint == "logout" and exchange.client_id and exchange.query):
        arrows.append(Arrow(SITE, BROWSER, f"302 → {_path(exchange.url)}", seen=False))
    arrows.append(Arrow(caller, called, f"{exchange.method} {_path(exchange.url)}"))
    arrows.append(Arrow(called, caller, _answered(exchange), failed=error_of(exchange) is not None))
    if exchange.location and _elsewhere(exchange):
        error = error_of(exchange)
        arrows.append(
            Arrow(BROWSER, SITE, f"GET {_path(exchange.location)}{f' · {error}' if error else ''}", seen=False)
        )
    return Step(exchange, tuple(arrows))


def _answered(exchange: Exchange) -> str:
    if exchange.status is None:
        return "—"
    error = error_of(exchange)
    if error is not None and not error.startswith("HTTP "):
        return f"{exchange.status} {error}"
    if exchange.location:
        return f"{exchange.status} → {_host(exchange.location) if _elsewhere(exchange) else _path(exchange.location)}"
    return str(exchange.status)


def _elsewhere(exchange: Exchange) -> bool:
    """Whether a redirect leaves the provider."""
    host = urlsplit(exchange.location or "").netloc
    return bool(host) and host != urlsplit(exchange.url).netloc


def _path(url: str) -> str:
    return urlsplit(url).path or "/"


def _host(url: str) -> str:
    return urlsplit(url).netloc
