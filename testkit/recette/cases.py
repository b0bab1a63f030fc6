"""The table of what is played: the good paths, what the journal shows, and the catalogue of faults.

Each case belongs to a *duty* (`duties.py`): one thing that a site owes its users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from testkit.recette import scenarios
from testkit.recette.duties import duty_of
from testkit.recette.stage import Seen, Stage
from testkit.recette.words import Words


class Expected(StrEnum):
    """What must be seen at the end of a case."""

    LOGGED_IN = "logged_in"
    NOT_LOGGED_IN = "not_logged_in"
    LOGGED_OUT = "logged_out"
    FAILS_CLEANLY = "fails_cleanly"
    """Nobody is logged in, and the site does not break."""
    DOES_NOT_BREAK = "does_not_break"
    """Whether somebody is logged in is the site's to decide."""
    STILL_WORKS = "still_works"
    """Once the fault is over, a login works again."""
    HOLDS = "holds"
    """What is looked for in the journal, or the probe, holds."""


@dataclass(frozen=True, slots=True)
class Case:
    """One situation, what must come of it, and why."""

    id: str
    duty: str
    title: Words
    expected: Expected
    why: Words
    section: str
    play: Callable[[Stage], Seen]
    fault: str | None = None
    """The fault that is produced; a case whose fault never acts is skipped."""
    needs: tuple[str, ...] = ("login",)
    """Cases without which this one says nothing."""


def all_cases(catalogue: Iterable[Mapping[str, Any]]) -> list[Case]:
    """Every case, in the order in which they are played: what changes keys comes last."""
    faults = [_of_fault(fault) for fault in catalogue]
    last = {"jwks", "key_rotation"}
    return [
        *GOOD_PATHS,
        *JOURNAL,
        REFRESH,
        *(case for case in faults if case.duty not in last),
        RECOVERY,
        KEY_ROTATION,
        *(case for case in faults if case.duty in last),
    ]


_CORE = "OpenID Connect Core 1.0"
_BACK = "OpenID Connect Back-Channel Logout 1.0"

