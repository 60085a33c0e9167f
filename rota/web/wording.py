"""What the rota's pages say when something has been done, or could not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from foundation.web.problems import Problem, Told
from foundation.web.times import date_in_words
from rota.domain.patterns import Turn
from rota.domain.rules import Rule
from rota.domain.shifts import Span
from rota.domain.swaps import SwapState
from rota.domain.wording import gap_words, length_words, span_words
from rota.models import LadderState, LeaveState
from rota.operations.check import Checked
from rota.operations.demand import BandNotFound
from rota.operations.drafts import DraftNotFound
from rota.operations.exchange import Outcome
from rota.operations.holidays import HolidayNotFound
from rota.operations.judge import RuleStandsAgainst
from rota.operations.leave import LeaveNotFound
from rota.operations.patterns import PatternNotFound
from rota.operations.shifts import ShiftChangedMeanwhile, ShiftNotFound
from rota.operations.swaps import SwapNotFound
from rota.operations.team import CounsellorNotFound
from rota.queries import ShiftDueABreak

CHOOSE_A_COUNSELLOR = "Choose a counsellor"
ENTER_A_DAY = "Enter the day on which the shift starts"
ENTER_A_START = "Enter when the shift starts, like 14:00"
ENTER_AN_END = "Enter when the shift ends, like 22:00"
ENTER_THE_LAST_DAY = "Enter the day on which the shift ends, or leave it empty"
ENTER_A_NAME = "Enter the person's name"
ENTER_A_BAND_START = "Enter when the band starts, like 08:00"
ENTER_A_BAND_END = "Enter when the band ends, like 22:00; 00:00 is midnight"
ENTER_A_NUMBER = "Enter a whole number"
ENTER_A_DAY_IT_HOLDS = "Enter the first day on which it holds"
ENTER_A_FILTER_DAY = "Enter a day, like 2026-11-24, or leave it empty"
THE_SERVICE = "the service itself"
SOMEBODY = "somebody"
JOURNAL_KINDS: Mapping[str, str] = {
    "shift": "Shift",
    "draft": "Plan",
    "swap": "Swap",
    "open_shift": "Open shift",
    "leave": "Leave",
    "cover_request": "Cover",
    "demand": "Demand",
    "pattern": "Pattern",
    "rota": "Rota",
    "holiday": "Bank holiday",
    "site": "Working time at",
    "counsellor": "Counsellor",
    "staff": "Sign-in",
    "table": "Table",
    "callback": "Request",
}
EVIDENCE_LISTS = ("By the rota", "By who was ready", "Planned")
ENTER_A_HOLIDAY = "Enter the day, like 2026-06-15"
HOLIDAY_ADDED = "Added. It counts in everybody's hours there."
CHOOSE_A_FILE = "Choose a file that is not empty"
CHOOSE_A_SITE = "Choose where they work"
ENTER_HOURS = "Enter hours, like 37.5 or 37:30"
ENTER_A_TIME = "Enter a time, like 23:00"
ENTER_UNTIL_WHEN = "Enter until which day it holds, or leave it empty"
ENTER_WHEN_SIGNED = "Enter the day on which they signed"
ENTER_WHEN_WITHDRAWN = "Enter the day on which they took it back"
OPT_OUT_SIGNED = "The opt-out is recorded. The average of 48 hours is not asked of them any more."
LIMITS_SET = "Saved. Every shift is judged by these numbers from now on."
SIGNED = "Signed on {day}, with {notice} days of notice."
WITHDRAWN = "Taken back on {day}: it holds no more from {until}."
BREAK_SET = "The break is planned. Cover counts one fewer while it lasts."
BREAK_REMOVED = "The shift has no break any more."
ENTER_A_BREAK = "Enter when the break starts and ends, like 01:40 and 02:00"
DEMAND_ADDED = "The week asks for it now, from the day you entered."
DEMAND_CHANGED = "Changed from the day you entered. The days before keep what they had."
DEMAND_ENDED = "It ends on the day you entered. The days before keep it."
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ENTER_AN_EMAIL = "Enter an e-mail address, like name@example.org"
ENTER_A_LAST_DAY = "Enter the first day on which the person no longer works here"
ENTER_A_FIRST_DAY = "Enter the first day"
ENTER_A_LAST = "Enter the last day"
LAST_BEFORE_FIRST = "The last day comes before the first. Enter a later last day"
A_YEAR_AT_MOST = "A report covers at most a year. Enter an earlier last day"
BESIDE_CONTRACT = {
    "same": "As your contract says",
    "more": "{by} more than your contract",
    "less": "{by} less than your contract",
}
NOT_HERE_THEN = "You were not on the team"
BESIDE_CAP = {"within": "Within the {by} that you offered", "more": "{by} more than you offered"}
THEIR_PHONE_IS_RUNG = "Their telephone rings in a moment. They answer it, and press 1."
PHONE_IS_RUNG = "Your telephone rings in a moment. Answer it, and press 1."
CALLED_IN_SICK = "You are off this shift, and colleagues are being asked to take it. Get well soon."
FEED_ENDED = "Your calendar has no address any more. Remove it from your telephone or computer."
ENTER_A_PART = "Enter when the part starts and ends, like 22:00 and 02:00"
CHOOSE_MY_SHIFT = "Choose one of your shifts"
ALERTS_COME = "Saved. Alerts about cover come to this number."
NO_ALERTS = "Saved. You get no alerts about cover."
LAST_MINUTES_SET = "Saved. It holds from the next call on."
OFFERED = "Your colleagues can take it now. It stays yours until a supervisor says yes."
OFFER_WITHDRAWN = "Your offer is withdrawn. The shift is yours as before."
TAKEN = "A supervisor decides. Until then the shift is not yours."
OPEN_TAKEN = "The shift is yours."
LEAVE_ASKED = "A supervisor decides about your leave."
LEAVE_WITHDRAWN = "Your leave is withdrawn. Shifts that were given up for it are not yours again by themselves."
LEAVE_REFUSED = "Leave refused."
SWAP_APPROVED = "Swap approved. The shift has changed hands."
SWAP_REFUSED = "Swap refused. The offer stands for others."
ASKING = "They are off the shift, and colleagues are being asked by text."
CALLED_OFF = "Nobody else is asked."
OPENED = "Colleagues can take this shift now."
CLOSED = "The shift is not open any more."
ENTER_WHERE_TO_SPLIT = "Enter a time inside the shift, like 10:00"
CHOOSE_WHO_IS_AWAY = "Choose who is away"
STOOD_IN = "Handed over. Both are told by text."
PUT_BACK = "Put back. The shift is exactly as it was before the swap, and both are told."
MAY_BE_SAVED = "No rule stands against it"
NEEDS_A_REASON = "A rule stands against it: with a reason, you can save it all the same"
MORE_REST = "Choose a later start, an earlier end or somebody else"
LESS_WORK = "Choose a shorter shift or somebody else"
ANOTHER_DAY = "Choose another day or somebody else"
AN_ASSESSMENT = "Choose other times or somebody else, or enter an assessment that holds in their terms"
INSTEAD: Mapping[Rule, str] = {
    Rule.LEAVE: ANOTHER_DAY,
    Rule.DAILY_REST: MORE_REST,
    Rule.WEEKLY_REST: ANOTHER_DAY,
    Rule.OWED_REST: ANOTHER_DAY,
    Rule.WEEKLY_HOURS: LESS_WORK,
    Rule.NIGHT_HOURS: LESS_WORK,
    Rule.HAZARDOUS_NIGHT: LESS_WORK,
    Rule.HEALTH_CHECK: AN_ASSESSMENT,
    Rule.CONSECUTIVE_DAYS: ANOTHER_DAY,
    Rule.OWN_CAP: LESS_WORK,
}
"""What can be done instead, by the rule that stands against a shift."""
OR_SAY_WHY = "Or say why it is needed all the same"
OR_AGAINST_THE_RULE = "Leave it as it is, or do it against the rule, with a reason, with the button beside it"
NOT_THIS_ONE = "Take another one, or ask a supervisor: with a reason, they can give it to you all the same"
NOT_MADE_UP = "No longer rest makes up for it within 14 days"
MOST_GAPS = 3  # named in one message; the pages have them all
DRAFTED = "Drafted. Nothing is in force and nobody is told until you publish."
DRAFTED_REMOVAL = "Drafted: the shift goes when you publish."
DROPPED = "Taken out of the draft. That shift stays as it is."
PUBLISHED = "Published. Everybody whose shifts changed is told by text, once."
DISCARDED = "The draft is thrown away. The rota is as it was."
UNDONE = "Undone. The rota is as it was before that publication, and those who were told are told again."
ADVICE = "Worth knowing"
STANDS = "Cannot be published"
OR_A_REASON = ". Change it, or take it out and plan it again with a reason"
BREAK_LOST = "The break {hours} does not fit inside any more. Publish this, and plan another on the page of breaks"
OVERRIDDEN = "Against a rule, with a reason"
BECAUSE = "The reason: {reason}"
MARK_NEW = "new"
MARK_REMOVED = "would go"
MARK_BEFORE = "would change"
MARK_AFTER = "changed"
PATTERN_ADDED = "Saved. Nothing is planned until you put it into your draft and publish that."
PATTERN_CHANGED = "Saved. What was planned from it already stays as it is."
PATTERN_PEOPLE_CHANGED = "Saved. The turn at hand and everything before it stay; the new order begins with the next."
PATTERN_REMOVED = "The pattern is gone. What was planned from it stays as it is."
ENTER_A_MONDAY = "Enter the day on which the cycle begins"
ENTER_A_FIRST_TURN = "Enter the first day"
ENTER_WEEKS = "Enter a number of weeks, like 2"
ENTER_AN_INTERVAL = "Enter how many, like 1"
ENTER_A_WEEK = "Enter a week of the cycle, like 1"
ENTER_PEOPLE = "Enter the people who take turns, each turn on a line of its own"
CHOOSE_A_TURN = "Choose how long a turn lasts"
WILL_BE_GONE = "Will have left by then"
IS_PAST = "Has begun already, and the past is never rewritten"
TURNS: Mapping[Turn, str] = {
    Turn.HOUR: "hours",
    Turn.DAY: "days on which somebody works",
    Turn.WEEK: "weeks",
    Turn.MONTH: "months",
}
CHOOSE_A_SHIFT = "Choose a shift"
NOBODY_ASKED = "nobody"
WILL_HAVE_LEFT = "Will have left by then"
PHONE_NOT_CHECKED = "Their phone was never checked, so they would count as absent"
NOT_TRAINED = "Not trained for {skill}"
ANSWERS: Mapping[str, str] = {
    "": "no answer yet",
    "yes": "yes",
    "too_late": "yes, too late",
    "gone": "has left since",
    "clash": "yes, but has another shift then",
    "on_leave": "yes, but is on leave",
    "no_rest": "yes, but would not have enough rest",
    "too_much": "yes, but it would be too many hours",
    "not_allowed": "yes, but it cannot be given to them",
}
LADDER: Mapping[LadderState, str] = {
    LadderState.ASKING: "Asking",
    LadderState.FILLED: "Covered",
    LadderState.EXHAUSTED: "Everybody who may was asked",
    LadderState.CALLED_OFF: "Called off",
}
NEEDS_TRAINING = "It needs somebody who is trained for {skill}"
OFFER_STATES: Mapping[SwapState, str] = {
    SwapState.OFFERED: "On offer",
    SwapState.TAKEN: "Taken, a supervisor decides",
}
LEAVE_STATES: Mapping[LeaveState, str] = {
    LeaveState.ASKED: "A supervisor decides",
    LeaveState.APPROVED: "Approved",
    LeaveState.REFUSED: "Refused",
    LeaveState.WITHDRAWN: "Withdrawn",
}
CALENDAR_NAME = "My shifts"
CALENDAR_SHIFT = "Shift"
CHOOSE_WHAT_YOU_ARE = "Choose available or away"


def refused_words(refused: Exception, *, next_step: str = OR_SAY_WHY) -> str:
    """Why something was refused and, where a working-time rule stands against it, what to do instead."""
    if not isinstance(refused, RuleStandsAgainst):
        return str(refused)
    instead = [INSTEAD[each.rule] for each in refused.verdict.against if each.rule in INSTEAD]
    return ". ".join([str(refused), *(instead[:1] if next_step == OR_SAY_WHY else []), next_step])


PROBLEMS: Mapping[type[Exception], Told] = {
    SwapNotFound: Problem(
        status=404,
        code="offer_not_found",
        title="This offer is not there any more",
        detail="Somebody may have taken or withdrawn it while you had the page open.",
        next="Open the page again and look at what is on offer now.",
    ),
    LeaveNotFound: Problem(
        status=404,
        code="leave_not_found",
        title="There is no such application for leave",
        detail="There is no application for leave at this address.",
        next="Open the page again and choose one from the list.",
    ),
    BandNotFound: Problem(
        status=404,
        code="band_not_found",
        title="There is no such band any more",
        detail="Somebody may have changed or ended it while you had the page open. Nothing of yours was saved.",
        next="Open the page of demand again and look at the week as it is now.",
    ),
    HolidayNotFound: Problem(
        status=404,
        code="holiday_not_found",
        title="Nobody added this bank holiday",
        detail="Somebody may have taken it away while you had the page open.",
        next="Open the page of bank holidays again.",
    ),
    DraftNotFound: Problem(
        status=404,
        code="draft_not_found",
        title="There is no such draft",
        detail="There is no draft at this address.",
        next="Open the planning page again.",
    ),
    PatternNotFound: Problem(
        status=404,
        code="pattern_not_found",
        title="There is no such pattern",
        detail="There is no pattern at this address. Somebody may have removed it.",
        next="Open the patterns page and choose one from the list.",
    ),
    ShiftNotFound: Problem(
        status=404,
        code="shift_not_found",
        title="This shift is not in the rota any more",
        detail="Somebody may have removed it while you had the page open.",
        next="Open the coverage page again and look at the rota as it is now.",
    ),
    ShiftChangedMeanwhile: Problem(
        status=409,
        code="shift_changed_meanwhile",
        title="Somebody else changed this shift",
        detail="Somebody else changed this shift while you had it open. Nothing of yours was saved.",
        next="Open the coverage page again, look at the shift as it is now, and decide again.",
    ),
    CounsellorNotFound: Problem(
        status=404,
        code="counsellor_not_found",
        title="There is no such counsellor",
        detail="There is no counsellor at this address.",
        next="Open the team page and choose somebody from the list.",
    ),
}

WAS_ENTERED = "Somebody else changed this shift while you had it open. This is how it is now: decide again"


def checked(found: Checked, span: Span, zone: ZoneInfo) -> list[tuple[str, str]]:
    """What saving a shift would come to: badge and words."""
    lines = [("warn", NEEDS_A_REASON)] if found.against else [("good", MAY_BE_SAVED)]
    lines.append(("plain", f"{span_words(span, zone)}: {length_words(span.length)}"))
    lines += [("bad", words) for words in found.against]
    lines += [("calm", words) for words in found.advice]
    number = len(found.gaps)
    left = "No gap would be" if not number else f"{number} {'gap' if number == 1 else 'gaps'} would be"
    lines.append(("plain", f"{left} left on these days; now {found.gaps_now}"))
    return lines + [("warn", gap_words(gap, zone)) for gap in found.gaps[:MOST_GAPS]]


def shift_split(name: str, first: Span, later: Span, zone: ZoneInfo) -> str:
    """After a shift was cut in two; the second one is open to be handed on."""
    return f"Cut in two: {name}, {span_words(first, zone)}, and {span_words(later, zone)}. Choose who has the second."


def worth_knowing(advice: Sequence[str]) -> str:
    """After a shift was saved: what stops nobody, and is said; empty when nothing is."""
    return "".join(f" Worth knowing: {each}." for each in advice)


def lacking_breaks(lacking: Sequence[ShiftDueABreak], zone: ZoneInfo) -> str:
    """After a shift was cut or moved: what is long enough to need a break, and has none; empty when nothing is."""
    return "".join(
        f" {each.name}, {span_words(each.span, zone)}, is due a break of {length_words(each.break_length)}"
        " and has none."
        for each in lacking[:MOST_GAPS]
    )


def leave_approved(vacated: Sequence[Span], gaps: Sequence[str], zone: ZoneInfo) -> str:
    """After leave was approved: what is vacated, and the gaps that are there now."""
    if not vacated:
        return "Leave approved. No shift was in it."
    named = "; ".join(span_words(span, zone) for span in vacated[:MOST_GAPS])
    more = "" if len(vacated) <= MOST_GAPS else f" and {len(vacated) - MOST_GAPS} more"
    found = f" Gaps now: {'; '.join(gaps[:MOST_GAPS])}." if gaps else " Nobody is missing because of it."
    return f"Leave approved. Vacated: {named}{more}.{found}"


def made_up(rest: Span, zone: ZoneInfo) -> str:
    """The longer rest that makes up for a short one."""
    return f"Made up for by {length_words(rest.length)} of rest from {span_words(rest, zone)}"


def draft_line(before: str, after: str) -> str:
    """One change of a draft: what was, and what is to be."""
    if not before:
        return f"New: {after}"
    return f"Moved from {before}, to {after}" if after else f"Gone: {before}"


def publication(when: str, who: str, changes: int) -> str:
    """One publication in a line."""
    number = "1 change" if changes == 1 else f"{changes:,} changes"
    return f"{when}{f', by {who}' if who else ''}: {number}"


def grid_words(weeks: int, first_day: str, lines: int) -> str:
    """A grid in a line."""
    cycle = "every week" if weeks == 1 else f"a cycle of {weeks} weeks"
    return f"Grid, {cycle}, from {first_day}: {'1 line' if lines == 1 else f'{lines} lines'}"


def rotation_words(hours: str, interval: int, turn: Turn, first_day: str, until: str) -> str:
    """A rotation in a line."""
    ends = f", ended before {until}" if until else ""
    return f"Turns, {hours}, another turn every {interval} {TURNS[turn]}, from {first_day}{ends}"


def nobody_called(names: Sequence[str]) -> str:
    """Names in a list of turns that are nobody's, or more than one person's."""
    return f"Nobody on the team, or more than one person, is called {', or '.join(names)}. Enter the full name"


def drafted_from_pattern(shifts: int, unfilled: int) -> str:
    """After a draft was filled from a pattern."""
    left = {0: "None was left out.", 1: "One was left out: see the pattern."}
    drafted = "1 shift is" if shifts == 1 else f"{shifts:,} shifts are"
    return f"{drafted} in your draft. {left.get(unfilled, f'{unfilled:,} were left out: see the pattern.')}"


def shift_added(name: str, span: Span, zone: ZoneInfo) -> str:
    """After a shift was added."""
    return f"Shift added: {name}, {span_words(span, zone)} ({length_words(span.length)})."


def shift_moved(name: str, span: Span, zone: ZoneInfo) -> str:
    """After a shift was moved."""
    return f"Shift changed: {name}, {span_words(span, zone)} ({length_words(span.length)})."


def shift_removed(name: str, span: Span, zone: ZoneInfo) -> str:
    """After a shift was removed."""
    return f"Shift removed: {name}, {span_words(span, zone)}."


def counsellor_added(name: str) -> str:
    """After somebody joined the team."""
    return f"{name} is on the team and can sign in. Ring them to check their phone: until then they get no calls."


def counsellor_changed(name: str, *, phone_needs_check: bool) -> str:
    """After somebody's details changed."""
    again = " Their phone needs to be checked: until then they get no calls." if phone_needs_check else ""
    return f"Saved: {name}.{again}"


