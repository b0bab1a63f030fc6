"""What docs/franceconnect-proconnect.md promises, command by command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from click.testing import CliRunner
from conftest import CHEAP
from flask import Flask
from flows import ISSUER, Citizen, Site

from glc.app import create_app
from glc.cli import glc
from glc.database import db
from glc.settings import load_settings
from partner_registry.clients.life import find_client

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "franceconnect-proconnect.md").read_text(encoding="utf-8")


def commands(title: str) -> list[list[str]]:
    """The commands of a section, as words."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    blocks = "".join(re.findall(r"```console\n(.*?)```", section, re.DOTALL)).replace("\\\n", " ")
    return [shlex.split(line.removeprefix("$ ")) for line in blocks.splitlines()]


@pytest.fixture
def follow(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Flask]:
    """Run the commands of a section; the provider that they set up."""
    app = make_app(dialect="standard")
    monkeypatch.setenv("GLC_DATABASE_URL", str(app.extensions["glc"].settings.database_url))
    for name, value in CHEAP.items():
        monkeypatch.setenv(f"GLC_{name.upper()}", str(value))

    def run(title: str) -> Flask:
        for words in commands(title):
            if words[0] == "export":
                for name, _, value in (word.partition("=") for word in words[1:]):
                    monkeypatch.setenv(name, value)
                continue
            done = CliRunner().invoke(glc, words[1:])
            assert done.exit_code == 0, (words, done.output, done.stderr)
        return create_app(load_settings())

    return run


def log_in(app: Flask, client_id: str, email: str, scope: str, **asked: str) -> tuple[dict[str, object], str]:
    """What the ID Token says, and the userinfo answer as it is."""
    house = app.extensions["idp"]
    with app.app_context():
        uri = find_client(db.session(), client_id).latest.redirect_uris[0]
        terms = house.terms(client_id, house.clock.now())
        secret = house.secrets_of(terms, house.clock.now())[-1]
    site = Site(client_id, secret, uri, scope)
    citizen = Citizen(app.test_client(), email, "un mot de passe pour essayer")
    tokens = site.redeem(app.test_client(), citizen.code(site.request(nonce="n", **asked))).json
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    userinfo = app.test_client().get("/idp/oidc/user_info", headers=headers)
    assert userinfo.mimetype == "application/jwt"
    header = jwt.get_unverified_header(userinfo.text)
    published = app.test_client().get("/idp/oidc/certs").json["keys"]
    key = jwt.PyJWK(next(each for each in published if each["kid"] == header["kid"])).key
    told = jwt.decode(userinfo.text, key, [header["alg"]], audience=client_id, issuer=ISSUER)
    said = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    return {**told, "acr": said["acr"]}, header["alg"]


def test_a_site_is_tried_like_with_franceconnect(follow: Callable[[str], Flask]) -> None:
    """Signed userinfo, the pivot identity, levels."""
    app = follow("Like FranceConnect")
    scope = "openid profile email birth"
    told, alg = log_in(app, "fc", "angela@citoyen.example", scope, acr_values="eidas2")
    assert alg == "ES256"
    assert told["acr"] == "eidas2"
    assert told["birthplace"] == "75107"
    assert told["birthcountry"] == "99100"


def test_an_agents_tool_is_tried_like_with_proconnect(follow: Callable[[str], Flask]) -> None:
    """Claims beyond the nineteen attributes; the level by its address."""
    app = follow("Like ProConnect")
    told, alg = log_in(app, "pc", "agent@collectivite.example", "openid uid given_name usual_name email siret")
    assert alg == "RS256"
    assert told["acr"] == "https://proconnect.gouv.fr/assurance/self-asserted"
    assert (told["uid"], told["siret"], told["usual_name"]) == ("dmartin", "20004697700019", "Martin")


def test_encryption_is_a_matter_of_registration(follow: Callable[[str], Flask]) -> None:
    """The update is accepted: the client's keys are asked for when it logs somebody in."""
    follow("Like FranceConnect")
    app = follow("Encryption")
    house = app.extensions["idp"]
    terms = house.terms("fc", house.clock.now())
    assert terms.protocol.userinfo_encrypted_response_alg == "ECDH-ES"
    assert terms.protocol.id_token_encrypted_response_alg == "ECDH-ES"
