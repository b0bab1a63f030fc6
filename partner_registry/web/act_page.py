"""The page of one act: what it does, what it changes, its form."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Response

from glc.i18n import gettext
from partner_registry.agents import Agent
from partner_registry.web.base import Crumbs, page
from partner_registry.web.forms import RegistryForm


def act_page(
    agent: Agent,
    form: RegistryForm,
    *,
    title: str,
    button: str,
    back: str,
    crumbs: Crumbs,
    lead: Sequence[str] = (),
    warnings: Sequence[str] = (),
    danger: bool = False,
    **values: object,
) -> Response:
    """Show an act's form, with what was typed and what was refused. Texts are French templates, filled with `values`;
    `back` is where cancelling leads."""

    def told(template: str) -> str:
        return gettext(template) % values if values else gettext(template)

    return page(
        "form.html",
        agent,
        form.status,
        form=form,
        title=told(title),
        button=told(button),
        back=back,
        crumbs=crumbs,
        lead=[told(each) for each in lead],
        warnings=[told(each) for each in warnings],
        danger=danger,
    )
