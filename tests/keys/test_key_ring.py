"""Keys at rest, in memory and as published."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import add_account, register_site
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from flows import Citizen, Site
from sqlalchemy.engine import Engine

from glc.clock import ManualClock, SystemClock
from glc.database import open_engine
from glc.entropy import SystemEntropy
from glc.errors import SettingsError
from glc.settings import Settings
from keys import material
from keys.encryption import Box, MasterKey, SealBroken, new_master_key
from keys.models import USUAL, KeyAlgorithm, SigningKey
from keys.ring import KeyRing
from keys.start import ensure_keys

OTHER_KEY = new_master_key(b"\x01" * 32)


def test_a_kid_is_the_thumbprint_of_the_published_key(app: Flask) -> None:
    """RFC 7638, 3.1: SHA-256 of the required members in order, computed here without the ring."""
    required = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}
    for jwk in app.test_client().get("/idp/oidc/certs").json["keys"]:
        members = json.dumps({name: jwk[name] for name in required[jwk["kty"]]}, separators=(",", ":"), sort_keys=True)
        digest = hashlib.sha256(members.encode()).digest()
        assert jwk["kid"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_only_public_halves_are_published(app: Flask) -> None:
    """Reference, 1.3: one RSA and one EC P-256 key, each with kid; RFC 7517, 9.2."""
    published = app.test_client().get("/idp/oidc/certs").json["keys"]
    assert {(jwk["kty"], jwk["alg"], jwk.get("crv")) for jwk in published} == {
        ("RSA", "RS256", None),
        ("EC", "ES256", "P-256"),
    }
    assert {jwk["use"] for jwk in published} == {"sig"}
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {member for jwk in published for member in jwk}


def test_the_database_file_holds_no_private_key(prepared_database: Path, tmp_path: Path) -> None:
    """Issue, « Keys »: encrypted at rest. Looked for as bytes, as base64 and as the numbers that make the key."""
    content = b"".join(each.read_bytes() for each in prepared_database.parent.iterdir())
    engine = open_engine(Settings(database_url=f"sqlite:///{prepared_database}"))
    ring = _ring(engine)
    engine.dispose()
    for algorithm in USUAL:
        private = ring._parsed(ring._now.signers[algorithm])
        der = private.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        secrets = [der, private.as_dict(private=True)["d"].encode()]
        secrets += [base64.b64encode(der)[:200], base64.urlsafe_b64encode(der)[:200], der[len(der) // 2 :][:40]]
        assert [secret for secret in secrets if secret in content] == []
    assert b"PRIVATE KEY" not in content


def test_another_master_key_is_refused_in_one_clear_sentence(make_app: Callable[..., Flask]) -> None:
    """Issue, « Keys »; the remedy is named."""
    with pytest.raises(SettingsError, match=r"GLC_MASTER_KEY.*not the one this database's keys were encrypted under"):
        make_app(master_key=OTHER_KEY)


@pytest.mark.parametrize("text", ["short", "é", "x" * 44, base64.b64encode(b"\x01" * 31).decode(), "=" * 43])
def test_a_master_key_that_is_none_is_refused(text: str) -> None:
    """32 bytes in base64url; the refusal names the command that makes one and does not show what was given."""
    with pytest.raises(SettingsError, match="glc keys new-master-key") as refused:
        MasterKey(text, SystemEntropy())
    assert text not in refused.value.message or len(text) < 6


@pytest.mark.parametrize("alter", [lambda sealed: sealed[:-4] + "AAAA", lambda sealed: "", lambda sealed: "é" + sealed])
def test_an_altered_seal_is_refused(engine: Engine, alter: Callable[[str], str]) -> None:
    """Authenticated encryption: not one bit may differ."""
    with engine.begin() as connection:
        for kid, sealed in connection.execute(sa.select(SigningKey.kid, SigningKey.sealed_private_key)).all():
            connection.execute(
                sa.update(SigningKey).where(SigningKey.kid == kid).values(sealed_private_key=alter(sealed))
            )
    with pytest.raises(SettingsError):
        _ring(engine)


def test_a_value_sealed_for_one_use_opens_for_no_other() -> None:
    """Each use has a key of its own, derived from the master key (RFC 5869)."""
    master = MasterKey(OTHER_KEY, SystemEntropy())
    sealed = master.box("client-secret").seal("é".encode())
    assert master.box("client-secret").open(sealed).decode() == "é"
    assert master.box("client-secret").seal("é".encode()) != sealed
    with pytest.raises(SealBroken):
        master.box("authorization-code").open(sealed)


@pytest.mark.parametrize("position", [0, 5, 12, 20, -1])
def test_a_sealed_value_with_one_bit_changed_does_not_open(position: int) -> None:
    """AES-GCM: nonce, text and tag are all authenticated."""
    box = Box(b"\x02" * 32, SystemEntropy())
    data = bytearray(base64.urlsafe_b64decode(box.seal(b"thirty seconds") + "=="))
    data[position] ^= 1
    with pytest.raises(SealBroken):
        box.open(base64.urlsafe_b64encode(bytes(data)).decode())


def test_private_keys_are_parsed_once_however_many_tokens_are_signed(
    make_app: Callable[..., Flask], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue, « Keys »: once per process; parsing one costs about a hundred signatures."""
    parsed: list[object] = []
    original = material.load_der_private_key

    def counting(*args: Any, **options: Any) -> Any:
        parsed.append(args)
        return original(*args, **options)

    monkeypatch.setattr(material, "load_der_private_key", counting)
    app = make_app()
    site = register_site(app, clock, id_token_alg="RS256")
    add_account(app, clock)
    citizen, server = Citizen(app.test_client()), app.test_client()
    for _ in range(5):
        assert site.redeem(server, citizen.code(site.request())).status_code == 200
        server.get("/idp/oidc/certs")
    assert len(parsed) == 1


