"""`glc demo`: the provider, lyon.fr and Toodego as its sites, accounts to log in with; all prepared, kept in var/."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy.orm import Session

from glc.clock import paris_date
from glc.commands import migrate, prepare
from glc.database import db
from glc.errors import GlcError, SettingsError
from glc.serve import check_port, leave, run
from glc.services import services
from glc.settings import Settings, load_settings

PASSWORD = "citoyen-de-demo"  # noqa: S105 — printed at each start, for invented people
ACCOUNTS: tuple[dict[str, Any], ...] = (
    {
        "email": "camille.dupre@citoyen.example",
        "first_name": "Camille",
        "last_name": "Dupré",
        "gender": "female",
        "birthdate": "1987-06-05",
        "birth_place": "69123",
        "birth_country": "99100",
        "city": "Lyon",
        "postal_code": "69003",
    },
    {
        "email": "jean-francois.le-goff@citoyen.example",
        "first_name": "Jean-François",
        "last_name": "Le Goff-Müller",
        "usage_last_name": "Le Goff",
        "gender": "male",
        "birthdate": "1954-00-00",
        "birth_country": "99352",
        "city": "Vaulx-en-Velin",
    },
    {"email": "sans.profil@citoyen.example", "first_name": "", "last_name": ""},
)
"""People to log in as: an ordinary one; one born abroad, month and day unknown; one whose profile is incomplete."""


AGENTS = (
    ("admin@agents.example", "Alix", "Administratrice", "ADMIN", None),
    ("instruction@agents.example", "Ilan", "Instructeur", "REVIEWER", None),
    ("dpo@agents.example", "Dominique", "Déléguée", "DPO", None),
    ("lyon@agents.example", "Léo", "Demandeur de Lyon", "APPLICANT", "lyon"),
)
"""Agents of the registry, by role; the last one is a commune's."""


@dataclass(frozen=True, slots=True)
class Site:
    """A demonstration site: the folder of `demo` that serves it, and how it is registered."""

    folder: str
    name: str
    partner: str
    service: str
    colour: str
    host: str
    """Of its address: hosts that differ, as in life, have cookies of their own and another `sub` for a person."""
    option: str
    """What changes its port."""

    @property
    def client_id(self) -> str:
        """Its client's identifier, always the same."""
        return f"{self.folder.replace('_', '-')}-demo"


