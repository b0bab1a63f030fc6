"""`glc seed`, `glc client` and `glc billing`."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import click
import sqlalchemy as sa

from glc.clock import paris_date
from glc.commands import application, database_option, json_option, show
from glc.database import db
from glc.services import services
from partner_registry.billing import Preview, preview_agreements, preview_communes
from partner_registry.clients import (
    ALGORITHMS,
    GLC_CLAIMS,
    ClientRegistration,
    agreement_of,
    find_client,
    publish_version,
    register_client,
    registration_of,
)
from partner_registry.models import Client, ConsentMode, Flow, Offer, SubjectPolicy
from partner_registry.seed import seed
from partner_registry.tariff import PopulationKind

_choice = click.Choice


@click.command("seed")
@database_option
@json_option
def seed_command(database_url: str | None, as_json: bool) -> None:
    """Load the 59 communes, the founding partners and their agreements. A second run adds nothing."""
    with application(database_url):
        added = seed(db.session(), paris_date(services().clock.now()))
        db.session.commit()
    show(added, as_json, lambda value: f"Added {value['communes']} communes and {value['partners']} partners.")


@click.group()
def client() -> None:
    """The sites that log their users in."""


_CONFIGURATION = (
    click.option("--name", help="Name of the service, shown to citizens."),
    click.option("--redirect-uri", "redirect_uris", multiple=True, metavar="URI", help="May be repeated."),
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
        metavar="NAME=SOURCE@SCOPE",
        help="One more claim: an account attribute, or a template such as '{{ city }} ({{ postal_code }})'. Only "
        "claims that a purpose of the partner declares are released: see --declare.",
    ),
    click.option("--declare", is_flag=True, help="Also declare the --claim names for the partner's first purpose."),
    click.option("--id-token-alg", type=_choice(ALGORITHMS), help="Signature of ID Tokens.  [default: HS256]"),
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
)


def _configuration(command: Callable[..., None]) -> Callable[..., None]:
    """The options that make a client's configuration; what is left out keeps its value, or its default."""
    return functools.reduce(lambda decorated, option: option(decorated), reversed(_CONFIGURATION), command)


