"""Shapes of faults that act where something is signed: claims and header changed before, the token after.

A shape gives back the very value it was given where it cannot apply, and then it did not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import has_request_context, request

from idp.tokens.signing import header_of
from testkit.faults import lies
from testkit.faults.fault import Signing
from testkit.request import ASKED

Signed = Callable[[Signing], Signing]
ID_TOKEN = frozenset({"id_token"})
REFRESHED = frozenset({"refreshed"})
"""The ID Tokens of refreshes alone."""


def concerns(signing: Signing, kinds: Collection[str]) -> bool:
    """Whether what is signed is of one of these kinds."""
    return signing.kind in kinds or ("refreshed" in kinds and signing.kind == "id_token" and _at_a_refresh())


def _at_a_refresh() -> bool:
    asked = request.environ.get(ASKED) if has_request_context() else None
    return asked is not None and asked.parameters.get("grant_type") == "refresh_token"


def claims(
    change: Callable[[Mapping[str, Any]], Mapping[str, Any] | None],
    *,
    kinds: Collection[str] = ID_TOKEN,
    typ: str | None = None,
) -> Signed:
    """Claims replaced by those that `change` makes of them; None takes one away. `typ`: the header's, if it changes."""

    def signed(signing: Signing) -> Signing:
        made = change(signing.claims) if concerns(signing, kinds) else None
        if not made:
            return signing
        told = {name: value for name, value in {**signing.claims, **made}.items() if value is not None}
        if told == signing.claims:
            return signing
        about = signing.header if typ is None else {**signing.header, "typ": typ}
        return dataclasses.replace(signing, claims=told, header=about)

    return signed


def claims_of_choice(signing: Signing) -> Signing:
    """Claims of whoever switched the fault on: those of the option `values`, of which null leaves one out."""
    return claims(lambda _: signing.options["values"])(signing)


def claim(name: str, value: Any, *, kinds: Collection[str] = ID_TOKEN) -> Signed:
    """One claim with another value, or one more."""
    return claims(lambda _: {name: value}, kinds=kinds)


def without_claim(name: str, *, kinds: Collection[str] = ID_TOKEN) -> Signed:
    """One claim fewer."""
    return claims(lambda told: {name: None} if name in told else None, kinds=kinds)


def moved(name: str, seconds: int, *, kinds: Collection[str] = ID_TOKEN) -> Signed:
    """An instant later, or earlier, by so many seconds."""
    return claims(lambda told: {name: told[name] + seconds} if name in told else None, kinds=kinds)


def header(members: Mapping[str, Any], *, kinds: Collection[str] = ID_TOKEN) -> Signed:
    """Members of the header added or replaced, and rightly signed."""

    def signed(signing: Signing) -> Signing:
        about = {**signing.header, **members}
        if not concerns(signing, kinds) or about == signing.header:
            return signing
        return dataclasses.replace(signing, header=about)

    return signed


def without_header(name: str, *, kinds: Collection[str] = ID_TOKEN) -> Signed:
    """One member of the header fewer."""

    def signed(signing: Signing) -> Signing:
        if not concerns(signing, kinds) or name not in signing.header:
            return signing
        return dataclasses.replace(signing, header={k: v for k, v in signing.header.items() if k != name})

    return signed


def compact(lie: Callable[[Signing], str | None], *, kinds: Collection[str] = ID_TOKEN) -> Signed:
    """The token that a lie makes, in place of the signed one."""

    def signed(signing: Signing) -> Signing:
        token = lie(signing) if concerns(signing, kinds) else None
        return signing if token is None else dataclasses.replace(signing, token=token)

    return signed


def broken_signature(alg: str | None, *, kinds: Collection[str] = ID_TOKEN) -> Signed:
    """A wrong signature, of that algorithm only."""
    return compact(lambda signing: lies.damaged(signing) if alg in {None, signing.alg} else None, kinds=kinds)


def another_algorithm(signing: Signing, *, kinds: Collection[str] = ID_TOKEN) -> Signing:
    """Rightly signed, by an algorithm that the client did not register: RS256, or ES256 where it did."""
    if not concerns(signing, kinds):
        return signing
    alg = "ES256" if signing.alg == "RS256" else "RS256"
    return dataclasses.replace(signing, alg=alg, header=header_of(signing.house, alg, signing.header["typ"]))
