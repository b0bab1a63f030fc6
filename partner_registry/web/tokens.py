"""The API tokens of the agent who is looking: what their programs present to the REST interface."""

from __future__ import annotations

import datetime as dt

from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext
from glc.services import services
from partner_registry.agents import Agent
from partner_registry.models import ApiToken
from partner_registry.tokens import TOKEN_LIFE, find_token, is_living, issue_token, revoke_token, tokens_of
from partner_registry.web import links, once
from partner_registry.web.act_page import act_page
from partner_registry.web.base import agents_only, done, now, page, registry
from partner_registry.web.forms import RegistryForm, carried_out, number, reason, text


class TokenForm(RegistryForm):
    """What the token is for, and how long it lives."""

    name = text(N_("À quoi sert-il ?"), longest=100, hint=N_("Par exemple : export hebdomadaire des conventions."))
    days = number(N_("Durée de validité, en jours"), hint=N_("Trois ans au plus."))


@registry.route("/tokens/", methods=["GET", "POST"])
@agents_only
def token_list(agent: Agent) -> Response:
    """The agent's tokens, and the new one right after it was made: never again."""
    form = TokenForm(data={"days": TOKEN_LIFE.days})

    def act() -> None:
        _token, clear = issue_token(
            db.session(),
            agent,
            _own(agent),
            form.name.data,
            at=now(),
            entropy=services().entropy,
            life=dt.timedelta(days=min(form.days.data or 0, 99_999)),
        )
        once.keep("token", clear)

    if carried_out(form, act):
        return done(N_("le jeton est prêt."), links.tokens())
    return page(
        "agent_tokens.html",
        agent,
        form.status,
        form=form,
        rows=[(each, is_living(each, now())) for each in reversed(tokens_of(db.session(), _own(agent)))],
        clear=once.take("token"),
        api=f"{links.partners()}api/v1",
    )


def _own(agent: Agent) -> int:
    assert agent.account_id is not None  # `agents_only` lets nobody else in
    return agent.account_id


class RevokeForm(RegistryForm):
    """Why a token is no longer accepted."""

    reason = reason()


@registry.route("/tokens/<int:number>/revoke", methods=["GET", "POST"])
@agents_only
def token_revoke(agent: Agent, number: int) -> Response:
    """Stop accepting a token of one's own."""
    token, form = _seen(agent, number), RevokeForm()
    if carried_out(form, lambda: revoke_token(db.session(), agent, token, at=now(), reason=form.reason.data)):
        return done(N_("ce jeton n’est plus accepté."), links.tokens())
    return act_page(
        agent,
        form,
        title=N_("Révoquer le jeton « %(name)s »"),
        lead=[N_("Il cesse d’être accepté à l’instant ; le programme qui s’en sert s’arrête.")],
        button=N_("Révoquer ce jeton"),
        back=links.tokens(),
        crumbs=[(gettext("Jetons d’accès"), links.tokens())],
        danger=True,
        name=token.name,
    )


def _seen(agent: Agent, number: int) -> ApiToken:
    token = find_token(db.session(), number)
    if token.account_id != agent.account_id:
        raise NotFound(N_("aucun jeton n’a le numéro %(number)s"), number=number)
    return token
