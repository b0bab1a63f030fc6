"""What can be done to a space besides: accounts, clients, agreements, consents, tokens, sessions, keys, time, mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import jwt
import pytest
from kit import CALLBACK, Registered, Room

Make = Callable[..., Room]
WHOSE = {"account": "camille", "client_id": "(the site's)"}

CSV = """\
email;last_name;birthdate;email_verified
anne@p.example;Né;1970-00-00;non
bob@p.example;X;;oui
"""
YAML = """\
- {email: anne@p.example, last_name: Né, birthdate: 1970-00-00, email_verified: no}
- {email: bob@p.example, last_name: X}
"""


def said(token: str) -> dict[str, object]:
    """What a token says, unverified."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


# ── Accounts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_made_of_a_persona_with_other_attributes(room: Room, site: Registered) -> None:
    """Point 2: ready-made people, and what a test changes of them."""
    made = room.call("POST", "/accounts", {"persona": "camille", "email": "autre@citoyen.example", "gender": ""})
    assert (made["first_name"], made["gender"]) == ("Camille", "")
    room.call("POST", "/logins", {"account": "autre@citoyen.example"})
    assert said(site.tokens()["id_token"])["gender"] is None


def test_a_persona_who_is_there_already_is_changed(room: Room) -> None:
    """So that a test need not know whether the space was seeded."""
    before = room.call("GET", "/accounts/camille")
    changed = room.call("POST", "/accounts", {"persona": "camille", "city": "Villeurbanne"})
    assert (changed["uuid"], changed["city"]) == (before["uuid"], "Villeurbanne")


def test_a_change_is_seen_by_the_next_userinfo(room: Room, site: Registered) -> None:
    """OpenID Connect Core 1.0, 5.3: claims as they are now."""
    room.call("POST", "/logins", {"account": "camille"})
    token = site.tokens()["access_token"]
    room.call("PATCH", "/accounts/camille", {"last_name": "Dupré-Martin", "email": "camille2@citoyen.example"})
    told = site.userinfo(token).json
    assert (told["family_name"], told["email"]) == ("Dupré-Martin", "camille2@citoyen.example")


def test_an_erased_account_is_out_everywhere(room: Room, site: Registered) -> None:
    """As when its holder erases it."""
    room.call("POST", "/logins", {"account": "camille"})
    token = site.tokens()["access_token"]
    room.call("DELETE", "/accounts/camille")
    assert site.userinfo(token).status_code == 401
    assert room.call("GET", "/accounts/camille", expected=404)


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        (
            "text/csv",
            CSV,
        ),
        ("application/yaml", YAML),
    ],
)
def test_accounts_are_loaded_from_a_partner_s_own_data(room: Room, media_type: str, text: str) -> None:
    """Peers, 58: so that identities match those of the data's other providers."""
    made = room.send("POST", "/accounts/import", data=text.encode(), headers={"Content-Type": media_type})
    assert made.status_code == 201, made.text
    anne, bob = made.json["accounts"]
    assert (anne["last_name"], anne["birthdate"], anne["email_verified"]) == ("Né", "1970-00-00", False)
    assert bob["email_verified"] is True


def test_a_row_that_cannot_be_loaded_is_named_and_none_is(room: Room) -> None:
    """All or none."""
    text = "email,last_name\nanne@p.example,Né\npas une adresse,X\n"
    refused = room.send("POST", "/accounts/import", data=text.encode(), headers={"Content-Type": "text/csv"})
    assert (refused.status_code, "row 2" in refused.json["detail"]) == (400, True)
    assert room.call("GET", "/accounts/anne@p.example", expected=404)


def test_a_file_in_another_encoding_is_refused_rather_than_misread(room: Room) -> None:
    """What a spreadsheet saves unless told: « Né » would be a name with a question mark."""
    refused = room.send("POST", "/accounts/import", data=CSV.encode("cp1252"), content_type="text/csv")
    assert refused.status_code == 400
    assert "UTF-8" in refused.json["detail"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("email,city\n", "no account"),
        ("email,street\na@p.example,3, rue Haute\n", "row 1: more cells"),
        ("email,email_verified\na@p.example,ouais\n", "row 1: email_verified is true or false"),
    ],
)
def test_a_csv_that_would_lose_something_is_refused(room: Room, text: str, told: str) -> None:
    """All or none; an address with a comma goes between quotes."""
    refused = room.send("POST", "/accounts/import", data=text.encode(), content_type="text/csv")
    assert refused.status_code == 400
    assert told in refused.json["detail"]


