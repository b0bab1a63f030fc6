"""A stand-in for lyon.fr that logs its users in with GrandLyonConnect: an example to copy.

It shows the authorization code flow with state, nonce and PKCE (S256), the checks a site owes its users (RFC 9207
issuer, ID Token, userinfo subject), logout everywhere (RP-initiated, then front-channel from the provider), and what to
tell people when something fails. Read in this order:

- `config.py`: what the site must be told;
- `provider.py`: GrandLyonConnect as Authlib sees it;
- `site.py`: the pages, of which `/login`, `/auth/callback`, `/logout` and `/auth/frontchannel-logout` are the protocol;
- `logins.py`: who is logged in; `claims.py`: what they shared; `problems.py`: what can go wrong, in plain words.

Run it with `python -m demo.lyon_fr`.
"""
