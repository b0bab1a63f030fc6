"""How each case is played. A scenario takes the stage and returns what was seen; judging is `run.py`'s."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from glc.clock import pause
from glc.urls import origin
from testkit.recette.errors import NotApplicable, VisitError
from testkit.recette.pages import Page, shown
from testkit.recette.signs import State
from testkit.recette.stage import Seen, Stage
from testkit.recette.visitor import Visitor
from testkit.recette.words import Words, no_answer

Scenario = Callable[[Stage], Seen]

ELSEWHERE = "ailleurs.example"
FORMS_OF_ELSEWHERE = (f"https://{ELSEWHERE}/", f"//{ELSEWHERE}/", f"/\\{ELSEWHERE}/")
"""What browsers read as another site."""
RETURN_PARAMETERS = (
    "next",
    "redirect",
    "redirect_to",
    "redirect_url",
    "return",
    "return_to",
    "returnTo",
    "return_url",
    "returnUrl",
    "url",
    "target",
    "destination",
    "continue",
    "back",
    "goto",
    "RelayState",
)
"""The names under which sites are told where to go after a login."""
OPTIONS: dict[str, dict[str, Any]] = {
    "transport_slow": {"seconds": 1},
    "backchannel_late": {"seconds": 0.5},
}
"""What faults are told, where a run is not to wait for as long as they would."""
GOES_ON = Words("the provider's session goes on", "la session du fournisseur continue")
SHORT_LIFE_IN = 1
"""Seconds an access token lives where a refresh is to be seen; the site counts them by its own clock."""
BROKEN = 500
"""The status of a site that did not expect what happened; 502 and 503 tell that the provider is at fault."""


def log_in(stage: Stage) -> Seen:
    """A fresh visitor logs in."""
    with stage.visitor() as visitor:
        return _seen(*stage.logged_in(visitor))


def log_in_twice(stage: Stage) -> Seen:
    """Another person, then the first again, each in a browser of their own."""
    stage.control.log_in_as(stage.other_account)
    try:
        first = log_in(stage)
    finally:
        stage.control.log_in_as(stage.account)
    return log_in(stage) if first.state is State.LOGGED_IN else first


def visitor_who(does: str) -> Scenario:
    """A fresh visitor who, at the provider, does that instead of accepting."""

    def play(stage: Stage) -> Seen:
        if does == "refuses" and str(stage.registered("consent_mode") or "").lower() == "none":
            raise NotApplicable(
                Words("this client asks nobody for consent", "ce client ne demande le consentement de personne")
            )
        stage.control.forget_consent(stage.account, stage.site.client_id)
        stage.control.log_in_as(None)
        try:
            stage.control.script_login(stage.account, does)
            return log_in(stage)
        finally:
            stage.control.clear_logins()
            stage.control.log_in_as(stage.account)

    return play


def answer_in_another_browser(stage: Stage) -> Seen:
    """The callback's address, code and state included, opened by somebody else than who began."""
    redirect_uris = stage.registered("redirect_uris") or []
    with stage.visitor() as attacker, stage.visitor() as victim:
        answer = next(
            (found for uri in redirect_uris if (found := attacker.open_until(stage.site.login_url, uri)) is not None),
            None,
        )
        if answer is None:
            raise NotApplicable(
                Words(
                    "the login never came back to a registered redirect URI with its answer in the address",
                    "la connexion n’est jamais revenue à une URI de redirection enregistrée, réponse dans l’adresse",
                )
            )
        page = victim.open(answer)
        if stage.site.home_url is not None and stage.site.signs.state(page) is not State.LOGGED_IN:
            home = victim.open(stage.site.home_url)
            if stage.site.signs.state(home) is State.LOGGED_IN:
                page = home
        return _seen(stage.site.signs.state(page), page)


