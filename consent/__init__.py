"""What the account holder was told, accepted, refused and withdrew.

Owns: receipts and withdrawals, append-only. Refuses: to change or delete one.
The question a login asks is an information and authorisation step, not GDPR consent: a public online service rests
on its mission of public interest (GDPR 6(1)(e)). The receipt proves what was shown and answered.
"""

OURS = True
"""Marks this package as ours: `glc` checks it at start, for other projects have a package named `consent` too."""
