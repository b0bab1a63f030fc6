"""The acceptance run (« recette »): every good and bad situation of a login, played against a running site.

It speaks HTTP only, to the site as a visitor would and to a running testkit through its control API, so it can be run
from anywhere. `cases.py` is the table of what is played and `scenarios.py` how; `walker.py` and `browser.py` are two
ways to visit a site, `signs.py` tells whether somebody is logged in; `control.py` talks to the testkit, `run.py` plays,
`reports.py` tells.
"""
