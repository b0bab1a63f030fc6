"""The authorization request, check by check.

`CHECKS` is one ordered table and its order is law: nothing may redirect before the redirect URI is known to be
registered (what `request` refers to may fail with one that is, or without). Each row says which errors it raises,
whether they may go back to the client, and who says so. The documentation of errors and the tests are made from this
table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from idp.authorization.claims_request import ClaimsRequest, read_claims
from idp.clients.redirect_uris import is_registered
from idp.dialects import Dialect
from idp.errors import ProtocolError, invalid_request
from idp.parameters import Parameters
from partner_registry.clients.registration import RESPONSE_TYPES
from partner_registry.gate import Access
from partner_registry.models import Flow
from partner_registry.terms import ReleaseTerms

MAX_NONCE_LENGTH = 1024
MAX_CLAIMS_LENGTH = 16_384
PUSHED = "urn:ietf:params:oauth:request_uri:"
"""How the `request_uri` of a pushed request begins (RFC 9126, section 2.2)."""
FRONT_CHANNEL = frozenset({"token", "id_token"})
"""What is never put in a query (Multiple Response Types, section 5)."""


@dataclass(slots=True)
class AuthorizationRequest:
    """An authorization request on its way through the checks, which fill it in."""

    parameters: Parameters
    dialect: Dialect
    resumed: bool = False
    """Whether it was taken up before: whatever it refers to is in it by now."""
    pushed: bool = False
    """Whether the client is pushing it."""
    terms_of: Callable[[str], ReleaseTerms | None] = field(init=False)
    taken_up: Callable[[AuthorizationRequest], Parameters] = field(init=False)
    """Reads what `request` or `request_uri` refers to."""
    terms: ReleaseTerms = field(init=False)
    redirect_uri: str = field(init=False)
    response_types: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    narrowed: bool = False
    """Whether `scopes` are fewer than were asked for (RFC 6749, 3.3): some give nothing any more."""
    prompts: frozenset[str] = frozenset()
    max_age: dt.timedelta | None = None
    challenge: str | None = None
    challenge_method: str | None = None
    acr_values: tuple[str, ...] = ()
    """Levels of authentication that the client would like, the best first."""
    acr: str | None = None
    """The level that the answer tells, once it is known."""
    claims: ClaimsRequest = field(default_factory=ClaimsRequest)

    @property
    def state(self) -> str | None:
        """The client's `state`, returned as it came."""
        return self.parameters.get("state")

    @property
    def nonce(self) -> str | None:
        """The client's `nonce`."""
        return self.parameters.get("nonce")

    @property
    def response_mode(self) -> str:
        """How the answer goes back: as asked, else the default of what is asked for, of the client's flow where there
        are no response modes (Multiple Response Types, 2.1). It holds for errors too, whatever is wrong with the rest:
        a request that names no response type is answered in the query."""
        flow, modes = self.terms.flow, self.dialect.response_modes
        in_fragment = not FRONT_CHANNEL.isdisjoint(self.parameters.get("response_type", "").split())
        if not modes:
            in_fragment = flow is Flow.IMPLICIT or (in_fragment and flow is not Flow.CODE)
        usual = "fragment" if in_fragment else "query"
        sent = self.parameters.get("response_mode")
        if sent not in modes or (sent == "query" and in_fragment):
            return usual
        return str(sent)

    def named(self, claims: frozenset[str]) -> tuple[str, ...]:
        """Those of some claims that the client's table has, in order."""
        return tuple(sorted(claims & {rule.name for rule in self.terms.claims})) if claims else ()

    @property
    def permissions(self) -> frozenset[str]:
        """What the user is asked for: the scopes, and `claim:` names that none of them gives."""
        named = self.claims.userinfo | self.claims.id_token
        if not named:
            return self.scopes
        beyond = {rule.name for rule in self.terms.claims if rule.name in named and not rule.scopes & self.scopes}
        return self.scopes | {f"claim:{name}" for name in beyond}


def _client_given(request: AuthorizationRequest) -> None:
    if not request.parameters.get("client_id"):
        raise _missing("client_id")


def _redirect_uri_given(request: AuthorizationRequest) -> None:
    if not request.parameters.get("redirect_uri") and not refers(request):
        raise _missing("redirect_uri")


def _client_known(request: AuthorizationRequest) -> None:
    client_id = request.parameters["client_id"]
    terms = request.terms_of(client_id) if "client_id" not in request.parameters.doubled else None
    if terms is None or terms.access is Access.CLOSED:
        raise ProtocolError(
            "invalid_request",
            f'Unknown client identifier: "{_shortened(client_id)}"',
            hint="Ce site n’est pas enregistré ici, ou rien n’est encore publié de sa configuration. Les sites "
            "enregistrés : « glc client list » ; en ajouter un : « glc client register » ; dans un espace de test : "
            "GET et POST « /clients » de son adresse de contrôle.",
            detail=terms.reason if terms else "client_unknown",
        )
    request.terms = terms


