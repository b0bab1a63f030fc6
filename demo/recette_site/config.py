"""What the site must be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from demo.recette_site.mistakes import MISTAKES


class ConfigError(Exception):
    """The site cannot start; the message says what to do."""


@dataclass(frozen=True)
class SiteConfig:
    """Settings of one site; its secret is kept out of `repr`."""

    issuer: str
    """The provider's name, compared letter by letter: the final slash counts."""
    client_id: str
    client_secret: str = field(repr=False)
    base_url: str
    """This site as browsers and the provider see it, with its final slash."""
    alg: str = "RS256"
    """The one algorithm that this client's ID Tokens are signed with, as it was registered."""
    mistakes: frozenset[str] = frozenset()
    timeout_in: float = 5
    """Seconds that one answer of the provider may take, from the first byte to the last."""
    metadata_kept_in: float = 300
    """Seconds for which the provider's metadata and keys are kept; an unknown key is looked for at once."""

    def __post_init__(self) -> None:
        if unknown := self.mistakes - MISTAKES.keys():
            raise ConfigError(f"no mistake is named {', '.join(sorted(unknown))}; known: {', '.join(MISTAKES)}")

    def checks(self, mistake: str) -> bool:
        """Whether the site does what that mistake leaves out."""
        if mistake not in MISTAKES:
            raise KeyError(mistake)
        return mistake not in self.mistakes

    @property
    def redirect_uri(self) -> str:
        """Where answers are received. Built from `base_url`: a request's Host header must not decide it."""
        return f"{self.base_url}callback"

    @property
    def post_logout_redirect_uri(self) -> str:
        """Where the browser comes back to after a logout."""
        return f"{self.base_url}logged-out"
