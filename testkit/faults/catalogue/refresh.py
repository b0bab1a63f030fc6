"""Faults of a refresh (RFC 6749, 6; OpenID Connect Core 1.0, 12)."""

from __future__ import annotations

from functools import partial

from testkit.faults.acting import family_revoked, of_a_refresh
from testkit.faults.answering import (
    HTML_PAGE,
    error,
    instead_of_it,
    json_with,
    json_without,
    said,
)
from testkit.faults.fault import FaultSpec
from testkit.faults.signing import broken_signature, claim, moved

_fault = partial(FaultSpec, family="refresh", endpoints=("token",), rp_must="reject")
_NEW_ONE = "OpenID Connect Core 1.0, 12.2"
_REFRESH = {"refreshed"}

FAULTS = (
    _fault(
        name="refresh_rotation_lost",
        summary="The refresh token is exchanged for a new one, and the answer is lost on the way: 502.",
        resume_fr="Le jeton de rafraîchissement est échangé, et la réponse se perd en chemin : 502.",
        rp_must="retry",
        why="Tried again at once with the old token, it works: this provider leaves it a moment of grace.",
        section="RFC 9700, 4.14.2",
        answer=of_a_refresh(instead_of_it(502, HTML_PAGE, "text/html")),
    ),
    _fault(
        name="refresh_family_revoked",
        summary="The grant and all its tokens are revoked at that moment: invalid_grant.",
        resume_fr="L’accord et tous ses jetons sont révoqués à cet instant : invalid_grant.",
        rp_must="end_session",
        why="No later attempt can succeed: the site forgets the tokens and has the user log in again.",
        section="RFC 9700, 4.14.2; RFC 6749, 5.2",
        instead=of_a_refresh(family_revoked),
    ),
    *(
        _fault(
            name=f"refresh_error_{code}",
            summary=f"A refresh is answered the error {code}, {status}; the token is not spent.",
            resume_fr=f"Un rafraîchissement reçoit l’erreur {code}, {status} ; le jeton n’est pas consommé.",
            rp_must=must,
            why=why,
            section="RFC 6749, 5.2",
            instead=of_a_refresh(error(status, code)),
        )
        for code, status, must, why in (
            ("invalid_grant", 400, "end_session", "The token is dead: the user logs in again; nothing tries for ever."),
            ("invalid_client", 401, "fail", "The site's own secret is refused: its operator is told."),
            ("invalid_scope", 400, "fail", "Asking for the same again changes nothing."),
        )
    ),
    *(
        _fault(
            name=f"refresh_{status}",
            summary=f"A refresh is answered {status}; the token is not spent.",
            resume_fr=f"Un rafraîchissement reçoit {status} ; le jeton n’est pas consommé.",
            rp_must="retry",
            why="The token still serves: the site keeps it and tries again later.",
            section=f"RFC 9110, {section}",
            instead=of_a_refresh(said(status, HTML_PAGE, "text/html", **headers)),
        )
        for status, section, headers in ((500, "15.6.1", {}), (503, "15.6.4", {"Retry-After": "1"}))
    ),
    _fault(
        name="refresh_without_new_token",
        summary="The answer holds no new refresh token.",
        resume_fr="La réponse ne contient pas de nouveau jeton de rafraîchissement.",
        rp_must="accept",
        why="Then the old one goes on serving: a site must not forget it.",
        section="RFC 6749, 6",
        answer=of_a_refresh(json_without("refresh_token")),
    ),
    _fault(
        name="refresh_without_access_token",
        summary="The answer holds no access token.",
        resume_fr="La réponse ne contient pas de jeton d’accès.",
        rp_must="fail",
        why="The answer is no success without it; the site stays up.",
        section="RFC 6749, 5.1 and 6",
        answer=of_a_refresh(json_without("access_token")),
    ),
    _fault(
        name="refresh_scope_reduced",
        summary="The answer says that only openid was granted.",
        resume_fr="La réponse dit que seul openid a été accordé.",
        rp_must="accept",
        why="What is granted may shrink: the site does with less, and heeds scope.",
        section="RFC 6749, 5.1 and 6",
        answer=of_a_refresh(json_with(scope="openid")),
    ),
    _fault(
        name="refresh_without_id_token",
        summary="The answer holds no ID Token.",
        resume_fr="La réponse ne contient pas d’ID Token.",
        rp_must="accept",
        why="A refresh may give one, and need not.",
        section=_NEW_ONE,
        answer=of_a_refresh(json_without("id_token")),
    ),
    *(
        _fault(
            name=f"refresh_{name}",
            summary=f"The new ID Token {what}.",
            resume_fr=f"Le nouvel ID Token {french}.",
            rp_must=must,
            why=why,
            section=_NEW_ONE,
            signed=change,
        )
        for name, what, french, must, why, change in (
            (
                "iss_wrong",
                "names another issuer",
                "nomme un autre émetteur",
                "reject",
                "It must be the first one's.",
                claim("iss", "https://autre.example/", kinds=_REFRESH),
            ),
            (
                "sub_wrong",
                "speaks of somebody else",
                "parle d’une autre personne",
                "reject",
                "It must be the first one's: a session must not change hands.",
                claim("sub", "quelqu-un-d-autre", kinds=_REFRESH),
            ),
            (
                "aud_wrong",
                "is for another client",
                "est destiné à un autre client",
                "reject",
                "It must include the first one's.",
                claim("aud", "un-autre-client", kinds=_REFRESH),
            ),
            (
                "auth_time_moved",
                "says that its user logged in an hour later",
                "dit que son usager s’est connecté une heure plus tard",
                "reject",
                "It is the time of the first login, not of the refresh.",
                moved("auth_time", 3_600, kinds=_REFRESH),
            ),
            (
                "azp_added",
                "was issued to another client (azp)",
                "a été remis à un autre client (azp)",
                "reject",
                "It must be as in the first one: absent if it was.",
                claim("azp", "un-autre-client", kinds=_REFRESH),
            ),
            (
                "nonce_wrong",
                "has a nonce that nobody sent",
                "porte un nonce que nul n’a envoyé",
                "either",
                "It should have none; if it has one, it is the first one's.",
                claim("nonce", "un-autre-nonce", kinds=_REFRESH),
            ),
            (
                "bad_signature",
                "has a wrong signature",
                "porte une signature fausse",
                "reject",
                "It is verified as the first one was.",
                broken_signature(None, kinds=_REFRESH),
            ),
        )
    ),
)
