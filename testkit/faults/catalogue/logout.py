"""Faults of logout: asked by the site, told by the browser, told from server to server."""

from __future__ import annotations

from functools import partial

from testkit.faults import lies, outgoing
from testkit.faults.answering import HTML_PAGE, said
from testkit.faults.fault import FaultSpec
from testkit.faults.signing import (
    another_algorithm,
    claim,
    claims,
    compact,
    header,
    moved,
    without_claim,
)
from testkit.faults.telling import (
    frames,
    frames_dropped,
    frames_twice,
    went_back,
)

EVENT = "http://schemas.openid.net/event/backchannel-logout"
DAY, HOUR = 86_400, 3_600
_TOKEN = {"logout_token"}
_BACK = "OpenID Connect Back-Channel Logout 1.0"
_FRONT = "OpenID Connect Front-Channel Logout 1.0, 3"
_RP = "OpenID Connect RP-Initiated Logout 1.0"

_asked = partial(FaultSpec, family="logout", endpoints=("logout",), rp_must="fail")
_back = partial(FaultSpec, family="logout", endpoints=("backchannel_logout",), rp_must="reject")
_front = partial(FaultSpec, family="logout", endpoints=("logout",), rp_must="reject")

_RP_INITIATED = (
    _asked(
        name="logout_state_wrong",
        summary="After logout the browser comes back with another state than the site sent.",
        resume_fr="Après la déconnexion, le navigateur revient avec un autre state que celui du site.",
        rp_must="reject",
        why="Whatever the site does on this return is done for somebody who did not ask for it.",
        section=f"{_RP}, 3",
        answer=went_back(state=lambda sent: ["un-autre-etat"] if sent else None),
    ),
    _asked(
        name="logout_state_absent",
        summary="After logout the browser comes back without the state that the site sent.",
        resume_fr="Après la déconnexion, le navigateur revient sans le state que le site a envoyé.",
        rp_must="reject",
        why="A check that only compares what is there is passed by whoever leaves it out.",
        section=f"{_RP}, 3",
        answer=went_back(state=lambda sent: [] if sent else None),
    ),
    _asked(
        name="logout_never_returns",
        summary="After logout the user stays at the provider.",
        resume_fr="Après la déconnexion, l’usager reste chez le fournisseur.",
        rp_must="end_session",
        why="The site ends its own session before it sends the user away: nothing says that they come back.",
        section=f"{_RP}, 2",
        answer=went_back(),
    ),
    *(
        _asked(
            name=f"logout_{status}",
            summary=f"The logout endpoint answers {status}, and ends nothing.",
            resume_fr=f"Le point d’accès logout répond {status}, et ne met fin à rien.",
            rp_must="end_session",
            why="The site ends its own session before it sends the user away.",
            section=f"{_RP}, 4; RFC 9110, {section}",
            instead=said(status, HTML_PAGE, "text/html"),
        )
        for status, section in ((500, "15.6.1"), (503, "15.6.4"))
    ),
)

