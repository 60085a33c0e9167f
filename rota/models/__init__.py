"""Tables: counsellors, their shifts, how many people each hour of the week needs, and who is ready now."""

from rota.models.columns import range_of, span_of
from rota.models.counsellors import (
    LONGEST_NOTICE,
    SHORTEST_NOTICE,
    CounsellorRow,
    PhoneCheckRow,
    PresenceRow,
    counsellor_of,
)
from rota.models.demand import MinimumRow, RequirementRow
from rota.models.drafts import DraftLineRow, DraftRow
from rota.models.ladder import CoverAskRow, CoverRequestRow, LadderState
from rota.models.leave import LeaveRow, LeaveState
from rota.models.patterns import PatternKind, PatternRow, PatternSlotRow, PatternTurnRow
from rota.models.shifts import HandedOverRow, OffersEndRow, OvertimeRow, ShiftBreakRow, ShiftRow, ShiftState
from rota.models.swaps import OpenShiftRow, OpenShiftState, SwapRow
from rota.models.watch import AlertTextRow, CoverAlertRow, RotaRoundRow, RotaTextRow
from rota.models.working_time import LocalHolidayRow, SiteLimitsRow

__all__ = [
    "LONGEST_NOTICE",
    "SHORTEST_NOTICE",
    "AlertTextRow",
    "CounsellorRow",
    "CoverAlertRow",
    "CoverAskRow",
    "CoverRequestRow",
    "DraftLineRow",
    "DraftRow",
    "HandedOverRow",
    "LadderState",
    "LeaveRow",
    "LeaveState",
    "LocalHolidayRow",
    "MinimumRow",
    "OffersEndRow",
    "OpenShiftRow",
    "OpenShiftState",
    "OvertimeRow",
    "PatternKind",
    "PatternRow",
    "PatternSlotRow",
    "PatternTurnRow",
    "PhoneCheckRow",
    "PresenceRow",
    "RequirementRow",
    "RotaRoundRow",
    "RotaTextRow",
    "ShiftBreakRow",
    "ShiftRow",
    "ShiftState",
    "SiteLimitsRow",
    "SwapRow",
    "counsellor_of",
    "range_of",
    "span_of",
]
