"""Several processes that send webhooks at the same moment, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

from flask import Flask
from sqlalchemy.orm import Session

from glc.clock import ManualClock
from glc.database import open_engine
from glc.entropy import SystemEntropy
from glc.services import services
from partner_registry.agents import OPERATOR
from partner_registry.events.deliveries import deliver_due
from partner_registry.events.webhooks import subscribe
from partner_registry.models import WebhookDelivery, WebhookEndpoint
from partner_registry.ports import ports
from partner_registry.trail import note

AT_ONCE, MESSAGES = 4, 12


def test_each_message_is_sent_by_one_of_them(app: Flask, clock: ManualClock) -> None:
    """Issue, point 8: one conditional UPDATE decides who sends."""
    with app.app_context():
        common, box = services(), ports().webhook_secrets
    with Session(common.engine) as session:
        options = {"at": clock.now(), "entropy": SystemEntropy(), "box": box}
        subscribe(session, OPERATOR, url="https://programme.example/", events=[], partner=None, **options)
        for number in range(MESSAGES - 1):
            note(session, OPERATOR, clock.now(), "partner.edited", f"partner:{number}")
        session.commit()
    ready, counting, sent = Barrier(AT_ONCE), Lock(), Counter[str]()

    def post(_url: str, _body: bytes, headers: Mapping[str, str]) -> int:
        with counting:
            sent[headers["X-GLC-Delivery"]] += 1
        return 200

    def run(_number: int) -> int:
        engine = open_engine(common.settings)
        ready.wait()
        taken = deliver_due(engine, clock.now(), post, box, common.settings)
        engine.dispose()
        return taken

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sum(pool.map(run, range(AT_ONCE))) == MESSAGES
    assert (len(sent), set(sent.values())) == (MESSAGES, {1})
    with Session(common.engine) as session:
        assert session.query(WebhookDelivery).filter(WebhookDelivery.delivered_at.is_(None)).count() == 0
        assert session.query(WebhookEndpoint).one().failures == 0
