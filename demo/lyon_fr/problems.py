"""What can go wrong, said to the person in front of the screen: what happened, what to do, and an HTTP status."""

from __future__ import annotations

from dataclasses import dataclass

import requests
from authlib.common.errors import AuthlibBaseError
from flask_wtf.csrf import CSRFError
from joserfc.errors import ExpiredTokenError, JoseError
from werkzeug.exceptions import HTTPException

from demo.lyon_fr.look import Text


@dataclass(frozen=True)
class Problem:
    """A page's worth of explanation, each text in French and in English."""

    status: int
    title: Text
    advice: Text
    retry: bool = True
    """Whether logging in again can help."""


REFUSED = Problem(
    403,
    Text("Vous n’avez pas été connecté", "You have not been logged in"),
    Text(
        "La connexion a été annulée, ou vous n’avez pas accepté de partager vos données avec ce site. "
        "Rien n’a été transmis. Vous pouvez continuer sans compte, ou réessayer.",
        "The login was cancelled, or you did not agree to share your data with this site. "
        "Nothing was sent. You can go on without an account, or try again.",
    ),
)
LOGIN_NEEDED = Problem(
    403,
    Text("GrandLyonConnect a besoin de vous", "GrandLyonConnect needs you"),
    Text(
        "Votre session GrandLyonConnect est fermée ou votre compte est à compléter. Connectez-vous de nouveau.",
        "Your GrandLyonConnect session has ended or your account is incomplete. Log in again.",
    ),
)
LOST = Problem(
    400,
    Text("Cette connexion ne peut pas être reprise", "This login cannot be resumed"),
    Text(
        "Elle a peut-être commencé il y a trop longtemps, dans un autre navigateur ou à une autre adresse de ce site ; "
        "il se peut aussi que votre navigateur refuse les cookies. Revenez à l’accueil et recommencez.",
        "It may have started too long ago, in another browser, or at another address of this site; "
        "your browser may also refuse cookies. Go back to the home page and start again.",
    ),
)
EXPIRED = Problem(
    400,
    Text("La connexion a expiré", "The login has expired"),
    Text(
        "GrandLyonConnect ne laisse que quelques secondes pour revenir sur ce site. Recommencez ; "
        "si cela se répète, l’horloge de l’un des deux serveurs n’est peut-être pas à l’heure.",
        "GrandLyonConnect leaves only a few seconds to come back to this site. Start again; "
        "if it happens repeatedly, the clock of one of the two servers may be wrong.",
    ),
)
FORGED = Problem(
    400,
    Text("Cette réponse ne vient pas de GrandLyonConnect", "This answer does not come from GrandLyonConnect"),
    Text(
        "Par sécurité, ce site ne vous a pas connecté. Revenez à l’accueil et recommencez.",
        "To be safe, this site has not logged you in. Go back to the home page and start again.",
    ),
)
UNTRUSTED = Problem(
    502,
    Text("L’identité reçue n’a pas pu être vérifiée", "The identity received could not be verified"),
    Text(
        "Par sécurité, ce site ne vous a pas connecté. Recommencez ; si cela se répète, prévenez-nous.",
        "To be safe, this site has not logged you in. Start again; if it happens repeatedly, tell us.",
    ),
)
MISUNDERSTOOD = Problem(
    502,
    Text("GrandLyonConnect a répondu par une erreur", "GrandLyonConnect answered with an error"),
    Text(
        "Vous n’y êtes pour rien : le réglage de ce site, ou le service, est en cause. Réessayez plus tard.",
        "It is not your doing: this site’s settings, or the service, are at fault. Try again later.",
    ),
)
UNREACHABLE = Problem(
    503,
    Text("GrandLyonConnect ne répond pas", "GrandLyonConnect does not answer"),
    Text(
        "Le service est momentanément injoignable. Réessayez dans quelques minutes.",
        "The service cannot be reached at the moment. Try again in a few minutes.",
    ),
)
STALE_FORM = Problem(
    400,
    Text("Cette page était restée ouverte trop longtemps", "This page had been open for too long"),
    Text(
        "Votre demande n’a pas été prise en compte. Revenez à l’accueil et recommencez.",
        "Your request was not carried out. Go back to the home page and start again.",
    ),
    retry=False,
)
NOT_FOUND = Problem(
    404,
    Text("Page introuvable", "Page not found"),
    Text("Cette adresse ne mène à aucune page de ce site.", "This address leads to no page of this site."),
    retry=False,
)
OURS = Problem(
    500,
    Text("Ce site a rencontré une erreur", "This site met an error"),
    Text("Vous n’y êtes pour rien. Réessayez plus tard.", "It is not your doing. Try again later."),
    retry=False,
)
BAD_REQUEST = Problem(
    400,
    Text("Demande incomprise", "Request not understood"),
    Text("Revenez à l’accueil.", "Go back to the home page."),
    retry=False,
)

BY_CODE = {
    "access_denied": REFUSED,
    "login_required": LOGIN_NEEDED,
    "interaction_required": LOGIN_NEEDED,
    "consent_required": LOGIN_NEEDED,
    "temporarily_unavailable": UNREACHABLE,
    "invalid_grant": EXPIRED,
    "mismatching_state": LOST,
    "invalid_issuer": FORGED,
    "invalid_subject": UNTRUSTED,
}
"""By OAuth error code: the provider's (RFC 6749, OpenID Connect Core 3.1.2.6), Authlib's and this site's own."""


def problem_of(error: Exception) -> Problem:
    """What to tell the person about this error."""
    match error:
        case AuthlibBaseError():
            return BY_CODE.get(error.error or "", MISUNDERSTOOD)
        case ExpiredTokenError():
            return EXPIRED
        case JoseError():
            return UNTRUSTED
        case requests.ConnectionError() | requests.Timeout():
            return UNREACHABLE
        case requests.RequestException():
            return MISUNDERSTOOD
        case CSRFError():
            return STALE_FORM
        case HTTPException(code=404):
            return NOT_FOUND
        case HTTPException(code=int(code)) if code < 500:
            return BAD_REQUEST
    return OURS
