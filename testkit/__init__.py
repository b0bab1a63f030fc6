"""Test powers: isolated throw-away providers (*spaces*), each with a clock, faults, scripted logins and a journal.

Off unless `glc serve --testkit` switches them on, and refused where the settings look like production
(`glc.settings`). A space is a whole provider, made in milliseconds like a prepared one; nothing here touches the
configured database. One interface drives them, over HTTP (`control/`, OpenAPI 3.1) or through the same calls in Python
(the distribution `pytest-grandlyonconnect`). What a fault does to a token it does where the provider signs
(`Provider.signer`), everything else it does on the wire, so that no rule of the provider knows of faults.
"""
