"""The authorization request, check by check.

`CHECKS` is one ordered table and its order is law: nothing may redirect before the redirect URI is known to be
registered. Each row says which errors it raises, whether they may go back to the client, and who says so. The
documentation of errors and the tests are made from this table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from idp.dialects import Dialect
from idp.errors import ProtocolError, invalid_request
from idp.parameters import Parameters
from idp.redirect_uris import is_registered
from partner_registry.models import Flow
from partner_registry.terms import Access, ReleaseTerms

MAX_NONCE_LENGTH = 1024
IMPLICIT_TYPES = frozenset({frozenset({"id_token"}), frozenset({"id_token", "token"})})


@dataclass(slots=True)
class AuthorizationRequest:
    """An authorization request on its way through the checks, which fill it in."""

    parameters: Parameters
    dialect: Dialect
    terms_of: Callable[[str], ReleaseTerms | None] = field(init=False)
    terms: ReleaseTerms = field(init=False)
    redirect_uri: str = field(init=False)
    response_types: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    prompts: frozenset[str] = frozenset()
    max_age: dt.timedelta | None = None
    challenge: str | None = None
    challenge_method: str | None = None

    @property
    def state(self) -> str | None:
        """The client's `state`, returned as it came."""
        return self.parameters.get("state")

    @property
    def nonce(self) -> str | None:
        """The client's `nonce`."""
        return self.parameters.get("nonce")

    @property
    def in_fragment(self) -> bool:
        """Whether the answer goes in the fragment (OAuth 2.0 Multiple Response Types, section 2.1)."""
        return self.terms.flow is Flow.IMPLICIT


def _client_given(request: AuthorizationRequest) -> None:
    if not request.parameters.get("client_id"):
        raise _missing("client_id")


def _redirect_uri_given(request: AuthorizationRequest) -> None:
    if not request.parameters.get("redirect_uri"):
        raise _missing("redirect_uri")


def _client_known(request: AuthorizationRequest) -> None:
    client_id = request.parameters["client_id"]
    terms = request.terms_of(client_id) if "client_id" not in request.parameters.doubled else None
    if terms is None:
        raise invalid_request(
            f'Unknown client identifier: "{_shortened(client_id)}"',
            "Ce site n’est pas enregistré ici. Les sites enregistrés : « glc client list » ; "
            "en ajouter un : « glc client register ».",
        )
    request.terms = terms


def _redirect_uri_registered(request: AuthorizationRequest) -> None:
    uri = request.parameters["redirect_uri"]
    known = request.terms.redirect_uris
    doubled = "redirect_uri" in request.parameters.doubled
    if doubled or not is_registered(uri, known, flexible=request.dialect.redirect_uri_is_flexible):
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
            hint="La convention de ce partenaire ne donne pas accès au service à cette date "
            f"(motif pour l’opérateur : {terms.reason}).",
            detail=terms.reason,
            notice="unavailable",
        )


def _response_type(request: AuthorizationRequest) -> None:
    sent = request.parameters.get("response_type")
    if not sent:
        raise _missing("response_type")
    types = frozenset(sent.split())
    if request.terms.flow is Flow.CODE and types != {"code"}:
        raise ProtocolError(
            "unsupported_response_type",
            'Response type must be "code"',
            hint="Ce client est enregistré pour le flux « authorization code ».",
        )
    if request.terms.flow is Flow.IMPLICIT and types not in IMPLICIT_TYPES:
        raise ProtocolError(
            "unsupported_response_type",
            'Response type must be "id_token token" or "id_token"',
            hint="Ce client est enregistré pour le flux implicite.",
        )
    request.response_types = types


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
        )
    request.scopes = scopes


def _nonce(request: AuthorizationRequest) -> None:
    if len(request.nonce or "") > MAX_NONCE_LENGTH:
        raise invalid_request(
            f'Parameter "nonce" must have at most {MAX_NONCE_LENGTH} characters',
            "32 caractères aléatoires suffisent.",
        )
    if request.terms.flow is Flow.IMPLICIT and request.dialect.implicit_needs_nonce and not request.nonce:
        raise _missing("nonce")


def _prompt_and_max_age(request: AuthorizationRequest) -> None:
    request.prompts = frozenset((request.parameters.get("prompt") or "").split()) & {"none", "login", "consent"}
    sent = request.parameters.get("max_age")
    if sent is None:
        return
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 10):
        raise invalid_request('Parameter "max_age" must be a positive integer', "max_age est un nombre de secondes.")
    request.max_age = dt.timedelta(seconds=int(sent))


def _pkce(request: AuthorizationRequest) -> None:
    challenge = request.parameters.get("code_challenge")
    methods = request.dialect.pkce_methods
    if not methods or request.terms.flow is Flow.IMPLICIT:
        return
    required = request.terms.pkce_required
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
            'Parameter "code_challenge" must have at most 128 characters', "Voir RFC 7636, section 4.2."
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
    Check(_redirect_uri_registered, ("invalid_request",), False, "RFC 6749, 4.1.2.1"),
    Check(_nothing_doubled, ("invalid_request",), True, "RFC 6749, 3.1"),
    Check(_agreement_in_force, ("unauthorized_client",), True, "Convention, R31 to R33"),
    Check(_response_type, ("invalid_request", "unsupported_response_type"), True, "RFC 6749, 3.1.1"),
    Check(_scope, ("invalid_request", "invalid_scope"), True, "OpenID Connect Core 1.0, 3.1.2.1"),
    Check(_nonce, ("invalid_request",), True, "OpenID Connect Core 1.0, 3.2.2.1"),
    Check(_prompt_and_max_age, ("invalid_request",), True, "OpenID Connect Core 1.0, 3.1.2.1"),
    Check(_pkce, ("invalid_request",), True, "RFC 7636, 4.3"),
)


def run_checks(request: AuthorizationRequest) -> None:
    """Run the table in order. Raises the first `ProtocolError`, which knows whether it may redirect."""
    for check in CHECKS:
        try:
            check.run(request)
        except ProtocolError as error:
            error.may_redirect = check.may_redirect
            raise


def _missing(name: str) -> ProtocolError:
    return invalid_request(f'Missing parameter "{name}"', f"Ajoutez le paramètre « {name} » à la demande.")


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "..."
