"""`glc billing`: the yearly fees, previewed, run, exported."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any, BinaryIO

import click

from glc.commands import application, database_option, json_option, show
from glc.database import db
from glc.i18n import english
from partner_registry.billing import runs as rules
from partner_registry.billing.drafts import euros
from partner_registry.billing.runs import Preview, RunState, preview_agreements, preview_communes, run_state
from partner_registry.billing.statements import statement_pdf
from partner_registry.commands.shared import Act, acts, as_table, email_of, facts, find_agreement, reads, reason_option
from partner_registry.exports import line_values, lines_csv
from partner_registry.models import BillingRun, Offer, PopulationKind
from partner_registry.partners.life import find_commune, find_partner
from partner_registry.partners.population_files import record_year
from partner_registry.partners.populations import expected_census, record_population

output_option = click.option(
    "--output", type=click.Path(dir_okay=False, allow_dash=True), default="-", help="File to write.  [default: stdout]"
)


@click.group()
def billing() -> None:
    """The yearly fees of the partner communes.

    A run is prepared by one agent and validated by another (--as): its lines then never change. A line that was
    issued is undone by a counter-entry, and a new run may bill it again.
    """


@billing.command()
@click.option("--year", type=int, required=True, help="Year (exercice).")
@click.option("--all-communes", is_flag=True, help="Every commune of the Métropole, not only those with an agreement.")
@click.option(
    "--offer", type=click.Choice([offer.value for offer in Offer]), help="With --all-communes: for which offer."
)
@click.option(
    "--population",
    type=click.Choice([kind.value for kind in PopulationKind]),
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
    none = [] if lines or missing else [f"nothing is due in {value['year']}"]
    return "\n".join([*lines, *missing, *none, f"total {euros(value['total_cents'])}"])


@billing.command("list")
@click.option("--year", type=int, help="Only that year's.")
@reads(as_table("run", "year", "state", "lines", "total_cents", "prepared_by", "validated_by"))
def list_runs(act: Act, year: int | None) -> list[dict[str, Any]]:
    """List the runs."""
    return [_summary(act, run) for run in rules.runs(act.session, year)]


def _run_as_text(value: dict[str, Any]) -> str:
    head = [f"run {value['run']}, {value['year']}: {value['state']}"]
    lines = [
        f"line {line['id'] or '-'}  {line['agreement_number']}  {line['partner_name']}  {line['basis']}"
        + (f"  undoes line {line['counters_id']}: {line['reason']}" if line["counters_id"] else "")
        for line in value["lines"]
    ]
    told = [f"{name}: {each}" for name in ("blocked", "anomalies", "excluded") for each in value[name]]
    return "\n".join([*head, *lines, *told, f"total {euros(value['total_cents'])}"])


@billing.command("show")
@click.argument("run", type=int)
@reads(_run_as_text)
def show_run(act: Act, run: int) -> dict[str, Any]:
    """Show a run: its lines, what is to be looked at, who has no line and why."""
    return _describe(act, rules.find_run(act.session, run))


@billing.command()
@click.option("--year", type=int, required=True, help="Year (exercice).")
@acts(_run_as_text)
def prepare(act: Act, year: int) -> dict[str, Any]:
    """Open the draft of a year, of whoever has no living line for it."""
    return _describe(act, rules.prepare_run(act.session, act.by, year, at=act.at))


@billing.command()
@click.argument("run", type=int)
@acts(_run_as_text)
def validate(act: Act, run: int) -> dict[str, Any]:
    """Freeze a draft's lines: somebody else than who prepared it (--as)."""
    found = rules.find_run(act.session, run)
    rules.validate_run(act.session, act.by, found, at=act.at)
    return _describe(act, found)


@billing.command()
@click.argument("run", type=int)
@acts(_run_as_text)
def issue(act: Act, run: int) -> dict[str, Any]:
    """Send a validated run out."""
    found = rules.find_run(act.session, run)
    rules.issue_run(act.session, act.by, found, at=act.at)
    return _describe(act, found)


@billing.command()
@click.argument("run", type=int)
@reason_option
@acts()
def discard(act: Act, run: int, reason: str) -> dict[str, Any]:
    """Set a draft aside."""
    found = rules.find_run(act.session, run)
    rules.discard_run(act.session, act.by, found, at=act.at, reason=reason)
    return _summary(act, found)


@billing.command()
@click.argument("line", type=int)
@reason_option
@acts()
def counter(act: Act, line: int, reason: str) -> dict[str, Any]:
    """Undo an issued line by one of the opposite amount."""
    found = rules.find_line(act.session, line)
    return line_values(rules.counter_line(act.session, act.by, found, at=act.at, reason=reason))


@billing.command("confirm-bracket")
@click.argument("agreement")
@click.option("--year", type=int, required=True, help="Year (exercice).")
@click.option("--bracket", required=True, metavar="CODE", help="The new bracket.")
@reason_option
@acts()
def confirm_bracket(act: Act, agreement: str, year: int, bracket: str, reason: str) -> dict[str, Any]:
    """Confirm that an agreement changes bracket, with an amendment's reference or a reason."""
    found = find_agreement(act.session, agreement)
    rules.confirm_bracket(act.session, act.by, found, year, bracket, at=act.at, reason=reason)
    return {"agreement": agreement, "year": year, "confirmed_bracket": bracket, "reason": reason}


