"""Flows and exchanges in words for the pages: who speaks to whom, what it means, what is wrong with it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from glc.clock import PARIS
from glc.i18n import N_, gettext, language
from testkit.inspector.seen import Space
from testkit.journal.checks import verdicts, verdicts_of_all
from testkit.journal.curl import curl
from testkit.journal.diagram import Arrow, step
from testkit.journal.exchange import Exchange
from testkit.journal.flows import Flow
from testkit.journal.reading import (
    ANSWERING,
    answer,
    asks_for_login,
    error_of,
    given_code,
    readable,
    redeems,
    sent_back,
    stops,
)
from testkit.journal.verdicts import REQUIRED, Verdict

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "logged_in": (N_("connecté"), "success"),
    "logged_out": (N_("connecté puis déconnecté"), "success"),
    "token_refused": (N_("jetons refusés"), "error"),
    "code_unused": (N_("code non échangé"), "warning"),
    "refused": (N_("refusé, le site le sait"), "warning"),
    "stopped": (N_("arrêté chez le fournisseur"), "error"),
    "in_progress": (N_("en cours"), "info"),
}
"""What became of a login: words, and the tone of the house's notices."""
MEANINGS: Mapping[str, str] = {
    "authorize": N_("Le navigateur revient à la demande"),
    "token": N_("Le site demande des jetons"),
    "userinfo": N_("Le site lit l’identité"),
    "discovery": N_("Le site lit le document de découverte"),
    "jwks": N_("Le site lit les clés publiques"),
    "login": N_("Page de connexion"),
    "consent": N_("Page de consentement"),
    "register_page": N_("Création du compte"),
    "required_profile": N_("Profil à compléter"),
    "logout": N_("Déconnexion demandée"),
    "introspect": N_("Le site interroge un jeton"),
    "revoke": N_("Le site révoque un jeton"),
    "par": N_("Le site dépose sa demande"),
    "registration": N_("Le site s’enregistre"),
    "backchannel_logout": N_("Le fournisseur annonce la déconnexion au site"),
    "fetch": N_("Le fournisseur lit un document du site"),
    "page": N_("Page du fournisseur"),
    "static": N_("Habillage des pages"),
}
SENDERS = {"browser": N_("Navigateur"), "site": N_("Site"), "provider": N_("Fournisseur")}
INSTANTS = {"iat", "exp", "nbf", "auth_time", "updated_at"}
"""Claims that are instants, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class ArrowTold:
    """An arrow: its words, and the classes that place it between the lanes."""

    sender: str
    receiver: str
    label: str
    classes: str
    seen: bool


@dataclass(frozen=True, slots=True)
class StepTold:
    """An exchange: what it means, its arrows, all that was sent and answered."""

    exchange: Exchange
    meaning: str
    url: str
    location: str
    arrows: list[ArrowTold]
    error: str | None
    milliseconds: str
    request_body: str
    body: str
    tokens: list[tuple[str, str, list[tuple[str, str]]]]
    curl: str | None
    after: str = ""
    wrong: list[Verdict] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VerdictTold:
    """A verdict in the visitor's language."""

    name: str
    sentence: str
    change: str
    section: str
    exchanges: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FlowLine:
    """A login in one line."""

    id: int
    client_id: str
    client_name: str
    who: str
    began_at: str
    took: str
    outcome: str
    tone: str
    exchanges: int
    to_mend: int
    to_improve: int


@dataclass(frozen=True, slots=True)
class FlowTold:
    """A login, whole."""

    line: FlowLine
    steps: list[StepTold]
    to_mend: list[VerdictTold]
    to_improve: list[VerdictTold]
    passed: list[VerdictTold]


def flow_lines(joined: Sequence[Flow], space: Space) -> list[FlowLine]:
    """The logins as the list of a space shows them, the latest first."""
    judged = verdicts_of_all(joined)
    return [_line(each, judged[each.id], space) for each in reversed(joined)]


def flow_told(flow: Flow, among: Sequence[Flow], space: Space) -> FlowTold:
    """A login as its page shows it, judged among the others."""
    judged = verdicts(flow, among)
    failed = [each for each in judged if each.passed is False]
    return FlowTold(
        line=_line(flow, judged, space),
        steps=[step_told(each, space.issuer, failed, flow.exchanges[0]) for each in flow.exchanges],
        to_mend=_told(each for each in failed if each.check.level == REQUIRED),
        to_improve=_told(each for each in failed if each.check.level != REQUIRED),
        passed=_told(each for each in judged if each.passed),
    )


