"""Everything that a test may do to its space, against the real simulator."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jwt
import pytest
from environments import ROOT
from pytest_grandlyonconnect import Callback, Client, LoginStopped, Refused, Server, Space

NOON = dt.datetime(2026, 3, 2, 11, tzinfo=dt.UTC)
CALLBACK = "http://localhost:3000/callback"


@pytest.fixture
def glc(testkit: str) -> Iterator[Space]:
    """As the plugin's fixture of that name."""
    space = Server(testkit).space()
    yield space
    space.delete()


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The site of the example."""
    spec = importlib.util.spec_from_file_location("example_site", ROOT / "pytest_plugin/example/site_under_test.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "example_site", module)  # dataclasses look there
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(glc: Space) -> Client:
    """The site's registration."""
    return glc.client(CALLBACK, id_token_alg="HS256", name="Mairie d’essai")


@pytest.fixture
def site(glc: Space, client: Client, example: ModuleType) -> Any:
    """That site, connected."""
    return example.Site(glc.issuer, client.client_id, client.client_secret)


def test_a_new_account_logs_in_and_is_known_by_what_it_was_given(glc: Space, site: Any) -> None:
    """A persona, changed."""
    zoe = glc.account("camille", email="zoe@citoyen.example", first_name="Zoë")
    glc.next_login(zoe)
    user = site.callback(glc.log_in(site.login()))
    assert (user["given_name"], user["family_name"]) == ("Zoë", "Dupré")
    glc.change_account(zoe, last_name="Lefèvre")
    assert glc.find_account("zoe@citoyen.example")["last_name"] == "Lefèvre"
    assert zoe.uuid in {each.uuid for each in glc.accounts()}
    glc.delete_account(zoe)
    assert zoe.uuid not in {each.uuid for each in glc.accounts()}


def test_accounts_come_from_a_file(glc: Space, tmp_path: Path) -> None:
    """So that they match a partner's own data."""
    file = tmp_path / "people.csv"
    file.write_text("email,first_name,last_name\nana@citoyen.example,Ana,Novák\n", encoding="utf-8")
    (ana,) = glc.import_accounts(file)
    assert ana["last_name"] == "Novák"
    other = tmp_path / "people.yaml"
    other.write_text("- email: bo@citoyen.example\n  first_name: Bo\n", encoding="utf-8")
    assert [each.email for each in glc.import_accounts(other)] == ["bo@citoyen.example"]


def test_two_spaces_do_not_know_each_other(glc: Space, testkit: str) -> None:
    """Isolation."""
    other = Server(testkit).space(dialect="standard")
    zoe = other.account("camille", email="zoe@citoyen.example")
    with pytest.raises(Refused) as refused:
        glc.find_account(zoe)
    assert refused.value.status == 404
    assert other.dialect == "standard"
    other.delete()
    with pytest.raises(Refused):
        other.state()
    other.delete()  # again is no error


@pytest.mark.parametrize("does", ["refuses", "cancels"])
def test_whoever_does_not_accept_sends_the_site_an_error(glc: Space, site: Any, does: Any) -> None:
    """Scripted for the next login only."""
    glc.next_login("camille", does)
    callback = glc.log_in(site.login())
    assert callback.parameters["error"] == "access_denied"
    assert "code" in glc.log_in(site.login(), "camille").parameters


def test_wrong_passwords_come_first(glc: Space, site: Any) -> None:
    """And then the right one."""
    glc.next_login("camille", "fails_then_accepts", failures=1)
    assert site.callback(glc.log_in(site.login()))["email"]


def test_an_automatic_login_holds_until_it_is_taken_back(glc: Space, site: Any) -> None:
    """Then the login page is shown, and the walker says so."""
    glc.auto_login("camille")
    for _ in range(2):
        assert site.callback(glc.log_in(site.login()))["given_name"] == "Camille"
    glc.auto_login(None)
    with pytest.raises(LoginStopped, match="call next_login"):
        glc.log_in(site.login())


