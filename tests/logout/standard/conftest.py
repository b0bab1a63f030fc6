"""Fixtures: the standard dialect, and the certification's clients and user."""

from __future__ import annotations

from conformance.conftest import app, begin, register, rp, somebody

__all__ = ["app", "begin", "register", "rp", "somebody"]
