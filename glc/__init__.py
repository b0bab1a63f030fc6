"""What every folder stands on, and the one place that joins them.

Foundation (imports nothing of ours): settings, clock, entropy, database, errors, logs, mail, i18n, web.
Joining: `app.create_app`, the only function that sees every folder, and `cli`, the command `glc`.
"""
