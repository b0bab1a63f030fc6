"""The provider's addresses. Each protocol path answers with and without its final slash, directly."""

from __future__ import annotations

from flask import Blueprint, Flask

from glc.services import services
from glc.web import csrf
from idp.dialects import dialect_named
from idp.provider import Provider
from keys.ring import KeyRing

protocol = Blueprint("idp", __name__, template_folder="templates")


def init_app(app: Flask, ring: KeyRing) -> None:
    """Give an application its provider and the provider's addresses."""
    with app.app_context():
        common = services()
    ring.load(common.engine)
    app.extensions["idp"] = Provider(
        common.settings, dialect_named(common.settings.dialect), common.clock, common.entropy, common.engine, ring
    )
    csrf.exempt(protocol)
    app.register_blueprint(protocol)
