"""Settings: one frozen object, read once at start from a TOML file and the environment.

Each field can be set in the TOML file under its own name, or in the environment as `GLC_` and the name in
capitals (`GLC_PORT=8040`); the environment wins. `docs/settings.md` is generated from this file.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from glc.errors import SettingsError
from glc.urls import origin

DEVELOPMENT_MASTER_KEY = "ZGV2ZWxvcG1lbnQta2V5LW5vdC1hLXNlY3JldC0wMSE"
"""A key everybody knows. Accepted only where the issuer is on this machine (see `Settings.check`)."""

LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}


def _setting(default: object, doc: str, unit: str = "", *, least: float = 0, most: float = 2**31 - 1) -> Any:
    return field(default=default, metadata={"doc": doc, "unit": unit, "least": least, "most": most})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be configured. Raises `SettingsError` when built from values that cannot work."""

    issuer: str = _setting(
        "http://localhost:8040/",
        "Issuer identifier, and the base URL of everything unless the two below say otherwise. The real one ends with "
        "a slash; without it is another issuer.",
    )
    frontchannel_url: str = _setting(
        "", "Base URL by which browsers reach the provider, when it is not the issuer's (another name, the same path)."
    )
    backchannel_url: str = _setting(
        "", "The same for servers: the endpoints in discovery that sites call themselves (a container's name)."
    )
    database_url: str = _setting("sqlite:///var/glc.sqlite3", "SQLAlchemy URL of a SQLite or PostgreSQL database.")
    dialect: str = _setting(
        "grandlyonconnect",
        "How the provider behaves: grandlyonconnect, grandlyonconnect-2018 or standard (docs/dialects.md).",
    )
    master_key: str = _setting(
        "",
        "32 random bytes in base64url that encrypt keys and secrets at rest (`glc keys new-master-key`). "
        "May be left out only where the issuer is on this machine.",
    )
    previous_master_keys: str = _setting(
        "",
        "Further master keys, separated by spaces, that open what they sealed and seal nothing any more: "
        "how the master key is changed (docs/keys.md).",
    )
    jwks_max_age_in: int = _setting(
        300,
        "How long sites may keep the JWK Set, as its Cache-Control says (assumed). A new key waits that long, and a "
        "minute, before it signs.",
        "s",
    )
    key_rotation_every_in: int = _setting(
        0, "How long a key signs before a new one follows it by itself; 0: never by itself.", "days", most=36_500
    )

    host: str = _setting("127.0.0.1", "Address the server listens on.")
    port: int = _setting(8040, "Port the server listens on.", least=1, most=65_535)
    threads: int = _setting(4, "Requests served at once by one process.", least=1)
    workers: int = _setting(1, "Server processes.", least=1)
    trusted_proxies: int = _setting(0, "How many reverse proxies in front set X-Forwarded-* headers.")
    allow_http: bool = _setting(False, "Accept an http issuer that is not on this machine (between containers).")

    session_lifetime_in: int = _setting(
        28_800, "Life of a browser session (assumed: the real one is unknown).", "s", least=1
    )
    code_lifetime_in: int = _setting(30, "Life of an authorization code.", "s", least=1)
    id_token_lifetime_in: int = _setting(30, "Life of an ID Token, unless the client has its own.", "s", least=1)
    refresh_token_lifetime_in: int = _setting(2_592_000, "Life of a refresh token.", "s", least=1)
    refresh_token_grace_in: int = _setting(600, "How long a used refresh token still answers.", "s")
    acr_values: str = _setting(
        "eidas1",
        "Levels of authentication that a login reaches, separated by spaces, as clients ask for them (acr_values); "
        "the first is told to who asks for none. Assumed; the real service has none.",
    )
    backchannel_wait_in: int = _setting(
        3,
        "How long a logout waits for the sites it tells by back-channel before the browser goes on (assumed); "
        "those that did not take it by then are told again later.",
        "s",
    )
    pending_lifetime_in: int = _setting(7_200, "How long a login may stay unfinished (assumed).", "s", least=1)
    consent_remembered_in: int = _setting(
        365, "How long « Ne plus me poser la question » holds, unless set by client.", "days", most=3_650
    )
    mail_link_lifetime_in: int = _setting(86_400, "Life of a link sent by e-mail (assumed).", "s", least=1)

    argon2_memory: int = _setting(19_456, "Memory of one password hash (OWASP's minimum).", "KiB", least=8)
    argon2_passes: int = _setting(2, "Passes of one password hash (OWASP's minimum).", least=1)
    login_free_failures: int = _setting(3, "Failed logins before slowing down.")
    login_slowdown_factor: float = _setting(2.0, "Each further failure multiplies the wait by this.", least=1)
    login_slowdown_max_in: int = _setting(900, "The longest wait after failures.", "s")

    mail_free_sends: int = _setting(
        5,
        "Mails sent to one address at visitors' request within mail_window_in; one visitor may cause ten times more.",
        least=1,
    )
    mail_window_in: int = _setting(3_600, "How long mails are held back after that many.", "s")
    smtp_url: str = _setting("", "smtp://[user:password@]host[:port] or smtps://…; empty keeps mails in the outbox.")
    mail_from: str = _setting("GrandLyonConnect (simulateur) <ne-pas-repondre@glc.example>", "Sender of e-mails.")
    outbox_page: bool = _setting(False, "Show unsent mails on /outbox/ to whoever asks: a test power.")
    support_url: str = _setting("https://assistance.glc.example/", "Where a citizen finds help.")

    registration_policy: str = _setting(
        "",
        "Which sites may register themselves, in dialects that let them: open (any), token (those that hold an initial "
        "access token) or off; docs/register-itself.md. Empty: open where the issuer is on this machine, else off.",
    )

    acceptance_required: bool = _setting(
        True,
        "Publishing a production version takes an acceptance run (recette) that passed, or a waiver with its reason "
        "(docs/acceptance.md).",
    )
    acceptance_valid_in: int = _setting(
        90, "How long ago such a run may have finished (assumed).", "days", least=1, most=3_650
    )

    fetch_private_addresses: bool = _setting(
        False,
        "Also call sites on private addresses, and by http (webhooks, jwks_uri and the like); "
        "always so where the issuer is on this machine.",
    )
    fetch_timeout_in: int = _setting(10, "The longest a call to a site may take, redirects included.", "s", least=1)
    fetch_max_bytes: int = _setting(1_048_576, "The longest answer of a site that is read.", "bytes", least=1)

    testkit: bool = _setting(
        False, "Serve isolated, throw-away providers with test powers, and never the database (docs/testkit.md)."
    )
    testkit_key: str = _setting("", "What whoever makes a space presents; required off this machine.")
    testkit_port: int = _setting(0, "A port of their own for the test powers; 0: the provider's.", most=65_535)
    testkit_public_host: str = _setting(
        "", "The issuer's host, written again, to allow test powers under a name that looks like production."
    )

    log_level: str = _setting("info", "debug, info, warning or error.")
    log_format: str = _setting("console", "console (for people) or json (for machines).")

    def __post_init__(self) -> None:
        self.check()

    @property
    def base_url(self) -> str:
        """Where browsers find the pages, with a final slash."""
        return f"{(self.frontchannel_url or self.issuer).rstrip('/')}/"

    @property
    def server_base_url(self) -> str:
        """Where sites' servers find the endpoints that they call, with a final slash."""
        return f"{(self.backchannel_url or self.issuer).rstrip('/')}/"

    @property
    def origin(self) -> str:
        """Scheme, host and port of the pages, as browsers write them."""
        return origin(self.base_url)

    @property
    def path(self) -> str:
        """The issuer's path without its final slash: what the application is mounted under."""
        return urlsplit(self.issuer).path.rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether browsers reach the provider by https."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def on_this_machine(self) -> bool:
        """Whether the issuer's host is a loopback name, and so is the one that browsers know; a test's own browsers may
        know another one."""
        urls = (self.issuer,) if self.testkit else (self.issuer, self.base_url)
        return all(urlsplit(url).hostname in LOOPBACK_HOSTS for url in urls)

    @property
    def may_fetch_private(self) -> bool:
        """Whether what sites have us call may be on a private address, or use http."""
        return self.fetch_private_addresses or self.on_this_machine

    @property
    def acceptance_within(self) -> dt.timedelta | None:
        """How long ago an acceptance run may have finished; None: none is asked for."""
        return dt.timedelta(days=self.acceptance_valid_in) if self.acceptance_required else None

    @property
    def effective_registration_policy(self) -> str:
        """The policy in force: open, token or off."""
        return self.registration_policy or ("open" if self.on_this_machine else "off")

    @property
    def effective_master_key(self) -> str:
        """The master key in use: the configured one, or on this machine only the development key."""
        return self.master_key or DEVELOPMENT_MASTER_KEY

    def check(self) -> None:
        """Refuse a combination that cannot work or is not safe, naming the key and the remedy."""
        self._check_issuer()
        self._check_testkit()
        if not self.secure and not self.on_this_machine and not self.allow_http:
            raise _wrong("issuer", self.issuer, "an https URL; http off this machine needs allow_http = true")
        if self.master_key in {"", DEVELOPMENT_MASTER_KEY} and not self.on_this_machine:
            raise SettingsError(
                "setting master_key (GLC_MASTER_KEY) is required when the issuer is not on this machine; "
                "make one with: glc keys new-master-key"
            )
        if self.outbox_page and not self.on_this_machine:
            raise SettingsError(
                "setting outbox_page (GLC_OUTBOX_PAGE) shows everybody's mail, with its login links: "
                "it is refused when the issuer is not on this machine; set it to false"
            )
        if self.smtp_url and (urlsplit(self.smtp_url).scheme not in {"smtp", "smtps"} or not _has_host(self.smtp_url)):
            raise _wrong("smtp_url", self.smtp_url, "smtp://[user:password@]host[:port] or smtps://…")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise _wrong(name, getattr(self, name), "one of " + ", ".join(filter(None, allowed)))
        for spec in dataclasses.fields(self):
            value, least, most = getattr(self, spec.name), spec.metadata["least"], spec.metadata["most"]
            if isinstance(value, int | float) and not isinstance(value, bool) and not least <= value <= most:
                raise _wrong(spec.name, value, f"from {least} to {most}")

    def _check_issuer(self) -> None:
        for name in ("issuer", "frontchannel_url", "backchannel_url"):
            url = getattr(self, name)
            if not url and name != "issuer":
                continue
            if "@" in url:
                raise SettingsError(f"setting {name} (GLC_{name.upper()}) must hold no user name, no password and no @")
            scheme, _, rest = url.partition("://")
            if scheme.lower() not in {"http", "https"} or not origin(url) or _UNWANTED & {*rest}:
                raise _wrong(name, url, "an http(s) URL with neither query nor fragment")
            if urlsplit(url).path.rstrip("/") != self.path:
                raise _wrong(name, url, f"an address with the issuer's path, {self.path or '/'}")

    def _check_testkit(self) -> None:
        """Test powers are for tests: refuse what looks like a service that people use."""
        if not self.testkit:
            return
        public = [
            host
            for url in (self.issuer, self.base_url)
            if urlsplit(url).scheme == "https" and _is_public(host := urlsplit(url).hostname or "")
        ]
        found = ["smtp_url (GLC_SMTP_URL) is set"] if self.smtp_url else []
        if not self.database_url.startswith("sqlite"):
            found.append("database_url (GLC_DATABASE_URL) is a database server's")
        if {*public} - {self.testkit_public_host}:
            found.append(
                f"the issuer is https under a public name (if it is for tests: testkit_public_host = {public[0]})"
            )
        if found:
            raise SettingsError(
                "setting testkit (GLC_TESTKIT) lets whoever holds a key log in as anybody, and these settings look "
                f"like production: {'; '.join(found)}"
            )
        if not self.on_this_machine and len(self.testkit_key) < 16:
            raise SettingsError(
                "setting testkit_key (GLC_TESTKIT_KEY), 16 characters or more, is required with testkit when the "
                "issuer is not on this machine"
            )
        if not self.testkit_key.isascii() or " " in self.testkit_key:
            raise SettingsError("setting testkit_key (GLC_TESTKIT_KEY) is sent in a header: ASCII without spaces")
        if self.workers > 1:
            raise SettingsError("setting workers (GLC_WORKERS) must be 1 with testkit: spaces live in one process")


