"""How long a call keeps a counsellor: talking, writing it down, and a breath. Our own calls, once there are enough.

Lengths are told as `TYPICAL` values that are equally likely, so that whoever asks can draw from them or take a share.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from math import exp
from statistics import NormalDist

TYPICAL = 20
"""So many values stand for all: finer would tell more than a helpline's few calls know."""

AFTERWARDS = timedelta(minutes=10)
"""For the notes and a breath; the telephone tells only how long the two talked."""

_MEDIAN_MIN, _SPREAD = 32, 0.45
"""Before we have calls of our own: half last longer than this, and lengths are log-normal, as elsewhere."""

PRIOR_COUNTS_AS = 40
"""The guess weighs as much as so many calls: two days of a small helpline, after which its own calls tell."""

PRIOR: tuple[timedelta, ...] = tuple(
    timedelta(minutes=_MEDIAN_MIN * exp(_SPREAD * NormalDist().inv_cdf((n + 0.5) / TYPICAL))) for n in range(TYPICAL)
)


def lengths(talked: Sequence[timedelta]) -> tuple[timedelta, ...]:
    """`TYPICAL` lengths, shortest first, from how long people talked lately and from what is usual."""
    weighed = sorted(
        [(length, PRIOR_COUNTS_AS / TYPICAL) for length in PRIOR] + [(span + AFTERWARDS, 1.0) for span in talked]
    )
    heights = list(accumulate(weight for _, weight in weighed))
    return tuple(weighed[bisect_left(heights, heights[-1] * (n + 0.5) / TYPICAL)][0] for n in range(TYPICAL))
