"""The OpenID Provider: the only folder that speaks OAuth and imports Authlib.

Owns: accounts and their pages, browser sessions, pending authorizations, grants and refresh tokens, the dialects.
Refuses: to redirect to an address that is not registered; to release what the registry's terms do not allow; to
redeem a code twice, in any dialect.
Follows: RFC 6749, 6750, 7009, 7636, 9207; OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0,
Front-Channel Logout 1.0; where a dialect departs from them, `dialects.py` says how and on whose authority.
"""