_BACK_CHANNEL = (
    *(
        _back(
            name=f"backchannel_{name}",
            summary=f"The logout token {what}.",
            resume_fr=f"Le jeton de déconnexion {french}.",
            why=why,
            section=f"{_BACK}, {section}",
            signed=change,
        )
        for name, what, french, why, section, change in (
            (
                "alg_none",
                "is not signed (alg none)",
                "n’est pas signé (alg none)",
                "Anybody could log anybody out.",
                "2.6 (2)",
                compact(lies.unsigned, kinds=_TOKEN),
            ),
            (
                "alg_changed",
                "is rightly signed, with another algorithm than the client registered",
                "est bien signé, par un autre algorithme que celui du client",
                "The algorithm is the client's, never the token's to choose.",
                "2.6 (2)",
                partial(another_algorithm, kinds=_TOKEN),
            ),
            (
                "bad_signature",
                "has a wrong signature",
                "porte une signature fausse",
                "Anybody could log anybody out.",
                "2.6 (2)",
                compact(lies.damaged, kinds=_TOKEN),
            ),
            (
                "signed_by_a_stranger",
                "is signed with somebody else's key",
                "est signé de la clé d’un inconnu",
                "Anybody could log anybody out.",
                "2.6 (2)",
                compact(lies.by_a_stranger, kinds=_TOKEN),
            ),
            (
                "iss_wrong",
                "names another issuer",
                "nomme un autre émetteur",
                "One provider ends no session of another.",
                "2.6 (3)",
                claim("iss", "https://autre.example/", kinds=_TOKEN),
            ),
            (
                "iss_absent",
                "names no issuer",
                "ne nomme pas d’émetteur",
                "It is required.",
                "2.4 and 2.6 (3)",
                without_claim("iss", kinds=_TOKEN),
            ),
            (
                "aud_wrong",
                "is for another client",
                "est destiné à un autre client",
                "Another site's token could be replayed here.",
                "2.6 (3)",
                claim("aud", "un-autre-client", kinds=_TOKEN),
            ),
            (
                "aud_absent",
                "is for nobody",
                "n’est destiné à personne",
                "It is required.",
                "2.4 and 2.6 (3)",
                without_claim("aud", kinds=_TOKEN),
            ),
            (
                "iat_absent",
                "does not say when it was issued",
                "ne dit pas quand il a été émis",
                "It is required.",
                "2.4 and 2.6 (3)",
                without_claim("iat", kinds=_TOKEN),
            ),
            (
                "exp_past",
                "expired an hour ago",
                "a expiré il y a une heure",
                "An old token must not be replayed for ever.",
                "2.6 (3)",
                claims(lambda told: {"iat": told["iat"] - 2 * HOUR, "exp": told["iat"] - HOUR}, kinds=_TOKEN),
            ),
            (
                "exp_absent",
                "never expires",
                "n’expire jamais",
                "It is required.",
                "2.4 and 2.6 (3)",
                without_claim("exp", kinds=_TOKEN),
            ),
            (
                "sub_and_sid_absent",
                "says neither who nor which session",
                "ne dit ni qui ni quelle session",
                "There is nobody to log out; everybody would be wrong.",
                "2.6 (4)",
                claims(lambda _: {"sub": None, "sid": None}, kinds=_TOKEN),
            ),
            (
                "events_absent",
                "has no events",
                "n’a pas d’events",
                "That member is what makes it a logout token.",
                "2.6 (5)",
                without_claim("events", kinds=_TOKEN),
            ),
            (
                "events_wrong",
                "tells another event",
                "annonce un autre événement",
                "A token about something else ends no session.",
                "2.6 (5)",
                claim("events", {"http://schemas.openid.net/event/autre": {}}, kinds=_TOKEN),
            ),
            (
                "events_not_an_object",
                "has an event that is no object",
                "porte un événement qui n’est pas un objet",
                "Its value must be a JSON object.",
                "2.4",
                claim("events", {EVENT: True}, kinds=_TOKEN),
            ),
            (
                "nonce_present",
                "has a nonce",
                "porte un nonce",
                "It could be an ID Token in disguise, or be taken for one.",
                "2.6 (6)",
                claim("nonce", "un-nonce", kinds=_TOKEN),
            ),
            (
                "jti_absent",
                "has no jti",
                "n’a pas de jti",
                "It is required: without it a replay cannot be told.",
                "2.4",
                without_claim("jti", kinds=_TOKEN),
            ),
            (
                "an_id_token",
                "is an ID Token",
                "est un ID Token",
                "An ID Token, which passes through browsers, must not end a session.",
                "2.6 (5) and 4.1",
                claims(lambda _: {"events": None, "jti": None, "nonce": "un-nonce"}, typ="JWT", kinds=_TOKEN),
            ),
            (
                "garbled",
                "is no JWT",
                "n’est pas un JWT",
                "What cannot be read ends nothing: 400, and the site stays up.",
                "2.6 and 2.8",
                compact(lies.garbled, kinds=_TOKEN),
            ),
        )
    ),
    _back(
        name="backchannel_typ_of_an_id_token",
        summary="The logout token's type is JWT instead of logout+jwt.",
        resume_fr="Le type du jeton de déconnexion est JWT au lieu de logout+jwt.",
        rp_must="either",
        why="The type is recommended, not required; a site must know the token by its events.",
        section=f"{_BACK}, 2.4",
        signed=header({"typ": "JWT"}, kinds=_TOKEN),
    ),
    _back(
        name="backchannel_iat_old",
        summary="The logout token was issued yesterday, and has not expired yet.",
        resume_fr="Le jeton de déconnexion a été émis hier et n’a pas encore expiré.",
        rp_must="either",
        why="A site may refuse one that is not recent.",
        section=f"{_BACK}, 2.6 (3)",
        signed=moved("iat", -DAY, kinds=_TOKEN),
    ),
    _back(
        name="backchannel_sid_unknown",
        summary="The logout token names a session that the site does not know.",
        resume_fr="Le jeton de déconnexion nomme une session que le site ne connaît pas.",
        rp_must="reject",
        why="The user's present session is another one: it goes on.",
        section=f"{_BACK}, 2.7",
        signed=claims(lambda _: {"sub": None, "sid": "session-inconnue"}, kinds=_TOKEN),
    ),
    _back(
        name="backchannel_sub_unknown",
        summary="The logout token names a user and a session that the site does not know.",
        resume_fr="Le jeton de déconnexion nomme un usager et une session que le site ne connaît pas.",
        rp_must="reject",
        why="Nobody of that name is logged in: everybody else stays so.",
        section=f"{_BACK}, 2.7",
        signed=claims(lambda _: {"sub": "quelqu-un-d-autre", "sid": "session-inconnue"}, kinds=_TOKEN),
    ),
    _back(
        name="backchannel_sid_absent",
        summary="The logout token names the user and no session.",
        resume_fr="Le jeton de déconnexion nomme l’usager, sans session.",
        rp_must="end_session",
        why="Then all of this user's sessions end.",
        section=f"{_BACK}, 2.4 and 2.7",
        signed=without_claim("sid", kinds=_TOKEN),
    ),
    _back(
        name="backchannel_sub_absent",
        summary="The logout token names the session and no user.",
        resume_fr="Le jeton de déconnexion nomme la session, sans usager.",
        rp_must="end_session",
        why="The session's name is enough.",
        section=f"{_BACK}, 2.4 and 2.7",
        signed=without_claim("sub", kinds=_TOKEN),
    ),
    _back(
        name="backchannel_twice",
        summary="The same logout token is sent twice.",
        resume_fr="Le même jeton de déconnexion est envoyé deux fois.",
        rp_must="end_session",
        why="Calls are repeated when an answer is lost: the second ends nothing more, and is no crash.",
        section=f"{_BACK}, 2.6 (7) and 2.7",
        outgoing=outgoing.twice,
    ),
    _back(
        name="backchannel_dropped",
        summary="The logout token never reaches the site.",
        resume_fr="Le jeton de déconnexion n’atteint jamais le site.",
        rp_must="either",
        why="A site's own session needs an end of its own: a logout may never be heard of.",
        section=f"{_BACK}, 2.5",
        outgoing=outgoing.dropped,
    ),
    _back(
        name="backchannel_late",
        summary="The logout token reaches the site 2 seconds late (option seconds).",
        resume_fr="Le jeton de déconnexion atteint le site avec 2 secondes de retard (option seconds).",
        rp_must="end_session",
        why="It is still valid, and ends the session.",
        section=f"{_BACK}, 2.5",
        outgoing=outgoing.late,
        options={"seconds": 2},
    ),
    _back(
        name="backchannel_as_json",
        summary="The logout token is sent as JSON.",
        resume_fr="Le jeton de déconnexion est envoyé en JSON.",
        rp_must="either",
        why="It must be a form; a site answers 400, and stays up.",
        section=f"{_BACK}, 2.5",
        outgoing=outgoing.as_json,
    ),
    _back(
        name="backchannel_by_get",
        summary="The logout token is sent by GET, in the address.",
        resume_fr="Le jeton de déconnexion est envoyé par GET, dans l’adresse.",
        why="It must be posted: addresses end in logs and can be put in anybody's page.",
        section=f"{_BACK}, 2.5",
        outgoing=outgoing.by_get,
    ),
    _back(
        name="backchannel_without_token",
        summary="The call to the site holds no logout token.",
        resume_fr="L’appel au site ne contient pas de jeton de déconnexion.",
        why="There is nobody to log out: 400, and the site stays up.",
        section=f"{_BACK}, 2.8",
        outgoing=outgoing.without_token,
    ),
)

