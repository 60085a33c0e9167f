"""The rules T01 to T15: one rule, minimal facts, the exact result."""

from __future__ import annotations

import pytest

from callbacks.domain.codes import DANGEROUS_TO_STOP, Flag, Substance
from callbacks.domain.triage import Advice, Triage, Urgency, triage


def told(**flags: str | list[str]) -> Triage:
    return triage(flags, [])


def test_nothing_in_particular_is_routine() -> None:
    found = triage({}, [])

    assert found == Triage(
        urgency=Urgency.ROUTINE,
        rules=("T15",),
        needs_review=False,
        advice=(),
        strict_contact=False,
        tells_safeguarding=False,
        young_people_only=False,
    )


@pytest.mark.parametrize(
    ("rule", "flag", "urgency"),
    [
        ("T01", "immediate_danger", Urgency.EMERGENCY),
        ("T02", "overdose_now", Urgency.EMERGENCY),
        ("T03", "self_harm_in_progress", Urgency.EMERGENCY),
        ("T04", "withdrawal_red_flag", Urgency.EMERGENCY),
        ("T05", "suicidal_thoughts", Urgency.VERY_URGENT),
        ("T07", "under_18", Urgency.URGENT),
        ("T08", "child_at_risk", Urgency.VERY_URGENT),
        ("T09", "pregnant", Urgency.URGENT),
        ("T10", "bladder_red_flag", Urgency.VERY_URGENT),
        ("T11", "unsafe_at_home", Urgency.ROUTINE),
    ],
)
def test_a_yes_to_one_question_is_one_rule(rule: str, flag: str, urgency: Urgency) -> None:
    found = told(**{flag: "yes"})

    assert (found.rules, found.urgency) == ((rule,), urgency)


@pytest.mark.parametrize("sign", ["fit", "hallucination", "confusion", "chest_pain"])
def test_one_dangerous_sign_of_withdrawal_is_an_emergency(sign: str) -> None:
    found = told(withdrawal_red_flag=[sign])

    assert (found.rules, found.urgency, found.advice) == (("T04",), Urgency.EMERGENCY, (Advice.CALL_999,))


def test_no_sign_at_all_is_a_no() -> None:
    assert told(withdrawal_red_flag=[], bladder_red_flag=[]).rules == ("T15",)


def test_thoughts_of_suicide_are_reviewed_by_a_person_and_never_scored() -> None:
    found = told(suicidal_thoughts="yes")

    assert found.needs_review
    assert found.advice == (Advice.CRISIS_LINES,)
    assert not hasattr(found, "score")


@pytest.mark.parametrize("substance", sorted(DANGEROUS_TO_STOP))
def test_stopping_something_dangerous_suddenly_is_very_urgent(substance: Substance) -> None:
    found = triage({Flag.STOPPED_SUDDENLY: "yes"}, [substance])

    assert (found.rules, found.urgency) == (("T06",), Urgency.VERY_URGENT)
    assert found.advice == (Advice.DO_NOT_STOP_SUDDENLY,)


def test_stopping_something_else_suddenly_is_routine() -> None:
    assert triage({Flag.STOPPED_SUDDENLY: "yes"}, ["cannabis"]).rules == ("T15",)


@pytest.mark.parametrize("substance", ["several", "not_sure"])
def test_stopping_something_unnamed_may_be_dangerous(substance: str) -> None:
    found = triage({Flag.STOPPED_SUDDENLY: "yes"}, [substance])

    assert (found.rules, found.urgency, found.needs_review) == (("T14",), Urgency.URGENT, True)


def test_somebody_under_18_is_rung_only_by_those_trained_for_it() -> None:
    found = told(under_18="yes")

    assert found.young_people_only
    assert found.tells_safeguarding


@pytest.mark.parametrize("sign", ["cannot_pee", "clots", "fever_back_pain"])
def test_a_bladder_emergency_is_very_urgent(sign: str) -> None:
    found = told(bladder_red_flag=["often", sign])

    assert (found.rules, found.urgency) == (("T10",), Urgency.VERY_URGENT)
    assert found.advice == (Advice.DOCTOR_TODAY,)


def test_other_bladder_signs_are_urgent() -> None:
    found = told(bladder_red_flag=["often", "blood"])

    assert (found.rules, found.urgency, found.advice) == (("T10a",), Urgency.URGENT, (Advice.GP_OR_UROLOGY,))


def test_somebody_unsafe_at_home_gets_the_strictest_contact_and_no_other_urgency() -> None:
    found = told(unsafe_at_home="yes")

    assert (found.urgency, found.strict_contact) == (Urgency.ROUTINE, True)


@pytest.mark.parametrize("substance", ["heroin", "methadone", "opioid_other", "nitazene_suspected"])
def test_leaving_prison_or_detox_with_opioids_is_urgent(substance: str) -> None:
    found = triage({Flag.RECENT_PRISON_OR_DETOX_EXIT: "yes"}, [substance])

    assert (found.rules, found.urgency, found.advice) == (("T12",), Urgency.URGENT, (Advice.NALOXONE,))


def test_an_infection_where_somebody_injects_is_urgent() -> None:
    found = told(injecting="yes", infection_signs="yes")

    assert (found.rules, found.urgency, found.advice) == (("T13",), Urgency.URGENT, (Advice.DOCTOR_TODAY,))


@pytest.mark.parametrize(
    ("flag", "urgency"),
    [
        ("immediate_danger", Urgency.VERY_URGENT),
        ("suicidal_thoughts", Urgency.URGENT),
        ("pregnant", Urgency.URGENT),
        ("unsafe_at_home", Urgency.URGENT),
        ("alone_no_support", Urgency.URGENT),
    ],
)
def test_not_sure_is_one_level_below_yes_and_never_below_urgent(flag: str, urgency: Urgency) -> None:
    found = told(**{flag: "not_sure"})

    assert (found.rules, found.urgency, found.needs_review) == (("T14",), urgency, True)


def test_not_sure_is_heeded_as_a_yes_where_caution_costs_nothing() -> None:
    assert told(unsafe_at_home="not_sure").strict_contact
    assert told(under_18="not_sure").young_people_only
    assert told(overdose_now="not_sure").advice == (Advice.CALL_999,)


def test_the_highest_urgency_wins_and_every_rule_is_kept() -> None:
    found = told(pregnant="yes", overdose_now="yes", child_at_risk="not_sure")

    assert (found.rules, found.urgency) == (("T02", "T09", "T14"), Urgency.EMERGENCY)


def test_a_history_of_hoaxes_never_lowers_an_emergency() -> None:
    assert told(hoax_history="yes", immediate_danger="yes").urgency is Urgency.EMERGENCY


def test_an_answer_that_is_not_on_the_list_is_refused() -> None:
    with pytest.raises(ValueError, match="perhaps"):
        told(pregnant="perhaps")
