"""Which network addresses are the world's, and which lead into somebody's own network."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from glc.clock import Deadline

Resolver = Callable[[str], list[str]]
"""From a host, named or by number, to its addresses, the preferred ones first. Raises `OSError` when it has none."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_WORLD_IPV6 = ipaddress.IPv6Network("2000::/3")
_TUNNELS = tuple(ipaddress.IPv6Network(each) for each in ("2001::/23", "2002::/16"))
"""Teredo and other protocols' own (RFC 6890), and 6to4: they hold other addresses, which may be private."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether the address belongs to one machine of the public internet.

    Not so: private, shared, loopback, link-local, documentation, reserved, multicast, unspecified; nor what is no
    address. An IPv4 address that IPv6 carries (mapped, or translated by RFC 6052) is judged as what it is.
    """
    try:
        ip = _carried(ipaddress.ip_address(address))
    except ValueError:
        return False
    if ip.is_multicast or ip.is_reserved or not ip.is_global:
        return False
    return ip.version == 4 or (ip in _WORLD_IPV6 and not any(ip in each for each in _TUNNELS))


def _carried(ip: _Address) -> _Address:
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip


def system_resolver(host: str) -> list[str]:
    """Ask the machine, which knows /etc/hosts and its name servers. It may take long: see `resolve_within`."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for _, _, _, _, place in found))


def resolve_within(deadline: Deadline, resolver: Resolver, host: str) -> list[str]:
    """The host's addresses. Raises `OSError`: `TimeoutError` when the deadline comes first.

    No system can be told how long a name may take, so a thread asks, and is left behind when it takes too long.
    """
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label too long for any name server
            answers.put(error)

    threading.Thread(target=ask, name="glc-resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise OSError(str(answer)) from answer
    return answer