def test_keys_are_made_once_and_kept(engine: Engine, clock: ManualClock) -> None:
    """Issue, « Keys »: made on first start; a second start makes none."""
    master = MasterKey(Settings().effective_master_key, SystemEntropy())
    assert ensure_keys(engine, master, clock, SystemEntropy()) == []
    with engine.begin() as connection:
        connection.execute(sa.delete(SigningKey).where(SigningKey.algorithm == KeyAlgorithm.ES256))
    made = ensure_keys(engine, master, clock, SystemEntropy())
    assert [key["kid"] for key in json.loads(_ring(engine).jwks)["keys"] if key["kty"] == "EC"] == made


def test_each_database_has_keys_and_subjects_of_its_own(tmp_path: Path) -> None:
    """Two installations under one master key share neither signatures nor subjects."""
    from glc.commands import migrate, prepare

    rings = []
    for name in ("one", "two"):
        settings = Settings(database_url=f"sqlite:///{tmp_path / name}.sqlite3")
        migrate(settings)
        prepare(settings)
        engine = open_engine(settings)
        rings.append(_ring(engine))
        engine.dispose()
    one, two = rings
    assert one.jwks != two.jwks
    assert one.pairwise_subject("site.example", "0" * 32) != two.pairwise_subject("site.example", "0" * 32)


def test_client_secrets_and_tokens_are_nowhere_in_the_database_file(
    site: Site, citizen: Citizen, app: Flask, engine: Engine
) -> None:
    """RFC 6819, 5.1.4.1.3: tokens are stored as digests, secrets sealed, passwords hashed."""
    code = citizen.code(site.request())
    tokens = site.redeem(app.test_client(), code).json
    cookie = citizen.client.get_cookie("glc_session").value
    path = Path(str(engine.url.database))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = path.read_bytes()
    told = [site.secret, code, tokens["access_token"], tokens["id_token"], cookie, citizen.password]
    assert [value for value in told if value.encode() in content] == []
    assert site.client_id.encode() in content


def _ring(engine: Engine) -> KeyRing:
    ring = KeyRing(MasterKey(Settings().effective_master_key, SystemEntropy()), SystemClock())
    ring.load(engine)
    return ring