def test_an_unknown_attribute_is_refused_with_those_there_are(room: Room) -> None:
    """A misspelt name would otherwise make a test vacuous."""
    refused = room.call("POST", "/accounts", {"email": "a@b.example", "prenom": "Anne"}, expected=400)
    assert "'prenom'" in refused["detail"]
    assert "first_name" in refused["detail"]


# ── Clients, agreements, consents ──────────────────────────────────────────────────────────────────────────────────


def test_a_client_has_the_identifiers_of_the_site_s_configuration(room: Room) -> None:
    """A site under test is often configured once and for all."""
    room.call("PUT", "/logins/auto", {"account": "camille"})
    site = room.client(client_id="lyon-fr", client_secret="le secret que le site connaît déjà")
    assert (site.client_id, site.tokens()["token_type"]) == ("lyon-fr", "Bearer")


def test_a_changed_client_is_as_changed_from_the_next_request_on(room: Room, site: Registered) -> None:
    """Fields that are not given stay."""
    room.call("PUT", "/logins/auto", {"account": "camille"})
    assert jwt.get_unverified_header(site.tokens()["id_token"])["alg"] == "RS256"
    changed = room.call("PATCH", f"/clients/{site.client_id}", {"id_token_alg": "HS256", "consent_mode": "NONE"})
    assert changed["redirect_uris"] == [CALLBACK]
    assert jwt.get_unverified_header(site.tokens()["id_token"])["alg"] == "HS256"


def test_client_metadata_of_the_standard_are_taken(make_room: Make) -> None:
    """OpenID Connect Dynamic Client Registration 1.0, 2."""
    room = make_room(dialect="standard", login="camille")
    site = room.client(
        metadata={"userinfo_signed_response_alg": "RS256", "token_endpoint_auth_method": "client_secret_basic"}
    )
    answer = site.userinfo(site.tokens()["access_token"])
    assert answer.mimetype == "application/jwt"
    assert room.call("POST", "/clients", {"redirect_uris": [CALLBACK], "metadata": {"jwks_url": 1}}, expected=400)


def test_client_metadata_that_are_fields_of_ours_are_taken_too(room: Room) -> None:
    """The same: whoever copies a registration need not know which members are kept where."""
    logout = "https://site.example/logout"
    metadata = {"client_name": "Copié", "scope": "openid email", "id_token_signed_response_alg": "HS256"}
    told = room.call(
        "POST",
        "/clients",
        {
            "redirect_uris": [CALLBACK],
            "metadata": {**metadata, "frontchannel_logout_uri": logout, "client_uri": CALLBACK},
        },
    )
    names = ("name", "scopes", "id_token_alg", "frontchannel_logout_uri", "home_url", "metadata")
    assert [told[name] for name in names] == ["Copié", ["openid", "email"], "HS256", logout, CALLBACK, {}]


@pytest.mark.parametrize(
    ("changes", "access"),
    [
        ({"suspended": True}, False),
        ({"terminated_on": "2026-03-01"}, False),
        ({"hard_end_on": "2026-03-01"}, False),
        ({"notified_on": None}, False),
        ({"terminated_on": "2026-03-02"}, True),
    ],
)
def test_an_agreement_s_dates_open_and_close_a_production_site(
    make_room: Make, changes: dict[str, object], access: bool
) -> None:
    """R31 to R34: what the registry says is what the provider does, at that instant."""
    room = make_room(now="2026-03-02T11:00:00Z", frozen=True)
    site = room.client(partner="bron", environment="PRODUCTION")
    known = room.call("GET", "/agreements?partner=bron")["agreements"]
    [running] = [each for each in known if each["status"] == "agreement_in_force"]
    room.call("PUT", "/logins/auto", {"account": "camille"})
    room.call("PATCH", "/accounts/camille", {"test_identity": False})
    assert "code" in site.log_in()
    room.call("PATCH", f"/agreements/{running['number']}", changes)
    answer = site.authorize()
    assert answer.headers["Location"].startswith(CALLBACK) is access


OTHERS = """\
partners:
- slug: venissieux
  insee_code: 69259
  contacts:
  - {role: DPO, name: La DPO, email: dpo@venissieux.example}
  agreements:
  - number: CONV-1
    framework: Essai
    offer: GLOBAL
    starts_on: 2026-01-01
    hard_end_on: 2029-12-31
    notified_on: 2026-01-05
  processings:
  - name: Inscriptions
    validated_on: 2026-01-05
    purposes:
    - {text: Inscrire vos enfants, claims: {email: Prévenir la famille, family_name: Nommer le dossier}}
  clients:
  - client_id: venissieux-essai
    versions: [{name: Mairie (essai), redirect_uris: ["https://site.example/callback"], id_token_alg: RS256}]
"""


