"""The provider's signing keys: the state of each, what happens next, and the acts on them.

The registry keeps no key: whoever does is one of its ports. Each act is in the trail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from werkzeug.wrappers import Response

from glc.database import db
from glc.errors import NotFound
from glc.i18n import N_, gettext
from partner_registry.agents import Agent, require
from partner_registry.ports import KeyFacts, ports
from partner_registry.web import links
from partner_registry.web.act_page import act_page
from partner_registry.web.base import NOTHING, agents_only, done, now, page, registry
from partner_registry.web.forms import RegistryForm, carried_out, reason

STATUS_WORDS = {
    "pending": N_("en attente"),
    "active": N_("en service"),
    "retiring": N_("en retrait"),
    "retired": N_("retirée"),
    "compromised": N_("compromise"),
}
STATUS_COLOURS = {
    "pending": "pending",
    "active": "in_force",
    "retiring": "denounced",
    "retired": "archived",
    "compromised": "refused",
}
OVER = frozenset({"retired", "compromised"})
UNKNOWN_YET = N_(
    "Les sites gardent un temps la liste des clés qu’ils ont lue. Un site qui ne la relit pas devant une clé inconnue "
    "refusera les connexions jusque-là."
)


class WhyForm(RegistryForm):
    """Why: it stays in the trail."""

    reason = reason()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """The words of one act: French templates."""

    title: str
    lead: str
    button: str
    told: str
    warnings: tuple[str, ...] = ()
    danger: bool = True


ROTATE = _Act(
    title=N_("Renouveler la clé %(alg)s"),
    lead=N_(
        "Une nouvelle clé est publiée à l’instant ; elle prendra le relais d’elle-même quand tous les sites auront pu "
        "la lire. L’ancienne reste publiée tant que vit ce qu’elle a signé. Aucune connexion n’est interrompue."
    ),
    button=N_("Renouveler la clé"),
    told=N_("la nouvelle clé est publiée."),
    danger=False,
)
ACTS = {
    "promote": _Act(
        title=N_("Promouvoir la clé %(alg)s en attente"),
        lead=N_("Elle signe dès maintenant, sans attendre que tous les sites aient pu la lire."),
        button=N_("Promouvoir cette clé"),
        told=N_("cette clé signe désormais."),
        warnings=(UNKNOWN_YET,),
    ),
    "retire": _Act(
        title=N_("Retirer la clé %(alg)s avant terme"),
        lead=N_(
            "Une clé en attente ne signera jamais. Une clé en service laisse sa place à celle qui attend. Une clé en "
            "retrait n’est plus publiée."
        ),
        button=N_("Retirer cette clé"),
        told=N_("la clé est retirée."),
        warnings=(N_("Ce qu’une clé qui n’est plus publiée a signé et qui vit encore ne peut plus être vérifié."),),
    ),
    "compromise": _Act(
        title=N_("Déclarer compromise la clé %(alg)s"),
        lead=N_(
            "À l’instant, elle ne signe plus et n’est plus publiée, et rien de ce qu’elle a signé n’est plus cru. La "
            "clé suivante signe aussitôt. On n’y revient pas."
        ),
        button=N_("Déclarer cette clé compromise"),
        told=N_("la clé est hors d’usage ; la suivante signe."),
        warnings=(UNKNOWN_YET,),
    ),
}
"""Acts on one key, by the last part of their addresses."""


@registry.get("/keys/")
@agents_only
def key_list(agent: Agent) -> Response:
    """Every key, by algorithm: state, dates, what happens next, and what may be done."""
    require(agent, "key.read")
    found = ports().keys.facts(db.session(), now())
    served = {each.alg for each in found if each.signs}
    return page(
        "keys.html",
        agent,
        groups=[
            (alg, [each for each in found if each.alg == alg and each.status not in OVER], alg in served)
            for alg in dict.fromkeys(each.alg for each in found)
        ],
        over=[each for each in found if each.status in OVER],
        status_words=STATUS_WORDS,
        colours=STATUS_COLOURS,
        offered=offered,
    )


def offered(key: KeyFacts, keys: Sequence[KeyFacts]) -> list[tuple[str, str]]:
    """The acts that make sense on a key among those of its algorithm, and their labels."""
    found = [("promote", N_("Promouvoir"))] if key.status == "pending" else []
    if not key.signs or any(each.status == "pending" for each in keys):
        found.append(("retire", N_("Retirer")))
    return [*found, ("compromise", N_("Déclarer compromise"))]


@registry.route("/keys/rotate/<alg>", methods=["GET", "POST"])
@agents_only
def key_rotate(agent: Agent, alg: str) -> Response:
    """Publish a new key, which takes over by itself."""
    require(agent, "key.edit")
    if alg not in {each.alg for each in ports().keys.facts(db.session(), now()) if each.signs}:
        raise NotFound(NOTHING)
    return _page_of(
        agent,
        ROTATE,
        alg,
        lambda why: ports().keys.rotate(db.session(), agent, alg, at=now(), reason=why),
    )


@registry.route("/keys/<kid>/<any(promote, retire, compromise):name>", methods=["GET", "POST"])
@agents_only
def key_act(agent: Agent, kid: str, name: str) -> Response:
    """Promote, retire, or declare compromised."""
    require(agent, "key.edit")
    found = next((each for each in ports().keys.facts(db.session(), now()) if each.kid == kid), None)
    if found is None:
        raise NotFound(NOTHING)
    keys = ports().keys
    act = {"promote": keys.promote, "retire": keys.retire, "compromise": keys.compromise}[name]
    return _page_of(
        agent, ACTS[name], found.alg, lambda why: act(db.session(), agent, kid, at=now(), reason=why), kid=kid
    )


def _page_of(agent: Agent, act: _Act, alg: str, take: Callable[[str], object], kid: str = "") -> Response:
    form = WhyForm()
    if carried_out(form, lambda: take(form.reason.data)):
        return done(act.told, links.keys())
    return act_page(
        agent,
        form,
        title=act.title,
        lead=[act.lead, *([N_("Identifiant (kid) : %(kid)s")] if kid else [])],
        warnings=act.warnings,
        button=act.button,
        back=links.keys(),
        crumbs=[(gettext("Clés de signature"), links.keys())],
        danger=act.danger,
        alg=alg,
        kid=kid,
    )
