"""How tokens are obtained: one file a grant, each an Authlib grant (RFC 6749, sections 4 and 6)."""
