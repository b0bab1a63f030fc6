"""Calls to addresses that sites gave us: what is refused, what is bounded, what is sent (OWASP, SSRF Prevention)."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from canned import OK, CannedSite
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from glc.clock import UTC
from glc.errors import FetchError
from glc.fetch import Fetcher, fetcher_for
from glc.settings import DEVELOPMENT_MASTER_KEY, Settings

NAMES = {"site.example": "127.0.0.1", "other.example": "127.0.0.1", "inside.example": "127.0.0.2"}
MASTER_KEY = DEVELOPMENT_MASTER_KEY[:-4] + "QUFB"


@pytest.fixture
def site() -> Iterator[CannedSite]:
    """A site that speaks http."""
    started = CannedSite()
    yield started
    started.stop()


@pytest.fixture
def secure_site(certificate: Path) -> Iterator[CannedSite]:
    """A site that speaks https, as site.example and other.example."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    started = CannedSite(tls)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and its self-signed certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site.example")])
    usage = dict.fromkeys(
        ("key_encipherment", "content_commitment", "data_encipherment", "key_agreement", "crl_sign"), False
    ) | {"encipher_only": False, "decipher_only": False, "digital_signature": True, "key_cert_sign": True}
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(dt.datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("site.example"), x509.DNSName("other.example")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "site.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def fetcher(certificate: Path | None = None, **options: object) -> Fetcher:
    """A client that knows `NAMES`, trusts that certificate, and may call this machine unless told otherwise."""
    tls = ssl.create_default_context(cafile=certificate) if certificate else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    values = {"timeout_in": 10, "max_bytes": 1000, "allow_private": True, "resolver": lambda host: [NAMES[host]]}
    return Fetcher(**{**values, "tls": tls, **options})


def test_an_answer_is_handed_over_with_its_status_headers_and_body(site: CannedSite) -> None:
    """Whatever the status; repeated headers are joined (RFC 9110, 5.3)."""
    site.answers = [b"HTTP/1.1 404 No\r\nCache-Control: a\r\nCACHE-CONTROL: b\r\nContent-Length: 4\r\n\r\nnone"]
    answer = fetcher().get(f"{site.url}jwks?x=1#fragment", {"Accept": "application/json"})
    assert (answer.status, answer.body, answer.headers["cache-control"]) == (404, b"none", "a, b")
    head = site.asked[0].split(b"\r\n")
    assert head[0] == b"GET /jwks?x=1 HTTP/1.1"
    assert {b"Host: site.example:%d" % site.port, b"Accept: application/json", b"Accept-Encoding: identity"} <= {*head}


def test_a_body_is_sent_as_it_is(site: CannedSite) -> None:
    """Webhooks sign their bytes."""
    fetcher().post(site.url, b'{"\xc3\xa9": 1}', {"Content-Type": "application/json"})
    head, _, body = site.asked[0].partition(b"\r\n\r\n")
    assert body == b'{"\xc3\xa9": 1}'
    assert b"Content-Length: 9" in head
    assert head.startswith(b"POST / HTTP/1.1")


def test_the_certificate_is_checked_by_name_on_a_connection_made_by_number(
    secure_site: CannedSite, certificate: Path
) -> None:
    """SNI and Host say the name that the address was found for."""
    assert fetcher(certificate).get(secure_site.url).body == b"ok"
    assert secure_site.names == ["site.example"]
    with pytest.raises(FetchError, match=r"certificate not to be trusted.*inside\.example"):
        fetcher(certificate, resolver=lambda _: ["127.0.0.1"]).get(f"https://inside.example:{secure_site.port}/")
    with pytest.raises(FetchError, match="certificate not to be trusted"):
        fetcher().get(secure_site.url)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["127.0.0.1"], ["8.8.8.8", "::1"], ["::ffff:169.254.169.254"]])
def test_a_private_address_is_not_called(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when the name has a public one too. Who caused the call is not told the address."""
    monkeypatch.setattr(socket, "create_connection", pytest.fail)
    with pytest.raises(FetchError, match=r"private address.*fetch_private_addresses") as refused:
        fetcher(allow_private=False, resolver=lambda _: addresses).get("https://inside.example/")
    assert addresses[-1] not in refused.value.message
    assert addresses[-1] in refused.value.detail


def test_the_connection_goes_to_the_address_that_was_looked_at(
    secure_site: CannedSite, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name is asked for once, and what it says afterwards plays no part."""
    monkeypatch.setattr("glc.fetch.is_public", lambda address: address == "127.0.0.1")
    said = iter([["127.0.0.1"], ["127.0.0.2"]])
    client = fetcher(certificate, allow_private=False, resolver=lambda _: next(said))
    assert client.get(secure_site.url).body == b"ok"
    with pytest.raises(FetchError, match="private address"):
        client.get(secure_site.url)


def test_each_redirect_is_looked_at_again(
    secure_site: CannedSite, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise any public site could send us inside."""
    monkeypatch.setattr("glc.fetch.is_public", lambda address: address == "127.0.0.1")
    client = fetcher(certificate, allow_private=False)
    for target, why in {
        f"https://inside.example:{secure_site.port}/": "private address",
        "http://site.example/": "by https",
        "file:///etc/passwd": "https://",
        "https://a:b@site.example/": "without user name",
        "https://[/": "no address",
    }.items():
        secure_site.answers = [redirect(target)]
        with pytest.raises(FetchError, match=why):
            client.get(secure_site.url)


def test_redirects_are_followed_to_the_answer(site: CannedSite) -> None:
    """RFC 9110, 15.4; what only the first site was meant to see is not shown to another."""
    site.answers = [redirect("/further?y=2"), redirect(f"http://other.example:{site.port}/there")]
    answer = fetcher().get(site.url, {"Authorization": "Bearer secret"})
    assert answer.body == b"ok"
    assert [asked.split(b" ")[1] for asked in site.asked] == [b"/", b"/further?y=2", b"/there"]
    assert [b"Bearer secret" in asked for asked in site.asked] == [True, True, False]


def test_a_circle_of_redirects_is_left(site: CannedSite) -> None:
    site.answers = [redirect("/")] * 5
    with pytest.raises(FetchError, match="too many"):
        fetcher(max_redirects=3).get(site.url)
    assert len(site.asked) == 4


def test_what_is_sent_is_sent_once(site: CannedSite) -> None:
    """A redirect of a POST is its answer: the body is nobody else's."""
    site.answers = [redirect("/further", 307)]
    assert fetcher().post(site.url, b"{}").status == 307
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("", "site.example", "//site.example/", "ftp://site.example/", "file:///etc/passwd", "https://", "https:///x"),
        *("https://user:hunter2@site.example/", "https://user@site.example/", "https://site.example:0/"),
        *("https://site.example:99999/", "https://[::1/", "https://site.example\\@inside.example/"),
        *("https://site.example/a b", "https://site.example/\r\nX: y", " https://site.example/", "https://né.example/"),
    ],
)
def test_what_is_no_plain_https_address_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(FetchError) as refused:
        fetcher(resolver=pytest.fail).get(url)
    assert "hunter2" not in refused.value.message


