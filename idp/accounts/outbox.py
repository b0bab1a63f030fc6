"""The outbox: mails kept instead of sent, for developers. A test power: off unless the settings switch it on."""

from __future__ import annotations

import sqlalchemy as sa
from markupsafe import Markup
from markupsafe import escape as escaped
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from glc.database import db
from glc.mail import OutboxMail
from glc.services import services
from idp.accounts.web import accounts, page

SHOWN = 50


@accounts.get("/outbox/")
def outbox() -> Response:
    """The latest mails, newest first."""
    if not services().settings.outbox_page:
        raise NotFound
    mails = db.session.scalars(sa.select(OutboxMail).order_by(OutboxMail.id.desc()).limit(SHOWN)).all()
    return page("accounts/outbox.html", mails=[(mail, _with_links(mail.text)) for mail in mails])


def _with_links(text: str) -> Markup:
    base = services().settings.base_url
    return Markup("\n").join(
        Markup('<a href="{0}">{0}</a>').format(line.strip()) if line.strip().startswith(base) else escaped(line)
        for line in text.splitlines()
    )
