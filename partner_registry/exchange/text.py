"""YAML as people write it: read strictly, written readably."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from glc.clock import PARIS

INLINE = 140
"""A record of plain values that is no longer than this stands on one line."""


class NotYaml(Exception):
    """The text is no YAML, or says a key twice: `where` and `why`."""

    def __init__(self, where: str, why: str) -> None:
        self.where, self.why = where, why
        super().__init__(f"{where}: {why}")


def load(text: str) -> Any:
    """The content of a text: every plain value but true, false and null is a text. Raises `NotYaml`.

    A number or a day is read as what its column wants: a SIREN needs no quotes, and no code becomes a number.
    """
    import yaml

    try:
        return yaml.load(text, _loader())  # noqa: S506 — a loader that is stricter than the safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise NotYaml(f"line {mark.line + 1}" if mark else "(text)", f"not valid YAML ({why})") from error


def dump(content: Any) -> str:
    """A content as text; the same content gives the same bytes."""
    import yaml

    return yaml.dump(content, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=120)


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Without aliases, which nobody needs here, and without a key that is said twice."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
                raise yaml.composer.ComposerError(None, None, "aliases are not read", mark)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [key.value for key, _value in node.value]
            for place, (key, _value) in enumerate(node.value):
                if not isinstance(key, yaml.ScalarNode):
                    raise yaml.constructor.ConstructorError(None, None, "a key is a text", key.start_mark)
                if key.value in keys[:place]:
                    told = f"the key {key.value!r} is there twice"
                    raise yaml.constructor.ConstructorError(None, None, told, key.start_mark)
            return super().construct_mapping(node, deep)

    kept = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"}
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag in kept]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        if first not in "yYnNoO"  # yes, no, on, off are words; null keeps its own entry below
    }
    nothing = [each for each in yaml.SafeLoader.yaml_implicit_resolvers["n"] if each[0] == "tag:yaml.org,2002:null"]
    Loader.yaml_implicit_resolvers["n"] = nothing
    return Loader


@cache
def _dumper() -> Any:
    import yaml

    def inline(node: Any, parts: list[Any]) -> Any:
        """Put a node on one line, if all of it can stand there without quotes that would hide an instant."""
        plain = all(isinstance(each, yaml.ScalarNode) and each.style != "|" for each in parts)
        plain = plain and not any(each.tag.endswith("timestamp") and ":" in each.value for each in parts)
        node.flow_style = plain and sum(len(each.value) + 2 for each in parts) <= INLINE
        return node

    class Dumper(yaml.SafeDumper):
        """Short records on one line, long texts as blocks, instants in Lyon's time."""

        def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
            node = super().represent_mapping(tag, mapping, flow_style)
            return inline(node, [each for pair in node.value for each in pair])

        def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
            node = super().represent_sequence(tag, sequence, flow_style)
            return inline(node, node.value)

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 — PyYAML's signature
            return True

        def text(self, value: str) -> Any:
            return self.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

        def instant(self, value: dt.datetime) -> Any:
            return self.represent_scalar("tag:yaml.org,2002:timestamp", value.astimezone(PARIS).isoformat())

    Dumper.add_representer(str, Dumper.text)
    Dumper.add_representer(dt.datetime, Dumper.instant)
    return Dumper
