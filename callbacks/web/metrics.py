"""Figures for Prometheus, read from the tables when they are asked for: every process tells the same truth."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.score import Score, score
from foundation import clock
from foundation.database import transaction
from notifications import queries as notifications
from notifications.domain.trouble import Trouble
from rota import queries as rota

SCORED_FOR = timedelta(days=7)

metrics = Blueprint("metrics", __name__)


@metrics.before_request
def only_from_inside() -> None:
    """Answer on an internal address only: not through a proxy, and not to the internet."""
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - no address: refused below
    is_inside = (address.is_loopback or address.is_private) and not address.is_unspecified
    if not is_inside or request.headers.get("X-Forwarded-For"):
        abort(404)


class Figures(Collector):
    """What is true at one moment."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Every figure, from a handful of questions."""
        session, now = self._session, self._now
        by_status = GaugeMetricFamily("ringback_callbacks", "Requests by status", labels=["status"])
        for status, count in queries.counts_by_status(session).items():
            by_status.add_metric([status], count)
        yield by_status
        yield GaugeMetricFamily(
            "ringback_callbacks_unaccounted_for",
            "Requests that are neither open with a deadline nor closed with a reason, or that are gone; must be 0",
            value=queries.unaccounted_for(session),
        )
        yield GaugeMetricFamily(
            "ringback_callbacks_due", "Requests that wait", value=queries.count_ahead(session, now=now)
        )
        yield GaugeMetricFamily(
            "ringback_oldest_due_seconds",
            "How long the longest-waiting due request has been due",
            value=queries.longest_due_s(session, now=now),
        )
        yield GaugeMetricFamily(
            "ringback_outcomes_missing", "Calls whose outcome is owed", value=len(queries.outcomes_missing(session))
        )
        yield GaugeMetricFamily(
            "ringback_counsellors_on_shift", "Counsellors on shift", value=len(rota.on_shift(session, moment=now))
        )
        yield GaugeMetricFamily(
            "ringback_counsellors_free",
            "Counsellors ready and without a call",
            value=queries.count_free(session, now=now),
        )
        yield from _promises(score(queries.promised_since(session, now - SCORED_FOR), now=now))
        yield _troubles(session)
        yield GaugeMetricFamily(
            "ringback_overdue_calls",
            "Calls whose deadline has passed and that are being asked about",
            value=len(notifications.overdue_calls(session, now=now)),
        )


def _promises(found: Score) -> Iterable[Metric]:
    family = GaugeMetricFamily(
        "ringback_promises", "Promises of the last seven days, by how they stand", labels=["how"]
    )
    for how, count in (
        ("kept", found.kept),
        ("broken", found.broken),
        ("void", found.void),
        ("pending", found.pending),
    ):
        family.add_metric([how], count)
    yield family
    if found.off_by is not None:
        yield GaugeMetricFamily(
            "ringback_promise_off_by_seconds",
            "Median of how long after the middle of what was promised the visitor was rung",
            value=found.off_by.total_seconds(),
        )


def _troubles(session: Session) -> Metric:
    lasting = {row.kind for row in notifications.troubles(session)}
    family = GaugeMetricFamily("ringback_trouble", "1 while something is wrong with the service", labels=["kind"])
    for kind in Trouble:
        family.add_metric([kind], kind in lasting)
    return family


@metrics.get("/metrics")
def figures() -> Response:
    """Prometheus text."""
    registry = CollectorRegistry(auto_describe=False)
    with transaction() as session:
        registry.register(Figures(session, clock.now()))
        text = generate_latest(registry)
    return Response(text, content_type=CONTENT_TYPE_LATEST)
