"""Settings: where they come from, and what a wrong one is answered."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from glc.errors import SettingsError
from glc.settings import Settings, load_settings, shown, unknown_variables

KEY = "c2VjcmV0LXRoYXQtbm9ib2R5LW11c3Qtc2VlLTAwMDA"


def test_without_anything_the_issuer_is_localhost_8040_with_its_final_slash() -> None:
    """Issue, « Interface that must keep these names »."""
    settings = load_settings(environ={})
    assert settings.issuer == "http://localhost:8040/"
    assert (settings.code_lifetime_in, settings.id_token_lifetime_in) == (30, 30)


def test_the_environment_wins_over_the_file_and_an_option_over_both(tmp_path: Path) -> None:
    """Issue, « Ground »: from environment or a TOML file."""
    file = tmp_path / "glc.toml"
    file.write_text('port = 1111\nthreads = 7\nlog_format = "json"\n')
    environment = {"GLC_SETTINGS": str(file), "GLC_PORT": "2222", "GLC_LOG_FORMAT": "console"}
    settings = load_settings({"port": 3333, "host": None}, environ=environment)
    assert (settings.port, settings.threads, settings.log_format) == (3333, 7, "console")


def test_settings_cannot_be_changed_once_made() -> None:
    """Issue, « Ground »: one frozen object."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GLC_PORT", "many"),
        ("GLC_THREADS", "-1"),
        ("GLC_ALLOW_HTTP", "perhaps"),
        ("GLC_LOGIN_SLOWDOWN_FACTOR", "x"),
        ("GLC_LOG_LEVEL", "loud"),
        ("GLC_ISSUER", "localhost:8040"),
        ("GLC_ISSUER", "http://glc.example/"),
        ("GLC_ISSUER", "https://glc.example/?x=1"),
        ("GLC_ISSUER", "https://glc.example/?"),
        ("GLC_ISSUER", "https://glc.example/#"),
        ("GLC_ISSUER", "https://glc.example:99999/"),
        ("GLC_ISSUER", "https://glc.example/a b/"),
        ("GLC_PORT", "0"),
        ("GLC_PORT", "65536"),
        ("GLC_THREADS", "0"),
        ("GLC_WORKERS", "0"),
        ("GLC_ARGON2_PASSES", "0"),
        ("GLC_ARGON2_MEMORY", "7"),
        ("GLC_CODE_LIFETIME_IN", "0"),
        ("GLC_ID_TOKEN_LIFETIME_IN", "0"),
        ("GLC_SESSION_LIFETIME_IN", "0"),
        ("GLC_SESSION_LIFETIME_IN", "99999999999"),
        ("GLC_CONSENT_REMEMBERED_IN", "3651"),
        ("GLC_LOGIN_SLOWDOWN_FACTOR", "0.5"),
        ("GLC_LOGIN_SLOWDOWN_FACTOR", "inf"),
        ("GLC_LOGIN_SLOWDOWN_FACTOR", "nan"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(variable: str, value: str) -> None:
    """Issue, « Ground »: a wrong value named with its key."""
    with pytest.raises(SettingsError) as refused:
        load_settings(environ={variable: value, "GLC_MASTER_KEY": KEY})
    assert variable in refused.value.message
    assert value in refused.value.message


def test_an_issuer_is_written_with_its_final_slash_or_without() -> None:
    """Sites compare it to the letter; paths are appended to it either way."""
    settings = Settings(issuer="http://localhost:8040/pilote")
    assert (settings.issuer, settings.base_url) == ("http://localhost:8040/pilote", "http://localhost:8040/pilote/")
    assert settings.path == "/pilote"


def test_browsers_and_servers_may_reach_it_by_other_names_with_the_same_path() -> None:
    """What a container calls the provider, a browser often cannot."""
    named = {"issuer": "http://glc:8040/a/", "frontchannel_url": "http://localhost:8040/a", "allow_http": True}
    settings = Settings(**named, backchannel_url="http://glc:8040/a", master_key=KEY)
    assert (settings.base_url, settings.server_base_url) == ("http://localhost:8040/a/", "http://glc:8040/a/")
    with pytest.raises(SettingsError, match="frontchannel_url"):
        Settings(**named | {"frontchannel_url": "http://localhost:8040/b"}, master_key=KEY)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"smtp_url": "smtp://mail.example"}, "smtp_url"),
        ({"database_url": "postgresql://base.example/glc"}, "database_url"),
        ({"issuer": "https://moncompte.grandlyon.com/", "master_key": KEY}, "testkit_public_host = moncompte"),
        ({"issuer": "http://glc:8040/", "allow_http": True, "master_key": KEY}, "testkit_key"),
        ({"workers": 2}, "workers"),
    ],
)
def test_test_powers_are_refused_where_settings_look_like_production(values: dict[str, object], told: str) -> None:
    """Issue « Testkit », 9: refused with an explanation that names the setting."""
    with pytest.raises(SettingsError, match=told):
        Settings(testkit=True, **values)
    Settings(**values)


def test_test_powers_may_be_had_under_a_public_name_that_is_for_tests() -> None:
    """A shared instance for trials, whose operator writes its name again."""
    host = "recette.grandlyon.com"
    values = {"issuer": f"https://{host}/", "master_key": KEY, "testkit_key": "k" * 16}
    assert Settings(testkit=True, testkit_public_host=host, **values).testkit


