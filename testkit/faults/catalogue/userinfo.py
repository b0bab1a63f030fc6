"""Faults of userinfo (OpenID Connect Core 1.0, 5.3; RFC 6750)."""

from __future__ import annotations

from functools import partial

from testkit.faults import lies
from testkit.faults.answering import (
    HTML_PAGE,
    as_type,
    bearer_error,
    json_changed,
    json_of_choice,
    json_with,
    json_without,
    said,
    stranger_jwt,
    truncated,
    unsigned_json,
)
from testkit.faults.fault import FaultSpec
from testkit.faults.signing import claim, compact

_fault = partial(FaultSpec, family="userinfo", endpoints=("userinfo",), rp_must="reject")
_ANSWER = "OpenID Connect Core 1.0, 5.3.2"
_ERRORS = "OpenID Connect Core 1.0, 5.3.3"
_KEPT = {"sub", "iss"}

FAULTS = (
    _fault(
        name="userinfo_sub_differs",
        summary="Userinfo speaks of somebody else than the ID Token: its sub differs.",
        resume_fr="Userinfo parle d’une autre personne que l’ID Token : son sub diffère.",
        why="The access token may have been swapped; the answer must not be used.",
        section=_ANSWER,
        answer=json_with(sub="quelqu-un-d-autre"),
    ),
    _fault(
        name="userinfo_sub_absent",
        summary="Userinfo does not say of whom it speaks.",
        resume_fr="Userinfo ne dit pas de qui il parle.",
        why="Without a sub it cannot be compared with the ID Token's, and must not be used.",
        section=_ANSWER,
        answer=json_without("sub"),
    ),
    _fault(
        name="userinfo_sub_a_number",
        summary="Userinfo's sub is a number.",
        resume_fr="Le sub de userinfo est un nombre.",
        why="It is not the ID Token's, whatever a lax comparison says.",
        section=_ANSWER,
        answer=json_with(sub=1),
    ),
    _fault(
        name="userinfo_email_absent",
        summary="Userinfo tells no e-mail address.",
        resume_fr="Userinfo ne dit pas d’adresse électronique.",
        rp_must="accept",
        why="Any claim but sub may be missing; an account is not found by its address.",
        section=f"{_ANSWER} and 5.7",
        answer=json_without("email"),
    ),
    _fault(
        name="userinfo_claims_absent",
        summary="Userinfo tells nothing but the subject.",
        resume_fr="Userinfo ne dit rien d’autre que le sujet.",
        rp_must="accept",
        why="Any claim but sub may be missing: the site asks its user, or does without.",
        section=_ANSWER,
        answer=json_changed(lambda told: {name: None for name in told if name not in _KEPT} or None, removes=True),
    ),
    _fault(
        name="userinfo_claims_null",
        summary="Every claim but the subject is null.",
        resume_fr="Tous les claims sauf le sujet valent null.",
        rp_must="accept",
        why="A provider should leave them out, and several do not; null is no name to greet anybody by.",
        section=_ANSWER,
        answer=json_changed(lambda told: {name: None for name in told if name not in _KEPT} or None),
    ),
    _fault(
        name="userinfo_claims_empty",
        summary="Every text but the subject is empty.",
        resume_fr="Tous les textes sauf le sujet sont vides.",
        rp_must="accept",
        why="A provider should leave them out, and several do not.",
        section=_ANSWER,
        answer=json_changed(
            lambda told: (
                {name: "" for name, value in told.items() if name not in _KEPT and isinstance(value, str)} or None
            )
        ),
    ),
    _fault(
        name="userinfo_email_unverified",
        summary="The e-mail address is somebody else's, and says it is not verified.",
        resume_fr="L’adresse électronique est celle d’un autre, et se dit non vérifiée.",
        rp_must="accept",
        why="The user logs in as the subject says, and must not be joined to whoever owns that address.",
        section="OpenID Connect Core 1.0, 5.1 and 5.7",
        answer=json_with(email="maire@lyon.example", email_verified=False),
    ),
    _fault(
        name="userinfo_types_wrong",
        summary="Claims are of other types than the standard's: numbers, arrays and texts are exchanged.",
        resume_fr="Les claims n’ont pas les types de la norme : nombres, tableaux et textes sont échangés.",
        rp_must="either",
        why='A site may refuse; it must not crash, nor take the text "false" for yes.',
        section="OpenID Connect Core 1.0, 5.1",
        answer=json_with(email=["a@b.example"], email_verified="false", given_name=7, address="1 rue de la République"),
    ),
    _fault(
        name="userinfo_claims_unknown",
        summary="Userinfo holds claims that no specification defines (option values: your own; null omits one).",
        resume_fr="Userinfo contient des claims qu’aucune spécification ne définit "
        "(option values : ceux de votre choix ; null en omet un).",
        rp_must="accept",
        why="What a site does not understand it ignores: providers grow.",
        section="OpenID Connect Core 1.0, 5.1.2",
        answer=json_of_choice,
        options={"values": {"urn_example_unknown": {"nested": [1, None]}}},
    ),
    _fault(
        name="userinfo_401",
        summary="Userinfo refuses the access token: 401, invalid_token.",
        resume_fr="Userinfo refuse le jeton d’accès : 401, invalid_token.",
        rp_must="fail",
        why="The token died meanwhile; the user is told, or does without; the site does not ask without end.",
        section="RFC 6750, 3.1",
        instead=bearer_error(401, "invalid_token"),
    ),
    _fault(
        name="userinfo_403",
        summary="Userinfo refuses the access token: 403, insufficient_scope.",
        resume_fr="Userinfo refuse le jeton d’accès : 403, insufficient_scope.",
        rp_must="fail",
        why="Asking again with the same token changes nothing.",
        section="RFC 6750, 3.1",
        instead=bearer_error(403, "insufficient_scope"),
    ),
    *(
        _fault(
            name=f"userinfo_{status}",
            summary=f"Userinfo answers {status}.",
            resume_fr=f"Userinfo répond {status}.",
            rp_must="fail",
            why="The user is told, or does without; the site stays up.",
            section=f"{_ERRORS}; RFC 9110, {section}",
            instead=said(status, HTML_PAGE, "text/html", **headers),
        )
        for status, section, headers in (
            (500, "15.6.1", {}),
            (502, "15.6.3", {}),
            (503, "15.6.4", {"Retry-After": "1"}),
        )
    ),
    _fault(
        name="userinfo_html",
        summary="Userinfo answers a page in HTML, status 200.",
        resume_fr="Userinfo répond une page HTML, statut 200.",
        rp_must="fail",
        why="A proxy's page of welcome or excuse looks like this; the site stays up.",
        section=_ANSWER,
        instead=said(200, HTML_PAGE, "text/html"),
    ),
    _fault(
        name="userinfo_empty",
        summary="Userinfo answers an empty object.",
        resume_fr="Userinfo répond un objet vide.",
        why="Without a sub it cannot be compared with the ID Token's, and must not be used.",
        section=_ANSWER,
        instead=said(200, b"{}", "application/json"),
    ),
    _fault(
        name="userinfo_wrong_content_type",
        summary="The answer is right, and says it is text/html.",
        resume_fr="La réponse est bonne, et se dit text/html.",
        rp_must="either",
        why="The answer must be application/json; a site may refuse another, or read it all the same.",
        section=_ANSWER,
        answer=as_type("text/html; charset=utf-8"),
    ),
    _fault(
        name="userinfo_truncated",
        summary="The answer stops half-way.",
        resume_fr="La réponse s’arrête au milieu.",
        rp_must="fail",
        why="Half an answer is none; the site stays up.",
        section=_ANSWER,
        answer=truncated,
    ),
    _fault(
        name="userinfo_jwt_bad_signature",
        summary="The client registered signed answers, and this one's signature is wrong.",
        resume_fr="Le client a enregistré des réponses signées, et la signature de celle-ci est fausse.",
        why="Whoever asks for signatures verifies them.",
        section=f"{_ANSWER} and 5.3.4",
        signed=compact(lies.damaged, kinds={"userinfo"}),
    ),
    _fault(
        name="userinfo_jwt_alg_none",
        summary="The client registered signed answers, and this one says alg none.",
        resume_fr="Le client a enregistré des réponses signées, et celle-ci dit alg none.",
        why="Whoever can write JSON could speak for the provider.",
        section=f"{_ANSWER}; RFC 8725, 3.1 and 3.2",
        signed=compact(lies.unsigned, kinds={"userinfo"}),
    ),
    _fault(
        name="userinfo_jwt_iss_wrong",
        summary="The client registered signed answers, and this one names another issuer.",
        resume_fr="Le client a enregistré des réponses signées, et celle-ci nomme un autre émetteur.",
        why="A signed answer should name its issuer, and that is the one that was asked.",
        section=_ANSWER,
        signed=claim("iss", "https://autre.example/", kinds={"userinfo"}),
    ),
    _fault(
        name="userinfo_jwt_aud_wrong",
        summary="The client registered signed answers, and this one is for another client.",
        resume_fr="Le client a enregistré des réponses signées, et celle-ci est destinée à un autre client.",
        why="A signed answer should name its audience, and that is who asked.",
        section=_ANSWER,
        signed=claim("aud", "un-autre-client", kinds={"userinfo"}),
    ),
    _fault(
        name="userinfo_not_signed",
        summary="The client registered signed answers, and this one is plain JSON.",
        resume_fr="Le client a enregistré des réponses signées, et celle-ci est du JSON simple.",
        why="Whoever asks for signatures takes nothing without.",
        section=_ANSWER,
        answer=unsigned_json,
    ),
    _fault(
        name="userinfo_jwt_of_a_stranger",
        summary="The client registered plain answers, and gets a JWT that a stranger signed.",
        resume_fr="Le client a enregistré des réponses simples, et reçoit un JWT signé par un inconnu.",
        why="What is signed by nobody one knows proves nothing.",
        section=f"{_ANSWER} and 5.3.4",
        answer=stranger_jwt,
    ),
)
