"""Telling what came of a run: on the console, and as HTML, JSON and JUnit."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

import click

from glc.clock import PARIS
from testkit.recette.duties import DUTIES
from testkit.recette.run import EXPECTED_WORDS, Played, Result, Verdict
from testkit.recette.words import Words

MARKS = {Verdict.PASSED: ("✓", "green"), Verdict.FAILED: ("✗", "red"), Verdict.SKIPPED: ("–", "yellow")}


class Progress:
    """The console while a run is played: a bar on a terminal, a line for each failure otherwise and on the way."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._bar = sys.stderr.isatty()

    def tell(self, played: Played) -> None:
        """One more case."""
        self._done += 1
        if played.verdict is Verdict.FAILED:
            self._clear()
            click.echo(_line(played), err=True)
        if self._bar:
            full = 30 * self._done // self._total
            bar = f"[{'█' * full}{'·' * (30 - full)}] {self._done}/{self._total} {played.case.id}"
            click.echo(f"\r{bar[:79]:<79}", nl=self._done == self._total, err=True)

    def _clear(self) -> None:
        if self._bar:
            click.echo(f"\r{'':<79}\r", nl=False, err=True)


def console(result: Result, *, verbose: bool = False) -> str:
    """The whole run for a person."""
    lines = [_line(each) for each in result.played] if verbose else []
    for duty, failed in result.failed_duties.items():
        lines += ["", click.style(f"{duty}: {DUTIES[duty].english} — not so here.", bold=True)]
        for each in failed:
            lines += [_line(each), *(f"      {line}" for line in details(each))]
    counts = ", ".join(f"{result.count(verdict)} {verdict.value}" for verdict in Verdict)
    colour = MARKS[result.verdict][1]
    lines += ["", click.style(f"{result.verdict.value.upper()}: {counts} ({result.site}, {result.client_id})", colour)]
    return "\n".join(lines).lstrip("\n")


def details(played: Played) -> list[str]:
    """What helps to understand a case."""
    case = played.case
    found = [f"expected: {EXPECTED_WORDS[case.expected].english}", f"seen:     {played.seen.english}"]
    if played.page:
        found.append(f"page:     {played.page.english}")
    if played.hops:
        found.append(f"visitor:  {'  '.join(played.hops)}")
    if played.requests:
        found.append(f"provider: {'; '.join(each.english for each in played.requests)}")
    return [*found, f"why:      {case.why.english} ({case.section})"]


def as_json(result: Result) -> str:
    """The signed document's content, and all the details."""
    cases = [
        {
            "id": each.case.id,
            "duty": each.case.duty,
            "title": each.case.title.english,
            "title_fr": each.case.title.french,
            "verdict": each.verdict.value,
            "expected": each.case.expected.value,
            "seen": each.seen.english,
            "seen_fr": each.seen.french,
            "page": each.page.english if each.page else "",
            "visitor": list(each.hops),
            "provider": [one.english for one in each.requests],
            "why": each.case.why.english,
            "why_fr": each.case.why.french,
            "section": each.case.section,
            "duration_in": round(each.duration_in, 3),
        }
        for each in result.played
    ]
    failed = {duty: DUTIES[duty].english for duty in result.failed_duties}
    return json.dumps(result.document() | {"failed_duties": failed, "cases": cases}, ensure_ascii=False, indent=2)


def as_junit(result: Result) -> str:
    """JUnit's XML, a suite a duty, for whatever shows test results."""
    root = Element("testsuites", name="glc recette")
    suites: dict[str, Element] = {}
    for each in result.played:
        duty = each.case.duty
        suite = suites.setdefault(duty, SubElement(root, "testsuite", name=duty) if duty not in suites else root)
        one = SubElement(
            suite, "testcase", name=each.case.id, classname=f"recette.{duty}", time=f"{each.duration_in:.3f}"
        )
        if each.verdict is Verdict.FAILED:
            failure = SubElement(one, "failure", message=_xml(f"{each.case.title.english} {each.seen.english}"))
            failure.text = _xml("\n".join(details(each)))
        elif each.verdict is Verdict.SKIPPED:
            SubElement(one, "skipped", message=_xml(each.seen.english))
    for suite in [*suites.values(), root]:
        inside = list(suite.iter("testcase"))
        suite.set("tests", str(len(inside)))
        suite.set("failures", str(sum(one.find("failure") is not None for one in inside)))
        suite.set("skipped", str(sum(one.find("skipped") is not None for one in inside)))
    return tostring(root, encoding="unicode", xml_declaration=True)


HEADINGS = {
    "title": Words("Acceptance run", "Recette"),
    "site": Words("Site", "Site"),
    "client": Words("Client", "Client"),
    "issuer": Words("Issuer", "Émetteur"),
    "played": Words("Played", "Jouée"),
    "cases": Words("Cases", "Cas"),
    "http": Words("by HTTP", "par HTTP"),
    "browser": Words("in a real browser", "dans un vrai navigateur"),
    "expected": Words("Expected", "Attendu"),
    "seen": Words("Seen", "Vu"),
    "page": Words("Page", "Page"),
    "visitor": Words("Visitor", "Visiteur"),
    "provider": Words("Provider", "Fournisseur"),
    "why": Words("Why", "Pourquoi"),
    "to_mend": Words("What to mend", "À corriger"),
    "every_case": Words("Every case", "Tous les cas"),
    "other": Words("Français", "English"),
    "whole_passed": Words("passed", "réussie"),
    "whole_failed": Words("failed", "échouée"),
    "passed": Words("passed", "réussi"),
    "failed": Words("failed", "échoué"),
    "skipped": Words("not played", "non joué"),
}
"""What the page says around the cases."""


def as_html(result: Result) -> str:
    """One page that stands alone: in French, and in English one click away."""
    from jinja2 import Environment, FileSystemLoader

    folder = Path(__file__).with_name("templates")
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_unbroken
    )
    return environment.get_template("recette/report.html").render(
        result=result,
        counts={verdict.value: result.count(verdict) for verdict in Verdict},
        marks={verdict.value: mark for verdict, (mark, _) in MARKS.items()},
        expected=EXPECTED_WORDS,
        duties=DUTIES,
        head=HEADINGS,
        began=_local(result.started_at),
        ended=_local(result.finished_at),
    )


def _unbroken(value: object) -> object:
    """Text whose French punctuation stays on the line of the word before."""
    return _BEFORE_PUNCTUATION.sub("\u00a0", value) if type(value) is str else value


_BEFORE_PUNCTUATION = re.compile(r" (?=[:;!?»])|(?<=«) ")


def _local(at: dt.datetime) -> Words:
    there = at.astimezone(PARIS)
    return Words(f"{there:%Y-%m-%d %H:%M:%S}", f"{there:%d/%m/%Y %H:%M:%S}")


def _line(played: Played) -> str:
    mark, colour = MARKS[played.verdict]
    reason = f" ({played.seen.english})" if played.verdict is Verdict.SKIPPED else ""
    return f"  {click.style(mark, colour)} {played.case.id}: {played.case.title.english}{reason}"


def _xml(text: str) -> str:
    """Text without what XML cannot hold."""
    return "".join(letter for letter in text if letter in "\t\n" or letter >= " ")
