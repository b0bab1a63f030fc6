"""Personal data: the registers of article 30 and the list of recipients, to print or to take away."""

from __future__ import annotations

import datetime as dt
import json

import sqlalchemy as sa
from flask import request
from werkzeug.wrappers import Response

from glc.clock import start_of_day
from glc.database import db
from glc.i18n import N_, gettext
from partner_registry.agents import Agent
from partner_registry.data_protection.register_tables import Register, register_table
from partner_registry.data_protection.registers import controller_register, processor_register, recipients, register_csv
from partner_registry.models import Partner
from partner_registry.web import links
from partner_registry.web.base import Crumbs, agents_only, metropole_only, now, page, partner_seen, registry, today
from partner_registry.web.fields import read_day
from partner_registry.web.forms import RegistryForm, day


def crumbs() -> Crumbs:
    """The way to these pages."""
    return [(gettext("Données personnelles"), links.privacy())]


@registry.get("/privacy/")
@agents_only
def privacy_home(agent: Agent) -> Response:
    """The registers there are."""
    metropole_only(agent)
    partners = db.session.scalars(sa.select(Partner).order_by(Partner.slug)).all()
    return page("privacy.html", agent, partners=partners)


class DayForm(RegistryForm):
    """On which day."""

    class Meta:
        """Read only: nothing to protect against other sites."""

        csrf = False

    on = day(N_("Tel qu’il était le"))


@registry.get("/privacy/registers/<any(processor, recipients):kind><any('', '.csv', '.json'):form>")
@agents_only
def privacy_register(agent: Agent, kind: str, form: str) -> Response:
    """The Métropole's register as processor, or who receives the account's data."""
    metropole_only(agent)
    on, here = asked_day(), f"{links.privacy()}registers/{kind}"
    if kind == "processor":
        return _answer(
            agent, processor_register(db.session(), on or today()), "Métropole de Lyon", f"{kind}{form}", here
        )
    found = recipients(db.session(), now() if on is None else start_of_day(on))
    return _answer(agent, found, gettext("Services de production ouverts"), f"{kind}{form}", here)


@registry.get("/partners/<slug>/register<any('', '.csv', '.json'):form>")
@agents_only
def partner_register(agent: Agent, slug: str, form: str) -> Response:
    """A partner's register as controller: its own people may see it too."""
    partner = partner_seen(agent, slug)
    found = controller_register(db.session(), partner, asked_day() or today())
    of = partner.identity_on(today()).legal_name
    return _answer(agent, found, of, f"{slug}{form}", f"{links.partner(partner)}register")


def asked_day() -> dt.date | None:
    """The day that the address asks for, if it can be read."""
    try:
        return read_day(request.args["on"].strip())
    except (KeyError, ValueError):
        return None


def _answer(agent: Agent, found: Register, heading: str, name: str, here: str) -> Response:
    """A register as its address asks: a page, a file for a spreadsheet, or JSON."""
    if name.endswith(".csv"):
        return _file(register_csv(found, gettext), "text/csv; charset=utf-8", name)
    if name.endswith(".json"):
        return _file(json.dumps(found, ensure_ascii=False, indent=2), "application/json", name)
    form = DayForm(request.args or None, data={"on": today()})
    valid = not request.args or form.validate()
    table = register_table(found, gettext)
    query = f"?on={asked_day()}" if asked_day() is not None else ""
    return page(
        "privacy_register.html",
        agent,
        200 if valid else 400,
        heading=heading,
        table=table,
        form=form,
        here=here,
        query=query,
        crumbs=crumbs() if agent.of_metropole else [(gettext("Partenaires"), links.partners())],
    )


def _file(body: str, media_type: str, name: str) -> Response:
    response = Response(body.encode(), content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="registre-{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
