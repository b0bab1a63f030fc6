"""Test a site that logs in with GrandLyonConnect.

The fixture `glc` is a whole OpenID Provider that only this test knows (a `Space`): its accounts, clients, keys, clock,
faults and journal change nothing elsewhere. All of it goes through the simulator's HTTP control API, under the same
names; nothing of the simulator is imported, so its version and its dependencies are not those of the site under test.
"""

from pytest_grandlyonconnect.errors import (
    GlcError,
    LoginStopped,
    NotServed,
    Refused,
)
from pytest_grandlyonconnect.server import Server
from pytest_grandlyonconnect.space import Space
from pytest_grandlyonconnect.values import Account, Client, Fault
from pytest_grandlyonconnect.walker import Callback

__all__ = [
    "Account",
    "Callback",
    "Client",
    "Fault",
    "GlcError",
    "LoginStopped",
    "NotServed",
    "Refused",
    "Server",
    "Space",
]
