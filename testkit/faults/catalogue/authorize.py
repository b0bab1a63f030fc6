"""Faults of what the browser brings back from the authorization endpoint (RFC 6749, 4.1.2; RFC 9207)."""

from __future__ import annotations

from functools import partial

from testkit.faults.answering import HTML_PAGE, said
from testkit.faults.coming_back import (
    answered,
    code_already_spent,
    code_of_another_client,
    code_of_another_login,
    code_that_expired,
    in_fragment,
    refused,
)
from testkit.faults.fault import FaultSpec

_fault = partial(FaultSpec, family="authorize", endpoints=("authorize", "consent"), rp_must="reject")
_CORE = "OpenID Connect Core 1.0, 3.1.2.6"
_OAUTH = "RFC 6749, 4.1.2.1"

ERRORS = {
    "invalid_request": _OAUTH,
    "unauthorized_client": _OAUTH,
    "access_denied": _OAUTH,
    "unsupported_response_type": _OAUTH,
    "invalid_scope": _OAUTH,
    "server_error": _OAUTH,
    "temporarily_unavailable": _OAUTH,
    "interaction_required": _CORE,
    "login_required": _CORE,
    "account_selection_required": _CORE,
    "consent_required": _CORE,
    "invalid_request_uri": _CORE,
    "invalid_request_object": _CORE,
    "request_not_supported": _CORE,
    "request_uri_not_supported": _CORE,
    "registration_not_supported": _CORE,
    "unmet_authentication_requirements": "OpenID Connect Core Error Code unmet_authentication_requirements 1.0, 2",
    "invalid_target": "RFC 8707, 2",
    "urn_example_unregistered": f"{_OAUTH} (an unregistered code is to be expected)",
}
"""Each error that is registered for authorization responses, and one that is not."""