def _taken_up(request: AuthorizationRequest) -> None:
    if request.dialect.request_objects and _names_registered_uri(request):
        request.redirect_uri = request.parameters["redirect_uri"]  # so that an error may be told there
    bound = request.dialect.pushed_requests and request.terms.protocol.require_pushed_authorization_requests
    reference = request.parameters.get("request_uri", "")
    if bound and not (request.resumed or request.pushed or reference.startswith(PUSHED)):
        raise invalid_request(
            "Pushed authorization request required", "Ce client s’est engagé à déposer ses demandes (RFC 9126)."
        )
    signed = request.dialect.request_objects and request.terms.protocol.require_signed_request_object
    if signed and not request.resumed and not {"request", "request_uri"} & request.parameters.keys():
        raise invalid_request(
            "Signed request object required", "Ce client s’est engagé à signer ses demandes (RFC 9101)."
        )
    if not refers(request):
        return
    request.parameters = request.taken_up(request)
    if not request.parameters.get("redirect_uri"):
        raise _missing("redirect_uri")


def refers(request: AuthorizationRequest) -> bool:
    """Whether what is asked is elsewhere: in a request object, or pushed before."""
    sent = request.parameters
    return request.dialect.request_objects and not request.resumed and ("request" in sent or "request_uri" in sent)


def _names_registered_uri(request: AuthorizationRequest) -> bool:
    uri = request.parameters.get("redirect_uri", "")
    if "redirect_uri" in request.parameters.doubled:
        return False
    return is_registered(uri, request.terms.redirect_uris, flexible=request.dialect.redirect_uri_is_flexible)


def _redirect_uri_registered(request: AuthorizationRequest) -> None:
    uri = request.parameters["redirect_uri"]
    if not _names_registered_uri(request):
        raise invalid_request(
            f'Redirect URI "{_shortened(uri)}" is unknown.',
            "Cette adresse de retour n’est pas enregistrée pour ce site : envoyez une adresse enregistrée, à "
            "l’identique (« glc client show » les liste), ou enregistrez celle-ci.",
        )
    request.redirect_uri = uri


def _nothing_doubled(request: AuthorizationRequest) -> None:
    request.parameters.require_single()


def _agreement_in_force(request: AuthorizationRequest) -> None:
    terms = request.terms
    if terms.access is not Access.OPEN:
        raise ProtocolError(
            "unauthorized_client",
            "This service is not connected at present",
            hint="Le registre ne donne pas accès à ce client à cette date : le motif est dans « detail ».",
            detail=terms.reason,
            notice="unavailable",
        )


def _response_type(request: AuthorizationRequest) -> None:
    sent = request.parameters.get("response_type")
    if not sent:
        raise _missing("response_type")
    types = frozenset(sent.split())
    registered = request.terms.protocol.response_types or RESPONSE_TYPES[request.terms.flow]
    allowed = [each for each in registered if each in request.dialect.response_types]
    if types not in [frozenset(each.split()) for each in allowed]:
        named = " or ".join(f'"{each}"' for each in allowed)
        raise ProtocolError(
            "unsupported_response_type",
            f"Response type must be {named}",
            hint=f"Ce client est enregistré pour le flux « {request.terms.flow.value} ».",
        )
    request.response_types = types


def _response_mode(request: AuthorizationRequest) -> None:
    sent, known = request.parameters.get("response_mode"), request.dialect.response_modes
    if sent is None or not known:
        return
    if sent not in known:
        raise invalid_request(f'Parameter "response_mode" must be {" or ".join(known)}')
    if sent == "query" and request.response_types & FRONT_CHANNEL:
        raise invalid_request(
            'Parameter "response_mode" must not be "query" with tokens',
            "Une adresse avec sa query reste dans les journaux : demandez fragment ou form_post.",
        )


def _scope(request: AuthorizationRequest) -> None:
    sent = request.parameters.get("scope")
    if not sent:
        raise _missing("scope")
    scopes = frozenset(sent.split())
    if "openid" not in scopes:
        raise ProtocolError(
            "invalid_scope",
            f'Scope must contain "openid", received "{_shortened(sent)}"',
            hint="Ajoutez « openid » aux portées demandées.",
        )
    allowed = request.terms.scopes
    if not scopes <= allowed:
        raise ProtocolError(
            "invalid_scope",
            f'Scope may contain "{", ".join(sorted(allowed))}" scope(s), received "{_shortened(sent)}"',
            hint="Une portée inconnue est refusée, pas ignorée. Retirez-la, ou enregistrez le client avec elle "
            f"(en trop : {', '.join(sorted(scopes - allowed))}).",
            detail="scope_not_open" if scopes & request.terms.closed_scopes else "scope_not_registered",
        )
    request.scopes = request.terms.released(scopes)
    request.narrowed = request.scopes != scopes


