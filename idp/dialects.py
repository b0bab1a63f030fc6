"""Where a provider departs from the standard: each departure is one named, sourced field of a frozen value.

Code asks `dialect.errors_stop_at_provider`, never which dialect it is. Sources: "A2" is Authentic2 as published in
recent years, "A2-2018" as it was in 2018, the year GrandLyonConnect went live; "core" is OpenID Connect Core 1.0.
Whatever the dialect, a code is single-use: no Relying Party can depend on the contrary, and security loses by it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from glc.errors import SettingsError


def _departure(standard: str, source: str) -> dict[str, str]:
    return {"standard": standard, "source": source}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one provider behaves. Each field's metadata gives what the standard says, and who departs from it."""

    name: str

    errors_stop_at_provider: bool = field(
        metadata=_departure(
            "every error after the redirect URI is known goes to the client (RFC 6749, 4.1.2.1)",
            "A2: all but three wait on /continue/ until the user clicks",
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
    issuer_in_response: bool = field(
        metadata=_departure("iss in success and error (RFC 9207)", "A2: in success only; A2-2018: never")
    )
    pkce_methods: tuple[str, ...] = field(
        metadata=_departure("S256, plain (RFC 7636)", "A2: both; A2-2018: none, parameters ignored")
    )
    prompt_none_shows_consent: bool = field(
        metadata=_departure("consent_required (core, 3.1.2.6)", "A2: the consent page is shown all the same")
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
    verified_suffix_on_claim: bool = field(
        metadata=_departure("no such suffix", "A2: <claim>_verified; A2-2018: on the internal attribute's name")
    )
    kid_with: frozenset[str] = field(
        metadata=_departure("every asymmetric signature (core, 10.1)", "A2: RS256 only, none with ES256")
    )
    id_token_algs: tuple[str, ...] = field(metadata=_departure("RS256 at least", "A2-2018: no ES256"))
    scope_in_token_response: bool = field(
        metadata=_departure("if it differs from the request (RFC 6749, 5.1)", "A2: never")
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
    refresh_and_revocation_errors_are_null: bool = field(
        metadata=_departure("a registered code (RFC 6749, 5.2; RFC 7009, 2.2.1)", 'A2: "error": null')
    )
    revocation: bool = field(metadata=_departure("RFC 7009", "A2-2018: no such endpoint"))
    basic_is_decoded: bool = field(
        metadata=_departure("id and secret are form-decoded (RFC 6749, 2.3.1)", "A2: taken as they are")
    )
    access_token_lifetime_in: int | None = field(
        metadata=_departure("any", "A2: the session's remaining age (None); A2-2018: 28 800 s")
    )
    discovery_auth_methods: tuple[str, ...] = field(
        metadata=_departure("client_secret_post", "A2-2018: a typing error, clien_secret_post")
    )
    logout_trusts_any_request: bool = field(
        metadata=_departure(
            "redirect only with a valid id_token_hint, or ask (RP-Initiated Logout 1.0, 2 and 3)",
            "A2: no hint needed, a URI registered by any client will do",
        )
    )


GRANDLYONCONNECT = Dialect(
    name="grandlyonconnect",
    errors_stop_at_provider=True,
    silent_errors=frozenset({"access_denied", "login_required", "interaction_required"}),
    bad_client_is_plain_text=False,
    redirect_uri_is_flexible=True,
    issuer_in_response=True,
    pkce_methods=("plain", "S256"),
    prompt_none_shows_consent=True,
    implicit_needs_nonce=False,
    unknown_grant_type_error="invalid_request",
    acr_tells_freshness=True,
    sid_in_id_token=True,
    claims_in_id_token=True,
    empty_claims_are_sent=True,
    verified_suffix_on_claim=True,
    kid_with=frozenset({"RS256"}),
    id_token_algs=("RS256", "HS256", "ES256"),
    scope_in_token_response=False,
    token_error_text="error_description",  # noqa: S106 — a member's name
    token_error_names_client=True,
    invalid_client_status=400,
    invalid_client_is_plain_text=False,
    refresh_and_revocation_errors_are_null=True,
    revocation=True,
    basic_is_decoded=False,
    access_token_lifetime_in=None,
    discovery_auth_methods=("client_secret_post", "client_secret_basic"),
    logout_trusts_any_request=True,
)

GRANDLYONCONNECT_2018 = dataclasses.replace(
    GRANDLYONCONNECT,
    name="grandlyonconnect-2018",
    errors_stop_at_provider=False,
    bad_client_is_plain_text=True,
    redirect_uri_is_flexible=False,
    issuer_in_response=False,
    pkce_methods=(),
    prompt_none_shows_consent=False,
    sid_in_id_token=False,
    verified_suffix_on_claim=False,
    id_token_algs=("RS256", "HS256"),
    token_error_text="desc",  # noqa: S106 — a member's name
    token_error_names_client=False,
    invalid_client_status=401,
    invalid_client_is_plain_text=True,
    revocation=False,
    access_token_lifetime_in=28_800,
    discovery_auth_methods=("clien_secret_post", "client_secret_basic"),
)

DIALECTS = {each.name: each for each in (GRANDLYONCONNECT, GRANDLYONCONNECT_2018)}


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
            "Generated by `glc dialects --markdown`; do not edit. Chosen with `glc serve --dialect`, or the setting",
            "`dialect`. A2 is Authentic2 as published in recent years, A2-2018 as it was in 2018, core is OpenID",
            "Connect Core 1.0. Whatever the dialect, an authorization code is single-use.",
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
