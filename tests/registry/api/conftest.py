"""Programs in front of the registry's REST interface, each with the token of the agent it works for."""

from __future__ import annotations

import pytest
from flask import Flask
from programs import Hire, Program, hiring

from glc.clock import ManualClock
from partner_registry.models import Role


@pytest.fixture
def hire(app: Flask, clock: ManualClock) -> Hire:
    """Make a program for an agent of a name and some roles."""
    return hiring(app, clock)


@pytest.fixture
def reviewer(hire: Hire) -> Program:
    """A reviewer's program."""
    return hire("reviewer", Role.REVIEWER)


@pytest.fixture
def admin(hire: Hire) -> Program:
    """The program of an administrator of the registry."""
    return hire("admin", Role.ADMIN)


@pytest.fixture
def applicant(hire: Hire) -> Program:
    """The program of a person of Bron."""
    return hire("applicant", Role.APPLICANT, acts_for="bron")
