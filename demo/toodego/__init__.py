"""A stand-in for Toodego, the Métropole's desk: a second service of the same account.

The code is lyon.fr's, told to look otherwise. Log in at one, then at the other: no password is asked for, each knows
the person by another `sub`, and leaving one leaves both.

Run it with `python -m demo.toodego`.
"""