def test_an_error_that_stays_at_the_provider_is_told_with_its_hint(glc: Space, site: Any) -> None:
    """The page says what to change."""
    site.redirect_uri = "http://localhost:3000/elsewhere"
    with pytest.raises(LoginStopped, match=r"Redirect URI .* is unknown") as stopped:
        glc.log_in(site.login(), "camille")
    assert stopped.value.url.startswith(glc.issuer)


def test_a_posted_answer_is_a_callback_with_its_form(testkit: str, example: ModuleType) -> None:
    """OAuth 2.0 Form Post Response Mode."""
    glc = Server(testkit).space(dialect="standard")
    registered = glc.client(CALLBACK)
    site = example.Site(glc.issuer, registered.client_id, registered.client_secret)
    callback = glc.log_in(site.login() + "&response_mode=form_post", "camille")
    assert isinstance(callback, Callback)
    assert (callback, callback.posted) == (CALLBACK, True)
    assert callback.parameters["state"] == site.visitor["state"]
    glc.delete()


def test_time_is_put_advanced_and_frozen(glc: Space) -> None:
    """The space's own."""
    glc.clock.set(NOON, frozen=True)
    glc.clock.advance(minutes=5, hours=1)
    assert glc.clock.now() == NOON + dt.timedelta(hours=1, minutes=5)
    glc.clock.unfreeze()
    assert glc.clock.now() > NOON + dt.timedelta(hours=1, minutes=5)
    glc.clock.freeze()
    assert glc.clock.now() == glc.clock.now()


def test_a_snapshot_brings_everything_back(glc: Space) -> None:
    """Accounts and time; a reset goes back to the seed."""
    glc.clock.set(NOON, frozen=True)
    glc.account("camille", email="zoe@citoyen.example")
    glc.snapshot()
    glc.delete_account("zoe@citoyen.example")
    glc.clock.advance(days=2)
    glc.restore()
    assert glc.find_account("zoe@citoyen.example").email == "zoe@citoyen.example"
    assert glc.clock.now() == NOON
    glc.reset()
    with pytest.raises(Refused):
        glc.find_account("zoe@citoyen.example")


def test_keys_are_rotated_and_withdrawn(glc: Space) -> None:
    """What is signed afterwards names the new one."""
    registered = glc.client(CALLBACK)
    before = jwt.get_unverified_header(glc.mint.id_token("camille", registered))["kid"]
    glc.keys.rotate()
    after = jwt.get_unverified_header(glc.mint.id_token("camille", registered))["kid"]
    assert before != after
    glc.keys.withdraw(after)
    assert jwt.get_unverified_header(glc.mint.id_token("camille", registered))["kid"] != after
    assert {before, after} <= {each["kid"] for each in glc.keys.all()}


def test_tokens_are_minted_as_wanted(glc: Space, client: Client) -> None:
    """Claims replaced and taken away."""
    token = glc.mint.id_token("camille", client, nonce="n", claims={"aud": "somebody-else", "iat": None})
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["nonce"], "iat" in claims) == ("somebody-else", "n", False)
    assert glc.mint.access_token("camille", client) != glc.mint.access_token("camille", client)
    assert glc.mint.code("camille", client, redirect_uri=CALLBACK)
    assert glc.mint.logout_token("camille", client).count(".") == 2


def test_a_minted_refresh_token_is_one(glc: Space) -> None:
    """For a client that may have them."""
    registered = glc.client(CALLBACK, refresh_tokens=True)
    assert glc.mint.refresh_token("camille", registered)


def test_sessions_end(glc: Space, site: Any) -> None:
    """Whoever was logged in is asked again."""
    site.callback(glc.log_in(site.login(), "camille"))
    assert len(glc.sessions.all("camille")) == 1
    glc.sessions.end("camille")
    assert glc.sessions.all() == []


def test_consents_are_given_and_taken_back(glc: Space, client: Client) -> None:
    """Without a page."""
    glc.consents.give("camille", client)
    assert len(glc.consents.all("camille")) == 1
    glc.consents.withdraw("camille", client)
    assert glc.consents.all("camille") == []


