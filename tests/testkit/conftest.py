"""A test kit a worker, and a space of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kit import Registered, Room
from werkzeug.test import Client

from glc.serve import load_testkit
from glc.settings import Settings
from testkit.server import Testkit


@pytest.fixture(scope="session")
def kit() -> Iterator[Testkit]:
    """A test kit, as `glc serve --testkit` serves it."""
    made = load_testkit(Settings(testkit=True))
    yield made
    made.close()


@pytest.fixture
def make_room(kit: Testkit) -> Iterator[Callable[..., Room]]:
    """Make a space; keyword arguments are those of the call."""
    made: list[Room] = []

    def make(**asked: Any) -> Room:
        answer = Client(kit).post("/_testkit/spaces", json=asked)
        assert answer.status_code == 201, answer.text
        made.append(Room(kit, answer.json))
        return made[-1]

    yield make
    for each in made:
        each.send("DELETE", "")


@pytest.fixture
def room(make_room: Callable[..., Room]) -> Room:
    """A space with everything in it, at an instant that stands still: Monday 2 March 2026, noon in Lyon."""
    return make_room(now="2026-03-02T11:00:00Z", frozen=True)


@pytest.fixture
def site(room: Room) -> Registered:
    """A site of Lyon, at which nobody is logged in."""
    return room.client()
