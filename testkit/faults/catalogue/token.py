"""Faults of the token endpoint's answers to a code (RFC 6749, 5; OpenID Connect Core 1.0, 3.1.3)."""

from __future__ import annotations

from functools import partial

from testkit.faults.answering import (
    HTML_PAGE,
    as_type,
    error,
    instead_of_it,
    json_changed,
    json_of_choice,
    json_with,
    json_without,
    said,
    truncated,
)
from testkit.faults.fault import FaultSpec

_fault = partial(FaultSpec, family="token", endpoints=("token",), rp_must="fail")
_ERRORS = "RFC 6749, 5.2"
_SUCCESS = "RFC 6749, 5.1"

ERRORS = {
    "invalid_request": (400, _ERRORS),
    "invalid_client": (401, _ERRORS),
    "invalid_grant": (400, _ERRORS),
    "unauthorized_client": (400, _ERRORS),
    "unsupported_grant_type": (400, _ERRORS),
    "invalid_scope": (400, _ERRORS),
    "invalid_target": (400, "RFC 8707, 2"),
}
"""Each error that is registered for the token endpoint of this provider's grants, and its status."""

FAULTS = (
    *(
        _fault(
            name=f"token_error_{code}",
            summary=f"The token endpoint answers the error {code}, {status}; the code is not spent.",
            resume_fr=f"Le point d’accès token répond l’erreur {code}, {status} ; le code n’est pas consommé.",
            why="Nobody is logged in; the user is told and may begin again, and the error is no crash of the site.",
            section=section,
            instead=error(status, code),
        )
        for code, (status, section) in ERRORS.items()
    ),
    _fault(
        name="token_error_with_200",
        summary="The token endpoint answers an error, with status 200.",
        resume_fr="Le point d’accès token répond une erreur, avec le statut 200.",
        why="A status alone does not make a success: there is no token in it.",
        section=_ERRORS,
        instead=error(200, "invalid_grant"),
    ),
    *(
        _fault(
            name=f"token_{status}",
            summary=f"The token endpoint answers {status}; the code is not spent.",
            resume_fr=f"Le point d’accès token répond {status} ; le code n’est pas consommé.",
            why="Nobody is logged in; the user is told and may begin again.",
            section=f"RFC {section}",
            instead=said(status, HTML_PAGE, "text/html", **headers),
        )
        for status, section, headers in (
            (429, "6585, 4", {"Retry-After": "1"}),
            (500, "9110, 15.6.1", {}),
            (502, "9110, 15.6.3", {}),
            (503, "9110, 15.6.4", {"Retry-After": "1"}),
        )
    ),
    _fault(
        name="token_answer_lost",
        summary="The code is redeemed, and the answer is lost on the way: 502.",
        resume_fr="Le code est échangé, et la réponse se perd en chemin : 502.",
        why="A second attempt is refused (invalid_grant): the user begins again.",
        section="RFC 6749, 4.1.2 and 10.5",
        answer=instead_of_it(502, HTML_PAGE, "text/html"),
    ),
    _fault(
        name="token_html",
        summary="The token endpoint answers a page in HTML, status 200.",
        resume_fr="Le point d’accès token répond une page HTML, statut 200.",
        why="A proxy's page of welcome or excuse looks like this; the user is told, and the site stays up.",
        section=_SUCCESS,
        instead=said(200, HTML_PAGE, "text/html"),
    ),
    _fault(
        name="token_empty",
        summary="The token endpoint answers nothing, status 200.",
        resume_fr="Le point d’accès token ne répond rien, statut 200.",
        why="Nothing is no token; the user is told, and the site stays up.",
        section=_SUCCESS,
        instead=said(200, b"", "application/json"),
    ),
    _fault(
        name="token_array",
        summary="The token endpoint answers JSON that is no object.",
        resume_fr="Le point d’accès token répond du JSON qui n’est pas un objet.",
        why="What is well written need not be what was asked for; the site stays up.",
        section=_SUCCESS,
        instead=said(200, b"[]", "application/json"),
    ),
    _fault(
        name="token_wrong_content_type",
        summary="The answer is right, and says it is text/html.",
        resume_fr="La réponse est bonne, et se dit text/html.",
        rp_must="either",
        why="The answer must be application/json; a site may refuse another, or read it all the same.",
        section=_SUCCESS,
        answer=as_type("text/html; charset=utf-8"),
    ),
    _fault(
        name="token_truncated",
        summary="The answer stops half-way.",
        resume_fr="La réponse s’arrête au milieu.",
        why="Half an answer is none; the user is told, and the site stays up.",
        section=_SUCCESS,
        answer=truncated,
    ),
    *(
        _fault(
            name=f"token_without_{name}",
            summary=f"The answer has no {name}.",
            resume_fr=f"La réponse n’a pas de {name}.",
            rp_must=must,
            why=why,
            section=section,
            answer=json_without(name),
        )
        for name, must, why, section in (
            ("access_token", "reject", "The answer is no success without it.", _SUCCESS),
            (
                "id_token",
                "reject",
                "Who logged in is said there, and nowhere else.",
                "OpenID Connect Core 1.0, 3.1.3.3",
            ),
            ("token_type", "either", "It is required; most sites take its absence for Bearer.", _SUCCESS),
            ("expires_in", "accept", "It is recommended, not required.", _SUCCESS),
        )
    ),
    _fault(
        name="token_type_wrong",
        summary="The access token's type is one that the site does not know (mac).",
        resume_fr="Le type du jeton d’accès est inconnu du site (mac).",
        rp_must="reject",
        why="A client must not use a token whose type it does not understand.",
        section="RFC 6749, 7.1",
        answer=json_with(token_type="mac"),  # noqa: S106 — a type
    ),
    _fault(
        name="token_type_in_lower_case",
        summary="The access token's type is written bearer.",
        resume_fr="Le type du jeton d’accès est écrit bearer.",
        rp_must="accept",
        why="Types are compared whatever their case.",
        section=_SUCCESS,
        answer=json_with(token_type="bearer"),  # noqa: S106 — a type
    ),
    _fault(
        name="token_expires_in_a_text",
        summary="expires_in is a text that holds a number.",
        resume_fr="expires_in est un texte qui contient un nombre.",
        rp_must="either",
        why="Known providers did this; a site may refuse, and must not crash.",
        section=_SUCCESS,
        answer=json_changed(lambda told: {"expires_in": str(told["expires_in"])} if "expires_in" in told else {}),
    ),
    _fault(
        name="token_expires_at_once",
        summary="The access token says that it has expired already (expires_in 0).",
        resume_fr="Le jeton d’accès se dit déjà expiré (expires_in 0).",
        rp_must="either",
        why="The login itself is good; a site may find the access token useless, and must not ask again without end.",
        section=_SUCCESS,
        answer=json_with(expires_in=0),
    ),
    _fault(
        name="token_members_unknown",
        summary="The answer has members that no specification defines (option values: your own; null omits one).",
        resume_fr="La réponse a des membres qu’aucune spécification ne définit "
        "(option values : ceux de votre choix ; null en omet un).",
        rp_must="accept",
        why="A client must ignore members that it does not know.",
        section=_SUCCESS,
        answer=json_of_choice,
        options={"values": {"urn_example_unknown": {"nested": [1, None]}}},
    ),
    _fault(
        name="token_access_token_unknown",
        summary="The access token is none that userinfo knows.",
        resume_fr="Le jeton d’accès est inconnu de userinfo.",
        rp_must="either",
        why="Userinfo answers 401; a site that needs its claims tells the user, and stays up.",
        section="RFC 6750, 3.1",
        answer=json_with(access_token="jeton-inconnu"),  # noqa: S106 — nobody's
    ),
    _fault(
        name="token_redirect",
        summary="The token endpoint redirects to another machine (307).",
        resume_fr="Le point d’accès token redirige vers une autre machine (307).",
        rp_must="reject",
        why="Whoever follows repeats code and secret to a stranger.",
        section="RFC 9700, 4.12; RFC 9110, 15.4.8",
        instead=said(307, b"", "text/plain", Location="http://sans-tls.invalid/idp/oidc/token"),
    ),
)
