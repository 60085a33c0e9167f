"""The one gate: over random wishes, histories and clocks it lets nothing through that the visitor did not allow.

A million in every run of the tests; `make gate` looks for longer.
"""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random, SystemRandom
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import StaffRow
from callbacks import queries
from callbacks.domain.asking import CONSENT_VERSION, Ask
from callbacks.domain.codes import BlockedFor, BlockReason
from callbacks.domain.lifecycle import IllegalMove, Status
from callbacks.domain.safe_contact import MessageRule, Refused, SafeContact, may_call, may_text
from callbacks.domain.window import Asap, Span, Wanted, WindowClosed
from callbacks.models import NotThemRow
from callbacks.operations.ask import ask
from callbacks.operations.block import block
from callbacks.operations.change import change
from callbacks.operations.match import match_waiting
from callbacks.operations.offers import NotOffered
from callbacks.operations.withdraw import withdraw
from foundation import sealed
from foundation.database import db
from foundation.phone import parse
from notifications.domain.leg import LegStatus
from notifications.operations import hear, place
from notifications.telephony.port import CallOrder, TextOrder
from tests.conftest import NOON

PROJECT = Path(__file__).resolve().parents[2]
LONDON = ZoneInfo("Europe/London")
SCHEDULES, PARTS = 1_000_000, 4
EXAMPLES = int(os.environ.get("GATE_EXAMPLES", "2000"))
"""Hypothesis makes a breach small enough to understand, and takes a hundred times as long for each example."""
HISTORIES = max(40, EXAMPLES // 50)
"""A history runs over real tables and takes longer still."""
HELD = (Status.ASSIGNED, Status.IN_CALL)
STATUSES, RULES = (*Status, *HELD, *HELD, *HELD, *HELD, *HELD), tuple(MessageRule)

MINUTE = timedelta(minutes=1)
CLOCKS_GO_BACK = datetime(2026, 10, 24, 12, tzinfo=UTC)
CLOCKS_GO_FORWARD = datetime(2027, 3, 27, 12, tzinfo=UTC)

starts = st.sampled_from([NOON, CLOCKS_GO_BACK, CLOCKS_GO_FORWARD])
minutes = st.integers(0, 3 * 24 * 60).map(lambda n: n * MINUTE)
lengths = st.integers(1, 12 * 60).map(lambda n: n * MINUTE)


@dataclass(frozen=True)
class Wish:
    """What a visitor said, as this test understands it: told apart from how the product keeps it."""

    asked: timedelta
    slot: tuple[timedelta, timedelta] | None
    safe: tuple[tuple[timedelta, timedelta], ...]
    not_after: timedelta | None

    def as_wanted(self, start: datetime) -> Wanted:
        def span(pair: tuple[timedelta, timedelta]) -> Span:
            return Span(start + pair[0], start + pair[0] + pair[1])

        return Wanted(
            asked_at=start + self.asked,
            when=span(self.slot) if self.slot else Asap(),
            safe_times=tuple(map(span, self.safe)),
            not_after=None if self.not_after is None else start + self.not_after,
        )


def allowed_at(wanted: Wanted, now: datetime) -> bool:
    """What the visitor was told, in the words of the page: the named times and no other; else soon, or by day."""
    if wanted.not_after is not None and now >= wanted.not_after:
        return False
    named = [*([wanted.when] if isinstance(wanted.when, Span) else []), *wanted.safe_times]
    if named:
        return any(span.starts_at <= now < span.ends_at for span in named)
    waited = now - wanted.asked_at
    if timedelta() <= waited < timedelta(hours=2):
        return True
    return timedelta() <= waited < timedelta(hours=24) and 8 <= now.astimezone(LONDON).hour < 21


pairs = st.tuples(minutes, lengths)
wishes = st.builds(
    Wish,
    asked=minutes,
    slot=st.none() | pairs,
    safe=st.lists(pairs, max_size=3).map(tuple),
    not_after=st.none() | minutes,
)
bars = st.sampled_from([None, Refused.NOT_THEM, Refused.BLOCKED])


@settings(max_examples=EXAMPLES, deadline=None)
@given(starts, wishes, minutes, st.sampled_from(Status), bars)
@example(NOON, Wish(timedelta(), None, (), timedelta()), timedelta(), Status.ASSIGNED, None)
@example(CLOCKS_GO_BACK, Wish(timedelta(), (13 * 60 * MINUTE, MINUTE), (), None), 780 * MINUTE, Status.IN_CALL, None)
def test_no_telephone_rings_at_a_time_that_was_not_allowed(
    start: datetime, wish: Wish, at: timedelta, status: Status, barred: Refused | None
) -> None:
    wanted = wish.as_wanted(start)
    now = wanted.asked_at + at  # nothing is wanted before it is asked for

    refused = may_call(status=status, barred=barred, wanted=wanted, now=now, zone=LONDON)

    assert (refused is None) == (status in HELD and barred is None and allowed_at(wanted, now))


@settings(max_examples=EXAMPLES, deadline=None)
@given(starts, wishes, minutes, st.sampled_from(MessageRule), st.booleans(), st.booleans(), bars)
def test_no_text_is_sent_that_was_not_allowed(
    start: datetime, wish: Wish, at: timedelta, sms: MessageRule, closed: bool, is_mobile: bool, barred: Refused | None
) -> None:
    wanted = wish.as_wanted(start)
    now = wanted.asked_at + at  # nothing is wanted before it is asked for

    refused = may_text(
        closed=closed,
        barred=barred,
        contact=SafeContact(sms=sms),
        is_mobile=is_mobile,
        wanted=wanted,
        now=now,
        zone=LONDON,
    )

    texts = sms is not MessageRule.NO and is_mobile and not closed and barred is None
    assert (refused is None) == (texts and allowed_at(wanted, now))


def thrown(dice: Random) -> tuple[Wanted, datetime]:
    """A wish and a moment, drawn as those above are, but for a hundredth of the time; half of them where one ends."""

    def pair() -> tuple[timedelta, timedelta]:
        return dice.randrange(3 * 24 * 60) * MINUTE, dice.randrange(1, 12 * 60) * MINUTE

    wish = Wish(
        asked=dice.randrange(3 * 24 * 60) * MINUTE,
        slot=pair() if dice.random() < 0.5 else None,
        safe=tuple(pair() for _ in range(dice.randrange(4))),
        not_after=dice.randrange(3 * 24 * 60) * MINUTE if dice.random() < 0.3 else None,
    )
    wanted = wish.as_wanted(dice.choice((NOON, CLOCKS_GO_BACK, CLOCKS_GO_FORWARD)))
    if dice.random() < 0.5:
        return wanted, wanted.asked_at + dice.randrange(3 * 24 * 60 * 60) * timedelta(seconds=1)
    spans = [*([wanted.when] if isinstance(wanted.when, Span) else []), *wanted.safe_times]
    edges = [edge for span in spans for edge in (span.starts_at, span.ends_at)]
    edges += [wanted.asked_at, wanted.asked_at + timedelta(hours=2), wanted.asked_at + timedelta(hours=24)]
    return wanted, max(wanted.asked_at, dice.choice(edges) + dice.randrange(-1, 2) * timedelta(seconds=1))


@pytest.mark.parametrize("part", range(PARTS))
def test_a_million_schedules_and_clocks_find_no_way_through_the_gate(part: int) -> None:
    """New ones each time; a breach says how to draw it again."""
    seed = int(os.environ.get("GATE_SEED") or SystemRandom().randrange(2**32))
    dice, permitted = Random(seed + part), [0, 0]
    for number in range(SCHEDULES // PARTS):
        wanted, now = thrown(dice)
        status, barred = dice.choice(STATUSES), dice.choice((None, None, Refused.NOT_THEM, Refused.BLOCKED))
        sms, closed, is_mobile = dice.choice(RULES), dice.random() < 0.3, dice.random() < 0.7
        is_time = allowed_at(wanted, now)

        rings = None is may_call(status=status, barred=barred, wanted=wanted, now=now, zone=LONDON)
        texts = None is may_text(
            closed=closed,
            barred=barred,
            contact=SafeContact(sms=sms),
            is_mobile=is_mobile,
            wanted=wanted,
            now=now,
            zone=LONDON,
        )

        permitted[0] += rings
        permitted[1] += texts
        may_be_told = sms is not MessageRule.NO and is_mobile and not closed
        told = f"GATE_SEED={seed}, part {part}, example {number}"
        assert rings == (status in HELD and barred is None and is_time), told
        assert texts == (may_be_told and barred is None and is_time), told
    assert min(permitted) > SCHEDULES // PARTS // 100  # it is no gate that lets nothing through


NETWORK = b"a network"
PHONE = parse("07700 900982", drama_allowed=True)


@dataclass
class History:
    """One visitor's request on real tables, and beside it what they said, to hold every permit against."""

    session: Session
    token: str
    wanted: Wanted
    texts: bool
    now: datetime
    gone: bool = False
    stopped: bool = False
    over: bool = False
    """The number's next request is another's: this history has ended."""
    permits: list[str] = field(default_factory=list)
    to_come: list[tuple[str, int]] = field(default_factory=list)

    def goes_on(self) -> None:
        """One thing after the other happens, also while a counsellor's telephone rings; what waits is done between."""
        self._work()
        while self.to_come:
            self._something_happens()
            self._work()

    def _something_happens(self) -> None:
        if self.to_come:
            what, amount = self.to_come.pop(0)
            getattr(self, what)(amount)

    def time_passes(self, amount: int) -> None:
        self.now += amount * MINUTE

    def withdraws(self, _: int) -> None:
        withdraw(self.session, token=self.token, now=self.now)
        self.gone = True

    def texts_stop(self, _: int) -> None:
        hear.stop_texts(self.session, phone=PHONE.e164, now=self.now)
        self.stopped = True

    def says_not_me(self, _: int) -> None:
        key = {"phone_digest": sealed.digest(PHONE.e164), "requester": NETWORK}
        if self.session.get(NotThemRow, tuple(key.values())) is None:
            self.session.add(NotThemRow(**key, said_at=self.now))
            self.session.flush()
        self.gone = True

    def texts_not_me(self, _: int) -> None:
        hear.not_me(self.session, phone=PHONE.e164, now=self.now)
        self.gone = True

    def is_blocked(self, _: int) -> None:
        staff_id = self.session.scalars(select(StaffRow.id)).first()
        callback = queries.by_token(self.session, self.token)
        assert staff_id is not None
        assert callback is not None
        block(
            self.session,
            callback,
            because=BlockReason.PESTERED,
            lasts=BlockedFor.FOR_GOOD,
            staff_id=staff_id,
            now=self.now,
        )
        self.gone = True

    def somebody_else_asks(self, amount: int) -> None:
        """For the same number, with wishes of their own: the stricter hold for both, and nothing is sent for theirs."""
        theirs = SafeContact(sms=MessageRule.NEUTRAL_MESSAGE if amount % 2 else MessageRule.NO)
        request = Ask(PHONE, CONSENT_VERSION, safe_contact=theirs, requester=b"another network")
        ask(self.session, request, idempotency=None, zone=LONDON, now=self.now)
        first = queries.by_token(self.session, self.token)
        assert first is not None
        if first.is_open:
            self.texts = self.texts and theirs.sms is not MessageRule.NO
        else:
            self.gone = True  # what is rung from now on is theirs
            self.to_come.clear()
            self.over = True

    def forbids_texts(self, _: int) -> None:
        if self._changes(safe_contact=SafeContact(do_not_contact_after=self.wanted.not_after)):
            self.texts = False

    def moves(self, amount: int) -> None:
        hour = self.now.replace(minute=0) + (1 + amount % 30) * 60 * MINUTE
        if self._changes(when=Span(hour, hour + 60 * MINUTE)):
            later = tuple(span for span in self.wanted.safe_times if span.starts_at >= hour)
            self.wanted = replace(self.wanted, when=Span(hour, hour + 60 * MINUTE), safe_times=later)

    def wants_it_soon(self, _: int) -> None:
        if self._changes(when=Asap()):
            self.wanted = replace(self.wanted, when=Asap(), asked_at=self.now)

    def sets_a_last_moment(self, amount: int) -> None:
        last = self.now + amount * MINUTE
        sms = MessageRule.NEUTRAL_MESSAGE if self.texts else MessageRule.NO
        if self._changes(safe_contact=SafeContact(sms=sms, do_not_contact_after=last)):
            self.wanted = replace(self.wanted, not_after=last)

    def _changes(self, **what: object) -> bool:
        try:
            with self.session.begin_nested():
                change(self.session, token=self.token, zone=LONDON, now=self.now, **what)  # type: ignore[arg-type]  # one of its own arguments
        except (IllegalMove, NotOffered, WindowClosed):
            return False
        return True

    def _work(self) -> None:
        if self.over:
            return
        match_waiting(self.session, zone=LONDON, now=self.now)
        while (found := place.claim_call(self.session, now=self.now)) is not None:
            if isinstance(found, CallOrder):
                self._may_ring("counsellor")
                self._call(found)
        while (text := place.claim_text(self.session, now=self.now)) is not None:
            if isinstance(text, TextOrder):
                assert self.texts
                assert not self.stopped
                self._may_ring("text")

    def _call(self, order: CallOrder) -> None:
        """The counsellor presses 1 after something has happened; nobody answers the visitor's telephone."""
        leg = order.call_id.hex
        hear.counsellor_answered(self.session, call_id=order.call_id, provider_id=leg, now=self.now)
        self._something_happens()
        taken = hear.counsellor_pressed(self.session, call_id=order.call_id, provider_id=leg, digits="1", now=self.now)
        if taken is not None:
            self._may_ring("visitor")
            hear.dial_over(
                self.session,
                call_id=order.call_id,
                visitor_leg_id=None,
                status=LegStatus.NO_ANSWER,
                duration_s=0,
                bridged=False,
                now=self.now,
            )
        hear.leg_status(
            self.session,
            call_id=order.call_id,
            role="counsellor",
            provider_id=leg,
            status=LegStatus.COMPLETED,
            duration_s=40,
            sip_code=None,
            at=self.now,
            now=self.now,
        )

    def _may_ring(self, who: str) -> None:
        self.permits.append(who)
        assert not self.gone, who
        assert allowed_at(self.wanted, self.now), (who, self.wanted, self.now)


EVENTS = [name for name, what in vars(History).items() if callable(what) and name[0] != "_" and name != "goes_on"]
events = st.tuples(st.sampled_from(EVENTS), st.integers(0, 36 * 60))


def test_an_ordinary_history_rings_and_texts(app: Flask, a_rota: None) -> None:
    with app.app_context():
        permits = _live(db.session(), Wish(timedelta(), None, (), None), True, [("time_passes", 0)])

    assert {"counsellor", "visitor", "text"} == set(permits)


@settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to make a failing history shorter takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wishes, st.booleans(), st.lists(events, max_size=8))
def test_whatever_happens_the_gate_permits_only_what_was_allowed(
    app: Flask, a_rota: None, wish: Wish, texts: bool, happens: list[tuple[str, int]]
) -> None:
    with app.app_context():
        session = db.session()
        _live(session, wish, texts, happens)
        session.rollback()


def _live(session: Session, wish: Wish, texts: bool, happens: list[tuple[str, int]]) -> list[str]:
    wanted, now = wish.as_wanted(NOON), NOON + wish.asked
    safe = tuple(span for span in wanted.safe_times if span.ends_at > now)
    sms = MessageRule.NEUTRAL_MESSAGE if texts else MessageRule.NO
    contact = SafeContact(sms=sms, do_not_contact_after=wanted.not_after)
    when = wanted.when if isinstance(wanted.when, Asap) or wanted.when.starts_at > now else Asap()
    request = Ask(PHONE, CONSENT_VERSION, when=when, safe_times=safe, safe_contact=contact, requester=NETWORK)
    try:
        asked = ask(session, request, idempotency=None, zone=LONDON, now=now)
    except (NotOffered, WindowClosed):
        return []
    callback = queries.by_token(session, asked.token)
    assert callback is not None
    assert callback.as_wanted() == replace(wanted, when=when, safe_times=safe)
    history = History(session, asked.token, callback.as_wanted(), texts, now, to_come=[*happens])
    history.goes_on()
    return history.permits


def calls_of(name: str) -> set[str]:
    """The files of the product in which something of this name is called."""
    rooms = ("callbacks", "rota", "accounts", "notifications", "foundation")
    files = [PROJECT / "app.py", *(path for room in rooms for path in (PROJECT / room).rglob("*.py"))]
    return {str(path.relative_to(PROJECT)) for path in files if name in _called(path)}


def _called(path: Path) -> set[str]:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


@pytest.mark.parametrize(
    ("name", "only_in"),
    [
        ("Permit", {"notifications/operations/gate.py"}),
        ("CallOrder", {"notifications/operations/place.py"}),
        ("TextOrder", {"notifications/operations/place.py"}),
        ("place_call", {"notifications/jobs.py"}),
        ("send_text", {"notifications/jobs.py"}),
        ("ring_the_visitor", {"notifications/web/webhooks.py"}),
    ],
)
def test_the_gate_is_the_only_road_to_a_telephone(name: str, only_in: set[str]) -> None:
    assert calls_of(name) == only_in
