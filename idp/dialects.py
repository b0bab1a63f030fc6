"""Where a provider departs from the standard: each departure is one named, sourced field of a frozen value.

Code asks `dialect.errors_stop_at_provider`, never which dialect it is. Sources: "A2" is Authentic2 as published in
recent years, "A2-2018" as it was in 2018, the year GrandLyonConnect went live; "core" is OpenID Connect Core 1.0.
Whatever the dialect, a code is single-use: no Relying Party can depend on the contrary, and security loses by it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from glc.errors import SettingsError
from partner_registry.clients.metadata import AUTHENTICATION_METHODS


def _departure(standard: str, source: str) -> dict[str, str]:
    return {"standard": standard, "source": source}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one provider behaves. Each field's metadata gives what the standard says, and who departs from it."""

    name: str
    about: str
    """What it is for, as a choice among the others."""

    errors_stop_at_provider: bool = field(
        metadata=_departure(
            "every error after the redirect URI is known goes to the client (RFC 6749, 4.1.2.1)",
            "A2: all but three wait on /continue/ until the user clicks",
        )
    )
    unavailable_service_is_explained: bool = field(
        metadata=_departure(
            "every error after the redirect URI is known goes to the client (RFC 6749, 4.1.2.1)",
            "assumed: whoever comes from a service without access is told so on /continue/, and clicks to go back",
        )
    )
    silent_errors: frozenset[str] = field(
        metadata=_departure("all", "A2: access_denied, login_required, interaction_required go straight back")
    )
    bad_client_is_plain_text: bool = field(
        metadata=_departure("an error page (RFC 6749, 4.1.2.1)", "A2-2018: HTTP 400 in plain text")
    )
    redirect_uri_is_flexible: bool = field(
        metadata=_departure(
            "simple string comparison (core, 3.1.2.1)", "A2: final slash, default port, `*` hosts and paths"
        )
    )
    error_text_is_plain: bool = field(
        metadata=_departure("ASCII without quotes or backslashes (RFC 6749, 4.1.2.1)", "A2: with double quotes")
    )
    unknown_parameters_are_ignored: bool = field(
        metadata=_departure("all of them (core, 3.1.2.1)", "A2: `cancel` gives the request up")
    )
    empty_parameters_are_omitted: bool = field(
        metadata=_departure("so, at both endpoints (RFC 6749, 3.1 and 3.2)", "A2: an empty value is a value")
    )
    grants: tuple[str, ...] = field(
        metadata=_departure(
            "authorization_code, refresh_token (RFC 6749, 4.1 and 6)",
            "A2: also the password grant, which is not reproduced; A2-2018: no refresh token",
        )
    )
    refresh_token_needs_offline_access: bool = field(
        metadata=_departure(
            "to outlive the session (core, 11; Back-Channel Logout 1.0, 2.7)", "A2: any refresh token outlives it"
        )
    )
    issuer_in_response: bool = field(metadata=_departure("iss in what is granted (RFC 9207, 2)", "A2-2018: never"))
    issuer_in_errors: bool = field(metadata=_departure("iss in errors too (RFC 9207, 2)", "A2: never"))
    issuer_in_fragment: bool = field(metadata=_departure("so in fragments too (RFC 9207, 2)", "A2: never"))
    pkce_methods: tuple[str, ...] = field(
        metadata=_departure("S256, plain (RFC 7636)", "A2: both; A2-2018: none, parameters ignored")
    )
    prompt_none_shows_consent: bool = field(
        metadata=_departure("consent_required (core, 3.1.2.6)", "A2: the consent page is shown all the same")
    )
    prompt_none_stands_alone: bool = field(
        metadata=_departure("with another value it is an error (core, 3.1.2.1)", "A2: none wins")
    )
    consent_lasts_the_session: bool = field(
        metadata=_departure("any memory will do (core, 3.1.2.4)", "A2: only if the user ticked « ne plus me demander »")
    )
    implicit_needs_nonce: bool = field(metadata=_departure("required (core, 3.2.2.1)", "A2: optional in every flow"))
    unknown_grant_type_error: str = field(
        metadata=_departure("unsupported_grant_type (RFC 6749, 5.2)", "A2: invalid_request")
    )
    acr_tells_freshness: bool = field(
        metadata=_departure(
            "the authentication context class (core, 2)", "A2: 1 if logged in for this very nonce, else 0"
        )
    )
    sid_in_id_token: bool = field(
        metadata=_departure("when front-channel logout is supported", "A2: always; A2-2018: never in the code flow")
    )
    claims_in_id_token: bool = field(
        metadata=_departure("only when no access token is issued (core, 5.4)", "A2: always, the same as userinfo")
    )
    empty_claims_are_sent: bool = field(
        metadata=_departure("a claim without value is left out (core, 5.3.2)", 'A2: sent as "" or null')
    )
    verified_suffix_on: str = field(
        metadata=_departure("no such suffix", "A2: <claim>_verified; A2-2018: on the internal attribute's name")
    )
    kid_with: frozenset[str] = field(
        metadata=_departure("every asymmetric signature (core, 10.1)", "A2: RS256 only, none with ES256")
    )
    id_token_algs: tuple[str, ...] = field(metadata=_departure("RS256 at least", "A2-2018: no ES256"))
    scope_in_token_response: bool = field(
        metadata=_departure(
            "always allowed, required if it differs from the request (RFC 6749, 5.1)",
            "A2: never; here when it is smaller than asked, in every dialect",
        )
    )
    token_error_text: str = field(
        metadata=_departure("error_description (RFC 6749, 5.2)", "A2-2018: the member is called desc")
    )
    token_error_names_client: bool = field(
        metadata=_departure("no such member", "A2: client_id, once the client is recognised")
    )
    invalid_client_status: int = field(
        metadata=_departure("401 (RFC 6749, 5.2)", "A2: 400; A2-2018: 401 in plain text")
    )
    invalid_client_is_plain_text: bool = field(
        metadata=_departure("JSON (RFC 6749, 5.2)", "A2-2018: the text « unauthenticated »")
    )
    bearer_is_written_so: bool = field(
        metadata=_departure("in any case (RFC 9110, 11.1)", "A2: « bearer » is refused at userinfo")
    )
    userinfo_errors_are_alike: bool = field(
        metadata=_departure(
            "400 for what cannot be read, no error where no token is sent (RFC 6750, 3.1)",
            "A2: 401 and invalid_request",
        )
    )
    refresh_and_revocation_errors_are_null: bool = field(
        metadata=_departure("a registered code (RFC 6749, 5.2; RFC 7009, 2.2.1)", 'A2: "error": null')
    )
    revocation: bool = field(metadata=_departure("RFC 7009", "A2-2018: no such endpoint"))
    key_algorithms: tuple[str, ...] = field(
        metadata=_departure("any, RS256 among them (core, 15.1)", "A2: one RSA and one EC key are published")
    )
    revocation_metadata: str = field(
        metadata=_departure("revocation_endpoint (RFC 8414, 2)", "A2: token_revocation_endpoint")
    )
    unknown_token_is_revoked: bool = field(metadata=_departure("200 (RFC 7009, 2.2)", "A2: an error"))
    introspection: bool = field(metadata=_departure("RFC 7662", "A2: no such endpoint"))
    basic_is_decoded: bool = field(
        metadata=_departure("id and secret are form-decoded (RFC 6749, 2.3.1)", "A2: taken as they are")
    )
    access_token_lifetime_in: int | None = field(
        metadata=_departure("any", "A2: the session's remaining age (None); A2-2018: 28 800 s")
    )
    discovery_auth_methods: tuple[str, ...] = field(
        metadata=_departure("client_secret_post", "A2-2018: a typing error, clien_secret_post")
    )
    response_types: tuple[str, ...] = field(
        metadata=_departure("what the client registered (OAuth 2.0 Multiple Response Types)", "A2: no hybrid flow")
    )
    response_modes: tuple[str, ...] = field(
        metadata=_departure(
            "query, fragment, form_post (Multiple Response Types, 2.1; Form Post)", "A2: the parameter is ignored"
        )
    )
    authorization_by_post: bool = field(metadata=_departure("GET and POST (core, 3.1.2.1)", "A2: GET"))
    prompts: frozenset[str] = field(
        metadata=_departure(
            "none, login, consent, select_account (core, 3.1.2.1), create (Initiating User Registration 1.0)",
            "A2: none, login, consent; others are ignored",
        )
    )
    id_token_hint_is_read: bool = field(
        metadata=_departure("who is expected to be logged in (core, 3.1.2.1)", "A2: ignored")
    )
    ui_locales_are_heard: bool = field(
        metadata=_departure("languages of the pages, preferred (core, 3.1.2.1)", "A2: the browser's own")
    )
    claims_parameter: bool = field(metadata=_departure("optional (core, 5.5)", "A2: ignored"))
    request_objects: bool = field(
        metadata=_departure("request and request_uri (core, 6; RFC 9101), or an error", "A2: ignored")
    )
    pushed_requests: bool = field(metadata=_departure("optional (RFC 9126)", "A2: no such endpoint"))
    client_registration: bool = field(metadata=_departure("optional (RFC 7591, RFC 7592)", "A2: no such endpoint"))
    client_authentication: tuple[str, ...] = field(
        metadata=_departure("as the client registered (core, 9)", "A2: its secret, by Basic or in the form")
    )
    authentication_is_strict: bool = field(
        metadata=_departure(
            "one method a request, the registered one (RFC 6749, 2.3; core, 9)",
            "A2: Basic wins, else the form; nothing else is looked at",
        )
    )
    token_hashes: bool = field(
        metadata=_departure("at_hash and c_hash with what they vouch for (core, 3.2.2.9 and 3.3.2.11)", "A2: none")
    )
    amr_in_id_token: bool = field(metadata=_departure("optional (core, 2)", "A2: none"))
    answers_are_jwts_if_registered: bool = field(
        metadata=_departure(
            "userinfo signed or encrypted, ID Token encrypted, as registered (core, 5.3.2 and 10.2)", "A2: neither"
        )
    )
    userinfo_reads_form: bool = field(
        metadata=_departure("the token in a form too (RFC 6750, 2.2)", "A2: in the header only")
    )
    refresh_gives_id_token: bool = field(metadata=_departure("optional (core, 12.2)", "A2: none"))
    used_refresh_token_ends_grant: bool = field(
        metadata=_departure("so (RFC 9700, 4.14.2), after a time of grace", "A2: only that token is refused")
    )
    metadata_is_complete: bool = field(
        metadata=_departure("whatever is supported is said (Discovery 1.0, 3; RFC 8414)", "A2: the least")
    )
    session_management: bool = field(
        metadata=_departure("optional (Session Management 1.0)", "A2: no check_session_iframe")
    )
    backchannel_logout: bool = field(metadata=_departure("optional (Back-Channel Logout 1.0)", "A2: none"))
    logout_trusts_any_request: bool = field(
        metadata=_departure(
            "redirect only with a valid id_token_hint, or ask (RP-Initiated Logout 1.0, 2 and 3)",
            "A2: no hint needed, a URI registered by any client will do",
        )
    )


