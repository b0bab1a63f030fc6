"""`glc recette`: the acceptance run of a site."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from glc.clock import SystemClock
from glc.urls import origin
from testkit.recette import reports
from testkit.recette.cases import all_cases
from testkit.recette.control import Control
from testkit.recette.duties import DUTIES
from testkit.recette.errors import RunError, VisitError
from testkit.recette.run import Verdict, chosen, play
from testkit.recette.signs import Sign, Signs
from testkit.recette.stage import Site, Stage
from testkit.recette.visitor import NewVisitor
from testkit.recette.walker import Walker

KINDS = {
    "text": "words on the page",
    "selector": "a CSS selector",
    "url": "the page's address, with * for anything",
    "status": "the page's status",
}


def _sign_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for when in ("logged-out", "logged-in"):
        for kind, what in reversed(KINDS.items()):
            option = click.option(
                f"--{when}-{kind}", multiple=True, help=f"How to tell {when.replace('-', ' ')}: {what}."
            )
            command = option(command)
    return command


@click.group()
def recette() -> None:
    """Play the acceptance run (« recette ») against a site before it goes live."""


@recette.command()
@click.option(
    "--glc-url", default="http://localhost:8040/", show_default=True, help="A running « glc serve --testkit »."
)
@click.option("--space", default="root", show_default=True, help="The space whose issuer the site uses.")
@click.option("--control-key", envvar="RECETTE_CONTROL_KEY", help="The space's control_key, or RECETTE_CONTROL_KEY.")
@click.option("--client-id", help="The site's client in that space.")
@click.option("--login-url", help="The address of the site that begins a login.")
@click.option("--home-url", help="A page of the site that shows whether one is logged in; default: where a login ends.")
@click.option("--logout-url", help="The address of the site that logs out.")
@_sign_options
@click.option("--account", default="camille", show_default=True, help="The persona who logs in.")
@click.option("--other-account", default="helene", show_default=True, help="Another one.")
@click.option("--driver", type=click.Choice(["http", "browser"]), default="http", show_default=True)
@click.option("--chromium", help="The browser's program, for --driver browser; default: Playwright's.")
@click.option(
    "--timeout", "timeout_in", type=float, default=15, show_default=True, help="Seconds the site has to answer."
)
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a page.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write everything as JSON.")
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit's XML.")
@click.option(
    "--signed", "signed_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the signed result."
)
@click.option("--only", multiple=True, metavar="PATTERN", help="Cases (with *) or duties to play; may be repeated.")
@click.option("--skip", multiple=True, metavar="PATTERN", help="Cases (with *) or duties to leave out.")
@click.option("--list", "lists", is_flag=True, help="List the cases, play nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Print every case.")
def run(**options: Any) -> None:
    """Play every case against a running site, and say what it does wrong.

    Exit codes: 0 all passed · 1 a case failed · 2 wrong usage, or no testkit or site there.
    """
    try:
        passed = _run(options)
    except (RunError, VisitError) as error:
        click.echo(f"glc recette: {error.message}", err=True)
        sys.exit(2)
    sys.exit(0 if passed else 1)


def _run(options: dict[str, Any]) -> bool:
    if options["signed_file"] and (options["only"] or options["skip"]):
        raise RunError("--signed is for the whole run: leave --only and --skip out")
    control = Control(options["glc_url"], options["space"], options["control_key"] or "")
    cases = chosen(all_cases(control.catalogue()), options["only"], options["skip"])
    if options["lists"]:
        click.echo("\n".join(f"{case.id:<44} {case.duty:<20} {case.title.english}" for case in cases))
        click.echo("\nDuties:\n" + "\n".join(f"  {name:<20} {words.english}" for name, words in DUTIES.items()))
        return True
    site = _site(options)
    issuer = str(control.state()["issuer"])
    control.client(site.client_id)
    with _visitors(options, site, issuer) as new_visitor:
        stage = Stage(
            site,
            control,
            new_visitor,
            account=_account(control, options["account"]),
            other_account=_account(control, options["other_account"]),
            post_timeout_in=options["timeout_in"],
            issuer=issuer,
        )
        progress = reports.Progress(len(cases))
        result = play(stage, cases, clock=SystemClock(), driver=options["driver"], tell=progress.tell)
    click.echo(reports.console(result, verbose=options["verbose"]))
    for name, write in (("html", reports.as_html), ("json", reports.as_json), ("junit", reports.as_junit)):
        if options[f"{name}_file"]:
            options[f"{name}_file"].write_text(write(result), encoding="utf-8")
    if options["signed_file"]:
        options["signed_file"].write_text(control.sign(result.document()), encoding="ascii")
    return result.verdict is Verdict.PASSED


def _site(options: dict[str, Any]) -> Site:
    missing = [name for name in ("client_id", "login_url") if not options[name]]
    if missing:
        raise RunError(f"--{missing[0].replace('_', '-')} is missing")
    for name in ("login_url", "home_url", "logout_url"):
        if options[name] and not origin(options[name]).startswith(("http://", "https://")):
            raise RunError(f"--{name.replace('_', '-')} is an http or https address, not {options[name]!r}")
    signs = Signs(_signs("logged_in", options), _signs("logged_out", options))
    return Site(options["client_id"], options["login_url"], signs, options["home_url"], options["logout_url"])


def _signs(when: str, options: dict[str, Any]) -> tuple[Sign, ...]:
    return tuple(Sign(kind, value) for kind in KINDS for value in options[f"{when}_{kind}"])


def _account(control: Control, persona: str) -> str:
    found = control.add_account(persona)
    return str(found.get("uuid") or found["email"])


@contextmanager
def _visitors(options: dict[str, Any], site: Site, issuer: str) -> Iterator[NewVisitor]:
    addresses = (site.login_url, site.home_url, site.logout_url, issuer)
    origins = frozenset(origin(address) for address in addresses if address)
    if options["driver"] == "http":
        yield lambda: Walker(origins, origin(issuer), options["timeout_in"])
        return
    from testkit.recette.browser import browsing

    with browsing(options["chromium"], origins, options["timeout_in"]) as new_visitor:
        yield new_visitor