GOOD_PATHS = (
    Case(
        "login",
        "login",
        Words("Somebody logs in.", "Une personne se connecte."),
        Expected.LOGGED_IN,
        Words(
            "Nothing else can be tried before this works.",
            "Rien d’autre ne peut être essayé tant que cela ne fonctionne pas.",
        ),
        f"{_CORE}, 3.1",
        scenarios.log_in,
        needs=(),
    ),
    Case(
        "second_login",
        "login",
        Words(
            "Somebody else logs in, then the first person again.",
            "Une autre personne se connecte, puis la première de nouveau.",
        ),
        Expected.LOGGED_IN,
        Words(
            "What one login leaves behind must not hinder the next.",
            "Ce qu’une connexion laisse derrière elle ne doit pas gêner la suivante.",
        ),
        f"{_CORE}, 3.1",
        scenarios.log_in_twice,
    ),
    Case(
        "consent_refused",
        "errors",
        Words("The person refuses to share their data (access_denied).", "La personne refuse de partager ses données."),
        Expected.FAILS_CLEANLY,
        Words(
            "Refusing is a right: the user gets a page that says so, not a crash.",
            "Refuser est un droit : la personne voit une page qui le dit, pas une panne.",
        ),
        f"{_CORE}, 3.1.2.6",
        scenarios.visitor_who("refuses"),
    ),
    Case(
        "login_cancelled",
        "errors",
        Words("The person gives up on the login page.", "La personne renonce à se connecter."),
        Expected.FAILS_CLEANLY,
        Words(
            "People change their minds: the user gets a page that says so, not a crash.",
            "On peut changer d’avis : la personne voit une page qui le dit, pas une panne.",
        ),
        f"{_CORE}, 3.1.2.6",
        scenarios.visitor_who("cancels"),
    ),
    Case(
        "answer_in_another_browser",
        "state",
        Words(
            "The answer to one browser's login is opened in another browser.",
            "La réponse destinée à un navigateur est ouverte dans un autre.",
        ),
        Expected.NOT_LOGGED_IN,
        Words(
            "Otherwise a link is enough to log somebody in to an attacker's account, where they type what they "
            "should not.",
            "Sinon, un lien suffit à connecter quelqu’un au compte d’un attaquant, où il écrit ce qu’il ne "
            "devrait pas.",
        ),
        "RFC 6749, 10.12",
        scenarios.answer_in_another_browser,
    ),
    Case(
        "open_redirect",
        "open_redirect",
        Words(
            "The login's address asks to be sent to another site afterwards.",
            "L’adresse de connexion demande d’aller ensuite sur un autre site.",
        ),
        Expected.HOLDS,
        Words(
            "A link to your site that ends on an attacker's one is what a fraudulent e-mail needs.",
            "Un lien vers votre site qui finit sur celui d’un attaquant, c’est ce qu’il faut à un courriel frauduleux.",
        ),
        "RFC 9700, 4.11",
        scenarios.open_redirect,
    ),
    Case(
        "logout",
        "logout",
        Words("The person logs out at the site.", "La personne se déconnecte du site."),
        Expected.LOGGED_OUT,
        Words(
            "On a shared computer the next person must not find them logged in.",
            "Sur un ordinateur partagé, la personne suivante ne doit pas la trouver connectée.",
        ),
        "OpenID Connect RP-Initiated Logout 1.0, 2",
        scenarios.log_out,
    ),
    Case(
        "logout_at_provider",
        "logout_at_provider",
        Words(
            "Logging out at the site ends the provider's session too.",
            "Se déconnecter du site met aussi fin à la session du fournisseur.",
        ),
        Expected.HOLDS,
        Words(
            "Otherwise one click logs the next person in again, without a password.",
            "Sinon, un clic connecte de nouveau la personne suivante, sans mot de passe.",
        ),
        "OpenID Connect RP-Initiated Logout 1.0, 2",
        scenarios.log_out_everywhere,
        needs=("login", "logout"),
    ),
    Case(
        "backchannel_logout",
        "backchannel",
        Words(
            "The provider tells the site, server to server, that the session ended.",
            "Le fournisseur annonce au site, de serveur à serveur, la fin de la session.",
        ),
        Expected.LOGGED_OUT,
        Words(
            "Somebody who logs out at another site is logged out here too.",
            "Qui se déconnecte d’un autre site est aussi déconnecté ici.",
        ),
        f"{_BACK}, 2.7",
        scenarios.backchannel_logout,
    ),
    Case(
        "logout_token_replayed",
        "logout_replay",
        Words(
            "A logout token that was taken already is sent again after a new login.",
            "Un jeton de déconnexion déjà reçu est renvoyé après une nouvelle connexion.",
        ),
        Expected.LOGGED_IN,
        Words(
            "Whoever reads one token in a log could log that person out again and again.",
            "Qui lit un jeton dans un journal pourrait déconnecter cette personne encore et encore.",
        ),
        f"{_BACK}, 2.6 (7)",
        scenarios.logout_token_replayed,
        needs=("login", "backchannel_logout"),
    ),
    Case(
        "frontchannel_logout",
        "frontchannel",
        Words(
            "The person logs out at the provider, whose page tells the site.",
            "La personne se déconnecte chez le fournisseur, dont la page prévient le site.",
        ),
        Expected.LOGGED_OUT,
        Words(
            "Somebody who logs out at another site is logged out here too.",
            "Qui se déconnecte d’un autre site est aussi déconnecté ici.",
        ),
        "OpenID Connect Front-Channel Logout 1.0, 3",
        scenarios.frontchannel_logout,
    ),
)

REFRESH = Case(
    "refresh",
    "refresh",
    Words(
        "Somebody opens a page after their access token's life.",
        "Une personne ouvre une page après l’expiration de son jeton d’accès.",
    ),
    Expected.LOGGED_IN,
    Words(
        "A refresh is what keeps people from logging in again: nobody notices it.",
        "Rafraîchir évite aux personnes de se reconnecter : nul ne s’en aperçoit.",
    ),
    f"{_CORE}, 12; RFC 6749, 6",
    scenarios.refreshed,
)


def _shown(name: str, duty: str, title: Words, why: Words, section: str) -> Case:
    return Case(name, duty, title, Expected.HOLDS, why, section, scenarios.journal_shows(name))


