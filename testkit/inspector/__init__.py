"""The inspector: what a space's site and its visitors exchanged with the provider, as pages to look at.

Pages under `/inspector/`, an application of its own that reads journals and changes nothing: each login as a sequence
diagram, with requests, answers, decoded tokens and timing, what is wrong and what to change, a command to copy, an
archive to hand on. A space is shown to whoever holds its control key. Nothing here is secret any more: journals are
redacted when they are written.
"""

from testkit.inspector.app import create_inspector

__all__ = ["create_inspector"]
