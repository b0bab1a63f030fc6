"""Mails to the people of a partner: what was decided, without the reasons that are not theirs to know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy.orm import Session

from glc.clock import PARIS, paris_date
from glc.mail import send_mail
from glc.settings import Settings
from partner_registry.agreements.status import last_day
from partner_registry.completeness import current_contacts
from partner_registry.models import Agreement, ContactRole

_NOTICES = {
    "suspended": (
        "Convention {number} : accès suspendu",
        """\
L’accès de vos services à GrandLyonConnect (simulateur) est suspendu depuis le {when}.

Motif : {reason}

Vos usagers voient une page qui renvoie vers votre site. Leurs comptes et leurs identifiants sont conservés.""",
    ),
    "resumed": (
        "Convention {number} : accès rétabli",
        """\
L’accès de vos services à GrandLyonConnect (simulateur) est rétabli depuis le {when}.

Motif : {reason}

Vos usagers retrouvent les mêmes identifiants.""",
    ),
    "spared": (
        "Convention {number} : suspension annulée",
        """\
La suspension prévue de l’accès de vos services à GrandLyonConnect (simulateur) a été annulée le {when}.

Motif : {reason}

Rien ne change pour vos usagers.""",
    ),
    "terminated": (
        "Convention {number} : résiliation",
        """\
La résiliation de votre convention a été enregistrée le {when}.

Cause : {reason}

Son dernier jour est le {last} : l’accès de vos services cesse ce soir-là.""",
    ),
    "denounced": (
        "Convention {number} : dénonciation",
        """\
La dénonciation de votre convention a été enregistrée le {when}.

Elle vient de : {reason}

La convention n’est plus reconduite ; son dernier jour est le {last}. Jusqu’à ce soir-là, rien ne change pour vos
services.""",
    ),
}
"""For each act, the subject and the text of the mail."""


def tell(
    session: Session,
    settings: Settings,
    agreement: Agreement,
    roles: Collection[ContactRole],
    what: str,
    *,
    at: dt.datetime,
    reason: str,
) -> int:
    """Mail the partner's contacts of those roles; return how many were told."""
    subject, text = _NOTICES[what]
    when = at.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M")
    last = f"{last_day(agreement):%d/%m/%Y}"
    partner = agreement.partner.holder_on(paris_date(at))
    addresses = {each.email for each in current_contacts(partner, paris_date(at)) if each.role in roles}
    for address in sorted(addresses):
        send_mail(
            session,
            settings,
            to=address,
            subject=subject.format(number=agreement.number),
            text=text.format(when=when, reason=reason, last=last),
            at=at,
        )
    return len(addresses)