def test_an_agreement_that_is_suspended_shuts_the_door(glc: Space, site: Any) -> None:
    """What the registry says is what the provider does."""
    for each in glc.agreements.all():
        glc.agreements.change(each["number"], suspended=True)
    with pytest.raises(LoginStopped):
        glc.log_in(site.login(), "camille")


def test_a_file_of_the_registry_brings_partners_of_one_s_own(glc: Space, tmp_path: Path) -> None:
    """docs/registry-yaml.md."""
    file = tmp_path / "registre.yaml"
    file.write_text("partners: [{slug: venissieux, insee_code: 69259}]", encoding="utf-8")
    assert glc.import_registry(file)["added"]["partner"] == 1
    assert glc.client("http://localhost/callback", partner="venissieux").told["partner"] == "venissieux"


def test_the_journal_is_waited_for_and_judged(glc: Space, site: Any, client: Client) -> None:
    """What the site did; and what it did not, with the exchange where that is seen."""
    site.callback(glc.log_in(site.login(), "camille"))
    (token,) = glc.journal.wait_for("token", client=client, status=200)
    assert token["client_id"] == client.client_id
    glc.journal.expect("pkce_s256", "nonce_sent", jwks_fetched_at_most=0, client_authenticated_by="client_secret_basic")
    with pytest.raises(AssertionError, match=r"client_authenticated_by: .*client_secret_post"):
        glc.journal.expect(client_authenticated_by="client_secret_post")
    with pytest.raises(Refused, match="no_such_check"):
        glc.journal.expect("no_such_check")
    with pytest.raises(AssertionError, match="1 × endpoint revoke expected"):
        glc.journal.wait_for("revoke", timeout_in=0.1)
    (flow,) = glc.journal.flows()
    assert flow["outcome"] == "logged_in"
    assert glc.journal.exchanges("token", flow=str(flow["id"])) == [token]
    glc.journal.clear()
    assert glc.journal.exchanges() == []


def test_the_catalogue_is_told(testkit: str) -> None:
    """What faults there are."""
    assert all({"name", "rp_must"} <= each.keys() for each in Server(testkit).faults())


def test_mails_are_read(glc: Space) -> None:
    """None yet; what is not done yet is done now."""
    glc.run_jobs()
    assert glc.mails(to="camille@citoyen.example") == []


def test_a_persona_that_there_is_not_is_told_which_there_are(glc: Space) -> None:
    """A misspelt name is found at once."""
    with pytest.raises(ValueError, match="no persona is named 'camile'; there are: camille"):
        glc.persona("camile")


def test_what_the_readme_lists_can_be_done(glc: Space, site: Any, example: ModuleType, tmp_path: Path) -> None:
    """pytest_plugin/README.md, « What a test can do », line by line, with a site that logs people in meanwhile."""
    page = (ROOT / "pytest_plugin/README.md").read_text(encoding="utf-8")
    listed = page.partition("## What a test can do\n")[2].partition("```python\n")[2].partition("```")[0]
    told_of_logouts = listed.replace("post_logout", 'metadata={"backchannel_logout_uri": CALLBACK}, post_logout', 1)
    first, fault, then = told_of_logouts.partition("with glc.fault")
    people = tmp_path / "people.csv"
    people.write_text("email\nana@citoyen.example\n", encoding="utf-8")
    known: dict[str, Any] = {"glc": glc, "CALLBACK": CALLBACK, "authorization_url": site.login(), "people": people}
    exec(first, known)
    site.callback(known["callback"])
    site.fetch(site.discovered()["jwks_uri"])

    def a_login() -> None:
        with pytest.raises(example.NotLoggedIn):
            site.callback(glc.log_in(site.login(), "camille"))

    assert "    ...  # a login" in then
    exec(fault + then.replace("    ...", "    a_login()"), known | {"a_login": a_login})