def open_redirect(stage: Stage) -> Seen:
    """A login whose address says to go elsewhere afterwards, in the ways that browsers understand and sites know."""
    for elsewhere in FORMS_OF_ELSEWHERE:
        joint = "&" if urlsplit(stage.site.login_url).query else "?"
        asked = urlencode(dict.fromkeys(RETURN_PARAMETERS, elsewhere))
        with stage.visitor() as visitor:
            page = visitor.open(f"{stage.site.login_url}{joint}{asked}")
            if ELSEWHERE in (urlsplit(page.url).hostname or "") or page.url.startswith(f"https:/{elsewhere}"):
                return Seen(
                    None,
                    holds=False,
                    page=page,
                    note=Words(f"told to return to {elsewhere}", f"prié de revenir à {elsewhere}"),
                )
    return Seen(None, page=page)


def log_out(stage: Stage) -> Seen:
    """Log in, open the site's logout, look again."""
    with stage.visitor() as visitor:
        _must_log_in(stage, visitor)
        page = visitor.open(_logout_url(stage))
        state, seen = stage.look(visitor)
        return Seen(state, page=seen, broke=_broke(page))


def log_out_everywhere(stage: Stage) -> Seen:
    """Log in, log out at the site: does the provider's session go on?"""
    stage.control.end_sessions(stage.account)
    with stage.visitor() as visitor:
        _must_log_in(stage, visitor)
        page = visitor.open(_logout_url(stage))
        left = len(stage.control.sessions(stage.account))
        return Seen(None, holds=not left, page=page, note=GOES_ON if left else None)


def backchannel_logout(stage: Stage) -> Seen:
    """Log in; the provider tells the site that the session ended; look again."""
    _backchannel_uri(stage)
    with _logged_in_alone(stage) as visitor:
        stage.control.log_out(stage.account, stage.site.client_id)
        return _seen(*stage.look(visitor))


def logout_token_replayed(stage: Stage) -> Seen:
    """One logout token sent to the site, then again after a new login in the same session."""
    address = _backchannel_uri(stage)
    with _logged_in_alone(stage) as visitor:
        token = stage.control.mint("logout_token", stage.account, stage.site.client_id)
        first = _post_token(stage, address, token)
        state, page = stage.look(visitor)
        if state is State.LOGGED_IN:
            raise NotApplicable(
                Words(
                    f"the first logout token, answered {first}, did not end the login",
                    f"le premier jeton de déconnexion, reçu par {first}, n’a pas mis fin à la connexion",
                )
            )
        _must_log_in(stage, visitor)
        again = _post_token(stage, address, token)
        state, page = stage.look(visitor)
        answered = Words(f"the second time the site answered {again}", f"la seconde fois, le site a répondu {again}")
        return Seen(state, page=page, note=answered)


def frontchannel_logout(stage: Stage) -> Seen:
    """Log in, log out on the provider's own page, look again; the site hears of it by its frame only."""
    _frontchannel_uri(stage)
    with _without_backchannel(stage), _logged_in_alone(stage) as visitor:
        visitor.open(_provider_logout(stage))
        return _seen(*stage.look(visitor))


def key_rotation(stage: Stage) -> Seen:
    """A new signing key, then a login."""
    _rotate(stage)
    return log_in(stage)


def journal_shows(assertion: str) -> Scenario:
    """What the journal shows of the logins so far."""

    def play(stage: Stage) -> Seen:
        (result,) = stage.control.judge(stage.site.client_id, [assertion])
        said = Words(str(result["message"]), str(result["message_fr"]))
        return Seen(None, holds=bool(result["passed"]), note=said)

    return play


# -- With a fault ------------------------------------------------------------------------------------------------------


def faulty_login(fault: str) -> Scenario:
    """A login while a fault is produced."""

    def play(stage: Stage) -> Seen:
        with _fault(stage, fault) as applied:
            seen = _tolerant_login(stage)
            return _with(seen, applied())

    return play


def faulty_keys(fault: str) -> Scenario:
    """The same for the provider's keys; a site that keeps them is made to look by a new one."""

    def play(stage: Stage) -> Seen:
        seen = faulty_login(fault)(stage)
        if seen.applied:
            return seen
        _rotate(stage)
        return faulty_login(fault)(stage)

    return play


