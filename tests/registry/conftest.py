"""Partners and agreements made to measure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from glc.clock import PARIS, UTC
from glc.database import db
from partner_registry.clients import GLC_CLAIMS, find_partner
from partner_registry.models import Agreement, AgreementKind, Offer, Partner, PartnerKind, Processing, Purpose


def in_lyon(text: str) -> dt.datetime:
    """The instant at which clocks in Lyon show that."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.fixture
def lyon_time() -> Callable[[str], dt.datetime]:
    """The instant at which clocks in Lyon show that."""
    return in_lyon


@pytest.fixture
def registry(app: Flask) -> Callable[[], Iterator[Session]]:
    """Open the registry, change it, and commit on leaving."""

    @contextmanager
    def opened() -> Iterator[Session]:
        with app.app_context(), Session(db.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    return opened


@pytest.fixture
def new_agreement() -> Callable[..., Agreement]:
    """An agreement of the framework of 2019, unless told otherwise; not stored."""

    def make(**facts: object) -> Agreement:
        values: dict[str, object] = {
            "number": "GNM-2019-villeurbanne",
            "kind": AgreementKind.FRAMEWORK,
            "framework": "GNM 2019-2023",
            "offer": Offer.RESTRICTED,
            "notified_on": dt.date(2018, 12, 20),
            "starts_on": dt.date(2019, 1, 1),
            "hard_end_on": dt.date(2023, 12, 31),
            "renews_yearly": True,
        }
        return Agreement(**values | facts)

    return make


@pytest.fixture
def join(registry: Callable[[], Iterator[Session]]) -> Callable[..., None]:
    """Make Villeurbanne a partner, with agreements and without any other."""

    def add(*agreements: Agreement) -> None:
        claims = [rule["name"] for rule in GLC_CLAIMS]
        with registry() as session:
            session.add(
                Partner(
                    slug="villeurbanne",
                    kind=PartnerKind.COMMUNE,
                    name="Villeurbanne",
                    legal_name="Ville de Villeurbanne",
                    siren="216902668",
                    portal_url="https://villeurbanne.example/",
                    agreements=list(agreements),
                    processings=[
                        Processing(
                            name="Compte",
                            validated_on=dt.date(2018, 1, 1),
                            purposes=[Purpose(text="Vous reconnaître", claims=claims)],
                        )
                    ],
                )
            )

    return add


@pytest.fixture
def change(registry: Callable[[], Iterator[Session]]) -> Callable[[Callable[[Partner], None]], None]:
    """Change something of Villeurbanne's record."""

    def apply(act: Callable[[Partner], None], slug: str = "villeurbanne") -> None:
        with registry() as session:
            act(find_partner(session, slug))

    return apply