FAULTS = (
    *(
        _fault(
            name=f"authorize_error_{error}",
            summary=f"The provider answers the error {error}.",
            resume_fr=f"Le fournisseur répond l’erreur {error}.",
            rp_must="fail",
            why="Nobody is logged in; the user is told what can be done, and the error is no crash of the site.",
            section=section,
            answer=refused(error),
        )
        for error, section in ERRORS.items()
    ),
    _fault(
        name="authorize_state_wrong",
        summary="The answer's state is not the one that the site sent.",
        resume_fr="Le state de la réponse n’est pas celui que le site a envoyé.",
        why="The answer belongs to somebody else's login: the user would be logged in as an attacker.",
        section="RFC 6749, 10.12; RFC 9700, 4.7",
        answer=answered(state=lambda sent: ["un-autre-etat"] if sent else None),
    ),
    _fault(
        name="authorize_state_absent",
        summary="The site sent a state and the answer has none.",
        resume_fr="Le site a envoyé un state et la réponse n’en porte pas.",
        why="A check that only compares what is there is passed by whoever leaves it out.",
        section="RFC 6749, 4.1.2 and 10.12",
        answer=answered(state=lambda sent: [] if sent else None),
    ),
    _fault(
        name="authorize_state_empty",
        summary="The answer's state is an empty text.",
        resume_fr="Le state de la réponse est un texte vide.",
        why="An empty state equals that of a browser that never began a login.",
        section="RFC 6749, 10.12",
        answer=answered(state=lambda sent: [""] if sent else None),
    ),
    _fault(
        name="authorize_state_twice",
        summary="The answer has two states, the right one last.",
        resume_fr="La réponse porte deux state, le bon en dernier.",
        why="Parameters come once: a site that takes either one is a site one can choose for.",
        section="RFC 6749, 3.1",
        answer=answered(state=lambda sent: ["un-autre-etat", *sent] if sent else None),
    ),
    _fault(
        name="authorize_iss_wrong",
        summary="The answer names another issuer.",
        resume_fr="La réponse nomme un autre émetteur.",
        why="The site would bring this provider's code to another one (mix-up).",
        section="RFC 9207, 2.4",
        answer=answered(iss=lambda _: ["https://autre.example/"]),
    ),
    _fault(
        name="authorize_iss_absent",
        summary="The answer names no issuer, though the provider always names itself.",
        resume_fr="La réponse ne nomme pas d’émetteur, alors que le fournisseur se nomme toujours.",
        rp_must="either",
        why="A site must refuse it where discovery announces iss; where it does not, its absence says nothing.",
        section="RFC 9207, 2.4",
        answer=answered(iss=lambda sent: [] if sent else None),
    ),
    _fault(
        name="authorize_code_absent",
        summary="The answer holds neither code nor error.",
        resume_fr="La réponse ne contient ni code ni erreur.",
        why="There is nothing to redeem; the user is told, and the site stays up.",
        section="RFC 6749, 4.1.2",
        answer=answered(code=lambda sent: [] if sent else None),
    ),
    _fault(
        name="authorize_code_unknown",
        summary="The code is none that the provider ever gave.",
        resume_fr="Le code n’a jamais été donné par le fournisseur.",
        why="The token endpoint refuses it (invalid_grant); the user is told, and the site stays up.",
        section="RFC 6749, 4.1.2 and 5.2",
        answer=answered(code=lambda sent: ["code-inconnu"] if sent else None),
    ),
    _fault(
        name="authorize_code_twice",
        summary="The answer has two codes, the right one last.",
        resume_fr="La réponse porte deux codes, le bon en dernier.",
        why="Parameters come once: a site that takes either one is a site one can choose for.",
        section="RFC 6749, 3.1",
        answer=answered(code=lambda sent: ["code-inconnu", *sent] if sent else None),
    ),
    _fault(
        name="authorize_error_beside_code",
        summary="The answer holds a good code and an error as well.",
        resume_fr="La réponse contient un bon code et une erreur à la fois.",
        why="An error is an error: whoever redeems the code all the same heeds none.",
        section=_OAUTH,
        answer=answered(error=lambda sent: ["access_denied"] if not sent else None),
    ),
    _fault(
        name="authorize_code_of_another_client",
        summary="The code was given to another client.",
        resume_fr="Le code a été donné à un autre client.",
        why="The token endpoint refuses it (invalid_grant); the user is told, and the site stays up.",
        section="RFC 6749, 4.1.3",
        answer=answered(code=code_of_another_client),
    ),
    _fault(
        name="authorize_code_of_another_login",
        summary="The code is a good one of the same client, from another login than the browser's (code injection).",
        resume_fr="Le code est bon et du même client, mais vient d’une autre connexion (injection).",
        why="PKCE, or the nonce, ties a code to the browser that began: without either, an attacker's code logs in.",
        section="RFC 9700, 2.1.1 and 4.5",
        answer=answered(code=code_of_another_login),
    ),
    _fault(
        name="authorize_code_late",
        summary="The code had expired when the browser brought it.",
        resume_fr="Le code avait expiré quand le navigateur l’a apporté.",
        why="The token endpoint refuses it (invalid_grant); the user is told and may begin again.",
        section="RFC 6749, 4.1.2",
        answer=answered(code=code_that_expired),
    ),
    _fault(
        name="authorize_code_spent",
        summary="The code has already been redeemed.",
        resume_fr="Le code a déjà été échangé.",
        why="The token endpoint refuses it (invalid_grant); the user is told and may begin again.",
        section="RFC 6749, 4.1.2 and 10.5",
        answer=answered(code=code_already_spent),
    ),
    _fault(
        name="authorize_parameters_unknown",
        summary="The answer holds parameters that no specification defines.",
        resume_fr="La réponse contient des paramètres qu’aucune spécification ne définit.",
        rp_must="accept",
        why="A client must ignore response parameters that it does not know.",
        section="RFC 6749, 4.1.2",
        answer=answered(urn_example_unknown=lambda _: ["1"]),
    ),
    _fault(
        name="authorize_in_fragment",
        summary="The answer comes in the fragment, where the site's server cannot see it.",
        resume_fr="La réponse arrive dans le fragment, que le serveur du site ne voit pas.",
        rp_must="fail",
        why="The site sees a bare visit of its redirect URI: it says so, and stays up.",
        section="OAuth 2.0 Multiple Response Type Encoding Practices 1.0, 5",
        answer=in_fragment,
    ),
    *(
        _fault(
            name=f"authorize_{status}",
            summary=f"The authorization endpoint answers {status}: the user never comes back.",
            resume_fr=f"Le point d’accès authorize répond {status} : l’usager ne revient jamais.",
            endpoints=("authorize",),
            rp_must="fail",
            why="Nothing comes back; the site waits for nobody, and the user may begin again.",
            section=f"RFC 9110, {section}",
            instead=said(status, HTML_PAGE, "text/html"),
        )
        for status, section in ((500, "15.6.1"), (503, "15.6.4"))
    ),
)
