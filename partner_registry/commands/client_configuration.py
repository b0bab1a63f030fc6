"""What `glc client register` and `glc client update` can set, and how a client is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import click

from glc.clock import paris_date
from glc.commands import NamedValue
from glc.services import services
from partner_registry.clients.bindings import agreement_of
from partner_registry.clients.metadata import SIGNING_ALGS
from partner_registry.clients.registration import STANDARD_CLAIMS
from partner_registry.commands.shared import Act, Command, as_text, facts, with_options
from partner_registry.data_protection.processings import claims_of, subject_of
from partner_registry.models import Client, ConsentMode, Flow, SubjectPolicy
from partner_registry.trail import note

_choice = click.Choice


class _Claim(click.ParamType[dict[str, Any]]):
    name = "claim"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        name, found, rest = value.partition("=")
        source, at_sign, scope = rest.rpartition("@")
        if not (found and at_sign and name and source and scope):
            self.fail(f"{value!r} is not NAME=SOURCE@SCOPE", param, ctx)
        return {"name": name, "source": source, "scopes": [scope]}


_CONFIGURATION = (
    click.option(
        "--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True, metavar="URI", help="May be repeated."
    ),
    click.option(
        "--scope", "scopes", help="Scopes it may ask for, separated by spaces.  [default: openid profile email]"
    ),
    click.option(
        "--claim",
        "claims",
        multiple=True,
        type=_Claim(),
        metavar="NAME=SOURCE@SCOPE",
        help="One more claim: an account attribute, or a template such as '{{ city }} ({{ postal_code }})'. Only "
        "claims that a purpose of the partner declares are released: see --declare.",
    ),
    click.option("--declare", is_flag=True, help="Also declare the --claim names for the partner's first purpose."),
    click.option("--id-token-alg", type=_choice(SIGNING_ALGS), help="Signature of ID Tokens.  [default: HS256]"),
    click.option("--subject-policy", type=_choice([each.value for each in SubjectPolicy]), help="[default: pairwise]"),
    click.option("--sector-identifier-uri", metavar="URI"),
    click.option("--flow", type=_choice([each.value for each in Flow]), help="[default: code]"),
    click.option(
        "--consent",
        "consent_mode",
        type=_choice([each.value for each in ConsentMode]),
        help="Whom a remembered consent covers; none: nobody is asked.  [default: service]",
    ),
    click.option("--always-remember-consent/--ask-to-remember-consent", "consent_always_remembered", default=None),
    click.option("--consent-days", "consent_remembered_in", type=int, help="Days a consent is remembered."),
    click.option("--id-token-lifetime", "id_token_lifetime_in", type=int, metavar="SECONDS"),
    click.option("--access-token-lifetime", "access_token_lifetime_in", type=int, metavar="SECONDS"),
    click.option("--refresh-tokens/--no-refresh-tokens", default=None, help="Give it refresh tokens."),
    click.option("--pkce-required/--no-pkce-required", default=None, help="Demand S256 PKCE."),
    click.option("--frontchannel-logout-uri", metavar="URI"),
    click.option("--frontchannel-timeout", "frontchannel_timeout_in", type=int, metavar="MILLISECONDS"),
    click.option("--required-attribute", "required_attributes", multiple=True),
    click.option("--authorised-role", "authorised_roles", multiple=True),
    click.option("--unauthorized-url", metavar="URI"),
    click.option("--home-url", metavar="URI"),
    click.option("--logo-url", metavar="URI"),
    click.option("--colour", metavar="#RRGGBB"),
    click.option(
        "--metadata",
        "protocol",
        multiple=True,
        type=NamedValue(),
        metavar="NAME=VALUE",
        help="One more option of the protocol, by its registered name (RFC 7591), such as "
        "token_endpoint_auth_method=private_key_jwt; a value that is not text is JSON.",
    ),
    click.option("--standard-claims", is_flag=True, help="The standard's claims (OpenID Connect Core 1.0, 5.1), too."),
)


def configuration(*, new: bool) -> Callable[[Command], Command]:
    """The options that make a client's configuration; what is left out keeps its value, or its default.

    A `new` client has a name and an address at least.
    """
    first = (
        click.option("--name", required=new, help="Name of the service, shown to citizens."),
        click.option(
            "--redirect-uri",
            "redirect_uris",
            multiple=True,
            required=new,
            metavar="URI",
            help="May be repeated.",
        ),
    )

    return with_options(first + _CONFIGURATION, changing=not new)


def describe(client: Client) -> dict[str, Any]:
    """A client for a script: everything but its secrets."""
    version, at = client.latest, services().clock.now()
    agreement = agreement_of(client, at)
    return {
        "client_id": client.client_id,
        "partner": client.partner_on(paris_date(at)).slug,
        "environment": client.environment,
        "service": client.service,
        "state": version.state,
        "agreement": agreement.number if agreement else None,
        "name": version.name,
        "flow": version.flow,
        "redirect_uris": version.redirect_uris,
        "post_logout_redirect_uris": version.post_logout_redirect_uris,
        "scope": " ".join(version.scopes),
        "claims": version.claims,
        "id_token_alg": version.id_token_alg,
        "subject_policy": version.subject_policy,
        "consent": version.consent_mode,
        "refresh_tokens": version.refresh_tokens,
        "pkce_required": version.pkce_required,
        "frontchannel_logout_uri": version.frontchannel_logout_uri,
        "protocol": version.protocol,
        "registered_at": client.registered_at,
        "security_approval": client.security_approval,
        "security_approved_until_on": client.security_approved_until_on,
        "disabled_at": client.disabled_at,
        "archived_at": client.archived_at,
    }


def history(client: Client) -> dict[str, Any]:
    """What became of a client: versions, secrets (never their text), agreements, transfers, processings."""
    return {
        "versions": [
            {
                "number": each.number,
                "state": each.state,
                "drafted_at": each.drafted_at,
                "waiver": each.waiver_reason,
                "acceptances": [{"verdict": run.verdict, "finished_at": run.finished_at} for run in each.acceptances],
            }
            for each in client.versions
        ],
        "secrets": [
            {"number": number, "valid_from": each.valid_from, "valid_until": each.valid_until}
            for number, each in enumerate(client.secrets, 1)
        ],
        "bindings": [{"agreement": each.agreement.number, **facts(each)} for each in client.bindings],
        "transfers": [{"partner": each.to_partner.slug, **facts(each)} for each in client.transfers],
        "processings": [{"number": each.id, "name": each.name} for each in client.processings],
    }


def client_as_text(value: dict[str, Any]) -> str:
    """The same for a person: of the claim table, the names."""
    return as_text(value | {"claims": [rule["name"] for rule in value["claims"]]})


_KINDS: dict[str, Callable[[str], Any]] = {
    "scopes": lambda text: tuple(text.split()),
    "subject_policy": SubjectPolicy,
    "flow": Flow,
    "consent_mode": ConsentMode,
}


def changes_of(options: dict[str, Any]) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    """What the options change, and the claims they add."""
    extra = (*options.pop("claims"), *(STANDARD_CLAIMS if options.pop("standard_claims") else ()))
    options["protocol"] = dict(options["protocol"]) or None
    for name, kind in _KINDS.items():
        if options[name] is not None:
            options[name] = kind(options[name])
    named = {rule["name"]: rule for rule in extra}
    return {name: value for name, value in options.items() if value not in (None, ())}, tuple(named.values())


def with_claims(table: Iterable[dict[str, Any]], extra: Collection[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """A claim table with more claims, which replace those of the same name."""
    named = {rule["name"] for rule in extra}
    return (*(rule for rule in table if rule["name"] not in named), *extra)


def declare_claims(act: Act, client: Client, extra: tuple[dict[str, Any], ...], declare: bool) -> None:
    """Declare new claims for the partner's first purpose, or say that they will not be released.

    A shortcut for trials, and the operator's: elsewhere a validated processing is replaced by another.
    """
    declared = claims_of(client.processings)
    missing = [rule["name"] for rule in extra if rule["name"] not in declared]
    if declare and not act.by.operator:
        raise click.UsageError("--declare is the operator's: declare the claims with glc processing")
    if declare and missing:
        purpose = client.processings[0].purposes[0]
        before = {"claims": purpose.claims}
        purpose.claims = purpose.claims | dict.fromkeys(missing, "déclarée par glc client --declare")
        after = {"claims": purpose.claims}
        note(
            act.session,
            act.by,
            act.at,
            "processing.declared",
            subject_of(client.processings[0]),
            before=before,
            after=after,
        )
    elif missing:
        names = ", ".join(missing)
        click.echo(f"glc: no purpose of the partner declares {names}: not released; add --declare", err=True)