def step_told(
    exchange: Exchange, issuer: str, failed: Iterable[Verdict] = (), first: Exchange | None = None
) -> StepTold:
    """An exchange, all of it. `first`: the flow's first one, from which time is counted."""
    return StepTold(
        exchange=exchange,
        meaning=gettext(_meaning(exchange)),
        url=readable(exchange.url),
        location=readable(exchange.location or ""),
        arrows=[_arrow(each, urlsplit(issuer).path) for each in step(exchange).arrows],
        error=error_of(exchange),
        milliseconds=_number(exchange.duration_in * 1000),
        request_body="" if exchange.form else _pretty(exchange.request_body),
        body=_pretty(exchange.body),
        tokens=[
            (each.where, _json(each.header), [_claim(*claim) for claim in each.claims.items()])
            for each in exchange.tokens
        ],
        curl=None if exchange.outgoing else curl(exchange),
        after=f"+ {_number(exchange.began - first.began, 2)} s" if first is not None else "",
        wrong=[each for each in failed if exchange.id in each.exchanges],
    )


def instant(at: dt.datetime) -> str:
    """An instant as it is read in Lyon."""
    return f"{at.astimezone(PARIS):%Y-%m-%d %H:%M:%S}"


def _line(flow: Flow, judged: list[Verdict], space: Space) -> FlowLine:
    words, tone = OUTCOMES[flow.outcome]
    failed = [each.check.level == REQUIRED for each in judged if each.passed is False]
    first, last = flow.exchanges[0], flow.exchanges[-1]
    return FlowLine(
        id=flow.id,
        client_id=flow.client_id or "?",
        client_name=(flow.client_id and space.client_name(flow.client_id)) or gettext("Site inconnu"),
        who=_who(flow, space),
        began_at=instant(flow.began_at),
        took=f"{_number(last.began + last.duration_in - first.began, 2)} s",
        outcome=gettext(words),
        tone=tone,
        exchanges=len(flow.exchanges),
        to_mend=failed.count(True),
        to_improve=failed.count(False),
    )


def _who(flow: Flow, space: Space) -> str:
    """The name that the site was told, else the one there is, else the account's identifier."""
    told: list[Mapping[str, Any]] = [answer(each) for each in flow.exchanges if each.endpoint == "userinfo"]
    told += [token.claims for each in flow.exchanges for token in each.tokens]
    for claims in told:
        name = " ".join(str(claims[part]) for part in ("given_name", "family_name") if claims.get(part))
        if name or claims.get("email"):
            return name or str(claims["email"])
    return (flow.account and space.account_name(flow.account)) or flow.account or ""


def _told(judged: Iterable[Verdict]) -> list[VerdictTold]:
    spoken = language()
    return [
        VerdictTold(each.check.name, each.sentence(spoken), each.change(spoken), each.check.section, each.exchanges)
        for each in judged
    ]


def _meaning(exchange: Exchange) -> str:
    back = sent_back(exchange)
    if asks_for_login(exchange):
        return N_("Le site demande une connexion")
    if stops(exchange):
        return N_("Le fournisseur s’arrête et explique pourquoi")
    if given_code(exchange):
        return N_("Retour au site avec un code")
    if exchange.endpoint in ANSWERING and "error" in back:
        return N_("Retour au site avec une erreur")
    if redeems(exchange, "authorization_code"):
        return N_("Le site échange le code contre des jetons")
    if redeems(exchange, "refresh_token"):
        return N_("Le site renouvelle ses jetons")
    if exchange.method == "POST" and exchange.endpoint == "login":
        return N_("Identifiants envoyés")
    if exchange.method == "POST" and exchange.endpoint == "consent":
        return N_("Réponse au consentement")
    return MEANINGS.get(exchange.endpoint, exchange.endpoint)


def _arrow(arrow: Arrow, base: str) -> ArrowTold:
    start, end = arrow.columns
    places = f"lanes-{min(start, end)}-{max(start, end)} {'right' if start < end else 'left'}"
    looks = f"{'' if arrow.seen else ' deduced'}{' failed' if arrow.failed else ''}"
    label = arrow.label.replace(f" {base}", " /") if len(base) > 1 else arrow.label
    return ArrowTold(
        gettext(SENDERS[arrow.sender]), gettext(SENDERS[arrow.receiver]), label, places + looks, arrow.seen
    )


def _claim(name: str, value: Any) -> tuple[str, str]:
    if name in INSTANTS and isinstance(value, int | float):
        try:
            return name, f"{value} ({instant(dt.datetime.fromtimestamp(value, dt.UTC))})"
        except (ValueError, OverflowError, OSError):
            return name, str(value)
    return name, value if isinstance(value, str) else _json(value)


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return body


def _json(value: Any) -> str:
    return json.dumps(dict(value) if isinstance(value, Mapping) else value, ensure_ascii=False, default=str)


def _number(value: float, digits: int = 1) -> str:
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if language() == "fr" else text
