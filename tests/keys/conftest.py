"""Who acts on the keys of the test's provider."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from key_acts import Hand

from glc.clock import ManualClock


@pytest.fixture
def hand(app: Flask, clock: ManualClock) -> Hand:
    """Somebody who acts on the keys of the test's provider."""
    return Hand(app, clock)


@pytest.fixture
def standard_hand(make_app: Callable[..., Flask], clock: ManualClock) -> Hand:
    """The same in the standard dialect, which has keys of every kind."""
    return Hand(make_app(dialect="standard"), clock)