def test_a_public_name_for_browsers_is_public_whatever_the_issuer() -> None:
    """An issuer on this machine excuses neither the development key nor test powers then."""
    with pytest.raises(SettingsError, match="master_key"):
        Settings(frontchannel_url="https://moncompte.grandlyon.com/")
    with pytest.raises(SettingsError, match="testkit_public_host"):
        Settings(frontchannel_url="https://moncompte.grandlyon.com/", testkit=True)
    assert Settings(frontchannel_url="http://127.0.0.1:8040/", testkit=True).on_this_machine


def test_an_issuer_that_holds_a_password_is_refused_without_showing_it() -> None:
    """It would be published in every token."""
    with pytest.raises(SettingsError, match="GLC_ISSUER") as refused:
        Settings(issuer="http://somebody:hunter2@localhost:8040/")
    assert "hunter2" not in refused.value.message


def test_an_unknown_key_of_the_file_is_named(tmp_path: Path) -> None:
    """A misspelt key must not be passed over in silence."""
    file = tmp_path / "glc.toml"
    file.write_text('isuer = "https://glc.example/"\n')
    with pytest.raises(SettingsError, match="isuer"):
        load_settings(file=file, environ={})


@pytest.mark.parametrize("text", ["port = [1]", "port = 1.5", "port = true", "issuer = 3", "allow_http = 2", "port ="])
def test_a_value_of_the_wrong_type_in_the_file_is_refused(tmp_path: Path, text: str) -> None:
    """A fraction of a port, a number for a text: refused in one sentence, never a traceback."""
    file = tmp_path / "glc.toml"
    file.write_text(text)
    with pytest.raises(SettingsError):
        load_settings(file=file, environ={})


def test_an_issuer_of_the_world_needs_a_master_key_of_its_own() -> None:
    """The development key is known to everybody: it serves on this machine only."""
    with pytest.raises(SettingsError, match="GLC_MASTER_KEY"):
        Settings(issuer="https://glc.example/")
    with pytest.raises(SettingsError, match="GLC_MASTER_KEY"):
        Settings(issuer="https://glc.example/", master_key=Settings().effective_master_key)
    assert Settings(issuer="https://glc.example/", master_key=KEY).secure


def test_everybodys_mail_is_never_shown_to_the_world() -> None:
    """A test power is refused where others could use it."""
    with pytest.raises(SettingsError, match="GLC_OUTBOX_PAGE"):
        Settings(issuer="https://glc.example/", master_key=KEY, outbox_page=True)


def test_a_refusal_never_shows_a_secret(tmp_path: Path) -> None:
    """No secret in any message."""
    file = tmp_path / "glc.toml"
    for name in ("master_key", "smtp_url", "database_url"):
        file.write_text(f"{name} = 1234567\n")
        with pytest.raises(SettingsError, match=name) as refused:
            load_settings(file=file, environ={})
        assert "1234567" not in refused.value.message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://glc:hunter2@db.example/glc",
        "postgresql://glc:hun/ter2@db.example/glc",
        "postgresql://glc:1/hunter2@db.example/glc",
        "postgresql://glc:hun@hunter2@db.example/glc",
        "postgresql://glc:hun?hunter2@db.example/glc",
        "postgresql://glc:hun#hunter2@db.example/glc",
        "postgresql://db.example/glc?user=glc&password=hunter2",
        "postgresql://glc:hunter2",
        "postgresql:glc:hunter2@db.example/glc",
        "smtps://glc:hun/hunter2@mail.example:465",
        "smtp://[glc:hunter2@mail.example",
    ],
)
@pytest.mark.parametrize("name", ["database_url", "smtp_url"])
def test_an_address_is_shown_without_its_password_wherever_that_stands(name: str, url: str) -> None:
    """`glc settings`, and every refusal."""
    assert "hunter2" not in str(shown(name, url))


@pytest.mark.parametrize(
    "url", ["", "sqlite:///var/glc.sqlite3", "sqlite:////srv/glc.sqlite3", "postgresql://db:5433/glc"]
)
def test_an_address_without_a_secret_is_shown_as_it_is(url: str) -> None:
    """Otherwise nobody could tell which database is meant."""
    assert shown("database_url", url) == url


def test_every_setting_says_what_it_is_and_every_duration_its_unit() -> None:
    """Issue, « Ground »: each field documented with unit and default."""
    for spec in dataclasses.fields(Settings):
        assert spec.metadata["doc"].endswith(".") or "…" in spec.metadata["doc"], spec.name
        assert spec.metadata["unit"] or not spec.name.endswith("_in"), spec.name


def test_a_misspelt_variable_is_named_and_that_of_sites_tests_is_not() -> None:
    """The plugin for pytest reads GLC_TESTKIT_URL in the same environment."""
    environ = {"GLC_TESTKIT_URL": "http://localhost:8040/", "GLC_TESTKIT_KEY": "k", "GLC_TESTKIT_URLS": "x"}
    assert unknown_variables(environ) == ["GLC_TESTKIT_URLS"]
