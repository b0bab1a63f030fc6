"""The pages that people read, and the commands that they show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    str(page.relative_to(ROOT)): page.read_text(encoding="utf-8")
    for folder, pattern in ((ROOT, "*.md"), (ROOT / "docs", "*.md"), (ROOT / "docs/recipes", "*.md"), (ROOT, "*/*.md"))
    for page in sorted(folder.glob(pattern))
    if page.parent.name not in {"build", "node_modules", ".pytest_cache"}
}

NOT_FOR_A_SHELL = re.compile(r"```(?:json|python|text|html|http|js)\n.*?```", re.DOTALL)


def commands(text: str) -> Iterator[list[str]]:
    """The words after each `glc` in code, in a block or within a line."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*_lines_of_blocks(text), *spans]:
        yield from _commands_of(line)


def commands_of_blocks(text: str) -> Iterator[list[str]]:
    """The same of blocks alone: what is meant to be copied."""
    for line in _lines_of_blocks(text):
        yield from _commands_of(line)


def _lines_of_blocks(text: str) -> list[str]:
    text = NOT_FOR_A_SHELL.sub("", text)
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) + re.findall(r"(?m)^((?: {4,}.*\n?)+)", text)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


def _commands_of(line: str) -> Iterator[list[str]]:
    for said in re.findall(r"(?:^|[ (])(?:\.venv/bin/)?glc ((?:(?!&&|[|;&)]).)*)", line):
        try:
            words = shlex.split(said, comments=True)
        except ValueError:  # a quote that ends on another line
            words = said.split()
        if words:
            yield words