def test_http_is_for_private_addresses_only() -> None:
    with pytest.raises(FetchError, match="by https"):
        fetcher(allow_private=False, resolver=pytest.fail).get("http://site.example/")


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_site_that_answers_drop_by_drop_is_left_when_the_time_is_over(site: CannedSite, start: bytes) -> None:
    """The limit is on the whole call: a socket's own begins anew with each byte."""
    left = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(start)
        with contextlib.suppress(OSError):
            for _ in range(1000):  # whoever stays to the end is told something else than that it took too long
                connection.sendall(b"x")
                if left.wait(0.01):
                    return

    site.answers = [drip]
    with pytest.raises(FetchError, match=r"within 0\.2 s"):
        fetcher(timeout_in=0.2).get(site.url)
    left.set()


def test_a_site_that_never_reads_is_left_too(site: CannedSite) -> None:
    left = threading.Event()
    site.converse = lambda _: left.wait(10)
    with pytest.raises(FetchError, match="did not answer within"):
        fetcher(timeout_in=0.2).post(site.url, b"x" * 50_000_000)
    left.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1001 + b"0\r\n\r\n",
    ],
    ids=["announced", "until the end", "in chunks"],
)
def test_a_long_answer_is_refused(site: CannedSite, answer: bytes) -> None:
    site.answers = [answer, OK]
    with pytest.raises(FetchError, match="more than 1000 bytes"):
        fetcher().get(site.url)
    assert fetcher().get(site.url).body == b"ok"


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=["a chunk of length -1", "a header", "provisional answers"],
)
def test_an_answer_without_end_is_left(site: CannedSite, start: bytes) -> None:
    """Before the time is over, which is told otherwise, and long before memory is."""

    def flood(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(start if start.startswith(b"HTTP/1.1 100") else b"x" * 10_000)

    site.answers = [lambda connection: (connection.sendall(start), flood(connection))]
    with pytest.raises(FetchError, match="did not answer in HTTP"):
        fetcher(timeout_in=30).get(site.url)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nab",
    ],
)
def test_half_an_answer_is_none(site: CannedSite, answer: bytes) -> None:
    """A key set that was cut off must not pass for a whole one."""
    site.answers = [answer]
    with pytest.raises(FetchError, match=f"http://site.example:{site.port}"):
        fetcher().get(site.url)


def test_a_site_that_is_not_there_is_said_so(certificate: Path, site: CannedSite) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(FetchError, match=f"http://site.example:{port} cannot be reached"):
        fetcher().get(f"http://site.example:{port}/")
    site.converse = lambda connection: connection.sendall(OK)
    with pytest.raises(FetchError, match="does not speak TLS"):
        fetcher(certificate).get(f"https://site.example:{site.port}/")


def test_the_next_address_is_tried_when_one_does_not_answer(site: CannedSite) -> None:
    """A machine with IPv6 may have none where we are."""
    assert fetcher(resolver=lambda _: ["127.0.0.2", "127.0.0.1"]).get(site.url).body == b"ok"


def test_proxies_of_the_environment_play_no_part(site: CannedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve names itself, and call what it likes."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetcher().get(site.url).body == b"ok"


def test_the_settings_say_what_may_be_called(site: CannedSite) -> None:
    """A developer's site is on the same machine, or in the next container."""
    world = Settings(issuer="https://glc.example/", master_key=MASTER_KEY)
    inside = Settings(issuer="https://glc.example/", master_key=MASTER_KEY, fetch_private_addresses=True)
    local = f"http://127.0.0.1:{site.port}/"
    with pytest.raises(FetchError, match="by https"):
        fetcher_for(world).get(local)
    assert [fetcher_for(each).get(local).body for each in (inside, Settings())] == [b"ok", b"ok"]
    bounds = fetcher_for(Settings(fetch_timeout_in=3, fetch_max_bytes=1))
    assert bounds.timeout_in == 3
    with pytest.raises(FetchError, match="more than 1 bytes"):
        bounds.get(local)


def redirect(target: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
