"""What the registry does by itself, regularly."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from glc.fetch import Fetcher, fetcher_for
from glc.services import services
from glc.settings import Settings
from partner_registry.events.deliveries import deliver_due
from partner_registry.ports import ports


def deliver_webhooks() -> int:
    """Send the messages that are due; return how many were taken."""
    common = services()

    def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return _fetcher(common.settings).post(url, body, headers).status

    return deliver_due(common.engine, common.clock.now(), post, ports().webhook_secrets, common.settings)


@cache
def _fetcher(settings: Settings) -> Fetcher:
    """Made for the first message: that takes longer than to see that there is none."""
    return fetcher_for(settings)
