"""The application factory: the only place that sees every folder."""

from __future__ import annotations

import importlib

from flask import Flask

from glc import i18n, services, web
from glc.clock import Clock, SystemClock
from glc.database import db, init_database
from glc.entropy import Entropy, SystemEntropy
from glc.errors import SettingsError
from glc.services import Services
from glc.settings import Settings


def create_app(settings: Settings, *, clock: Clock | None = None, entropy: Entropy | None = None) -> Flask:
    """A provider of its own: nothing is shared with another one in the same process.

    The database must be migrated (`glc.database.check_schema`). Raises `SettingsError`.
    """
    _check_our_packages()
    from idp import web as idp_web
    from keys.encryption import MasterKey
    from keys.ring import KeyRing

    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    master = MasterKey(settings.effective_master_key, entropy)
    app = Flask("glc")
    app.secret_key = master.derive("cookies")
    init_database(app, settings)
    with app.app_context():
        engine = db.engine
    services.install(app, Services(settings, clock, entropy, engine))
    i18n.init_i18n(app)
    web.init_web(app, settings)
    idp_web.init_app(app, KeyRing(master))
    return app


def _check_our_packages() -> None:
    """`keys` and `consent` are common names: say so plainly when another project's package answers to them."""
    for name in ("keys", "consent"):
        package = importlib.import_module(name)
        if not getattr(package, "OURS", False):
            raise SettingsError(
                f"another package named {name!r} ({package.__file__}) hides this program's: "
                "run glc in a virtual environment of its own"
            )