@client.command()
@click.option("--partner", required=True, metavar="SLUG", help="Partner the site belongs to, e.g. lyon.")
@click.option("--client-id", help="Identifier to use instead of a random one.")
@click.option("--secret", help="Secret to use instead of a random one.")
@_configuration
@database_option
@json_option
def register(
    partner: str,
    client_id: str | None,
    secret: str | None,
    declare: bool,
    database_url: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Register a site; its secret is printed once."""
    for name, flag in (("name", "--name"), ("redirect_uris", "--redirect-uri")):
        if not options[name]:
            raise click.UsageError(f"Missing option '{flag}'.")
    changes, extra = _changes(options)
    with application(database_url) as app:
        made, clear = register_client(
            db.session(),
            partner,
            ClientRegistration(**changes | {"claims": (*GLC_CLAIMS, *extra)}),
            at=services().clock.now(),
            entropy=services().entropy,
            seal=app.extensions["idp"].ring.secrets.seal,
            client_id=client_id,
            secret=secret,
        )
        _declare(made, extra, declare)
        db.session.commit()
        result = describe(made) | {"client_secret": clear}
    show(result, as_json, lambda value: _as_text(value) + "\nThe secret is shown this once: copy it now.")


@client.command()
@click.argument("client_id")
@_configuration
@database_option
@json_option
def update(client_id: str, declare: bool, database_url: str | None, as_json: bool, **options: Any) -> None:
    """Change a site: publish a new version of its configuration. Lists given replace the lists there were."""
    changes, extra = _changes(options)
    with application(database_url):
        found = find_client(db.session(), client_id)
        current = registration_of(found.published)
        if extra:
            named = {rule["name"] for rule in extra}
            changes["claims"] = (*(rule for rule in current.claims if rule["name"] not in named), *extra)
        publish_version(db.session(), found, dataclasses.replace(current, **changes), services().clock.now())
        _declare(found, extra, declare)
        db.session.commit()
        result = describe(found)
    show(result, as_json, _as_text)


@client.command("list")
@database_option
@json_option
def list_clients(database_url: str | None, as_json: bool) -> None:
    """List the clients."""
    with application(database_url, reads=True):
        found = [describe(each) for each in db.session.scalars(sa.select(Client).order_by(Client.id))]
    show(found, as_json, lambda value: "\n".join(f"{c['client_id']}  {c['partner']}  {c['name']}" for c in value))


@client.command("show")
@click.argument("client_id")
@database_option
@json_option
def show_client(client_id: str, database_url: str | None, as_json: bool) -> None:
    """Show a client; never its secret."""
    with application(database_url, reads=True):
        result = describe(find_client(db.session(), client_id))
    show(result, as_json, _as_text)


def describe(client: Client) -> dict[str, Any]:
    """A client for a script: everything but its secret."""
    version = client.published
    agreement = agreement_of(client, services().clock.now())
    return {
        "client_id": client.client_id,
        "partner": client.partner.slug,
        "agreement": agreement.number if agreement else None,
        "name": version.name,
        "flow": version.flow.value,
        "redirect_uris": version.redirect_uris,
        "post_logout_redirect_uris": version.post_logout_redirect_uris,
        "scope": " ".join(version.scopes),
        "claims": version.claims,
        "id_token_alg": version.id_token_alg,
        "subject_policy": version.subject_policy.value,
        "consent": version.consent_mode.value,
        "refresh_tokens": version.refresh_tokens,
        "pkce_required": version.pkce_required,
        "frontchannel_logout_uri": version.frontchannel_logout_uri,
        "registered_at": client.registered_at.isoformat(),
    }


def _as_text(value: dict[str, Any]) -> str:
    shown = {name: each for name, each in value.items() if name != "claims"}
    lines = [f"{name}: {' '.join(each) if isinstance(each, list) else each}" for name, each in shown.items()]
    lines.append("claims: " + " ".join(rule["name"] for rule in value["claims"]))
    return "\n".join(lines)


def _claim(text: str) -> dict[str, Any]:
    name, found, rest = text.partition("=")
    source, at_sign, scope = rest.rpartition("@")
    if not (found and at_sign and name and source and scope):
        raise click.BadParameter(f"{text!r} is not NAME=SOURCE@SCOPE", param_hint="--claim")
    return {"name": name, "source": source, "scopes": [scope]}


_KINDS: dict[str, Callable[[str], Any]] = {
    "scopes": lambda text: tuple(text.split()),
    "subject_policy": SubjectPolicy,
    "flow": Flow,
    "consent_mode": ConsentMode,
}


def _changes(options: dict[str, Any]) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    """What the options change, and the claims they add."""
    extra = tuple(_claim(text) for text in options.pop("claims"))
    for name, kind in _KINDS.items():
        if options[name] is not None:
            options[name] = kind(options[name])
    return {name: value for name, value in options.items() if value not in (None, ())}, extra


def _declare(client: Client, extra: tuple[dict[str, Any], ...], declare: bool) -> None:
    """Declare new claims for the partner's first purpose, or say that they will not be released."""
    declared = {name for each in client.processings for purpose in each.purposes for name in purpose.claims}
    missing = [rule["name"] for rule in extra if rule["name"] not in declared]
    if declare and missing:
        purpose = client.processings[0].purposes[0]
        purpose.claims = [*purpose.claims, *missing]
    elif missing:
        names = ", ".join(missing)
        click.echo(f"glc: no purpose of the partner declares {names}: not released; add --declare", err=True)


@click.group()
def billing() -> None:
    """The yearly fees of the partner communes."""


@billing.command()
@click.option("--year", type=int, required=True, help="Year (exercice).")
@click.option("--all-communes", is_flag=True, help="Every commune of the Métropole, not only those with an agreement.")
@click.option("--offer", type=_choice([offer.value for offer in Offer]), help="With --all-communes: for which offer.")
@click.option(
    "--population",
    type=_choice([kind.value for kind in PopulationKind]),
    help="With --all-communes: which legal population counts, instead of the tariff's.",
)
@database_option
@json_option
def preview(
    year: int, all_communes: bool, offer: str | None, population: str | None, database_url: str | None, as_json: bool
) -> None:
    """Compute what a year brings in; nothing is recorded."""
    if all_communes and offer is None:
        raise click.UsageError("--all-communes needs --offer GLOBAL or RESTRICTED")
    if not all_communes and (offer or population):
        raise click.UsageError("--offer and --population go with --all-communes")
    with application(database_url, reads=True):
        session = db.session()
        kind = PopulationKind(population) if population else None
        found = (
            preview_communes(session, year, Offer(offer), kind=kind)
            if all_communes
            else preview_agreements(session, year)
        )
    show(_describe_preview(found), as_json, _preview_as_text)


def _describe_preview(found: Preview) -> dict[str, Any]:
    return {
        "year": found.year,
        "lines": [
            {
                "insee": line.insee,
                "name": line.name,
                "population": line.population,
                "census_year": line.census_year,
                "bracket": line.fee.bracket.code,
                "offer": line.fee.offer.value,
                "base_cents": line.fee.base_cents,
                "discount_cents": line.fee.discount_cents,
                "due_cents": line.fee.due_cents,
                "basis": line.basis,
            }
            for line in found.lines
        ],
        "without_population": list(found.without_population),
        "total_cents": found.total_cents,
    }


def _preview_as_text(value: dict[str, Any]) -> str:
    lines = [f"{line['insee']}  {line['name']:<28} {line['basis']}" for line in value["lines"]]
    missing = [f"population unknown: {name}" for name in value["without_population"]]
    return "\n".join([*lines, *missing, f"total {value['total_cents'] // 100} €"])
