"""How hard a value is to guess, by its looks: an upper bound, so what fails here is really too weak."""

from __future__ import annotations

import math
from collections.abc import Sequence

_ALPHABETS = (
    (10, "0123456789"),
    (16, "0123456789abcdef"),
    (16, "0123456789ABCDEF"),
    (32, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    (36, "abcdefghijklmnopqrstuvwxyz0123456789"),
    (62, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
    (64, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+/="),
)
_LEAST_VARIETY = 9
"""Different letters that 128 random bits show at the least; words repeated show fewer."""


def bits_of(value: str, others: Sequence[str] = ()) -> float:
    """The most bits of chance that a value can hold, what it has in common with `others` left out.

    `others`: values sent for the same purpose at other times; a beginning or an end that is always there is not chance.
    """
    core = _without_common(value, [each for each in others if each != value])
    letters = core.replace("-", "") if _is_uuid(core) else core
    if len(set(letters)) < _LEAST_VARIETY or _repeats(letters):
        return min(len(letters) * 1.0, 64.0)
    size = next((size for size, alphabet in _ALPHABETS if set(letters) <= set(alphabet)), 64)
    return len(letters) * math.log2(size)


def _without_common(value: str, others: Sequence[str]) -> str:
    if not others:
        return value
    start = max(_alike(value, each) for each in others)
    rest = value[start:]
    end = max(_alike(rest[::-1], each[start:][::-1]) for each in others)
    kept = rest[: len(rest) - end]
    return value if len(value) - len(kept) <= 4 else kept  # a few letters alike are chance


def _alike(one: str, other: str) -> int:
    """How many letters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _is_uuid(text: str) -> bool:
    return len(text) == 36 and [place for place, letter in enumerate(text) if letter == "-"] == [8, 13, 18, 23]


def _repeats(text: str) -> bool:
    """Whether a text is one piece said several times."""
    return bool(text) and text in (text + text)[1:-1]
