"""Asking somebody who is logged in for their password again, before what cannot be undone."""

from __future__ import annotations

from typing import Any

from glc.database import db
from glc.i18n import gettext as _
from glc.i18n import ngettext
from glc.services import services
from idp.accounts import throttling
from idp.accounts.hashing import verify_password
from idp.accounts.web import now
from idp.models import Account


def confirmed(account: Account, field: Any) -> bool:
    """Whether the field holds the account's password; otherwise the field says why not.

    Counts failures where the login page does, so that a browser left open is no way around its slow-down. Ends the
    current transaction: nothing may wait in it.
    """
    settings, session = services().settings, db.session()
    stored = account.password_hash
    where = throttling.places(account.email, account)
    wait = throttling.must_wait(session, settings, where, now())
    if wait:
        field.errors = [
            ngettext(
                "Trop d’essais à la suite : patientez %(count)s seconde.",
                "Trop d’essais à la suite : patientez %(count)s secondes.",
                wait,
            )
            % {"count": wait}
        ]
        return False
    session.rollback()  # a password takes long to verify: hold no lock meanwhile
    if verify_password(settings, stored, field.data):
        throttling.forget_failures(session, where)
        session.commit()
        return True
    throttling.count_failure(session, settings, where, now())
    session.commit()
    field.errors = [_("Ce n’est pas votre mot de passe actuel.")]
    return False
