"""`glc keys`, run as its users run it."""

from __future__ import annotations

import io
import json
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from glc import cli

Run = Callable[..., Any]
RSA = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def glc(
    prepared_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run `glc keys …` in the standard dialect; what it printed as JSON, or why it refused."""
    database = shutil.copy(prepared_database, tmp_path / "glc.sqlite3")
    monkeypatch.setenv("GLC_DATABASE_URL", f"sqlite:///{database}")
    monkeypatch.setenv("GLC_DIALECT", "standard")

    def run(*arguments: str | Path, refused: int = 0) -> Any:
        as_json = [] if arguments[0] == "export" else ["--json"]
        monkeypatch.setattr(sys, "argv", ["glc", "keys", *map(str, arguments), *as_json])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        output = capsys.readouterr()
        assert int(left.value.code or 0) == refused, output.err
        if refused:
            return output.err
        return json.loads(output.out) if output.out else output.err

    yield run
    structlog.reset_defaults()


def active(glc: Run, alg: str) -> str:
    """The key that signs."""
    [kid] = [key["kid"] for key in glc("list") if key["alg"] == alg and key["signs"]]
    return str(kid)


def test_every_algorithm_is_rotated_unless_one_is_named(glc: Run) -> None:
    """Four that sign wait; the one for encryption serves at once."""
    made = glc("rotate")
    assert {key["alg"]: key["status"] for key in made} == {
        "RS256": "pending",
        "ES256": "pending",
        "PS256": "pending",
        "EdDSA": "pending",
        "RSA-OAEP-256": "active",
    }
    assert sorted(key["status"] for key in glc("list") if key["alg"] == "ES256") == ["active", "pending"]


def test_now_and_promote_say_the_risk(glc: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The sites that keep an older set are the risk."""
    [waiting] = glc("rotate", "--alg", "ES256")
    [promoted] = glc("promote", waiting["kid"])
    assert (promoted["status"], promoted["signs"]) == ("active", True)
    [at_once] = glc("rotate", "--alg", "ES256", "--now")
    assert (at_once["status"], active(glc, "ES256")) == ("active", at_once["kid"])
    glc("rotate", "--now", "--in", "5", refused=2)


def test_retire_and_compromise_ask_first_and_want_a_reason(glc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--yes` answers beforehand."""
    kid = active(glc, "ES256")
    glc("compromise", kid, refused=2)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    glc("compromise", kid, "--reason", "vol", refused=1)
    assert active(glc, "ES256") == kid
    [done] = glc("compromise", kid, "--reason", "vol", "--yes")
    assert (done["status"], active(glc, "ES256") != kid) == ("compromised", True)
    assert kid not in [key["kid"] for key in glc("list")]
    assert kid in [key["kid"] for key in glc("list", "--all")]
    glc("retire", active(glc, "RS256"), "--reason", "x", "--yes", refused=1)


def written(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "key"
    file.write_bytes(content)
    return file


def pkcs8(key: Any, encoding: Encoding = Encoding.PEM, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return bytes(key.private_bytes(encoding, PrivateFormat.PKCS8, encryption))


def jwk(key: Any, **members: str) -> bytes:
    return json.dumps(key.as_dict(private=True) | members).encode()


@pytest.mark.parametrize(
    ("content", "options", "alg"),
    [
        (pkcs8(RSA), ["--alg", "PS256"], "PS256"),
        (pkcs8(RSA, Encoding.DER), ["--alg", "RS256"], "RS256"),
        (pkcs8(ec.generate_private_key(ec.SECP256R1())), [], "ES256"),
        (pkcs8(ed25519.Ed25519PrivateKey.generate(), Encoding.DER), [], "EdDSA"),
        (jwk(RSAKey(RSA, RSA), alg="RS256", use="sig"), [], "RS256"),
        (jwk(ECKey.generate_key("P-256"), kid="its own"), [], "ES256"),
        (jwk(OKPKey.generate_key("Ed25519")), ["--alg", "EdDSA"], "EdDSA"),
        (jwk(RSAKey(RSA, RSA), use="enc"), [], "RSA-OAEP-256"),
    ],
    ids=["pem", "der", "ec", "ed25519", "jwk", "jwk ec", "jwk okp", "jwk enc"],
)
def test_a_key_made_elsewhere_is_brought_in(
    glc: Run, tmp_path: Path, content: bytes, options: list[str], alg: str
) -> None:
    """Issue, point 5: PKCS#8 and JWK import. It waits as one made here does, and never comes a second time."""
    file = written(tmp_path, content)
    [brought] = glc("import", file, *options)
    assert (brought["alg"], brought["origin"]) == (alg, "imported")
    assert brought["status"] == ("active" if alg == "RSA-OAEP-256" else "pending")
    glc("import", file, *options, refused=1)
    public = glc("export", brought["kid"])
    assert (public["kid"], public["alg"], "d" in public) == (brought["kid"], alg, False)


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (pkcs8(rsa.generate_private_key(65537, 1024)), ["--alg", "RS256"]),
        (pkcs8(RSA), []),
        (pkcs8(RSA), ["--alg", "ES256"]),
        (jwk(RSAKey(RSA, RSA), alg="PS256"), ["--alg", "RS256"]),
        (jwk(RSAKey(RSA, RSA), alg="RS256", use="enc"), []),
        (pkcs8(ec.generate_private_key(ec.SECP384R1())), []),
        (pkcs8(dsa.generate_private_key(1024)), []),
        (pkcs8(RSA, password=b"secret"), ["--alg", "RS256"]),
        (json.dumps(RSAKey(RSA, RSA).as_dict(private=False)).encode(), ["--alg", "RS256"]),
        (json.dumps(OctKey.generate_key(256).as_dict(private=True)).encode(), []),
        (b'{"kty":"RSA"}', []),
        (b"[1]", []),
        (b"{", []),
        (b"", []),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", []),
    ],
    ids="short,which,not-rsa,other-alg,other-use,curve,dsa,password,public,oct,empty-jwk,list,brace,nothing,pem".split(
        ","
    ),
)
def test_a_key_that_is_weak_or_does_not_fit_is_refused(
    glc: Run, tmp_path: Path, content: bytes, options: list[str]
) -> None:
    """RFC 7518, 3.3: 2048 bits at least; the algorithm is checked."""
    before = glc("list", "--all")
    told = glc("import", written(tmp_path, content), *options, refused=1)
    assert told.startswith("glc: ")
    assert "Traceback" not in told
    assert glc("list", "--all") == before


def test_a_private_key_is_written_to_a_new_file_that_its_owner_alone_reads(glc: Run, tmp_path: Path) -> None:
    """Only on demand, with a reason; an existing file stays as it is."""
    kid, file = active(glc, "ES256"), tmp_path / "private.pem"
    glc("export", kid, "--private", file, refused=1)
    assert not file.exists()
    told = glc("export", kid, "--private", file, "--reason", "sauvegarde")
    assert "PRIVATE KEY" not in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key: Any = load_pem_private_key(file.read_bytes(), None)
    assert ECKey(key, key).thumbprint() == kid
    glc("export", kid, "--private", file, "--reason", "encore", refused=1)
    glc("export", "nothing", refused=1)