@pytest.mark.parametrize("seeded", [True, False])
def test_partners_of_one_s_own_come_from_a_file(make_room: Make, seeded: bool) -> None:
    """Point 2: clients, agreements; docs/registry-yaml.md. In an empty space there is no other partner."""
    room = make_room(seeded=seeded, now="2026-03-02T11:00:00Z")
    done = room.send("POST", "/registry/import", data=OTHERS.encode(), content_type="application/yaml")
    assert done.status_code == 201, done.text
    [made] = done.json["secrets"]
    room.call("POST", "/accounts", {"persona": "camille"})
    room.call("PUT", "/logins/auto", {"account": "camille"})
    secret = room.call("GET", "/clients/venissieux-essai")["client_secret"]
    assert secret in made.values()
    site = Registered(room, "venissieux-essai", secret, made)
    told = site.userinfo(site.tokens()["access_token"]).json
    assert (told["email"], told["family_name"]) == ("camille@citoyen.example", "Dupré")
    assert "slug: venissieux" in room.send("GET", "/registry").text
    [agreement] = room.call("GET", "/agreements?partner=venissieux")["agreements"]
    assert agreement["status"] == "agreement_in_force"


def test_a_file_that_cannot_be_read_adds_nothing_and_names_its_key(room: Room) -> None:
    """All or none."""
    wrong = OTHERS.replace("GLOBAL", "GLOBALE").encode()
    refused = room.send("POST", "/registry/import", data=wrong, content_type="application/yaml")
    assert refused.status_code == 400
    assert "partners[0].agreements[0].offer" in refused.json["detail"]
    assert room.call("GET", "/agreements?partner=venissieux") == {"agreements": []}


def test_a_consent_given_beforehand_is_not_asked_for(room: Room, site: Registered) -> None:
    """And asked for again once withdrawn; what it gave is dead."""
    room.call("POST", "/logins", {"account": "camille", "remember": True})
    site.log_in()
    room.call("DELETE", "/consents?account=camille")
    room.call("POST", "/consents", {"account": "camille", "client_id": site.client_id})
    token = site.tokens()["access_token"]
    assert len(room.call("GET", "/consents?account=camille")["consents"]) == 1
    assert room.call("DELETE", f"/consents?account=camille&client_id={site.client_id}") == {"withdrawn": 1}
    assert site.userinfo(token).status_code == 401
    assert 'id="a2-oidc-authorization-form"' in site.authorize().text


# ── Tokens ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_id_token_is_minted_with_claims_of_one_s_own(room: Room, site: Registered) -> None:
    """Rightly signed, whatever it says; null takes a claim away."""
    changes = {"exp": 1, "sub": None, "nouveau": [1]}
    asked = {"kind": "id_token", "account": "camille", "client_id": site.client_id, "claims": changes, "nonce": "n"}
    token = room.call("POST", "/tokens", asked)["token"]
    keys = site.browser.get(f"{room.base}/idp/oidc/certs").json["keys"]
    key = next(each for each in keys if each["kid"] == jwt.get_unverified_header(token)["kid"])
    claims = jwt.decode(token, jwt.PyJWK(key), ["RS256"], audience=site.client_id, options={"verify_exp": False})
    assert (claims["exp"], claims["nouveau"], claims["nonce"], "sub" in claims) == (1, [1], "n", False)


def test_minted_codes_and_tokens_work(room: Room) -> None:
    """Without anybody having logged in: a test of userinfo alone needs no browser."""
    site = room.client(refresh_tokens=True)

    def mint(kind: str) -> str:
        return str(
            room.call("POST", "/tokens", {"kind": kind, "account": "helene", "client_id": site.client_id})["token"]
        )

    assert site.userinfo(mint("access_token")).json["given_name"] == "Hélène Œnone"
    assert site.redeem(mint("code")).status_code == 200
    assert site.refresh(mint("refresh_token")).status_code == 200


def test_a_logout_token_is_minted_with_its_event(room: Room, site: Registered) -> None:
    """OpenID Connect Back-Channel Logout 1.0, 2.4."""
    asked = {"kind": "logout_token", "account": "camille", "client_id": site.client_id}
    token = room.call("POST", "/tokens", asked)["token"]
    assert list(said(token)["events"]) == ["http://schemas.openid.net/event/backchannel-logout"]  # type: ignore[call-overload]
    assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"


