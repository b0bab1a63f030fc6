"""Faults of the way between a site's server and the provider: any endpoint that the site itself calls."""

from __future__ import annotations

from functools import partial

from testkit.faults.answering import error_of_choice, not_gzip, said, to_itself
from testkit.faults.fault import FaultSpec

_fault = partial(
    FaultSpec,
    family="transport",
    endpoints=("discovery", "jwks", "token", "userinfo", "introspect", "revoke", "par", "registration"),
    rp_must="fail",
)

FAULTS = (
    _fault(
        name="transport_reset",
        summary="The connection is reset before any answer.",
        resume_fr="La connexion est coupée net avant toute réponse.",
        why="Networks break: nobody is logged in, the user is told and may begin again.",
        section="RFC 9293, 3.10.7; RFC 9110, 9.2.2",
        transport="reset",
    ),
    _fault(
        name="transport_cut",
        summary="The connection is closed half-way through the body that Content-Length announced.",
        resume_fr="La connexion est fermée au milieu du corps annoncé par Content-Length.",
        why="An incomplete answer is none, however readable its beginning.",
        section="RFC 9112, 8",
        transport="truncate",
    ),
    _fault(
        name="transport_slow",
        summary="The answer takes 3 seconds (option seconds).",
        resume_fr="La réponse prend 3 secondes (option seconds).",
        rp_must="accept",
        why="Services have bad days: the site waits, within reason, and its other users do not wait with it.",
        section="RFC 9110, 15.5.9",
        transport="delay",
        options={"seconds": 3},
    ),
    _fault(
        name="transport_mobile",
        summary="Each answer takes what it takes over a poor mobile network: 400 milliseconds (option seconds).",
        resume_fr="Chaque réponse prend le temps d’un mauvais réseau mobile : 400 millisecondes (option seconds).",
        rp_must="accept",
        why="A login of five calls then takes two seconds, and works.",
        section="RFC 9110, 15.5.9",
        transport="delay",
        options={"seconds": 0.4},
    ),
    _fault(
        name="transport_hang",
        summary="The connection stays open and nothing comes, for a minute (option seconds).",
        resume_fr="La connexion reste ouverte et rien ne vient, une minute durant (option seconds).",
        why="A site has a time limit of its own for every call, or one bad night takes all its workers.",
        section="RFC 9110, 15.5.9",
        transport="hang",
        options={"seconds": 60},
    ),
    _fault(
        name="transport_huge",
        summary="The answer is followed by 32 MiB of blanks (option mib).",
        resume_fr="La réponse est suivie de 32 Mio de blancs (option mib).",
        rp_must="either",
        why="A site has a longest answer of its own; it may read this one, and must not fall over it.",
        section="RFC 9110, 8.6",
        transport="huge",
        options={"mib": 32},
    ),
    _fault(
        name="transport_deep",
        summary="The answer is JSON nested 100 000 deep.",
        resume_fr="La réponse est du JSON imbriqué sur 100 000 niveaux.",
        why="Parsers that recurse without a limit end their process.",
        section="RFC 8259, 9",
        instead=said(200, b"[" * 100_000 + b"]" * 100_000, "application/json"),
    ),
    _fault(
        name="transport_error",
        summary="The endpoint answers the error temporarily_unavailable, 503 (options error, status: another).",
        resume_fr="Le point d’accès répond l’erreur temporarily_unavailable, 503 (options error, status : une autre).",
        why="Nobody is logged in; the user is told and may begin again.",
        section="RFC 9110, 15.6.4; RFC 6749, 5.2",
        instead=error_of_choice,
        options={"status": 503, "error": "temporarily_unavailable"},
    ),
    _fault(
        name="transport_redirect_loop",
        summary="The endpoint redirects to itself, for ever.",
        resume_fr="Le point d’accès redirige vers lui-même, sans fin.",
        why="Redirects are counted, or not followed at all.",
        section="RFC 9110, 15.4",
        instead=to_itself,
    ),
    _fault(
        name="transport_redirect_elsewhere",
        summary="The endpoint redirects to another machine, in plain http.",
        resume_fr="Le point d’accès redirige vers une autre machine, en http sans chiffrement.",
        why="Whatever is found there was said by a stranger.",
        section="RFC 9700, 4.12; OpenID Connect Discovery 1.0, 4.2",
        instead=said(302, b"", "text/plain", Location="http://sans-tls.invalid/"),
    ),
    _fault(
        name="transport_not_gzip",
        summary="The answer says that it is compressed, and is not.",
        resume_fr="La réponse se dit compressée et ne l’est pas.",
        why="What cannot be decoded is no answer; the site stays up.",
        section="RFC 9110, 8.4",
        answer=not_gzip,
    ),
    _fault(
        name="transport_empty",
        summary="The answer has no body at all, status 200.",
        resume_fr="La réponse n’a pas de corps du tout, statut 200.",
        why="Nothing is no answer; the site stays up.",
        section="RFC 9110, 6.4",
        instead=said(200, b"", "application/json"),
    ),
)
