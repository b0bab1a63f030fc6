"""Settings: one frozen object, read once at start from a TOML file and the environment.

Each field can be set in the TOML file under its own name, or in the environment as `GLC_` and the name in
capitals (`GLC_PORT=8040`); the environment wins. `docs/settings.md` is generated from this file.
"""

from __future__ import annotations

import dataclasses
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

    issuer: str = _setting("http://localhost:8040/", "Public base URL and issuer identifier, with its final slash.")
    database_url: str = _setting("sqlite:///var/glc.sqlite3", "SQLAlchemy URL of a SQLite or PostgreSQL database.")
    dialect: str = _setting(
        "grandlyonconnect", "How the provider behaves: grandlyonconnect or grandlyonconnect-2018 (docs/dialects.md)."
    )
    master_key: str = _setting(
        "",
        "32 random bytes in base64url that encrypt keys and secrets at rest (`glc keys new-master-key`). "
        "May be left out only where the issuer is on this machine.",
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
    pending_lifetime_in: int = _setting(7_200, "How long a login may stay unfinished (assumed).", "s", least=1)
    consent_remembered_in: int = _setting(
        365, "How long « Ne plus me demander » holds, unless set by client.", "days", most=3_650
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

    log_level: str = _setting("info", "debug, info, warning or error.")
    log_format: str = _setting("console", "console (for people) or json (for machines).")

    def __post_init__(self) -> None:
        self.check()

    @property
    def origin(self) -> str:
        """Scheme, host and port of the issuer, as browsers write them."""
        return origin(self.issuer)

    @property
    def path(self) -> str:
        """The issuer's path without its final slash: what the application is mounted under."""
        return urlsplit(self.issuer).path.rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether browsers reach the provider by https."""
        return urlsplit(self.issuer).scheme == "https"

    @property
    def on_this_machine(self) -> bool:
        """Whether the issuer's host is a loopback name."""
        return urlsplit(self.issuer).hostname in LOOPBACK_HOSTS

    @property
    def effective_master_key(self) -> str:
        """The master key in use: the configured one, or on this machine only the development key."""
        return self.master_key or DEVELOPMENT_MASTER_KEY

    def check(self) -> None:
        """Refuse a combination that cannot work or is not safe, naming the key and the remedy."""
        self._check_issuer()
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
                raise _wrong(name, getattr(self, name), "one of " + ", ".join(allowed))
        for spec in dataclasses.fields(self):
            value, least, most = getattr(self, spec.name), spec.metadata["least"], spec.metadata["most"]
            if isinstance(value, int | float) and not isinstance(value, bool) and not least <= value <= most:
                raise _wrong(spec.name, value, f"from {least} to {most}")

    def _check_issuer(self) -> None:
        if "@" in self.issuer:
            raise SettingsError("setting issuer (GLC_ISSUER) must hold no user name, no password and no @")
        scheme, _, rest = self.issuer.partition("://")
        if scheme.lower() not in {"http", "https"} or not origin(self.issuer) or _UNWANTED & {*rest}:
            raise _wrong("issuer", self.issuer, "an http(s) URL with neither query nor fragment")
        if not self.issuer.endswith("/"):
            raise _wrong("issuer", self.issuer, f"written with a final slash: {self.issuer}/")


_UNWANTED = frozenset("?#\\ \t\r\n")


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname) and urlsplit(url).port != 0
    except ValueError:  # a port that is no port
        return False


_CHOICES = {"log_level": ("debug", "info", "warning", "error"), "log_format": ("console", "json")}


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
    """The GLC_ variables that name no setting: misspelt, most likely."""
    known = {"GLC_SETTINGS", *(f"GLC_{spec.name.upper()}" for spec in dataclasses.fields(Settings))}
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


def shown(name: str, value: object) -> object:
    """The value as it may be printed: without what is or may be a secret."""
    if name in {"smtp_url", "database_url"} and isinstance(value, str):
        return without_secrets(value)
    return "…" if value and name in {"master_key", "smtp_url", "database_url"} else value


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
