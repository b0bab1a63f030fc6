"""The control interface: everything that can be done to a space, over HTTP (OpenAPI 3.1).

One table (`OPERATIONS`, filled by `handlers/`) makes routes and description. A call about a space presents that space's
key as a bearer token; without it, it is an error and nothing is done.
"""

CONTROL = "/_testkit"
"""Where it is, below the issuer's path."""