# ── Sessions, logout, keys, time, mail ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def told() -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """Where a site is told of logouts, and what it was told."""
    received: list[dict[str, list[str]]] = []

    class Site(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/backchannel", received
    server.shutdown()
    server.server_close()


def test_sessions_are_ended_and_sites_told(make_room: Make, told: tuple[str, list[dict[str, list[str]]]]) -> None:
    """As any end of a session; the call is in the journal."""
    url, received = told
    room = make_room(dialect="standard", login="camille")
    site = room.client(metadata={"backchannel_logout_uri": url})
    token = site.tokens()["access_token"]
    [session] = room.call("GET", "/sessions?account=camille")["sessions"]
    assert list(session["clients"]) == [site.client_id]
    assert room.call("DELETE", "/sessions?account=camille") == {"ended": 1, "told": 1}
    assert said(received[0]["logout_token"][0])["sid"] == session["clients"][site.client_id]
    assert site.userinfo(token).status_code == 401
    [noted] = [each for each in room.call("GET", "/journal")["exchanges"] if each["outgoing"]]
    assert (noted["endpoint"], noted["status"], noted["client_id"]) == ("backchannel_logout", 200, site.client_id)
    assert noted["form"][0][1].startswith("‹logout_token:")


def test_a_logout_is_told_again_and_again_without_ending_anything(
    room: Room, told: tuple[str, list[dict[str, list[str]]]]
) -> None:
    """Each with a `jti` of its own."""
    url, received = told
    site = room.client(metadata={"backchannel_logout_uri": url}, frontchannel_logout_uri="https://site.example/out")
    room.call("PUT", "/logins/auto", {"account": "camille"})
    token = site.tokens()["access_token"]
    asked = {"account": "camille", "client_id": site.client_id}
    for _ in range(2):
        assert room.call("POST", "/logouts", asked)["delivered"] is True
    first, second = (said(each["logout_token"][0]) for each in received)
    assert first["jti"] != second["jti"]
    assert site.userinfo(token).status_code == 200
    url = room.call("POST", "/logouts", {**asked, "kind": "frontchannel"})["url"]
    assert url.startswith("https://site.example/out?iss=")


def test_a_session_whose_client_was_told_ends_and_is_told_in_its_turn(
    make_room: Make, told: tuple[str, list[dict[str, list[str]]]]
) -> None:
    """A logout that was sent to see what the site makes of it leaves nothing behind."""
    url, received = told
    room = make_room(dialect="standard", login="camille")
    site = room.client(metadata={"backchannel_logout_uri": url})
    site.tokens()
    assert room.call("POST", "/logouts", {"account": "camille", "client_id": site.client_id})["delivered"] is True
    assert room.call("DELETE", "/sessions?account=camille") == {"ended": 1, "told": 1}
    assert len(received) == 2


def test_a_key_is_doubled_alone_and_only_if_it_is_published(room: Room, site: Registered) -> None:
    """RFC 7517, 4.5; a mistyped kid would make a test vacuous."""
    for alg in ("RS256", "RS256"):
        kid = room.call("POST", "/keys/rotate", {"alg": alg})["kid"]
    room.call("POST", f"/keys/{kid}/duplicate")
    published = [key["kid"] for key in site.browser.get(f"{room.base}/idp/oidc/certs").json["keys"]]
    assert [each for each in sorted(set(published)) if published.count(each) > 1] == [kid]
    assert len(set(published)) > 1
    assert room.call("POST", "/keys/inconnue/duplicate", expected=404)


def test_a_site_in_production_is_held_to_what_can_be_registered(room: Room) -> None:
    """Only where its addresses may be is not asked."""
    asked = {"redirect_uris": ["pas une adresse"], "partner": "bron", "environment": "PRODUCTION"}
    assert room.call("POST", "/clients", asked, expected=400)


def test_keys_rotate_at_once_and_are_withdrawn(room: Room, site: Registered) -> None:
    """OpenID Connect Core 1.0, 10.1.1."""
    room.call("PUT", "/logins/auto", {"account": "camille"})

    def published() -> set[str]:
        return {each["kid"] for each in site.browser.get(f"{room.base}/idp/oidc/certs").json["keys"]}

    old = jwt.get_unverified_header(site.tokens()["id_token"])["kid"]
    new = room.call("POST", "/keys/rotate", {"alg": "RS256"})["kid"]
    assert jwt.get_unverified_header(site.tokens()["id_token"])["kid"] == new
    assert {old, new} <= published()
    room.call("POST", f"/keys/{new}/withdraw")
    assert new not in published()
    assert jwt.get_unverified_header(site.tokens()["id_token"])["kid"] != new


@pytest.mark.parametrize(
    ("moved", "alive"), [({"seconds": 28_800}, False), ({"hours": 7, "minutes": 59}, True), ({"days": -1}, True)]
)
def test_the_clock_rules_sessions_and_tokens(room: Room, site: Registered, moved: dict[str, int], alive: bool) -> None:
    """Point 3."""
    room.call("POST", "/logins", {"account": "camille"})
    token = site.tokens()["access_token"]
    room.call("POST", "/clock/advance", moved)
    assert (site.userinfo(token).status_code == 200) is alive


def test_a_clock_is_set_goes_on_and_is_frozen(make_room: Make) -> None:
    """Point 3."""
    room = make_room(now="2019-06-01T00:00:00Z")
    assert room.call("GET", "/clock")["now"].startswith("2019-06-01T00:00:0")
    still = room.call("PUT", "/clock", {"frozen": True})["now"]
    assert room.call("GET", "/clock") == {"now": still, "frozen": True}
    room.call("PUT", "/logins/auto", {"account": "camille"})
    claims = said(room.client().tokens()["id_token"])
    assert str(claims["iat"]) == str(int(dt.datetime.fromisoformat(still).timestamp()))
    moved = room.call("PUT", "/clock", {"now": "2030-01-01T12:00:00+01:00", "frozen": False})
    assert (moved["now"][:16], moved["frozen"]) == ("2030-01-01T11:00", False)


def test_a_member_that_is_misspelt_is_refused_with_those_there_are(room: Room) -> None:
    """« What is refused says what to change »."""
    told = room.call("POST", "/clock/advance", {"minute": 5}, expected=400)
    assert told["detail"] == "minute: no such member; there are: seconds, minutes, hours, days"


@pytest.mark.parametrize(
    ("method", "path", "content", "told"),
    [
        ("PUT", "/clock", {}, "now"),
        ("PUT", "/clock", {"now": None}, "now"),
        ("POST", "/clock/advance", {}, "minutes"),
        ("PUT", "/logins/auto", {}, "account"),
        ("PATCH", "/accounts/camille", {}, "password"),
        ("PATCH", "/agreements/GNM-2019-bron", {}, "suspended"),
        ("PATCH", "/clients/x", {}, "metadata"),
        ("POST", "/tokens", {**WHOSE, "kind": "access_token", "claims": {"exp": 1}}, "id_token"),
        ("POST", "/consents", {**WHOSE, "scopes": ["emails"]}, "email"),
        ("POST", "/logins", {"account": "camille@citoyen.example", "does": "registers"}, "has an account"),
        ("DELETE", "/sessions?acount=camille", None, "account"),
        ("GET", "/mails?recipient=camille@citoyen.example", None, "to"),
        ("GET", "/journal?endpoint=tokens", None, "token"),
        ("POST", "/journal/wait", {"endpoint": "user_info", "timeout_in": 0}, "userinfo"),
    ],
)
def test_a_call_that_would_do_nothing_or_too_much_is_refused_with_what_to_send(
    room: Room, site: Registered, method: str, path: str, content: object, told: str
) -> None:
    """« What is refused says what to change »: a slip must not pass for a test that did something."""
    room.call("PUT", "/logins/auto", {"account": "camille"})
    site.tokens()
    if isinstance(content, dict) and "client_id" in content:
        content = {**content, "client_id": site.client_id}
    refused = room.send(method, path, content)
    assert refused.status_code in {400, 409}
    assert told in refused.json["detail"]
    assert len(room.call("GET", "/sessions")["sessions"]) == 1


def test_mails_are_read_by_the_test(room: Room, site: Registered) -> None:
    """None ever leaves; the links in them lead into the space."""
    from bs4 import BeautifulSoup

    page = site.browser.get(f"{room.base}/password/reset/")
    form = BeautifulSoup(page.text, "html.parser").find("main").find("form")
    fields = {each["name"]: each.get("value", "") for each in form.find_all("input") if each.get("name")}
    fields |= {name: "camille@citoyen.example" for name in fields if "mail" in name}
    site.browser.post(f"{room.base}/password/reset/", data=fields, headers={"Referer": "http://localhost/"})
    [mail] = room.call("GET", "/mails?to=camille@citoyen.example")["mails"]
    assert f"{room.told['issuer']}password/reset/" in mail["text"]
    assert room.call("GET", "/mails?to=autre@citoyen.example") == {"mails": []}
