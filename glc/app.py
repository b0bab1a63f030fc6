"""The application factory: the only place that sees every folder."""

from __future__ import annotations

import copy
import datetime as dt
import importlib
from functools import partial

from flask import Flask
from sqlalchemy.orm import Session

from glc import i18n, services, web
from glc.clock import Clock, SystemClock
from glc.database import db, init_database, reading_session
from glc.entropy import Entropy, SystemEntropy
from glc.errors import SettingsError
from glc.logs import logger
from glc.mail import EVERY_IN as MAILS_EVERY_IN
from glc.mail import send_due
from glc.services import Services
from glc.settings import Settings
from glc.worker import add_job

WEBHOOKS_EVERY_IN = 5
"""Seconds from one look for messages to send to the next."""
KEYS_EVERY_IN = 60
"""Seconds from one look for keys to rotate to the next."""


def create_app(
    settings: Settings, *, clock: Clock | None = None, entropy: Entropy | None = None, like: Flask | None = None
) -> Flask:
    """A provider of its own: nothing that changes is shared with another one in the same process.

    The database must be migrated (`glc.database.check_schema`). `like` is an application of the same dialect, which
    serves nobody itself: its addresses and templates, which take long to make, are taken over. Raises `SettingsError`.
    """
    _check_our_packages()
    from idp import web as idp_web
    from idp.accounts import directory
    from idp.dialects import dialect_named
    from idp.logout import outbox as logout_outbox
    from keys import keeper
    from keys.documents import acceptance_signer
    from keys.encryption import MasterKey
    from keys.models import KeyAlgorithm
    from keys.ring import KeyRing
    from partner_registry import ports
    from partner_registry.api import api
    from partner_registry.web import registry

    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    master = MasterKey(settings.effective_master_key, entropy, settings.previous_master_keys.split())
    app = Flask("glc") if like is None else _taking_over(like)
    init_database(app, settings, like=like)
    with app.app_context():
        engine = db.engine
    dialect = dialect_named(settings.dialect)
    ring = KeyRing(master, clock, [KeyAlgorithm(each) for each in dialect.key_algorithms])
    ring.load(engine)
    app.secret_key = ring.cookie_key
    services.install(app, Services(settings, clock, entropy, engine))
    web.configure(app, settings)
    if like is None:
        i18n.init_i18n(app)
        web.init_web(app, settings)
        idp_web.add_addresses(app, dialect)
        app.register_blueprint(registry)
        app.register_blueprint(api)
    idp_web.install(app, ring, dialect)
    keeping = keeper.Keeper(
        ring,
        cached_in=dt.timedelta(seconds=settings.jwks_max_age_in),
        every_in=dt.timedelta(days=settings.key_rotation_every_in),
        lived_in=partial(_longest_life, settings),
    )
    keeper.install(app, keeping)
    ports.install(
        app,
        ports.Ports(
            logged_in=directory.logged_in,
            person=directory.person,
            person_at=directory.person_at,
            make_account=directory.make_account,
            active_users=directory.active_users,
            told_logouts=logout_outbox.outcomes,
            client_secrets=ring.secrets,
            webhook_secrets=master.box("webhook-secret"),
            answers=master.box("idempotent-answer"),
            contact_links=master.box("contact-link"),
            acceptances=acceptance_signer(master),
            keys=keeping,
        ),
    )
    if settings.smtp_url:
        add_job(app, "mails", MAILS_EVERY_IN, send_due)
    add_job(app, "webhooks", WEBHOOKS_EVERY_IN, _deliver_webhooks)
    add_job(app, "keys", KEYS_EVERY_IN, _tend_keys)
    return app


def _taking_over(like: Flask) -> Flask:
    """An application with another's addresses and templates, and nothing of what it holds."""
    app = copy.copy(like)
    app.config = copy.copy(like.config)
    app.extensions = {"csrf": like.extensions["csrf"]}
    app.teardown_appcontext_funcs = []
    return app


def _longest_life(settings: Settings, session: Session) -> dt.timedelta:
    """The longest life of an ID Token of any client, whatever its configuration was or is to be."""
    from partner_registry.clients.versions import longest_id_token_lifetime

    return dt.timedelta(seconds=max(settings.id_token_lifetime_in, longest_id_token_lifetime(session)))


def _tend_keys() -> None:
    from keys.keeper import keeper

    common = services.services()
    at = common.clock.now()
    with reading_session(common.engine) as session:  # most often there is nothing to do
        if not keeper().has_to_tend(session, at):
            return
    made = keeper().tend(db.session(), at)
    db.session.commit()
    for each in made:
        logger().info("key.rotated", alg=each.alg, kid=each.kid, signs_from=each.activates_at.isoformat())


def _deliver_webhooks() -> int:
    from partner_registry.jobs import deliver_webhooks

    return deliver_webhooks()


def _check_our_packages() -> None:
    """`keys` and `consent` are common names: say so plainly when another project's package answers to them."""
    for name in ("keys", "consent"):
        package = importlib.import_module(name)
        if not getattr(package, "OURS", False):
            raise SettingsError(
                f"another package named {name!r} ({package.__file__}) hides this program's: "
                "run glc in a virtual environment of its own"
            )
