"""`glc seed`, `glc client` and `glc billing`."""

from __future__ import annotations

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
    register_client,
)
from partner_registry.models import Client, ConsentMode, Flow, Offer, Purpose, SubjectPolicy
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


@client.command()
@click.option("--partner", required=True, metavar="SLUG", help="Partner the site belongs to, e.g. lyon.")
@click.option("--name", required=True, help="Name of the service, shown to citizens.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, required=True, metavar="URI")
@click.option("--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True, metavar="URI")
@click.option("--client-id", help="Identifier to use instead of a random one.")
@click.option("--secret", help="Secret to use instead of a random one.")
@click.option("--scope", "scopes", default="openid profile email", show_default=True, help="Scopes it may ask for.")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="NAME=SOURCE@SCOPE",
    help="One more claim: an account attribute, or a template such as '{{ city }} ({{ postal_code }})'. "
    "Only claims that a purpose of the partner declares are released: see --declare.",
)
@click.option("--declare", is_flag=True, help="Also declare the --claim names for the partner's first purpose.")
@click.option("--id-token-alg", default="HS256", show_default=True, type=_choice(ALGORITHMS))
@click.option("--subject-policy", default="pairwise", show_default=True, type=_choice([p.value for p in SubjectPolicy]))
@click.option("--sector-identifier-uri", metavar="URI")
@click.option("--flow", default="code", show_default=True, type=_choice([flow.value for flow in Flow]))
@click.option(
    "--consent",
    "consent_mode",
    default="service",
    show_default=True,
    type=_choice([mode.value for mode in ConsentMode]),
    help="Whom a remembered consent covers; none: no page.",
)
@click.option("--always-remember-consent", "consent_always_remembered", is_flag=True)
@click.option("--consent-days", "consent_remembered_in", type=int, help="Days a consent is remembered.")
@click.option("--id-token-lifetime", "id_token_lifetime_in", type=int, metavar="SECONDS")
@click.option("--access-token-lifetime", "access_token_lifetime_in", type=int, metavar="SECONDS")
@click.option("--refresh-tokens", is_flag=True, help="Give it refresh tokens.")
@click.option("--pkce-required", is_flag=True, help="Demand S256 PKCE.")
@click.option("--frontchannel-logout-uri", metavar="URI")
@click.option("--frontchannel-timeout", "frontchannel_timeout_in", type=int, metavar="MILLISECONDS")
@click.option("--required-attribute", "required_attributes", multiple=True)
@click.option("--authorised-role", "authorised_roles", multiple=True)
@click.option("--unauthorized-url", metavar="URI")
@click.option("--home-url", metavar="URI")
@click.option("--logo-url", metavar="URI")
@click.option("--colour", metavar="#RRGGBB")
@database_option
@json_option
def register(
    partner: str,
    client_id: str | None,
    secret: str | None,
    scopes: str,
    claims: tuple[str, ...],
    declare: bool,
    database_url: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Register a site; its secret is printed once."""
    extra = tuple(_claim(text) for text in claims)
    options |= {
        "subject_policy": SubjectPolicy(options["subject_policy"]),
        "flow": Flow(options["flow"]),
        "consent_mode": ConsentMode(options["consent_mode"]),
        "scopes": tuple(scopes.split()),
        "claims": (*GLC_CLAIMS, *extra),
    }
    with application(database_url) as app:
        house = app.extensions["idp"]
        made, clear = register_client(
            db.session(),
            partner,
            ClientRegistration(**options),
            at=services().clock.now(),
            entropy=services().entropy,
            seal=house.ring.secrets.seal,
            client_id=client_id,
            secret=secret,
        )
        if declare:
            _declare(made.processings[0].purposes[0], [rule["name"] for rule in extra])
        db.session.commit()
        result = describe(made) | {"client_secret": clear}
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


def _declare(purpose: Purpose, names: list[str]) -> None:
    purpose.claims = [*purpose.claims, *(name for name in names if name not in purpose.claims)]


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
