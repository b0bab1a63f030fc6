"""What a report says: each sentence in both languages, where it is made."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """A sentence. The page speaks French first; console, JSON and JUnit speak English."""

    english: str
    french: str


def joined(*parts: Words | None) -> Words | None:
    """Several sentences as one; None when there is none."""
    said = [part for part in parts if part is not None]
    if not said:
        return None
    return Words(" · ".join(part.english for part in said), " · ".join(part.french for part in said))


def no_answer(asked: str, error: Exception) -> Words:
    """That a request got none."""
    kind = type(error).__name__
    return Words(f"{asked}: no answer ({kind})", f"{asked} : aucune réponse ({kind})")