def _nonce(request: AuthorizationRequest) -> None:
    if len(request.nonce or "") > MAX_NONCE_LENGTH:
        raise invalid_request(
            f'Parameter "nonce" must have at most {MAX_NONCE_LENGTH} characters',
            "32 caractères aléatoires suffisent.",
        )
    if "id_token" in request.response_types and request.dialect.implicit_needs_nonce and not request.nonce:
        raise _missing("nonce")


def _prompt_and_max_age(request: AuthorizationRequest) -> None:
    request.prompts = frozenset((request.parameters.get("prompt") or "").split()) & request.dialect.prompts
    if request.dialect.prompt_none_stands_alone and "none" in request.prompts and len(request.prompts) > 1:
        raise invalid_request('Parameter "prompt" must not be "none" and something else')
    sent = request.parameters.get("max_age")
    if sent is None:
        usual = request.terms.protocol.default_max_age
        request.max_age = None if usual is None else dt.timedelta(seconds=usual)
        return
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 10):
        raise invalid_request('Parameter "max_age" must be a positive integer', "max_age est un nombre de secondes.")
    request.max_age = dt.timedelta(seconds=int(sent))


def _claims_and_acr(request: AuthorizationRequest) -> None:
    if not request.dialect.claims_parameter:
        return
    sent = request.parameters.get("claims")
    if sent is not None:
        request.claims = read_claims(sent, MAX_CLAIMS_LENGTH)
    request.acr_values = tuple((request.parameters.get("acr_values") or "").split())
    request.acr_values = request.claims.acr_values or request.acr_values or request.terms.protocol.default_acr_values


def _pkce(request: AuthorizationRequest) -> None:
    challenge = request.parameters.get("code_challenge")
    methods = request.dialect.pkce_methods
    if not methods or "code" not in request.response_types:
        return
    required = request.terms.pkce_required or request.terms.protocol.authenticates_by == "none"
    method = request.parameters.get("code_challenge_method", "plain")
    if required and (challenge is None or method != "S256"):
        raise invalid_request(
            'Parameter "code_challenge_method" MUST be provided',
            "Ce client est enregistré avec PKCE obligatoire : envoyez code_challenge et code_challenge_method=S256.",
        )
    if challenge is None:
        return
    if method not in methods:
        raise invalid_request(
            'Parameter "code_challenge_method" must be "plain" or "S256"', "Utilisez S256 (RFC 7636, 4.2)."
        )
    if not 1 <= len(challenge) <= 128:
        raise invalid_request(
            'Parameter "code_challenge" must have from 1 to 128 characters', "Voir RFC 7636, section 4.2."
        )
    request.challenge, request.challenge_method = challenge, method


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table."""

    run: Callable[[AuthorizationRequest], None]
    raises: tuple[str, ...]
    may_redirect: bool
    source: str


CHECKS = (
    Check(_client_given, ("invalid_request",), False, "RFC 6749, 4.1.1"),
    Check(_redirect_uri_given, ("invalid_request",), False, "OpenID Connect Core 1.0, 3.1.2.1"),
    Check(_client_known, ("invalid_request",), False, "RFC 6749, 4.1.2.1"),
    Check(
        _taken_up,
        (
            "invalid_request",
            "invalid_request_object",
            "invalid_request_uri",
            "request_uri_not_supported",
        ),
        True,
        "OpenID Connect Core 1.0, 6; RFC 9101; RFC 9126",
    ),
    Check(_redirect_uri_registered, ("invalid_request",), False, "RFC 6749, 4.1.2.1"),
    Check(_nothing_doubled, ("invalid_request",), True, "RFC 6749, 3.1"),
    Check(_agreement_in_force, ("unauthorized_client",), True, "Convention, R31 to R33"),
    Check(_response_type, ("invalid_request", "unsupported_response_type"), True, "RFC 6749, 3.1.1"),
    Check(_response_mode, ("invalid_request",), True, "OAuth 2.0 Multiple Response Types, 2.1 and 5"),
    Check(_scope, ("invalid_request", "invalid_scope"), True, "OpenID Connect Core 1.0, 3.1.2.1; RFC 6749, 3.3"),
    Check(_nonce, ("invalid_request",), True, "OpenID Connect Core 1.0, 3.2.2.1"),
    Check(_prompt_and_max_age, ("invalid_request",), True, "OpenID Connect Core 1.0, 3.1.2.1"),
    Check(_claims_and_acr, ("invalid_request",), True, "OpenID Connect Core 1.0, 5.5"),
    Check(_pkce, ("invalid_request",), True, "RFC 7636, 4.3"),
)


def run_checks(request: AuthorizationRequest) -> None:
    """Run the table in order. Raises the first `ProtocolError`, which knows whether it may redirect."""
    for check in CHECKS:
        try:
            check.run(request)
        except ProtocolError as error:
            error.may_redirect = check.may_redirect and hasattr(request, "redirect_uri")
            raise


def _missing(name: str) -> ProtocolError:
    return invalid_request(f'Missing parameter "{name}"', f"Ajoutez le paramètre « {name} » à la demande.")


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "..."
