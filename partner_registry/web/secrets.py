"""A client's secrets: which are accepted until when, renewing with an overlap, revoking; each is shown once."""

from __future__ import annotations

import datetime as dt

from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_
from glc.services import services
from partner_registry.agents import Agent
from partner_registry.clients.secrets import SECRET_OVERLAP, living_secrets, revoke_secret, rotate_secret
from partner_registry.ports import ports
from partner_registry.web import links, once, words
from partner_registry.web.act_page import act_page
from partner_registry.web.base import agents_only, done, now, page, registry, today
from partner_registry.web.clients import client_seen, inside
from partner_registry.web.forms import RegistryForm, carried_out, number, reason


@registry.get("/clients/<client_id>/secrets")
@agents_only
def client_secrets(agent: Agent, client_id: str) -> Response:
    """The secrets there are, and the new one right after it was made: never again."""
    client = client_seen(agent, client_id)
    living = living_secrets(client, now())
    return page(
        "client_secrets.html",
        agent,
        client=client,
        partner=client.partner_on(today()),
        living=living,
        rows=[(each, words.secret_state(each, now())) for each in reversed(client.secrets)],
        clear=once.take(f"client:{client.client_id}"),
        crumbs=inside(client),
    )


class RotateForm(RegistryForm):
    """How long the present secret goes on being accepted."""

    days = number(
        N_("Jours pendant lesquels l’ancien secret reste accepté"),
        hint=N_("Le temps de changer la configuration du service sans coupure."),
    )


@registry.route("/clients/<client_id>/secrets/rotate", methods=["GET", "POST"])
@agents_only
def client_secret_rotate(agent: Agent, client_id: str) -> Response:
    """Make one more secret."""
    client = client_seen(agent, client_id)
    form = RotateForm(data={"days": SECRET_OVERLAP.days})

    def act() -> None:
        secret = rotate_secret(
            db.session(),
            agent,
            client,
            at=now(),
            entropy=services().entropy,
            seal=ports().client_secrets.seal,
            overlap=dt.timedelta(days=form.days.data or 0),
        )
        once.keep(f"client:{client.client_id}", secret)

    back = f"{links.client(client)}secrets"
    if carried_out(form, act):
        return done(N_("le nouveau secret est accepté dès maintenant."), back)
    return act_page(
        agent,
        form,
        title=N_("Renouveler le secret de %(name)s"),
        lead=[
            N_("Un nouveau secret est tiré au hasard ; l’ancien reste accepté quelque temps."),
            N_("Le nouveau est affiché une seule fois, sur la page qui suit : soyez prêt à le copier."),
        ],
        button=N_("Renouveler le secret"),
        back=back,
        crumbs=inside(client),
        name=client.latest.name,
    )


class RevokeForm(RegistryForm):
    """Why a secret is no longer accepted."""

    reason = reason()


@registry.route("/clients/<client_id>/secrets/<int:number>/revoke", methods=["GET", "POST"])
@agents_only
def client_secret_revoke(agent: Agent, client_id: str, number: int) -> Response:
    """Stop accepting a secret now."""
    client, form = client_seen(agent, client_id), RevokeForm()
    secret = next((each for each in client.secrets if each.id == number), None)
    if secret is None:
        raise NotFound(N_("ce client n’a pas ce secret"))
    back = f"{links.client(client)}secrets"

    def act() -> None:
        revoke_secret(db.session(), agent, client, secret, at=now(), reason=form.reason.data)

    if carried_out(form, act):
        return done(N_("ce secret n’est plus accepté."), back)
    alone = N_("C’est le seul secret accepté : le service sera coupé jusqu’à ce qu’il en reçoive un autre.")
    return act_page(
        agent,
        form,
        title=N_("Révoquer un secret de %(name)s"),
        lead=[N_("Il cesse d’être accepté à l’instant : c’est pour les urgences, un secret divulgué par exemple.")],
        warnings=[alone] if living_secrets(client, now()) == [secret] else [],
        button=N_("Révoquer ce secret"),
        back=back,
        crumbs=inside(client),
        danger=True,
        name=client.latest.name,
    )
