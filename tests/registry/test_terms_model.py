"""Terms at any instant agree with a slow, obvious model that replays the agreements' facts (issue 3, proof)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registry.terms_model import Amended, Declared, Replay, Signed, World, civil, midnight

from glc.clock import paris_date
from partner_registry.agreements.status import standing, terms_on
from partner_registry.models import (
    Agreement,
    Amendment,
    Client,
    ClientBinding,
    ClientTransfer,
    ClientVersion,
    ConsentMode,
    Derogation,
    Environment,
    Flow,
    GnmService,
    LegalBasis,
    Offer,
    Partner,
    PartnerIdentity,
    PartnerKind,
    Processing,
    Purpose,
    Step,
    StepKind,
    SubjectPolicy,
    Suspension,
)
from partner_registry.terms import ReleaseTerms, terms_of

CLAIM_OF = {"profile": "family_name", "email": "email"}
DAY = dt.timedelta(days=1)
MICROSECOND = dt.timedelta(microseconds=1)

# ── Facts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_turns = ((1, 1), (9, 30), (10, 1), (12, 31))
_notices = [dt.date(year, month, day) for year in range(2018, 2023) for month, day in ((9, 30), (10, 1), (12, 25))]
_edges = [dt.date(year, month, day) for year in range(2019, 2024) for month, day in _turns]
days = st.one_of(st.sampled_from(_edges), st.dates(dt.date(2019, 1, 1), dt.date(2023, 12, 31)))
instants = st.builds(lambda day, minutes: midnight(day) + dt.timedelta(minutes=minutes), days, st.integers(0, 1439))


def mostly(usual: Any, other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One value three times out of four, so that several rare facts seldom hide one another."""
    return st.integers(0, 3).flatmap(lambda drawn: other if drawn == 3 else st.just(usual))


