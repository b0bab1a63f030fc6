"""What the site must be told before it starts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from urllib.parse import urlsplit

from demo.lyon_fr.look import LYON_FR, Look


class ConfigError(Exception):
    """The site cannot start; the message says what to do."""


@dataclass(frozen=True)
class SiteConfig:
    """Settings of one site; secrets are kept out of its `repr`."""

    client_id: str
    client_secret: str = field(repr=False)
    issuer: str = "http://localhost:8040/"
    """The provider's name, compared letter by letter: the final slash counts."""
    backchannel_url: str = ""
    """Where this process reaches the provider, when not at the issuer (another host name between containers)."""
    base_url: str = "http://localhost:8041/"
    """This site as browsers see it, with its final slash."""
    neighbour_name: str = ""
    neighbour_url: str = ""
    """Another site of the same GrandLyonConnect, for visitors to try, where there is one."""
    look: Look = LYON_FR
    secret_key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    """Signs the cookie. A random one is enough here: logins live in memory and end with the process anyway."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], look: Look = LYON_FR) -> SiteConfig:
        """Read the `LYON_FR_*` variables, or another site's; an empty one counts as absent. Raises ConfigError."""
        prefix = look.slug.upper()
        names = [each.name for each in fields(cls) if each.name != "look"]
        given = {name: value for name in names if (value := environ.get(f"{prefix}_{name.upper()}"))}
        base_url = given["base_url"] = given.get("base_url", f"http://localhost:{look.port}").rstrip("/") + "/"
        for name in ("issuer", "backchannel_url", "base_url", "neighbour_url"):
            parts = urlsplit(given.get(name, cls.issuer))
            if parts.scheme not in ("http", "https") or not parts.netloc:
                raise ConfigError(f"{prefix}_{name.upper()} must be an http or https URL, not {given[name]!r}.")
        if "client_id" not in given or "client_secret" not in given:
            raise ConfigError(
                f"{prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET are missing: the provider prints them when you run "
                f"`glc client register {look.registration} --redirect-uri {base_url}auth/callback "
                f"--post-logout-redirect-uri {base_url} --frontchannel-logout-uri {base_url}auth/frontchannel-logout "
                "--id-token-alg RS256`."
            )
        return cls(look=look, **given)

    @property
    def redirect_uri(self) -> str:
        """Registered with the provider. Built from `base_url`: a request's Host header must not decide it."""
        return f"{self.base_url}auth/callback"

    @property
    def issuer_origin(self) -> str:
        """Scheme, host and port of the provider, as browsers know it."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"
