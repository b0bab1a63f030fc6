"""Which addresses a call on somebody's behalf may lead to."""

from __future__ import annotations

import threading

import pytest

from glc.addresses import is_public, resolve_within, system_resolver
from glc.clock import Deadline


@pytest.mark.parametrize("address", ["8.8.8.8", "213.32.5.7", "2001:41d0::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    """Carried by IPv6 too, as networks without IPv4 write it (RFC 4291, 2.5.5.2; RFC 6052, 2.1)."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.1.2.3", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
        *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1"),
        *("64:ff9b::a00:1", "64:ff9b:1::808:808", "2002:a00:1::1", "2001:0:a00:1::1"),
        *("", "site.example", "127.1", "2130706433"),
    ],
)
def test_an_address_of_somebodys_own_network_is_not(address: str) -> None:
    """RFC 6890's registry of special purposes, multicast, and IPv6 that holds such an IPv4 address."""
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost"])
def test_this_machine_is_recognized_however_it_is_written(host: str) -> None:
    """The C library reads many forms of an address: what is judged is what it made of them."""
    assert not any(is_public(address) for address in system_resolver(host))


def test_a_name_that_takes_too_long_is_given_up() -> None:
    never = threading.Event()
    with pytest.raises(TimeoutError):
        resolve_within(Deadline(0.05), lambda _: [str(never.wait(10))], "site.example")
    never.set()


@pytest.mark.parametrize("failed", [OSError("no such name"), UnicodeError("label too long")])
def test_a_name_that_cannot_be_found_is_an_error_of_the_network(failed: Exception) -> None:
    def refuse(_host: str) -> list[str]:
        raise failed

    with pytest.raises(OSError, match=str(failed)):
        resolve_within(Deadline(10), refuse, "site.example")
