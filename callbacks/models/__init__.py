"""Tables of a request's life: the request, its attempts, its history, outcomes, referrals, bookings and texts.

What identifies a visitor is sealed; what the service counts and orders by is not.
"""

from callbacks.models.attempts import AttemptRow, ObstacleRow
from callbacks.models.conservation import ReceiptRow
from callbacks.models.help_lines import HelpLineCheckRow
from callbacks.models.keeping import TidyingRow
from callbacks.models.numbers import AgreedPlanRow, BlockedNumberRow, NotThemRow
from callbacks.models.places import ApologyRow, BookingRow
from callbacks.models.requests import CallbackRow, HistoryRow, IdempotencyRow, ReferralRow, SentRow

__all__ = [
    "AgreedPlanRow",
    "ApologyRow",
    "AttemptRow",
    "BlockedNumberRow",
    "BookingRow",
    "CallbackRow",
    "HelpLineCheckRow",
    "HistoryRow",
    "IdempotencyRow",
    "NotThemRow",
    "ObstacleRow",
    "ReceiptRow",
    "ReferralRow",
    "SentRow",
    "TidyingRow",
]
