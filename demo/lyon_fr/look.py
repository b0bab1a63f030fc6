"""What tells one demonstration site from another: its name, its words, its colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Text(NamedTuple):
    """The same words in two languages."""

    french: str
    english: str


@dataclass(frozen=True)
class Look:
    """One site. `slug` begins its variables (in capitals), and names its cookie, its style sheet and its icon."""

    slug: str
    name: Text
    imitates: str
    heading: Text
    lead: Text
    footer: Text
    registration: str
    """Options of `glc client register` that say whose site it is."""
    port: int


LYON_FR = Look(
    slug="lyon_fr",
    name=Text("Ville de Lyon", "City of Lyon"),
    imitates="lyon.fr",
    heading=Text("Vos démarches en ligne", "Your services online"),
    lead=Text(
        "Crèche, cantine, état civil : un seul compte pour les communes et la Métropole.",
        "Childcare, school meals, civil records: one account for the towns and the Métropole.",
    ),
    footer=Text(
        "Ce site imite un site communal pour essayer la connexion avec GrandLyonConnect. N’y saisissez aucune donnée "
        "réelle.",
        "This site imitates a city’s website to try out logging in with GrandLyonConnect. Enter no real data.",
    ),
    registration="--partner lyon --name lyon.fr",
    port=8041,
)
