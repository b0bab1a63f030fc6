"""Signing keys, their life, the JWK Set, and the encryption of secrets at rest.

Owns: `signing_key` rows and their life (`rotation.py`, `keeper.py`); the master key and what is derived from it.
Refuses: to hand out a private key (but to a file, on the operator's demand), to bring in a weak one, to start with a
master key that does not open the stored ones.
Follows: RFC 7517 (JWK), RFC 7638 (thumbprint as `kid`), RFC 7515 and 7518 (JWS), RFC 5869 (HKDF).
The only folder that touches key material. It knows neither clients nor tokens: it signs bytes and seals values.
"""

OURS = True
"""Marks this package as ours: `glc` checks it at start, for other projects have a package named `keys` too."""