GRANDLYONCONNECT = Dialect(
    name="grandlyonconnect",
    about="the default: what the real service does today, as far as that is known",
    errors_stop_at_provider=True,
    unavailable_service_is_explained=True,
    silent_errors=frozenset({"access_denied", "login_required", "interaction_required"}),
    bad_client_is_plain_text=False,
    redirect_uri_is_flexible=True,
    error_text_is_plain=False,
    unknown_parameters_are_ignored=False,
    empty_parameters_are_omitted=False,
    grants=("authorization_code", "refresh_token"),
    refresh_token_needs_offline_access=False,
    issuer_in_response=True,
    issuer_in_errors=False,
    issuer_in_fragment=False,
    pkce_methods=("plain", "S256"),
    prompt_none_shows_consent=True,
    prompt_none_stands_alone=False,
    consent_lasts_the_session=False,
    implicit_needs_nonce=False,
    unknown_grant_type_error="invalid_request",
    acr_tells_freshness=True,
    sid_in_id_token=True,
    claims_in_id_token=True,
    empty_claims_are_sent=True,
    verified_suffix_on="claim",
    kid_with=frozenset({"RS256"}),
    id_token_algs=("RS256", "HS256", "ES256"),
    scope_in_token_response=False,
    token_error_text="error_description",  # noqa: S106 — a member's name
    token_error_names_client=True,
    invalid_client_status=400,
    invalid_client_is_plain_text=False,
    bearer_is_written_so=True,
    userinfo_errors_are_alike=True,
    refresh_and_revocation_errors_are_null=True,
    revocation=True,
    key_algorithms=("RS256", "ES256"),
    revocation_metadata="token_revocation_endpoint",
    unknown_token_is_revoked=False,
    introspection=False,
    basic_is_decoded=False,
    access_token_lifetime_in=None,
    discovery_auth_methods=("client_secret_post", "client_secret_basic"),
    response_types=("code", "id_token", "id_token token"),
    response_modes=(),
    authorization_by_post=False,
    prompts=frozenset({"none", "login", "consent"}),
    id_token_hint_is_read=False,
    ui_locales_are_heard=False,
    claims_parameter=False,
    request_objects=False,
    pushed_requests=False,
    client_registration=False,
    client_authentication=("client_secret_basic", "client_secret_post"),
    authentication_is_strict=False,
    token_hashes=False,
    amr_in_id_token=False,
    answers_are_jwts_if_registered=False,
    userinfo_reads_form=False,
    refresh_gives_id_token=False,
    used_refresh_token_ends_grant=False,
    metadata_is_complete=False,
    session_management=False,
    backchannel_logout=False,
    logout_trusts_any_request=True,
)

