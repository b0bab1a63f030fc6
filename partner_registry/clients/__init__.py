"""Clients: what may be registered of one, its versions and their publication, its secrets, its acceptance runs.

Sites that register themselves (RFC 7591) come through here as well.
"""