def _pair(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    return st.tuples(values, values).map(lambda pair: (min(pair), max(pair)))


_changes = st.fixed_dictionaries(
    {}, optional={"restricted": st.booleans(), "hard_end_on": days, "renews_yearly": st.booleans()}
)
_amended = st.builds(
    Amended,
    number=st.just(0),
    effective_on=days,
    notified_on=st.one_of(st.just(dt.date(2018, 12, 20)), days, st.none()),
    changes=_changes,
)
_suspension = _pair(instants).flatmap(lambda pair: st.sampled_from([pair, (pair[0], None)]))
_kinds = st.sampled_from([each.value for each in StepKind])


@st.composite
def signed(draw: st.DrawFn) -> Signed:
    """The facts of an agreement: two out of three are notified early and most of those last, the third is awaited."""
    awaited = draw(st.integers(0, 2)) == 2
    amendments = draw(st.lists(_amended, max_size=3))
    for number, amendment in enumerate(amendments, 1):
        amendment.number = number
    return Signed(
        starts_on=draw(mostly(dt.date(2019, 1, 1), days)),
        hard_end_on=draw(mostly(dt.date(2023, 12, 31), days)),
        signed_on=draw(st.one_of(st.none(), days)),
        transmitted_on=draw(mostly(None, days)),
        notified_on=draw(st.one_of(st.none(), days)) if awaited else dt.date(2018, 12, 20),
        renews_yearly=draw(mostly(True, st.just(False))),
        notice_months=draw(mostly(3, st.integers(0, 12))),
        renewal_refused_on=draw(st.one_of(st.none(), st.none(), days, st.sampled_from(_notices))),
        terminated_on=draw(mostly(None, days)),
        restricted=draw(st.booleans()),
        steps=sorted(draw(st.lists(st.tuples(instants, _kinds), max_size=4)), key=lambda step: step[0]),
        suspensions=draw(st.lists(_suspension, max_size=2)),
        amendments=amendments,
        derogations=draw(st.lists(_pair(days), max_size=2)),
    )


def _declared(claim: str) -> st.SearchStrategy[Declared]:
    owners = mostly("Alpha", st.just("Beta"))
    return st.builds(Declared, st.just(claim), owners, st.one_of(st.none(), days, days), mostly(None, days))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A client of a partner with two agreements, bound to one after the other."""
    first, (last, following) = draw(mostly(dt.date(2019, 1, 1), days)), draw(_pair(days))
    end = draw(mostly(None, days))
    bound = [(0, min(first, last), last), (1, following + DAY, end and max(end, following + DAY))]
    return World(
        sandbox=draw(mostly(False, st.just(True))),
        of_the_tools=draw(mostly(False, st.just(True))),
        agreements=[draw(signed()), draw(signed())],
        bindings=bound[: draw(mostly(2, st.integers(0, 1)))],
        processings=[draw(_declared(claim)) for claim in ("family_name", "email", "email")],
        renamed_on=draw(mostly(None, days)),
        succeeded_on=draw(mostly(None, days)),
        handed_over_on=draw(mostly(None, days)),
        disabled_at=draw(mostly(None, instants)),
        archived_at=draw(mostly(None, instants)),
    )


def turns(facts: object) -> list[dt.datetime]:
    """The instants at which a fact may begin or cease to hold, and those just before: each of them is a test."""
    found = {midnight(dt.date(year, 1, 1)) for year in range(2019, 2025)}
    found |= {at for at in _within(facts) if isinstance(at, dt.datetime)}
    dates = {day for day in _within(facts) if not isinstance(day, dt.datetime)}
    found |= {midnight(day) for each in dates for day in (each, each + DAY)}
    return sorted(found | {at - MICROSECOND for at in found})


def _within(facts: object) -> Iterator[dt.date]:
    if isinstance(facts, dt.date):
        yield facts
    elif dataclasses.is_dataclass(facts):
        for each in dataclasses.fields(facts):
            yield from _within(getattr(facts, each.name)) if each.name != "replays" else ()
    elif isinstance(facts, dict):
        yield from _within(list(facts.values()))
    elif isinstance(facts, (list, tuple)):
        for one in facts:
            yield from _within(one)


# ── The same facts as rows ─────────────────────────────────────────────────────────────────────────────────────────


def _partner(name: str, renamed_on: dt.date | None = None) -> Partner:
    dated = {dt.date(2015, 1, 1): name} | ({renamed_on: "Alpha-la-Neuve"} if renamed_on else {})
    identities = [
        PartnerIdentity(valid_from_on=day, name=called, legal_name=called, siren="216902668")
        for day, called in dated.items()
    ]
    return Partner(slug=name.lower(), kind=PartnerKind.COMMUNE, identities=identities)


def _agreement(partner: Partner, facts: Signed) -> Agreement:
    copied = (
        "starts_on hard_end_on signed_on transmitted_on notified_on renews_yearly notice_months renewal_refused_on "
        "terminated_on"
    )
    return Agreement(
        **{name: getattr(facts, name) for name in copied.split()},
        partner=partner,
        already_equipped=False,
        offer=_offer(facts.restricted),
        steps=[Step(at=at, kind=StepKind(kind)) for at, kind in facts.steps],
        suspensions=[Suspension(starts_at=since, ends_at=until) for since, until in facts.suspensions],
        derogations=[Derogation(from_on=first, until_on=last) for first, last in facts.derogations],
        amendments=[
            Amendment(
                number=each.number,
                effective_on=each.effective_on,
                notified_on=each.notified_on,
                changes=_as_kept(each.changes),
            )
            for each in facts.amendments
        ],
    )


def _offer(restricted: bool) -> Offer:
    return Offer.RESTRICTED if restricted else Offer.GLOBAL


def _as_kept(changes: dict[str, Any]) -> dict[str, Any]:
    kept = dict(changes)
    if "restricted" in kept:
        kept["offer"] = _offer(kept.pop("restricted")).value
    if "hard_end_on" in kept:
        kept["hard_end_on"] = kept["hard_end_on"].isoformat()
    return kept


def _client(world: World) -> Client:
    partners = {"Alpha": _partner("Alpha", world.renamed_on), "Beta": _partner("Beta"), "Gamma": _partner("Gamma")}
    if world.succeeded_on is not None:
        partners["Alpha"].successor, partners["Alpha"].succeeded_on = partners["Gamma"], world.succeeded_on
    agreements = [_agreement(partners["Alpha"], facts) for facts in world.agreements]
    version = ClientVersion(
        number=1,
        name="Mon site",
        published_at=midnight(dt.date(2018, 1, 1)),
        flow=Flow.CODE,
        redirect_uris=["https://site.example/"],
        post_logout_redirect_uris=[],
        scopes=["openid", "profile", "email", "gru"],
        claims=[{"name": claim, "source": claim, "scopes": [scope]} for scope, claim in CLAIM_OF.items()],
        id_token_alg="HS256",
        subject_policy=SubjectPolicy.PAIRWISE,
        consent_mode=ConsentMode.SERVICE,
        required_attributes=[],
        authorised_roles=[],
        protocol={},
    )
    return Client(
        client_id="client",
        partner=partners["Alpha"],
        environment=Environment.SANDBOX if world.sandbox else Environment.PRODUCTION,
        service=GnmService.GRU if world.of_the_tools else GnmService.GRANDLYONCONNECT,
        disabled_at=world.disabled_at,
        archived_at=world.archived_at,
        versions=[version],
        bindings=[
            ClientBinding(agreement=agreements[number], valid_from_on=first, valid_to_on=last)
            for number, first, last in world.bindings
        ],
        transfers=[ClientTransfer(to_partner=partners["Beta"], effective_on=world.handed_over_on)]
        if world.handed_over_on is not None
        else [],
        processings=[
            Processing(
                name=each.claim,
                partner=partners[each.owner],
                legal_basis=LegalBasis.PUBLIC_TASK,
                validated_on=each.validated_on,
                withdrawn_on=each.withdrawn_on,
                purposes=[Purpose(text="pour le test", claims={each.claim: "pour le test"})],
            )
            for each in world.processings
        ],
    )


# ── The properties ─────────────────────────────────────────────────────────────────────────────────────────────────


def thoroughly(examples: int) -> settings:
    """As many examples, however long they take."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


def _told(terms: ReleaseTerms) -> tuple[object, ...]:
    claims = {rule.name for rule in terms.claims}
    return terms.access.value, terms.reason, terms.controller, claims, set(terms.scopes), set(terms.withdrawn_scopes)


def _modelled(world: World, at: dt.datetime) -> tuple[object, ...]:
    access, reason, _under = world.access(at)
    return access, reason, world.controller(at), world.claims(at), *world.scopes(at, CLAIM_OF)


@thoroughly(200)
@given(signed())
def test_an_agreement_stands_at_each_instant_where_the_replay_of_its_facts_leads(facts: Signed) -> None:
    """R31 to R33, A6 to A8, A12, A18: its status, how long it holds, its offer."""
    replay, agreement = Replay(facts), _agreement(_partner("Alpha"), facts)
    instants = turns(facts)
    for at in instants:
        stands = standing(agreement, at)
        assert stands.status.value == replay.status(at), at
        assert (terms_on(agreement, paris_date(at)).offer is Offer.RESTRICTED) == replay.restricted(civil(at)), at
        held = [replay.status(each) for each in instants if stands.since <= each < stands.until]
        assert set(held) == {stands.status.value}
        changed = [
            replay.status(each) for each in instants if stands.until == each or stands.since == each + MICROSECOND
        ]
        assert stands.status.value not in changed


@thoroughly(80)
@given(worlds(), st.data())
def test_terms_at_any_instant_are_those_of_the_replay(world: World, data: st.DataObject) -> None:
    """R31 to R35, 6.2: access and its reason, controller, claims, scopes by offer and purpose."""
    client = _client(world)
    for at in data.draw(st.lists(st.sampled_from(turns(world)), min_size=10, max_size=25)):
        assert _told(terms_of(client, at, 1)) == _modelled(world, at), at


@thoroughly(80)
@given(worlds(), st.data())
def test_nothing_changes_within_the_interval_that_terms_give_themselves(world: World, data: st.DataObject) -> None:
    """House, the one join point: the provider keeps the answer for [since, until), and asks no more meanwhile."""
    client, instants = _client(world), turns(world)
    for at in data.draw(st.lists(st.sampled_from(instants), min_size=5, max_size=10)):
        terms = terms_of(client, at, 1)
        assert terms.since <= at < terms.until
        for each in instants:
            if terms.since <= each < terms.until:
                assert _modelled(world, each) == _told(terms), (at, each)


@thoroughly(80)
@given(worlds(), st.data())
def test_what_was_granted_lives_since_access_last_began(world: World, data: st.DataObject) -> None:
    """6.2: a suspension keeps grants; an end, or a time before the beginning, kills what was granted before it."""
    client, instants = _client(world), turns(world)
    broken = {at for at in instants if world.access(at)[0] in {"over", "not_yet"}}
    for at in data.draw(st.lists(st.sampled_from(instants), min_size=5, max_size=10)):
        since = terms_of(client, at, 1).grants_since
        ends = [each for each in instants if each <= at and each in broken]
        assert not ends or since > ends[-1]
        assert since <= at or at in broken
        assert since not in broken
