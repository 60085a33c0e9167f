"""Two hundred people want the same hour at once: nobody is promised a place that is not there."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from callbacks.domain.asking import CONSENT_VERSION, Ask
from callbacks.domain.window import Span
from callbacks.models import BookingRow, CallbackRow
from callbacks.operations import offers
from callbacks.operations.ask import ask
from foundation.database import transaction
from foundation.phone import Phone
from tests.conftest import NOON

LONDON = ZoneInfo("Europe/London")
HOUR = Span(NOON + timedelta(hours=26), NOON + timedelta(hours=27))
PLACES = 2  # of three counsellors one is kept free
PEOPLE = 200
AT_ONCE = 16  # as many as one web process serves


@pytest.mark.usefixtures("a_rota")
def test_two_hundred_who_want_one_hour_at_once_never_overfill_it_and_each_loser_gets_live_times(app: Flask) -> None:
    def one(n: int) -> tuple[Span, ...] | None:
        """Ask for the hour; the other times that were offered, None for whoever got it."""
        what = Ask(Phone(f"+4477009{n:05d}"), CONSENT_VERSION, when=HOUR)
        with app.app_context():
            try:
                with transaction() as session:
                    ask(session, what, idempotency=None, zone=LONDON, now=NOON)
            except offers.NotOffered as gone:
                return gone.alternatives
            return None

    with ThreadPoolExecutor(AT_ONCE) as people:
        answers = list(people.map(one, range(PEOPLE)))

    with app.app_context(), transaction() as session:
        taken = Counter(session.scalars(select(BookingRow.hour_at)))
        kept = session.scalar(select(func.count()).select_from(CallbackRow))
        free = {hour for hour, _ in offers.open_hours(session, start=NOON, end=NOON + timedelta(days=7))}
    lost = [answer for answer in answers if answer is not None]
    assert (taken, kept, len(lost)) == ({HOUR.starts_at: PLACES}, PLACES, PEOPLE - PLACES)
    assert all(len(times) == offers.ALTERNATIVES and set(times) <= free for times in lost)
