"""What a request handler is handed: the application's settings, clock, entropy and database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

from glc.clock import Clock
from glc.entropy import Entropy
from glc.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of one application. An application has its own: nothing is global."""

    settings: Settings
    clock: Clock
    entropy: Entropy
    engine: Engine


def install(app: Flask, services: Services) -> None:
    """Give an application its services."""
    app.extensions["glc"] = services


def services() -> Services:
    """The current application's services."""
    return cast(Services, current_app.extensions["glc"])