GRANDLYONCONNECT_2018 = dataclasses.replace(
    GRANDLYONCONNECT,
    name="grandlyonconnect-2018",
    about="what it did when the first sites were connected: for one that has not changed since",
    errors_stop_at_provider=False,
    bad_client_is_plain_text=True,
    redirect_uri_is_flexible=False,
    grants=("authorization_code",),
    issuer_in_response=False,
    pkce_methods=(),
    prompt_none_shows_consent=False,
    sid_in_id_token=False,
    verified_suffix_on="attribute",
    id_token_algs=("RS256", "HS256"),
    token_error_text="desc",  # noqa: S106 — a member's name
    token_error_names_client=False,
    invalid_client_status=401,
    invalid_client_is_plain_text=True,
    revocation=False,
    access_token_lifetime_in=28_800,
    discovery_auth_methods=("clien_secret_post", "client_secret_basic"),
)

STANDARD = Dialect(
    name="standard",
    about="what the specifications say, all of it: for strict and modern libraries, and for certification",
    errors_stop_at_provider=False,
    unavailable_service_is_explained=False,
    silent_errors=frozenset(),
    bad_client_is_plain_text=False,
    redirect_uri_is_flexible=False,
    error_text_is_plain=True,
    unknown_parameters_are_ignored=True,
    empty_parameters_are_omitted=True,
    grants=("authorization_code", "refresh_token"),
    refresh_token_needs_offline_access=True,
    issuer_in_response=True,
    issuer_in_errors=True,
    issuer_in_fragment=True,
    pkce_methods=("plain", "S256"),
    prompt_none_shows_consent=False,
    prompt_none_stands_alone=True,
    consent_lasts_the_session=True,
    implicit_needs_nonce=True,
    unknown_grant_type_error="unsupported_grant_type",
    acr_tells_freshness=False,
    sid_in_id_token=True,
    claims_in_id_token=False,
    empty_claims_are_sent=False,
    verified_suffix_on="nothing",
    kid_with=frozenset({"RS256", "PS256", "ES256", "EdDSA"}),
    id_token_algs=("RS256", "PS256", "ES256", "EdDSA", "HS256"),
    scope_in_token_response=True,
    token_error_text="error_description",  # noqa: S106 — a member's name
    token_error_names_client=False,
    invalid_client_status=401,
    invalid_client_is_plain_text=False,
    bearer_is_written_so=False,
    userinfo_errors_are_alike=False,
    refresh_and_revocation_errors_are_null=False,
    revocation=True,
    key_algorithms=("RS256", "ES256", "PS256", "EdDSA", "RSA-OAEP-256"),
    revocation_metadata="revocation_endpoint",
    unknown_token_is_revoked=True,
    introspection=True,
    basic_is_decoded=True,
    access_token_lifetime_in=3_600,
    discovery_auth_methods=AUTHENTICATION_METHODS,
    response_types=(
        "code",
        "id_token",
        "id_token token",
        "code id_token",
        "code token",
        "code id_token token",
    ),
    response_modes=("query", "fragment", "form_post"),
    authorization_by_post=True,
    prompts=frozenset({"none", "login", "consent", "select_account", "create"}),
    id_token_hint_is_read=True,
    ui_locales_are_heard=True,
    claims_parameter=True,
    request_objects=True,
    pushed_requests=True,
    client_registration=True,
    client_authentication=AUTHENTICATION_METHODS,
    authentication_is_strict=True,
    token_hashes=True,
    amr_in_id_token=True,
    answers_are_jwts_if_registered=True,
    userinfo_reads_form=True,
    refresh_gives_id_token=True,
    used_refresh_token_ends_grant=True,
    metadata_is_complete=True,
    session_management=True,
    backchannel_logout=True,
    logout_trusts_any_request=False,
)
"""The standard's value of every field, everything optional on (docs/specifications.md)."""

