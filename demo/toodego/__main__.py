"""Serve the site: `python -m demo.toodego`."""

from __future__ import annotations

from demo.lyon_fr.__main__ import main
from demo.lyon_fr.look import Look, Text

TOODEGO = Look(
    slug="toodego",
    name=Text("Toodego", "Toodego"),
    imitates="toodego.com",
    heading=Text("Le guichet de la Métropole", "The Métropole’s desk"),
    lead=Text(
        "Signaler, demander, suivre : le même compte que sur le site de votre commune.",
        "Report, request, follow up: the same account as on your town’s site.",
    ),
    footer=Text(
        "Ce site imite le guichet de la Métropole pour essayer la connexion avec GrandLyonConnect. N’y saisissez "
        "aucune donnée réelle.",
        "This site imitates the Métropole’s desk to try out logging in with GrandLyonConnect. Enter no real data.",
    ),
    registration="--partner metropole --service TOODEGO --name Toodego",
    port=8042,
)

if __name__ == "__main__":
    main(TOODEGO)
