"""The catalogue of faults: one file a family, one row a fault; what each does is made of the shapes beside this folder.

A row says what a correct Relying Party must do:
`reject` log nobody in, or end no session · `reject_if_asked` the same where the site asked for what is missing or
wrong (max_age, acr_values) · `accept` go on as if nothing were · `retry` try again, and go on · `fail` log nobody in,
tell the user, stay up · `end_session` end the user's session · `either` the specifications leave it open."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from testkit.faults.catalogue import authorize, discovery, id_token, jwks, logout, refresh, token, transport, userinfo
from testkit.faults.fault import FaultSpec

FAMILIES = {
    "id_token": id_token.FAULTS,
    "discovery": discovery.FAULTS,
    "jwks": jwks.FAULTS,
    "authorize": authorize.FAULTS,
    "token": token.FAULTS,
    "userinfo": userinfo.FAULTS,
    "refresh": refresh.FAULTS,
    "logout": logout.FAULTS,
    "transport": transport.FAULTS,
}
CATALOGUE: Mapping[str, FaultSpec] = MappingProxyType({each.name: each for rows in FAMILIES.values() for each in rows})
"""Every fault by its name."""
