"""Do visitors answer as they usually do? A number that networks mark as spam is answered by far fewer.

The network does not tell us that it warns people of our number; only the share of answered rings shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

LATELY = timedelta(hours=24)
"""A day has mornings and evenings in it, at which people answer differently."""
USUALLY = timedelta(days=28)
"""What lately is compared with: four of each weekday."""

ENOUGH_LATELY = 20
ENOUGH_USUALLY = 100
"""With fewer rings than these, a drop may be chance."""
DROPPED_TO = 0.5
"""Less than this part of the usual share: with 20 rings that happens by chance about once in a thousand days."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How many visitors were rung in a period, and how many of them answered."""

    rings: int
    answers: int

    @property
    def share(self) -> float:
        """The part that was answered; 0 when nobody was rung."""
        return self.answers / self.rings if self.rings else 0.0


def has_dropped(lately: Answered, usually: Answered) -> bool:
    """Whether far fewer answer than usual."""
    if lately.rings < ENOUGH_LATELY or usually.rings < ENOUGH_USUALLY:
        return False
    return lately.share < usually.share * DROPPED_TO