def still_works(stage: Stage) -> Seen:
    """A login after the fault is over."""
    return log_in(stage)


def refreshed(stage: Stage) -> Seen:
    """A page of the site after the access token's life: does the site refresh, and is the person still logged in?"""
    with _short_lived(stage) as visitor:
        before = stage.control.journal()
        state, page = stage.look(visitor)
        after = stage.control.journal(max((int(each["id"]) for each in before), default=0))
    if not any(["grant_type", "refresh_token"] in each["form"] for each in after):
        raise NotApplicable(
            Words(
                "the site does not refresh when a page is opened after the access token's life",
                "le site ne rafraîchit pas quand une page est ouverte après l’expiration du jeton d’accès",
            )
        )
    return _seen(state, page)


def faulty_refresh(fault: str) -> Scenario:
    """The same while a fault is produced."""

    def play(stage: Stage) -> Seen:
        with _short_lived(stage) as visitor, _fault(stage, fault) as applied:
            try:
                seen = _seen(*stage.look(visitor), stage=stage)
            except VisitError as error:
                seen = Seen(State.UNCLEAR, broke=error.words)
            return _with(seen, applied())

    return play


@contextmanager
def _short_lived(stage: Stage) -> Iterator[Visitor]:
    """Somebody logged in whose access token's life is over."""
    if not stage.registered("refresh_tokens"):
        raise NotApplicable(
            Words("this client is given no refresh token", "ce client ne reçoit pas de jeton de rafraîchissement")
        )
    usual = stage.client.get("access_token_lifetime_in")
    stage.control.change_client(stage.site.client_id, access_token_lifetime_in=SHORT_LIFE_IN)
    try:
        with stage.visitor() as visitor:
            _must_log_in(stage, visitor)
            pause(SHORT_LIFE_IN + 0.1)
            yield visitor
    finally:
        stage.control.change_client(stage.site.client_id, access_token_lifetime_in=usual)


def faulty_logout(fault: str) -> Scenario:
    """A logout at the site while a fault is produced."""

    def play(stage: Stage) -> Seen:
        with stage.visitor() as visitor:
            _must_log_in(stage, visitor)
            with _fault(stage, fault) as applied:
                page = visitor.open(_logout_url(stage))
                acted = applied()
            state, seen = stage.look(visitor)
            return Seen(state, page=seen, broke=_broke(page, stage), applied=acted)

    return play


def faulty_backchannel(fault: str) -> Scenario:
    """A back-channel logout with a fault."""

    def play(stage: Stage) -> Seen:
        _backchannel_uri(stage)
        with _logged_in_alone(stage) as visitor:
            with _fault(stage, fault) as applied:
                stage.control.log_out(stage.account, stage.site.client_id)
                acted = applied()
            state, page = stage.look(visitor)
            return Seen(state, page=page, applied=acted)

    return play


def faulty_frontchannel(fault: str) -> Scenario:
    """A logout at the provider whose page frames the site's wrongly."""

    def play(stage: Stage) -> Seen:
        _frontchannel_uri(stage)
        with _without_backchannel(stage), _logged_in_alone(stage) as visitor:
            with _fault(stage, fault, clears=False) as applied:
                visitor.open(_provider_logout(stage))
                acted = applied()
            state, page = stage.look(visitor)
            return Seen(state, page=page, applied=acted)

    return play


# -- What they share ---------------------------------------------------------------------------------------------------


def _tolerant_login(stage: Stage) -> Seen:
    """A login that may end anywhere; no answer of the site, in the time it is given, is a break."""
    with stage.visitor() as visitor:
        try:
            return _seen(*stage.logged_in(visitor), stage=stage)
        except VisitError as error:
            return Seen(State.UNCLEAR, broke=error.words)


def _seen(state: State, page: Page, stage: Stage | None = None) -> Seen:
    return Seen(state, page=page, broke=_broke(page, stage))


