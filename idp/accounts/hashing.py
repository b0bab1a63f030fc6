"""Passwords: Argon2id, with the cost the settings say (OWASP's minimum unless raised)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from glc.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from argon2 import PasswordHasher

P = ParamSpec("P")
T = TypeVar("T")


def hash_password(settings: Settings, password: str) -> str:
    """The password's hash, with its parameters and salt."""
    return _one_at_a_time(_hasher(settings).hash, password)


def verify_password(settings: Settings, stored: str, password: str) -> bool:
    """Whether the password is the stored one. An empty or foreign hash matches nothing, and costs as much to refuse:
    the time taken tells nobody whether an account exists."""
    from argon2.exceptions import InvalidHashError, VerificationError

    hasher = _hasher(settings)
    try:
        return _one_at_a_time(hasher.verify, stored, password)
    except VerificationError:
        return False
    except InvalidHashError:
        _one_at_a_time(hasher.hash, password)
        return False


def needs_rehash(settings: Settings, stored: str) -> bool:
    """Whether the hash was made with another cost than today's."""
    return _hasher(settings).check_needs_rehash(stored)


def _one_at_a_time(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do it in the one thread that hashes: each thread that ever hashed would keep that much memory for itself."""
    return _hashing_thread().submit(work, *args, **kwargs).result()


@cache
def _hashing_thread() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashing")


def _hasher(settings: Settings) -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=settings.argon2_passes, memory_cost=settings.argon2_memory, parallelism=1)
