"""The one way out: calls to addresses that sites gave us (webhooks, jwks_uri, back-channel logout, and the like).

Whoever registers an address could have us call what only we can reach. So each call, and each redirect, is held to:
https; an address of the public internet, the very one that was looked at, whatever the name resolves to afterwards; a
time limit on the whole and a longest answer; no password in the address, no proxy of the environment, no compression.

`http.client` writes requests and reads answers on a connection made here: it follows nothing and asks nobody.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from glc.addresses import Resolver, is_public, resolve_within, system_resolver
from glc.clock import Deadline
from glc.errors import FetchError
from glc.settings import Settings
from glc.urls import origin
from glc.wire import Wire

REDIRECTS = frozenset({301, 302, 303, 307, 308})
USER_AGENT = "grandlyonconnect-simulator"
HEADERS_MOST = 64 * 1024
"""The longest headers, all together, of an answer that is near the longest, in bytes."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, whatever its status. Names of headers are in lower case; repeated ones are joined by commas."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Makes guarded calls. Keep it: reading which authorities the machine trusts takes some 30 ms.

    Authorities of one's own go where OpenSSL looks for them (the variable SSL_CERT_FILE).
    """

    timeout_in: float
    """Seconds for a whole call: names, connections, redirects, answer."""
    max_bytes: int
    max_redirects: int = 3
    allow_private: bool = False
    """Call whatever address a name has, and by http too."""
    resolver: Resolver = system_resolver
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """Ask, and follow redirects; another origin is not sent the headers. Raises `FetchError`."""
        deadline, headers = Deadline(self.timeout_in), headers or {}
        for _ in range(self.max_redirects + 1):
            answer = self._call("GET", url, None, headers, deadline)
            if answer.status not in REDIRECTS or "location" not in answer.headers:
                return answer
            further = _joined(url, answer.headers["location"])
            headers = headers if origin(further) == origin(url) else {}
            url = further
        raise FetchError(f"{origin(url)} is where more than {self.max_redirects} redirects lead: that is too many")

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Fetched:
        """Send once; a redirect is an answer like any other. Raises `FetchError`: what was sent may have arrived."""
        return self._call("POST", url, body, headers or {}, Deadline(self.timeout_in))

    def _call(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], deadline: Deadline
    ) -> Fetched:
        place = _place(url, allow_http=self.allow_private)
        sent = {"Host": place.authority, "User-Agent": USER_AGENT, "Connection": "close", **headers}
        try:
            with self._connected(place, deadline) as connection:
                client = http.client.HTTPConnection(place.host, place.port)
                client.sock = Wire(connection, deadline, HEADERS_MOST + 2 * self.max_bytes)
                client.request(method, place.target, body, sent)
                return self._read(client.getresponse(), place)
        except TimeoutError as error:
            raise FetchError(f"{place.origin} did not answer within {self.timeout_in:g} s") from error
        except ssl.SSLCertVerificationError as error:
            raise FetchError(f"{place.origin} has a certificate not to be trusted: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise FetchError(f"{place.origin} does not speak TLS as it should", detail=str(error)) from error
        except OSError as error:
            raise FetchError(f"{place.origin} cannot be reached, or hung up", detail=str(error)) from error
        except http.client.HTTPException as error:
            raise FetchError(f"{place.origin} did not answer in HTTP", detail=repr(error)) from error

    def _connected(self, place: _Place, deadline: Deadline) -> socket.socket:
        """A connection to an address that was checked; with https, to a machine that proved its name."""
        plain = self._connected_plainly(place, deadline)
        if place.scheme == "http":
            return plain
        with plain:  # closes nothing once TLS has taken it over
            plain.settimeout(deadline.left())
            return self.tls.wrap_socket(plain, server_hostname=place.host.rstrip("."))

    def _connected_plainly(self, place: _Place, deadline: Deadline) -> socket.socket:
        addresses = resolve_within(deadline, self.resolver, place.host)
        private = [address for address in addresses if not is_public(address)]
        if private and not self.allow_private:
            raise FetchError(
                f"{place.origin} is on a private address, which is not called unless the setting "
                "fetch_private_addresses allows it",
                detail=", ".join(private),
            )
        failed = OSError("no address")
        for number, address in enumerate(addresses):
            share = deadline.left() / (len(addresses) - number)
            try:
                return socket.create_connection((address, place.port), timeout=share)
            except OSError as error:
                failed = error
        raise failed

    def _read(self, response: http.client.HTTPResponse, place: _Place) -> Fetched:
        headers: dict[str, str] = {}
        for name, value in response.getheaders():
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        try:
            body = b"" if (response.length or 0) > self.max_bytes else response.read(self.max_bytes + 1)
        except ValueError as error:  # a chunk whose length is below zero
            raise http.client.HTTPException(str(error)) from error
        if len(body) > self.max_bytes or (response.length or 0) > self.max_bytes:
            raise FetchError(f"{place.origin} answered with more than {self.max_bytes} bytes")
        if response.length:
            raise FetchError(f"{place.origin} hung up before the end of its answer")
        return Fetched(response.status, headers, body)


def fetcher_for(settings: Settings) -> Fetcher:
    """The client that the settings describe."""
    return Fetcher(
        timeout_in=settings.fetch_timeout_in,
        max_bytes=settings.fetch_max_bytes,
        allow_private=settings.may_fetch_private,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """An address, taken apart: where to connect, and what to ask for there."""

    scheme: str
    host: str
    port: int
    authority: str
    target: str
    origin: str


def _place(url: str, *, allow_http: bool) -> _Place:
    """Take an address apart. Raises `FetchError` when it is not one to call."""
    if not url.isascii() or any(letter <= " " or letter in "\\\x7f" for letter in url):
        raise FetchError("an address to call is written in ASCII, without spaces or backslashes")
    site = origin(url)
    parts = urlsplit(url) if site else None
    if parts is None or parts.scheme not in _PORTS or parts.port == 0:
        raise FetchError("an address to call begins with https:// and a host")
    if parts.scheme == "http" and not allow_http:
        raise FetchError(f"{site} must be called by https")
    if "@" in parts.netloc:
        raise FetchError(f"{site} must be called without user name or password in the address")
    return _Place(
        scheme=parts.scheme,
        host=str(parts.hostname),
        port=parts.port or _PORTS[parts.scheme],
        authority=parts.netloc,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        origin=site,
    )


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:  # brackets that hold no IPv6 address
        raise FetchError(f"{origin(url)} redirects to what is no address") from error