LYON_FR = Site("lyon_fr", "lyon.fr", "lyon", "GRANDLYONCONNECT", "#b3262e", "localhost", "--site-port")
TOODEGO = Site("toodego", "Toodego", "metropole", "TOODEGO", "#0b5c63", "127.0.0.1", "--toodego-port")
SITES = (LYON_FR, TOODEGO)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site is, and its secret."""

    url: str
    secret: str


@click.command()
@click.option("--port", type=int, default=8040, show_default=True, help="Port of the provider.")
@click.option("--site-port", type=int, default=8041, show_default=True, help="Port of the lyon.fr demo site.")
@click.option("--toodego-port", type=int, default=8042, show_default=True, help="Port of the Toodego demo site.")
@click.option(
    "--fresh", is_flag=True, help="Start over: forget every account, client and consent that earlier runs kept."
)
def demo(port: int, site_port: int, toodego_port: int, fresh: bool) -> None:
    """Serve the provider and two demo sites, lyon.fr and Toodego."""
    settings = load_settings({"port": port, "issuer": f"http://localhost:{port}/", "outbox_page": True})
    if settings.support_url == Settings().support_url:  # a link that leads somewhere: the Métropole's desk
        settings = dataclasses.replace(settings, support_url=f"http://{TOODEGO.host}:{toodego_port}/")
    ports = dict(zip(SITES, (site_port, toodego_port), strict=True))
    check_port(settings.host, port, "--port")
    taken = {port}
    for site, wanted in ports.items():
        if wanted in taken:
            raise SettingsError(f"two programs cannot share port {wanted}; choose another one with {site.option}")
        check_port(settings.host, wanted, site.option)
        taken.add(wanted)
    with _alone(settings):
        if fresh:
            _forget(settings)
        migrate(settings)
        prepare(settings)
        places = _furnish(settings, {site: f"http://{site.host}:{at}/" for site, at in ports.items()})
        click.echo(_welcome(settings, places))
        children = [_start_site(settings, site, places) for site in places]
        try:
            run(settings)
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(timeout=10)
    leave()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One demonstration a database: a second one would change the first one's addresses under its feet."""
    path = _sqlite_path(settings)
    if path is None:
        yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".demo-lock").open("w")
    except OSError as error:
        raise SettingsError(
            f"nothing can be kept in {path.parent} ({error.strerror}); go to a folder of yours, or name another "
            "database with GLC_DATABASE_URL=sqlite:////…/glc.sqlite3"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(
                f"another glc demo is using {path}; stop it, or give this one a database of its own with "
                "GLC_DATABASE_URL=sqlite:///var/another.sqlite3"
            ) from error
        yield


def _sqlite_path(settings: Settings) -> Path | None:
    import sqlalchemy as sa

    url = sa.make_url(settings.database_url)
    return Path(str(url.database)).absolute() if url.get_backend_name() == "sqlite" else None


def _forget(settings: Settings) -> None:
    path = _sqlite_path(settings)
    if path is None:
        raise GlcError("--fresh only forgets a SQLite file; drop and create this database yourself")
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _furnish(settings: Settings, urls: dict[Site, str]) -> dict[Site, Place]:
    from glc.app import create_app
    from partner_registry.seed import seed

    app = create_app(settings)
    with app.app_context():
        session = db.session()
        seed(session, paris_date(services().clock.now()))
        places = {site: Place(url, _register(app, session, site, url)) for site, url in urls.items()}
        _accounts(session)
        _agents(session)
        session.commit()
        db.engine.dispose()
    return places


def _register(app: Flask, session: Session, site: Site, url: str) -> str:
    """Register a site, or bring its addresses up to date; return its secret."""
    import sqlalchemy as sa

    from partner_registry.agents import OPERATOR
    from partner_registry.clients.life import register_client
    from partner_registry.clients.registration import ClientRegistration, registration_of
    from partner_registry.clients.versions import draft_version, publish_at_once
    from partner_registry.models import Client, GnmService

    wanted = ClientRegistration(
        name=f"{site.name} (démonstration)",
        redirect_uris=(f"{url}auth/callback",),
        post_logout_redirect_uris=(url,),
        frontchannel_logout_uri=f"{url}auth/frontchannel-logout",
        home_url=url,
        colour=site.colour,
        id_token_alg="RS256",  # noqa: S106 — an algorithm
    )
    ring, at = app.extensions["idp"].ring, services().clock.now()
    client = session.scalar(sa.select(Client).where(Client.client_id == site.client_id))
    if client is None:
        client, _ = register_client(
            session,
            OPERATOR,
            site.partner,
            wanted,
            at=at,
            entropy=services().entropy,
            seal=ring.secrets.seal,
            client_id=site.client_id,
            service=GnmService(site.service),
        )
    elif registration_of(client.latest) != wanted:
        publish_at_once(session, OPERATOR, draft_version(session, OPERATOR, client, wanted, at=at), at=at)
    return str(ring.secrets.open(client.secrets[-1].sealed).decode())


def _accounts(session: Session) -> None:
    from idp.accounts.rules import create_account, find_by_email

    for person in ACCOUNTS:
        if find_by_email(session, person["email"]) is None:
            create_account(session, at=services().clock.now(), password=PASSWORD, email_verified=True, **person)


def _agents(session: Session) -> None:
    """Give each agent an account and a role, once."""
    from idp.accounts.rules import create_account, find_by_email
    from partner_registry.agents import OPERATOR, grant_role
    from partner_registry.models import Role
    from partner_registry.partners.life import find_partner

    at = services().clock.now()
    for email, first_name, last_name, role, slug in AGENTS:
        if find_by_email(session, email) is not None:
            continue
        account = create_account(
            session,
            at=at,
            password=PASSWORD,
            email=email,
            email_verified=True,
            first_name=first_name,
            last_name=last_name,
        )
        session.flush()
        partner = find_partner(session, slug) if slug else None
        grant_role(session, OPERATOR, account.id, Role(role), at=at, partner=partner)


def _start_site(settings: Settings, site: Site, places: dict[Site, Place]) -> subprocess.Popen[bytes]:
    place = places[site]
    neighbour = next(each for each in places if each is not site)
    told = {
        "ISSUER": settings.issuer,
        "BASE_URL": place.url,
        "CLIENT_ID": site.client_id,
        "CLIENT_SECRET": place.secret,
        "NEIGHBOUR_NAME": neighbour.name,
        "NEIGHBOUR_URL": places[neighbour].url,
    }
    environment = os.environ | {f"{site.folder.upper()}_{name}": value for name, value in told.items()}
    command = [sys.executable, "-m", f"demo.{site.folder}"]
    # In a session of its own: Ctrl-C is for this process, which ends the site itself.
    return subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 — our own module


def _welcome(settings: Settings, places: dict[Site, Place]) -> str:
    people = "\n".join(f"    {person['email']:<42}{PASSWORD}" for person in ACCOUNTS)
    agents = "\n".join(f"    {email:<42}{PASSWORD}   {last_name}" for email, _, last_name, _, _ in AGENTS)
    return f"""
GrandLyonConnect, simulator — for tests only, never for real people's data

  lyon.fr (demo site)   {places[LYON_FR].url}        ← start here: « Se connecter avec GrandLyonConnect »
  Toodego (demo site)   {places[TOODEGO].url}        ← then here: no password is asked for
  Provider (issuer)     {settings.issuer}
  Partner registry      {settings.issuer}registry/
  E-mails (outbox)      {settings.issuer}outbox/

  Accounts              password
{people}

  Agents of the registry
{agents}

  Clients of the sites  {", ".join(site.client_id for site in places)}
  Your own site         {sys.argv[0]} client register --partner lyon --name "Mon site" \\
                          --redirect-uri http://localhost:3000/callback --id-token-alg RS256

  Everything is kept in {settings.database_url}; start over with: {sys.argv[0]} demo --fresh
  Stop with Ctrl-C.
"""
