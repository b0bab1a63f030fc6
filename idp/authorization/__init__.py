"""One authorization request, from its first check to its answer (OpenID Connect Core 1.0, section 3).

`endpoint.py` is entry and exit of every login; `checks.py` the ordered table that a request passes; `pending.py` where
it waits for its user; `answers.py` how it ends. A request may also come as an object (`request_objects.py`, RFC 9101)
or be left here first (`par.py`, RFC 9126).
"""