_FRONT_CHANNEL = (
    _front(
        name="frontchannel_iss_wrong",
        summary="The site's logout page is called with another issuer.",
        resume_fr="La page de déconnexion du site est appelée avec un autre émetteur.",
        why="One provider ends no session of another.",
        section=_FRONT,
        answer=frames(iss=lambda sent: ["https://autre.example/"] if sent else None),
    ),
    _front(
        name="frontchannel_sid_wrong",
        summary="The site's logout page is called with the name of a session that it does not know.",
        resume_fr="La page de déconnexion du site est appelée avec une session qu’il ne connaît pas.",
        why="The user's present session is another one; a site that never looks can be logged out of by any page.",
        section=_FRONT,
        answer=frames(sid=lambda sent: ["session-inconnue"] if sent else None),
    ),
    _front(
        name="frontchannel_sid_absent",
        summary="The site's logout page is called without a session's name.",
        resume_fr="La page de déconnexion du site est appelée sans session.",
        rp_must="either",
        why="A site that registered frontchannel_logout_session_required refuses; another one may end the session.",
        section=_FRONT,
        answer=frames(iss=lambda sent: [] if sent else None, sid=lambda sent: [] if sent else None),
    ),
    _front(
        name="frontchannel_dropped",
        summary="The site's logout page is never called.",
        resume_fr="La page de déconnexion du site n’est jamais appelée.",
        rp_must="either",
        why="Browsers block frames and close: a site's own session needs an end of its own.",
        section=f"{_FRONT}; 4.1",
        answer=frames_dropped,
    ),
    _front(
        name="frontchannel_twice",
        summary="The site's logout page is called twice.",
        resume_fr="La page de déconnexion du site est appelée deux fois.",
        rp_must="end_session",
        why="The second call ends nothing more, and is no crash.",
        section=_FRONT,
        answer=frames_twice,
    ),
)

FAULTS = (*_RP_INITIATED, *_BACK_CHANNEL, *_FRONT_CHANNEL)
