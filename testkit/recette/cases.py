"""The table of what is played: the good paths, what the journal shows, and the catalogue of faults.

Each case belongs to a *duty*: one thing that a site owes its users. One mistake of a site may fail many cases; they are
those of one duty, and the report names that duty first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from testkit.recette import scenarios
from testkit.recette.stage import Seen, Stage


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


DUTIES = {
    "login": "People can log in, again and again.",
    "errors": "An answer that is an error is told to the user, and breaks nothing.",
    "open_redirect": "After the login the user stays on the site, whatever the link that led there says.",
    "state": "An answer is taken only with the state of a login that this browser began.",
    "state_unguessable": "Each login has a state of its own that nobody can guess.",
    "answer_iss": "The answer comes from the provider that was asked (iss).",
    "answer": "The authorization answer is read strictly.",
    "pkce": "Each login uses PKCE with S256.",
    "nonce_sent": "Each login sends a nonce.",
    "nonce": "The ID Token's nonce is the one that was sent.",
    "code_once": "A code is redeemed once.",
    "secret": "The client's secret is never in an address.",
    "alg_none": "An ID Token that is not signed is refused.",
    "alg": "An ID Token is refused unless it is signed with the algorithm that was agreed.",
    "signature": "The signature of the ID Token is verified with the provider's published keys.",
    "iss": "The ID Token comes from the provider (iss).",
    "aud": "The ID Token is for this site (aud, azp).",
    "sub": "The ID Token names somebody.",
    "expiry": "An ID Token that has expired is refused.",
    "dates": "An ID Token's other dates are believable.",
    "hashes": "The ID Token vouches for the tokens beside it.",
    "id_token": "The ID Token is read strictly.",
    "userinfo_sub": "Userinfo tells about the person of the ID Token (sub).",
    "userinfo": "Userinfo's answers are read with care.",
    "token_answer": "The token endpoint's answers are read with care.",
    "discovery": "The discovery document is read with care.",
    "key_rotation": "A key that the provider has just begun to use is looked for.",
    "jwks": "The provider's keys are read with care.",
    "logout": "Logging out ends the site's own login.",
    "logout_at_provider": "Logging out ends the provider's session too.",
    "backchannel": "A back-channel logout ends the login.",
    "logout_token": "A logout token is verified before anything is ended.",
    "logout_replay": "A logout token is taken once.",
    "frontchannel": "A front-channel logout ends the login.",
    "frontchannel_checked": "A front-channel logout is believed only with the provider's iss and a known sid.",
    "recovery": "After all this, people can still log in.",
    "transport": "A provider that answers late, or badly, breaks nothing.",
}
"""What a site owes its users, by the name that cases give."""


@dataclass(frozen=True, slots=True)
class Case:
    """One situation, what must come of it, and why."""

    id: str
    duty: str
    title: str
    expected: Expected
    why: str
    section: str
    play: Callable[[Stage], Seen]
    title_fr: str = ""
    fault: str | None = None
    """The fault that is produced; a case whose fault never acts is skipped."""
    needs: tuple[str, ...] = ("login",)
    """Cases without which this one says nothing."""


def all_cases(catalogue: Iterable[Mapping[str, Any]]) -> list[Case]:
    """Every case, in the order in which they are played: what changes keys comes last."""
    faults = [case for fault in catalogue if (case := _of_fault(fault)) is not None]
    last = {"jwks", "key_rotation"}
    return [
        *GOOD_PATHS,
        *JOURNAL,
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
        "Somebody logs in.",
        Expected.LOGGED_IN,
        "Nothing else can be tried before this works.",
        f"{_CORE}, 3.1",
        scenarios.log_in,
        "Une personne se connecte.",
        needs=(),
    ),
    Case(
        "second_login",
        "login",
        "Somebody else logs in, then the first person again.",
        Expected.LOGGED_IN,
        "What one login leaves behind must not hinder the next.",
        f"{_CORE}, 3.1",
        scenarios.log_in_twice,
        "Une autre personne se connecte, puis la première de nouveau.",
    ),
    Case(
        "consent_refused",
        "errors",
        "The person refuses to share their data (access_denied).",
        Expected.FAILS_CLEANLY,
        "Refusing is a right: the user gets a page that says so, not a crash.",
        f"{_CORE}, 3.1.2.6",
        scenarios.visitor_who("refuses"),
        "La personne refuse de partager ses données.",
    ),
    Case(
        "login_cancelled",
        "errors",
        "The person gives up on the login page.",
        Expected.FAILS_CLEANLY,
        "People change their minds: the user gets a page that says so, not a crash.",
        f"{_CORE}, 3.1.2.6",
        scenarios.visitor_who("cancels"),
        "La personne renonce à se connecter.",
    ),
    Case(
        "answer_in_another_browser",
        "state",
        "The answer to one browser's login is opened in another browser.",
        Expected.NOT_LOGGED_IN,
        "Otherwise a link is enough to log somebody in to an attacker's account, where they type what they should not.",
        "RFC 6749, 10.12",
        scenarios.answer_in_another_browser,
        "La réponse destinée à un navigateur est ouverte dans un autre.",
    ),
    Case(
        "open_redirect",
        "open_redirect",
        "The login's address asks to be sent to another site afterwards.",
        Expected.HOLDS,
        "A link to your site that ends on an attacker's one is what a fraudulent e-mail needs.",
        "RFC 9700, 4.11",
        scenarios.open_redirect,
        "L’adresse de connexion demande d’aller ensuite sur un autre site.",
    ),
    Case(
        "logout",
        "logout",
        "The person logs out at the site.",
        Expected.LOGGED_OUT,
        "On a shared computer the next person must not find them logged in.",
        "OpenID Connect RP-Initiated Logout 1.0, 2",
        scenarios.log_out,
        "La personne se déconnecte du site.",
    ),
    Case(
        "logout_at_provider",
        "logout_at_provider",
        "Logging out at the site ends the provider's session too.",
        Expected.HOLDS,
        "Otherwise one click logs the next person in again, without a password.",
        "OpenID Connect RP-Initiated Logout 1.0, 2",
        scenarios.log_out_everywhere,
        "Se déconnecter du site met aussi fin à la session du fournisseur.",
        needs=("login", "logout"),
    ),
    Case(
        "backchannel_logout",
        "backchannel",
        "The provider tells the site, server to server, that the session ended.",
        Expected.LOGGED_OUT,
        "Somebody who logs out at another site is logged out here too.",
        f"{_BACK}, 2.7",
        scenarios.backchannel_logout,
        "Le fournisseur annonce au site, de serveur à serveur, la fin de la session.",
    ),
    Case(
        "logout_token_replayed",
        "logout_replay",
        "A logout token that was taken already is sent again after a new login.",
        Expected.LOGGED_IN,
        "Whoever reads one token in a log could log that person out again and again.",
        f"{_BACK}, 2.6 (7)",
        scenarios.logout_token_replayed,
        "Un jeton de déconnexion déjà reçu est renvoyé après une nouvelle connexion.",
        needs=("login", "backchannel_logout"),
    ),
    Case(
        "frontchannel_logout",
        "frontchannel",
        "The person logs out at the provider, whose page tells the site.",
        Expected.LOGGED_OUT,
        "Somebody who logs out at another site is logged out here too.",
        "OpenID Connect Front-Channel Logout 1.0, 3",
        scenarios.frontchannel_logout,
        "La personne se déconnecte chez le fournisseur, dont la page prévient le site.",
    ),
)


def _shown(name: str, duty: str, title: str, title_fr: str, why: str, section: str) -> Case:
    return Case(name, duty, title, Expected.HOLDS, why, section, scenarios.journal_shows(name), title_fr)


JOURNAL = (
    _shown(
        "pkce_s256",
        "pkce",
        "Every authorization request carries a PKCE challenge (S256).",
        "Chaque demande porte un défi PKCE (S256).",
        "A code that is stolen on the way is worth nothing without the verifier.",
        "RFC 7636; RFC 9700, 2.1.1",
    ),
    _shown(
        "state_unguessable",
        "state_unguessable",
        "Each authorization request has another state, which cannot be guessed.",
        "Chaque demande a un autre state, que personne ne peut deviner.",
        "A state that can be guessed protects from nothing.",
        "RFC 6749, 10.10 and 10.12",
    ),
    _shown(
        "nonce_sent",
        "nonce_sent",
        "Every authorization request carries a nonce.",
        "Chaque demande porte un nonce.",
        "The nonce ties the ID Token to this login: without it, another one's can be slipped in.",
        f"{_CORE}, 3.1.2.1 and 15.5.2",
    ),
    _shown(
        "code_redeemed_once",
        "code_once",
        "Each code is redeemed once.",
        "Chaque code est échangé une seule fois.",
        "A provider takes a second time for a theft, and revokes what the first one gave.",
        "RFC 6749, 4.1.2",
    ),
    _shown(
        "secret_never_in_url",
        "secret",
        "The client's secret is never written into an address.",
        "Le secret du client n’est jamais dans une adresse.",
        "Addresses are kept in logs and histories, and sent on to other sites.",
        "RFC 6749, 2.3.1",
    ),
)

RECOVERY = Case(
    "login_after_all",
    "recovery",
    "After all these faults, somebody logs in.",
    Expected.LOGGED_IN,
    "A bad hour of the provider must not leave the site broken until somebody restarts it.",
    f"{_CORE}, 3.1",
    scenarios.log_in,
    "Après tous ces incidents, une personne se connecte.",
)
KEY_ROTATION = Case(
    "key_rotation",
    "key_rotation",
    "The provider signs with a new key.",
    Expected.LOGGED_IN,
    "Keys change without notice: a site that keeps the old ones locks everybody out.",
    f"{_CORE}, 10.1.1",
    scenarios.key_rotation,
    "Le fournisseur signe avec une nouvelle clé.",
    needs=("login", "login_after_all"),
)

_DUTY_OF_FAULT = (
    ("id_token_alg_none*", "alg_none"),
    ("id_token_alg_*", "alg"),
    ("id_token_hs256_*", "alg"),
    ("id_token_*signature*", "signature"),
    ("id_token_altered", "signature"),
    ("id_token_signed_by_*", "signature"),
    ("id_token_key_*", "signature"),
    ("id_token_kid_*", "signature"),
    ("id_token_iss_*", "iss"),
    ("id_token_aud_*", "aud"),
    ("id_token_azp_*", "aud"),
    ("id_token_sub_of_somebody_else", "userinfo_sub"),
    ("id_token_sub_*", "sub"),
    ("id_token_nonce_*", "nonce"),
    ("id_token_exp_*", "expiry"),
    ("id_token_iat_*", "dates"),
    ("id_token_not_yet_valid", "dates"),
    ("id_token_auth_time_*", "dates"),
    ("id_token_?*_hash_*", "hashes"),
    ("id_token_*", "id_token"),
    ("authorize_state_*", "state"),
    ("authorize_iss_*", "answer_iss"),
    ("authorize_error_beside_code", "answer"),
    ("authorize_error_*", "errors"),
    ("authorize_*", "answer"),
    ("userinfo_sub_*", "userinfo_sub"),
    ("userinfo_empty", "userinfo_sub"),
    ("userinfo_*", "userinfo"),
    ("token_*", "token_answer"),
    ("discovery_*", "discovery"),
    ("jwks_rotated_*", "key_rotation"),
    ("jwks_*", "jwks"),
    ("logout_*", "logout"),
    ("backchannel_*", "logout_token"),
    ("frontchannel_*", "frontchannel_checked"),
    ("transport_*", "transport"),
)
"""The duty that a fault tests: the first pattern that its name matches."""

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
    "backchannel": (scenarios.faulty_backchannel, ("login", "backchannel_logout")),
    "frontchannel": (scenarios.faulty_frontchannel, ("login", "frontchannel_logout")),
    "logout": (scenarios.faulty_logout, ("login", "logout")),
}


def _of_fault(fault: Mapping[str, Any]) -> Case | None:
    """The case that plays a fault of the catalogue; None where nothing from outside makes a site do what it takes."""
    name, family = str(fault["name"]), str(fault["family"])
    if family == "refresh":
        return None
    kind = name.partition("_")[0] if family == "logout" else family
    play, needs = _SCENARIO_OF.get(kind, (scenarios.faulty_login, ("login",)))
    return Case(
        id=name,
        duty=next((duty for pattern, duty in _DUTY_OF_FAULT if fnmatchcase(name, pattern)), "transport"),
        title=str(fault["summary"]),
        expected=_expected(kind, str(fault["rp_must"])),
        why=str(fault["why"]),
        section=str(fault["section"]),
        play=play(name),
        title_fr=str(fault.get("resume_fr", "")),
        fault=name,
        needs=needs,
    )


def _expected(kind: str, rp_must: str) -> Expected:
    if kind == "logout":
        return Expected.LOGGED_OUT  # whatever comes back, the site ended its own login first
    if kind in {"backchannel", "frontchannel"}:
        told = {"reject": Expected.LOGGED_IN, "end_session": Expected.LOGGED_OUT}
        return told.get(rp_must, Expected.DOES_NOT_BREAK)
    if kind == "userinfo" and rp_must == "fail":
        return Expected.DOES_NOT_BREAK  # the ID Token is enough to log in
    return _EXPECTED_OF.get(rp_must, Expected.DOES_NOT_BREAK)