@billing.command()
@click.argument("agreement")
@click.option("--year", type=int, required=True, help="Year (exercice).")
@click.option("--voted/--refused", default=None, help="Whether they were.  [default: unknown]")
@acts()
def credits(act: Act, agreement: str, year: int, voted: bool | None) -> dict[str, Any]:  # noqa: A001 — its name
    """Record whether a partner voted the credits of a year."""
    rules.set_budget_voted(act.session, act.by, find_agreement(act.session, agreement), year, voted, at=act.at)
    return {"agreement": agreement, "year": year, "budget_voted": voted}


@billing.command()
@click.argument("commune")
@click.option("--year", type=int, required=True, help="Year (exercice): the figures in force on its 1 January.")
@click.option("--municipal", type=int, required=True, help="Population municipale.")
@click.option("--total", type=int, required=True, help="Population totale.")
@click.option("--census-year", type=int, help="Year of the census.  [default: three years before]")
@click.option("--source", required=True, help="Where the figures come from.")
@acts()
def population(
    act: Act, commune: str, year: int, municipal: int, total: int, census_year: int | None, source: str
) -> dict[str, Any]:
    """Record the legal populations of COMMUNE (INSEE code or SIREN) for a year, or correct them."""
    if not 2000 <= year <= 2999:
        raise click.UsageError("--year is a year of four digits")
    found = find_commune(act.session, commune, dt.date(year, 1, 1))
    row = record_population(
        act.session,
        act.by,
        found,
        year,
        municipal=municipal,
        total=total,
        census_year=census_year or expected_census(year),
        source=source,
        at=act.at,
    )
    return {"commune": found.name} | facts(row)


@billing.command()
@click.argument("file", type=click.File("rb"))
@click.option("--year", type=int, required=True, help="Year (exercice): the figures in force on its 1 January.")
@click.option("--census-year", type=int, help="Year of the census.  [default: three years before]")
@click.option("--source", required=True, help="Where the figures come from.")
@acts()
def populations(act: Act, file: BinaryIO, year: int, census_year: int | None, source: str) -> dict[str, Any]:
    """Record the legal populations of a year from FILE, all of them or none.

    A CSV with the columns insee, population_municipale and population_totale; it may be the whole country's: only
    communes of the Métropole count.
    """
    if not 2000 <= year <= 2999:
        raise click.UsageError("--year is a year of four digits")
    census = census_year or expected_census(year)
    made = record_year(act.session, act.by, year, file.read(), census_year=census, source=source, at=act.at)
    return {"year": year} | dataclasses.asdict(made)


@billing.command()
@click.argument("run", type=int)
@click.option("--partner", required=True, metavar="SLUG", help="Who owes.")
@output_option
@database_option
def statement(run: int, partner: str, output: str, database_url: str | None) -> None:
    """Print a partner's statement (état liquidatif) of a run, as PDF."""
    with application(database_url, reads=True):
        found, debtor = rules.find_run(db.session(), run), find_partner(db.session(), partner)
        lines = rules.lines_for(db.session(), found, debtor)
        content = statement_pdf(lines, year=found.year)
    _write(output, content)


@billing.command()
@click.argument("run", type=int)
@click.option(
    "--format",
    "form",
    type=click.Choice(["spreadsheet", "csv", "json"]),
    default="spreadsheet",
    show_default=True,
    help="CSV for French spreadsheets, CSV for programs, or JSON.",
)
@output_option
@database_option
def export(run: int, form: str, output: str, database_url: str | None) -> None:
    """Export the lines of a run."""
    with application(database_url, reads=True):
        lines = rules.lines_of(db.session(), rules.find_run(db.session(), run))
        if form == "json":
            text = json.dumps([line_values(line) for line in lines], ensure_ascii=False, indent=2) + "\n"
        else:
            text = lines_csv(lines, spreadsheet=form == "spreadsheet")
    _write(output, text.encode())


def _write(output: str, content: bytes) -> None:
    with click.open_file(output, "wb") as file:
        file.write(content)


def _summary(act: Act, run: BillingRun) -> dict[str, Any]:
    lines = [] if run_state(run) is RunState.DISCARDED else rules.lines_of(act.session, run)
    return {
        "run": run.id,
        "year": run.year,
        "state": run_state(run),
        "tariff": run.tariff.name if run.tariff else None,
        "prepared_at": run.prepared_at,
        "prepared_by": email_of(act.session, run.preparer_id),
        "validated_at": run.validated_at,
        "validated_by": email_of(act.session, run.validator_id),
        "issued_at": run.issued_at,
        "discarded_at": run.discarded_at,
        "discarded_reason": run.discarded_reason,
        "lines": len(lines),
        "total_cents": sum(line.due_cents for line in lines),
    }


def _describe(act: Act, run: BillingRun) -> dict[str, Any]:
    draft = rules.draft_of(act.session, run) if run_state(run) is RunState.DRAFT else None
    return _summary(act, run) | {
        "lines": [line_values(line) for line in rules.lines_of(act.session, run)],
        "anomalies": [each.told(english) for each in draft.anomalies] if draft else run.anomalies,
        "blocked": list(draft.blocked) if draft else [],
        "excluded": [each.told(english) for each in draft.excluded] if draft else [],
    }
