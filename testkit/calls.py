"""What the provider calls at sites, noted in the journal, and made as the faults have it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from glc.errors import FetchError
from glc.fetch import Fetched, Fetcher
from idp.provider import Provider
from testkit.faults.engine import BACKCHANNEL, ActiveFault, Faults, Scene
from testkit.faults.fault import Outgoing, Send
from testkit.journal.recorder import Journal
from testkit.request import Request, audience_of

MOST_TO_SEND = 100


class Calls:
    """Stands in the place of `glc.fetch.Fetcher`."""

    def __init__(self, house: Provider, journal: Journal, faults: Faults, fetcher: Callable[[], Fetcher]) -> None:
        self._house, self._journal, self._faults, self._fetcher = house, journal, faults, fetcher
        self._to_send: dict[str, list[str]] = {}

    def will_send(self, logout_token: str, faults: list[str]) -> None:
        """Note what faults did to a logout token that is about to be sent."""
        if faults:
            self._to_send[logout_token] = faults
        if len(self._to_send) > MOST_TO_SEND:  # those that a test minted are never sent
            del self._to_send[next(iter(self._to_send))]

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """See `Fetcher.get`."""
        return self._noted("fetch", Outgoing(method="GET", url=url, headers=headers or {}, body=b"", house=self._house))

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Fetched:
        """See `Fetcher.post`."""
        call = Outgoing(method="POST", url=url, headers=headers or {}, body=body, house=self._house)
        return self._noted(BACKCHANNEL if b"logout_token=" in body else "fetch", call)

    def _noted(self, endpoint: str, call: Outgoing) -> Fetched:
        asked = Request(endpoint, call.method, call.url, tuple(call.headers.items()), call.body)
        logout_token = asked.parameters.get("logout_token", "")
        client_id = audience_of(logout_token)
        names = self._to_send.pop(logout_token, [])
        send: Send = self._send
        scene = Scene(endpoint, lambda: (client_id, None))
        for fault in self._faults.acting(scene, "outgoing"):
            names.append(self._faults.did(fault, scene))
            send = _through(fault, send)
        at, began = self._house.clock.now(), self._journal.elapsed()
        try:
            answer = send(call)
        except FetchError:
            self._journal.add(asked, at, began, outgoing=True, faults=tuple(names))
            raise
        self._journal.add(
            asked,
            at,
            began,
            outgoing=True,
            status=answer.status,
            headers=tuple(answer.headers.items()),
            body=answer.body,
            faults=tuple(names),
        )
        return answer

    def _send(self, call: Outgoing) -> Fetched:
        if call.method == "GET":
            return self._fetcher().get(call.url, call.headers)
        return self._fetcher().post(call.url, call.body, call.headers)


def _through(fault: ActiveFault, send: Send) -> Send:
    """Call a site as a fault has it."""
    made = fault.spec.outgoing
    assert made is not None
    return lambda call: made(dataclasses.replace(call, options=fault.options), send)