JOURNAL = (
    _shown(
        "pkce_s256",
        "pkce",
        Words(
            "Every authorization request carries a PKCE challenge (S256).", "Chaque demande porte un défi PKCE (S256)."
        ),
        Words(
            "A code that is stolen on the way is worth nothing without the verifier.",
            "Un code volé en chemin ne vaut rien sans le vérificateur.",
        ),
        "RFC 7636; RFC 9700, 2.1.1",
    ),
    _shown(
        "state_unguessable",
        "state_unguessable",
        Words(
            "Each authorization request has another state, which cannot be guessed.",
            "Chaque demande a un autre state, que personne ne peut deviner.",
        ),
        Words("A state that can be guessed protects from nothing.", "Un state que l’on devine ne protège de rien."),
        "RFC 6749, 10.10 and 10.12",
    ),
    _shown(
        "nonce_sent",
        "nonce_sent",
        Words("Every authorization request carries a nonce.", "Chaque demande porte un nonce."),
        Words(
            "The nonce ties the ID Token to this login: without it, another one's can be slipped in.",
            "Le nonce lie l’ID Token à cette connexion : sans lui, celui d’une autre peut y être glissé.",
        ),
        f"{_CORE}, 3.1.2.1 and 15.5.2",
    ),
    _shown(
        "code_redeemed_once",
        "code_once",
        Words("Each code is redeemed once.", "Chaque code est échangé une seule fois."),
        Words(
            "A provider takes a second time for a theft, and revokes what the first one gave.",
            "Un fournisseur prend une seconde fois pour un vol, et révoque ce que la première a donné.",
        ),
        "RFC 6749, 4.1.2",
    ),
    _shown(
        "secret_never_in_url",
        "secret",
        Words(
            "The client's secret is never written into an address.",
            "Le secret du client n’est jamais dans une adresse.",
        ),
        Words(
            "Addresses are kept in logs and histories, and sent on to other sites.",
            "Les adresses restent dans des journaux et des historiques, et sont transmises à d’autres sites.",
        ),
        "RFC 6749, 2.3.1",
    ),
)

RECOVERY = Case(
    "login_after_all",
    "recovery",
    Words("After all these faults, somebody logs in.", "Après tous ces incidents, une personne se connecte."),
    Expected.LOGGED_IN,
    Words(
        "A bad hour of the provider must not leave the site broken until somebody restarts it.",
        "Une mauvaise heure du fournisseur ne doit pas laisser le site en panne jusqu’à ce qu’on le redémarre.",
    ),
    f"{_CORE}, 3.1",
    scenarios.log_in,
)
KEY_ROTATION = Case(
    "key_rotation",
    "key_rotation",
    Words("The provider signs with a new key.", "Le fournisseur signe avec une nouvelle clé."),
    Expected.LOGGED_IN,
    Words(
        "Keys change without notice: a site that keeps the old ones locks everybody out.",
        "Les clés changent sans préavis : un site qui garde les anciennes ferme la porte à tout le monde.",
    ),
    f"{_CORE}, 10.1.1",
    scenarios.key_rotation,
    needs=("login", "login_after_all"),
)

_EXPECTED_OF = {
    "reject": Expected.NOT_LOGGED_IN,
    "fail": Expected.FAILS_CLEANLY,
    "accept": Expected.LOGGED_IN,
    "retry": Expected.STILL_WORKS,
}
"""What must come of a faulty login, by what the catalogue says a site must do; else it must not break."""

_SCENARIO_OF = {
    "discovery": (scenarios.faulty_login, ("login",)),
    "jwks": (scenarios.faulty_keys, ("login", "key_rotation")),
    "refresh": (scenarios.faulty_refresh, ("login", "refresh")),
    "backchannel": (scenarios.faulty_backchannel, ("login", "backchannel_logout")),
    "frontchannel": (scenarios.faulty_frontchannel, ("login", "frontchannel_logout")),
    "logout": (scenarios.faulty_logout, ("login", "logout")),
}


def _of_fault(fault: Mapping[str, Any]) -> Case:
    """The case that plays a fault of the catalogue."""
    name, family = str(fault["name"]), str(fault["family"])
    kind = name.partition("_")[0] if family == "logout" else family
    play, needs = _SCENARIO_OF.get(kind, (scenarios.faulty_login, ("login",)))
    return Case(
        id=name,
        duty=duty_of(name),
        title=Words(str(fault["summary"]), str(fault["resume_fr"])),
        expected=_expected(kind, str(fault["rp_must"])),
        why=Words(str(fault["why"]), str(fault["pourquoi_fr"])),
        section=str(fault["section"]),
        play=play(name),
        fault=name,
        needs=needs,
    )


def _expected(kind: str, rp_must: str) -> Expected:
    if kind == "logout":
        return Expected.LOGGED_OUT  # whatever comes back, the site ended its own login first
    if kind in {"backchannel", "frontchannel"}:
        told = {"reject": Expected.LOGGED_IN, "end_session": Expected.LOGGED_OUT}
        return told.get(rp_must, Expected.DOES_NOT_BREAK)
    if kind == "refresh":
        told = {"accept": Expected.LOGGED_IN, "retry": Expected.STILL_WORKS, "end_session": Expected.LOGGED_OUT}
        return told.get(rp_must, Expected.DOES_NOT_BREAK)  # the login may go on without new tokens
    if kind == "userinfo" and rp_must == "fail":
        return Expected.DOES_NOT_BREAK  # the ID Token is enough to log in
    return _EXPECTED_OF.get(rp_must, Expected.DOES_NOT_BREAK)