DIALECTS = {each.name: each for each in (GRANDLYONCONNECT, GRANDLYONCONNECT_2018, STANDARD)}


def dialect_named(name: str) -> Dialect:
    """The dialect of that name. Raises `SettingsError` naming those there are."""
    try:
        return DIALECTS[name]
    except KeyError:
        raise SettingsError(f"setting dialect (GLC_DIALECT) is {name!r}: choose {' or '.join(DIALECTS)}") from None


def reference() -> str:
    """The page docs/dialects.md: each departure, what the standard says, who departs, and each dialect's value."""
    names = list(DIALECTS)
    rows = [
        f"| `{each.name}` | {each.metadata['standard']} | {each.metadata['source']} | "
        + " | ".join(_shown(getattr(DIALECTS[name], each.name)) for name in names)
        + " |"
        for each in dataclasses.fields(Dialect)
        if each.metadata
    ]
    return "\n".join(
        [
            "# Dialects: where the provider departs from the standard",
            "",
            "Chosen with `glc serve --dialect`, or the setting `dialect`:",
            "",
            *(f"- `{each.name}`: {each.about}." for each in DIALECTS.values()),
            "",
            "Whatever the dialect, an authorization code is single-use. Below, A2 is Authentic2 as published in recent",
            "years, A2-2018 as it was in 2018, core is OpenID Connect Core 1.0.",
            "Generated by `glc dialects --markdown`; do not edit.",
            "",
            "| Departure | The standard says | Who departs, and how | "
            + " | ".join(f"`{name}`" for name in names)
            + " |",
            "|---|---|---|" + "---|" * len(names),
            *rows,
            "",
        ]
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, frozenset)):
        return ", ".join(value if isinstance(value, tuple) else sorted(value)) or "none"
    return "the session's" if value is None else str(value)
