"""What the provider itself does for clients: lets them register (RFC 7591, 7592), and reads what they publish.

What a client *is* (its versions, secrets, agreement) is the registry's.
"""
