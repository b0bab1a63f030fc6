"""What the site sent and what it got, and what that says about the site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from pytest_grandlyonconnect.diagram import draw
from pytest_grandlyonconnect.wire import TIMEOUT_IN

__tracebackhide__ = True

Exchange = dict[str, Any]
"""One request and its answer, secrets redacted: `id`, `endpoint`, `method`, `url`, `query`, `form`, `status`,
`client_id`, `account`, `tokens`, `faults`…"""


class Journal:
    """Every exchange of the site with the provider."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def exchanges(
        self,
        endpoint: str | None = None,
        *,
        client: object | None = None,
        flow: str | None = None,
        after: int | None = None,
    ) -> list[Exchange]:
        """The exchanges, oldest first: those of an endpoint ("token", "jwks"…), of a client, of a flow, or that came
        after one of them."""
        asked = {"endpoint": endpoint, "client_id": client and str(client), "flow": flow, "after": after}
        said = urlencode({name: value for name, value in asked.items() if value is not None})
        found: list[Exchange] = self._call("GET", "/journal" + (f"?{said}" if said else ""))["exchanges"]
        return found

    def flows(self) -> list[dict[str, Any]]:
        """The exchanges joined into logins and logouts."""
        told = self._call("GET", "/journal/flows")
        return list(told["flows"] if isinstance(told, dict) else told)

    def flow(self, number: str) -> dict[str, Any]:
        """One of them, whole."""
        told: dict[str, Any] = self._call("GET", f"/journal/flows/{quote(str(number), safe='')}")
        return told

    def wait_for(
        self,
        endpoint: str | None = None,
        *,
        client: object | None = None,
        status: int | None = None,
        count: int = 1,
        after: int = 0,
        timeout_in: float = 5,
    ) -> list[Exchange]:
        """Wait until that many such exchanges are there; these. Fails the test after `timeout_in` real seconds."""
        asked = {"endpoint": endpoint, "client_id": client and str(client), "status": status}
        content = {name: value for name, value in asked.items() if value is not None}
        content |= {"count": count, "after": after, "timeout_in": timeout_in}
        told = self._call("POST", "/journal/wait", content, longest_in=timeout_in + TIMEOUT_IN)
        if not told["met"]:
            wanted = ", ".join(f"{name} {value}" for name, value in asked.items() if value is not None) or "exchange"
            found = len(told["exchanges"])
            raise AssertionError(f"{count} × {wanted} expected within {timeout_in} s, {found} came\n\n{self.diagram()}")
        found_exchanges: list[Exchange] = told["exchanges"]
        return found_exchanges

    def check(self, *assertions: str | dict[str, Any], client: object | None = None) -> list[dict[str, Any]]:
        """The verdict on each: {"name", "passed", "message", "exchanges"}."""
        content: dict[str, Any] = {"assertions": list(assertions)}
        if client is not None:
            content["client_id"] = str(client)
        results: list[dict[str, Any]] = self._call("POST", "/journal/assertions", content)["results"]
        return results

    def expect(self, *assertions: str, client: object | None = None, **limits: Any) -> None:
        """Assert what the site did: `expect("pkce_s256", "nonce_sent")`, and, where it takes a value,
        `expect(jwks_fetched_at_most=1, client_authenticated_by="client_secret_basic")`."""
        asked: list[str | dict[str, Any]] = [
            *assertions,
            *({"name": name, **_limit(value)} for name, value in limits.items()),
        ]
        wrong = [each for each in self.check(*asked, client=client) if not each["passed"]]
        if wrong:
            lines = [f"{each['name']}: {each['message']}{_where(each)}" for each in wrong]
            raise AssertionError("\n".join(lines))

    def clear(self) -> None:
        """Forget every exchange."""
        self._call("DELETE", "/journal")

    def diagram(self) -> str:
        """What happened so far, drawn in text."""
        return draw(self.exchanges())


def _limit(value: Any) -> dict[str, Any]:
    """A number is `n`, a word is `method`; anything else is said by its own names."""
    if isinstance(value, dict):
        return value
    return {"n": value} if isinstance(value, int) else {"method": value}


def _where(result: dict[str, Any]) -> str:
    numbers = result.get("exchanges") or []
    return f" (exchange {', '.join(map(str, numbers))})" if numbers else ""
