"""What clients call with what they got: the token endpoint, and what there is to know of each token afterwards.

`request.py` is such a call as grants (`idp/grants/`) and client authentication (`idp/client_authentication/`) see it;
`codes.py`, `access_tokens.py` and `id_token.py` are the tokens, `signing.py` how they are signed and encrypted.
"""