_UNWANTED = frozenset("?#\\ \t\r\n")
_RESERVED = frozenset({"localhost", "test", "example", "invalid", "local", "internal"})
"""Top-level names that lead nowhere on the internet (RFC 2606, RFC 6762), whatever is before them."""


def _is_public(host: str) -> bool:
    return "." in host and host not in LOOPBACK_HOSTS and host.rsplit(".", 1)[1] not in _RESERVED


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname) and urlsplit(url).port != 0
    except ValueError:  # a port that is no port
        return False


_CHOICES = {
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("console", "json"),
    "registration_policy": ("", "open", "token", "off"),
}


def load_settings(
    overrides: Mapping[str, object] | None = None,
    *,
    file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Read settings: defaults, then the TOML file (`file`, or the one named by GLC_SETTINGS), then the environment,
    then `overrides` that are not None (command-line options).

    Raises `SettingsError` naming the key that is unknown or has a wrong value.
    """
    values: dict[str, object] = {}
    path = file or (Path(environ["GLC_SETTINGS"]) if environ.get("GLC_SETTINGS") else None)
    if path is not None:
        values |= _from_toml(path)
    for spec in dataclasses.fields(Settings):
        text = environ.get(f"GLC_{spec.name.upper()}")
        if text is not None:
            values[spec.name] = _parse(spec.name, text)
    values |= {key: value for key, value in (overrides or {}).items() if value is not None}
    return Settings(**cast(dict[str, Any], values))


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The GLC_ variables that name no setting: misspelt, most likely. (Tests of sites are told where the test kit is by
    GLC_TESTKIT_URL.)"""
    known = {"GLC_SETTINGS", "GLC_TESTKIT_URL", *(f"GLC_{spec.name.upper()}" for spec in dataclasses.fields(Settings))}
    return sorted(name for name in environ if name.startswith("GLC_") and name not in known)


def _from_toml(path: Path) -> dict[str, object]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"settings file {path} cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"settings file {path} is not valid TOML: {error}") from error
    unknown = sorted(content.keys() - {spec.name for spec in dataclasses.fields(Settings)})
    if unknown:
        raise SettingsError(f"settings file {path}: unknown key {unknown[0]!r}")
    try:
        return {key: _parse(key, value) for key, value in content.items()}
    except SettingsError as error:
        raise SettingsError(f"settings file {path}: {error.message}") from error


def _parse(name: str, value: object) -> object:
    wanted = typing.get_type_hints(Settings)[name]
    text = value if isinstance(value, str) else None
    try:
        if wanted is bool:
            return value if isinstance(value, bool) else _BOOLEANS[str(text).lower()]
        if wanted is int and type(value) in {int, str}:  # a bool is an int too
            return int(cast("int | str", value))
        if wanted is float and type(value) in {int, float, str}:
            return float(cast("float | str", value))
        if wanted is str and text is not None:
            return text
    except (KeyError, ValueError):
        pass
    raise _wrong(name, value, {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[wanted])


_SECRETS = {"master_key", "previous_master_keys", "testkit_key", "smtp_url", "database_url"}


def shown(name: str, value: object) -> object:
    """The value as it may be printed: without what is or may be a secret."""
    if name in {"smtp_url", "database_url"} and isinstance(value, str):
        return without_secrets(value)
    return "…" if value and name in _SECRETS else value


def without_secrets(url: str) -> str:
    """An address whose user, password and query are masked; all of it when it is not sure which part they are."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read for its check: what stands in its place may be half a password
    except ValueError:
        return "…"
    if "://" not in url or "@" in parts.path + parts.query + parts.fragment:
        return "…" if url else ""
    _user, at_sign, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{'…@' if at_sign else ''}{host}{parts.path}{'?…' if parts.query else ''}"


_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def _wrong(name: str, value: object, wanted: str) -> SettingsError:
    return SettingsError(f"setting {name} (GLC_{name.upper()}) is {shown(name, value)!r}: it must be {wanted}")
