"""The mistakes that can be planted in the site: real ones, each made by some site in the world."""

from __future__ import annotations

MISTAKES = {
    "no_state_check": "takes an answer whatever its state",
    "state_always_the_same": "sends the same state each time",
    "no_nonce_check": "does not compare the nonce of the ID Token with the one it sent",
    "pkce_missing": "sends no PKCE challenge",
    "answer_iss_not_checked": "does not look at the iss of the authorization answer",
    "signature_ignored": "does not verify the signature of the ID Token",
    "alg_none_accepted": "takes an unsigned ID Token (alg none)",
    "iss_not_checked": "takes an ID Token of any issuer",
    "aud_not_checked": "takes an ID Token that was made for another site",
    "expired_accepted": "takes an ID Token that has expired",
    "key_rotation_not_followed": "reads the provider's keys once and never again",
    "userinfo_sub_not_compared": "takes whatever person userinfo tells about",
    "code_sent_twice": "redeems each code twice",
    "secret_in_url": "writes its secret into the authorization request's address",
    "open_redirect": "sends the user wherever ?next= says after the login",
    "errors_not_handled": "fails with an error 500 when the provider answers with an error",
    "dead_grant_kept": "goes on when the provider says that the refresh token is dead",
    "logout_only_here": "ends its own login but not the provider's session",
    "logout_token_not_checked": "believes any logout token",
    "logout_token_replayed": "takes the same logout token twice",
    "frontchannel_iss_not_checked": "believes any front-channel logout",
}
"""Name, and what the site then does."""
