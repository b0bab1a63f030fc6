"""What every page of the registry stands on: the blueprint, and the agent who is looking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from glc.clock import PARIS, paris_date
from glc.database import db
from glc.errors import Forbidden, NotFound
from glc.i18n import N_, gettext
from glc.services import services
from glc.web import request_id
from partner_registry.agents import Agent, agent_of, may, visible
from partner_registry.models import Partner
from partner_registry.ports import ports
from partner_registry.web import links

registry = Blueprint(
    "registry", __name__, url_prefix="/registry", template_folder="../templates", static_folder="../static"
)
P = ParamSpec("P")


@registry.app_template_filter("capitalize_first")
def capitalize_first(text: str) -> str:
    """The text with a capital first letter; the others stay."""
    return text[:1].upper() + text[1:]


def now() -> dt.datetime:
    """The instant of this request."""
    return services().clock.now()


def today() -> dt.date:
    """The civil date in Lyon at this request."""
    return paris_date(now())


def current_agent() -> Agent | None:
    """Whoever is logged in at the provider, with their roles in the registry: maybe none."""
    person = ports().logged_in(db.session(), now())
    if person is None:
        return None
    return agent_of(db.session(), person.account_id, person.email, now(), via="web", request_id=request_id())


def agents_only(view: Callable[Concatenate[Agent, P], Response]) -> Callable[P, Response]:
    """Give a page the agent who is looking; send others to log in, or tell them they have no role."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        agent = current_agent()
        if agent is None:
            here = request.full_path if request.query_string and request.method == "GET" else request.path
            going_on = urlencode({"next": request.script_root + here})
            return redirect(f"{request.script_root}/login/?{going_on}")
        if not agent.roles:
            raise Forbidden(
                N_(
                    "vous êtes connecté en tant que %(account)s, qui n’a pas de rôle dans le registre : demandez-en un "
                    "à son administrateur, ou déconnectez-vous depuis l’accueil pour entrer avec un autre compte"
                ),
                account=agent.name,
            )
        return view(agent, *args, **kwargs)

    return guarded


NOTHING = N_("il n’y a rien à cette adresse, ou ce n’est pas à vous de le voir")


MOST = 2**31 - 1
"""The largest number that a row has."""


@registry.before_request
def _numbers_there_can_be() -> None:
    """Raise `NotFound` for a number that no database holds."""
    if any(isinstance(each, int) and each > MOST for each in (request.view_args or {}).values()):
        raise NotFound(NOTHING)


def partner_seen(agent: Agent, slug: str) -> Partner:
    """The partner of that short name. Raises `NotFound`, as for one that does not exist, when it is not the agent's to
    see."""
    return shown_to(agent, db.session.scalar(sa.select(Partner).where(Partner.slug == slug)))


def shown_to(agent: Agent, partner: Partner | None) -> Partner:
    """The partner if the agent may see it. Raises `NotFound`."""
    if partner is None or not visible(agent, partner):
        raise NotFound(NOTHING)
    return partner


Crumbs = list[tuple[str, str]]
"""Labels and addresses of the pages above one."""


def crumbs_to(partner: Partner) -> Crumbs:
    """The pages down to a partner's record."""
    return [(gettext("Partenaires"), links.partners()), (partner.identity_on(today()).name, links.partner(partner))]


def metropole_only(agent: Agent) -> None:
    """Raise `NotFound` for who is not of the Métropole: these pages speak of every partner."""
    if not agent.of_metropole:
        raise NotFound(NOTHING)


def done(message: str, url: str, **values: object) -> Response:
    """Say that an act is done, on the page that follows it. `message` is a French template."""
    flash(gettext(message) % values if values else gettext(message), "success")
    return redirect(url, 303)


SECTIONS: tuple[tuple[str, str, str], ...] = (
    ("todo", N_("À faire"), "/registry/todo/"),
    ("partners", N_("Partenaires"), "/registry/"),
    ("billing", N_("Facturation"), "/registry/billing/"),
    ("privacy", N_("Données personnelles"), "/registry/privacy/"),
    ("audit", N_("Journal"), "/registry/audit/"),
    ("agents", N_("Agents"), "/registry/agents/"),
    ("keys", N_("Clés"), "/registry/keys/"),
    ("tokens", N_("Mes jetons"), "/registry/tokens/"),
)
"""The registry's sections: key, label, address."""


def page(template: str, agent: Agent, status: int = 200, **context: Any) -> Response:
    """A page of the registry."""
    context = {
        "paris": PARIS,
        "in_words": gettext,
        "may": may,
        "links": links,
        "today": today(),
        "one_day": dt.timedelta(days=1),
        **context,
    }
    person = ports().person(db.session(), agent.account_id) if agent.account_id is not None else None
    account = {"display_name": person.name, "email": person.email} if person else None
    html = render_template(f"registry/{template}", agent=agent, account=account, sections=_sections(agent), **context)
    return Response(html, status, mimetype="text/html")


def _sections(agent: Agent) -> list[dict[str, object]]:
    """The sections that an agent may open."""
    open_to = {
        "billing": agent.of_metropole,
        "privacy": agent.of_metropole,
        "audit": may(agent, "audit.read"),
        "agents": may(agent, "role.edit"),
        "keys": may(agent, "key.read"),
    }
    here = max((url for _key, _label, url in SECTIONS if request.path.startswith(url)), key=len, default="")
    return [
        {"key": key, "label": gettext(label), "url": request.script_root + url, "here": url == here}
        for key, label, url in SECTIONS
        if open_to.get(key, True)
    ]
