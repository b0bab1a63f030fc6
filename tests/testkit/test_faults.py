"""Each fault of the catalogue, met by a site from the wire: it does what it says, within its scope only, and clears."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from fault_evidence import ELSEWHERE, EVIDENCE
from faulty import Seen, Site, Space
from kit import Room

from glc.cli import glc
from testkit.faults.catalogue import CATALOGUE
from testkit.faults.reasons import FRENCH

ON_THE_LINE = {name for name, each in CATALOGUE.items() if each.family == "transport" or each.outgoing}
BACK_CHANNEL = {name for name, each in CATALOGUE.items() if "backchannel_logout" in each.endpoints}


def meet(site: Site, name: str) -> tuple[Seen, bool]:
    """One journey, and whether the fault shows in it."""
    case = EVIDENCE[name]
    seen = site.journey(**case.asks)
    try:
        return seen, case.shows(seen)
    except (KeyError, IndexError, TypeError, AttributeError):  # what it looks at is not even there
        return seen, False


@pytest.fixture
def space(make_room: Callable[..., Room]) -> Space:
    """A space of the standard dialect, where Camille is logged in by herself."""
    return Space(make_room(dialect="standard", login="camille"))


def test_no_fault_lacks_evidence() -> None:
    """Issue, « Proof »: a fault that nothing shows would prove nothing."""
    assert len(CATALOGUE) >= 80
    assert EVIDENCE.keys() == CATALOGUE.keys() - ON_THE_LINE - BACK_CHANNEL


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_fault_shows_as_often_as_planned_and_to_whom_it_was_planned_for(space: Space, name: str) -> None:
    """Issue, point 4: scoped to a client, the next so many times, or until cleared."""
    site, other = space.register(**EVIDENCE[name].site), space.register(**EVIDENCE[name].site)
    seen, shown = meet(site, name)
    assert not shown, "it shows though it was not planned"
    assert not EVIDENCE[name].asks or seen.pairs

    anybodys = CATALOGUE[name].endpoints[0] in {"discovery", "jwks"}  # nobody says who asks for those
    once = space.fault(name, client_id=None if anybodys else site.client_id, times=1)
    if not anybodys:
        assert not meet(other, name)[1], "another client is concerned"
        assert space.applied(once) == 0
    seen, shown = meet(site, name)
    assert shown, vars(seen)
    assert space.applied(once) == 1
    assert not meet(site, name)[1], "it goes on after the last time"

    always = space.fault(name)
    assert meet(site, name)[1]
    assert meet(other, name)[1]
    assert space.applied(always) >= 2
    space.clear(always)
    assert not meet(site, name)[1], "it goes on after it was taken back"


@pytest.mark.parametrize(
    "name",
    [name for name, each in CATALOGUE.items() if each.family == "id_token" and each.rp_must in {"reject", "accept"}],
)
def test_a_strict_verifier_refuses_what_a_site_must_refuse(space: Space, name: str) -> None:
    """Issue, point 4: what a correct site must do, done by PyJWT and the checks of Core 1.0, 3.1.3.7."""
    site = space.register(**EVIDENCE[name].site)
    site.journey(**EVIDENCE[name].asks)
    space.fault(name)
    seen = site.journey(**EVIDENCE[name].asks)
    token = seen.id_token
    front = "authorize" in CATALOGUE[name].endpoints and bool(seen.values("id_token"))
    vouched = {"access_token": seen.values("access_token")[0], "code": seen.values("code")[0]} if front else {}
    if front:
        token = type(token)(seen, seen.values("id_token")[0])
    problem = token.problem(**vouched) or (seen.userinfo.get("sub", token.claims.get("sub")) != token.claims["sub"])
    assert bool(problem) is (CATALOGUE[name].rp_must == "reject"), token.claims


def test_faults_combine_in_the_order_they_were_planned(space: Space) -> None:
    """Issue, point 4: « can be combined »."""
    site = space.register(id_token_alg="RS256")
    for name in ("id_token_iss_wrong", "id_token_nonce_absent", "userinfo_sub_differs"):
        space.fault(name, client_id=site.client_id)
    seen = site.journey()
    assert (seen.id_token.claims["iss"], seen.id_token.claims.get("nonce")) == (ELSEWHERE, None)
    assert seen.id_token.signature_holds
    assert seen.userinfo.get("sub") == "quelqu-un-d-autre"


def test_the_command_lists_the_catalogue() -> None:
    """`glc faults`."""
    listed = CliRunner().invoke(glc, ["faults", "--family", "jwks"]).output.splitlines()
    assert [line.split()[0] for line in listed] == [name for name, each in CATALOGUE.items() if each.family == "jwks"]


def test_each_reason_is_told_in_french_and_no_other_is() -> None:
    """House: screens in French first; the report of an acceptance run tells why."""
    assert {each.why: each.pourquoi_fr for each in CATALOGUE.values()} == dict(FRENCH)
