"""Clients: what may be registered of one, its versions, secrets and acceptance runs, its agreements and its holder.

Sites that register themselves (RFC 7591) come through here as well.
"""