def _broke(page: Page, stage: Stage | None = None) -> Words | None:
    """Whether the site, not the provider, answered as one that did not expect this."""
    of_provider = stage is not None and origin(page.url) == origin(stage.issuer)
    if page.status != BROKEN or of_provider:
        return None
    return Words(f"{shown(page.url)} answered 500", f"{shown(page.url)} a répondu 500")


def _with(seen: Seen, applied: bool) -> Seen:
    return Seen(seen.state, seen.holds, seen.page, seen.broke, seen.note, applied)


@contextmanager
def _fault(stage: Stage, name: str, *, clears: bool = True) -> Iterator[Callable[[], bool]]:
    """A fault that is produced until the end of the block; the value says whether it has acted."""
    number = stage.control.add_fault(name, **OPTIONS.get(name, {}))
    try:
        yield lambda: stage.control.applied(number) > 0
    finally:
        if clears:
            stage.control.clear_faults()


@contextmanager
def _without_backchannel(stage: Stage) -> Iterator[None]:
    """No back-channel logout reaches the site in the block."""
    if stage.registered("backchannel_logout_uri"):
        stage.control.add_fault("backchannel_dropped")
    try:
        yield
    finally:
        stage.control.clear_faults()


@contextmanager
def _logged_in_alone(stage: Stage) -> Iterator[Visitor]:
    """A visitor who has the account's only session."""
    stage.control.end_sessions(stage.account)
    with stage.visitor() as visitor:
        _must_log_in(stage, visitor)
        yield visitor


def _must_log_in(stage: Stage, visitor: Visitor) -> None:
    state, page = stage.logged_in(visitor)
    if state is not State.LOGGED_IN:
        told = page.told()
        raise VisitError(
            Words(
                f"the login that this case begins with did not work: {told.english}",
                f"la connexion par laquelle ce cas commence n’a pas abouti : {told.french}",
            )
        )


def _rotate(stage: Stage) -> None:
    alg = str(stage.registered("id_token_alg") or "RS256")
    if alg.startswith("HS"):
        raise NotApplicable(
            Words(
                f"this client's ID Tokens are signed with its secret ({alg}): there is no key to look for",
                f"les ID Tokens de ce client sont signés de son secret ({alg}) : il n’y a pas de clé à chercher",
            )
        )
    stage.control.rotate_keys(alg)


def _logout_url(stage: Stage) -> str:
    if stage.site.logout_url is None:
        raise NotApplicable(
            Words(
                "the site's logout is not known: give it with --logout-url",
                "la déconnexion du site n’est pas connue : donnez-la par --logout-url",
            )
        )
    return stage.site.logout_url


def _backchannel_uri(stage: Stage) -> str:
    found = _registered_uri(stage, "backchannel_logout_uri")
    if str(stage.control.state().get("dialect", "")).startswith("grandlyonconnect"):
        raise NotApplicable(
            Words(
                "GrandLyonConnect itself tells nobody by back-channel: play against the dialect standard",
                "GrandLyonConnect lui-même n’annonce rien de serveur à serveur : jouez avec le dialecte standard",
            )
        )
    return found


def _frontchannel_uri(stage: Stage) -> str:
    return _registered_uri(stage, "frontchannel_logout_uri")


def _registered_uri(stage: Stage, name: str) -> str:
    found = stage.registered(name)
    if not found:
        raise NotApplicable(Words(f"this client registered no {name}", f"ce client n’a pas enregistré de {name}"))
    return str(found)


def _provider_logout(stage: Stage) -> str:
    return f"{stage.issuer.rstrip('/')}/logout/"


def _post_token(stage: Stage, address: str, token: str) -> int:
    try:
        with requests.post(
            address, data={"logout_token": token}, timeout=stage.post_timeout_in, allow_redirects=False
        ) as answer:
            return answer.status_code
    except requests.RequestException as error:
        raise VisitError(no_answer(f"POST {shown(address)}", error)) from None