def phone_checked(name: str) -> str:
    """After a supervisor rang somebody."""
    return f"The phone of {name} is checked. They can get calls on their shifts."


def holiday_removed(name: str) -> str:
    """After a bank holiday was taken away."""
    return f"{name} is no bank holiday there any more."


def looked_at(kind: str, outcome: Outcome) -> str:
    """After a file was looked at and nothing of it kept."""
    if outcome.problems:
        number = len(outcome.problems)
        there = "There is one problem" if number == 1 else f"There are {number} problems"
        return f"{there}. Change the file and choose it again."
    return f"{_counted(kind, outcome)} Nothing is kept yet."


def taken_in(kind: str, outcome: Outcome) -> str:
    """After a file was taken in."""
    return f"Taken in. {_counted(kind, outcome)}"


def _counted(kind: str, outcome: Outcome) -> str:
    if kind == "people":
        return f"{outcome.added} new, {outcome.changed} changed, {outcome.same} as they were."
    told = "one person is told" if outcome.told == 1 else f"{outcome.told} people are told"
    return f"{outcome.added} {'shift' if outcome.added == 1 else 'shifts'}; {told}."


def terms_saved(name: str) -> str:
    """After somebody's terms were written down."""
    return f"The terms of {name} are saved."


def opt_out_ends(day: date) -> str:
    """After somebody took their opt-out back."""
    return f"Recorded. From {date_in_words(day)} on, 48 hours a week on average is the most again."


def breaks_planned(number: int) -> str:
    """After the missing breaks of a week were planned."""
    return {0: "No break was missing.", 1: "One break is planned."}.get(number, f"{number} breaks are planned.")


def speaks(number: int) -> str:
    """The verb for so many people."""
    return "speaks" if number == 1 else "speak"


def minimum_set(people: int, before: int) -> str:
    """After the minimum on duty was set."""
    return f"At least {people} on duty from that day on, where it was {before}."


def leaving_recorded(name: str, vacated: int) -> str:
    """After it was recorded that somebody leaves."""
    shifts = {0: "They had no shifts after that.", 1: "One shift is open now: see the gaps."}
    return f"{name} leaves. {shifts.get(vacated, f'{vacated} shifts are open now: see the gaps.')}"
