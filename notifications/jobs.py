"""What a worker does when a bell rings: look at the table, do what waits, leave. Safe to run twice, or at once.

No transaction is open while we talk to the provider.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

import structlog
from flask import Flask, current_app

from foundation import clock, doorbell
from foundation.database import transaction
from foundation.doorbell import Bell
from foundation.phone import Phone
from notifications import queries
from notifications.domain.text import TextState
from notifications.operations import alarm, forget, place, settle, sweep, trouble
from notifications.telephony import second_way
from notifications.telephony.port import (
    CallOrder,
    NoSuchCall,
    NumberRefused,
    OutcomeUnknown,
    ProviderCall,
    ProviderRefusesUs,
    ProviderUnavailable,
    Telephony,
    TextOrder,
    TurnedAway,
)

log = structlog.get_logger()

_LONGEST_RUN_S = 20  # then the bell is rung again, so that a long line of calls cannot hold a worker past its time-out
_A_MOMENT_S = 0.1  # between two looks at the clock, by workers that wait for each other or on hosts that differ
_AT_ONCE = 4  # calls handed over at the same time by one worker: most of it is waiting for the network
_ASK_AT_MOST = 50  # overdue calls asked about in one run
_STOPS_FOR_S = 2  # a visitor who cancels waits for the page meanwhile
_BETWEEN_STOPS_S = 0.5
_ASKS_FOR_S = 15  # then the bell is rung again: one question may last for three of the adapter's time-outs, and no more


def _telephony() -> Telephony:
    telephony: Telephony = current_app.extensions["telephony"]
    return telephony


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001 - the documented way


@doorbell.answers(Bell.DIAL)
def dial_waiting() -> None:
    """Place every waiting call, most urgent first, no faster than the pace allows."""
    doorbell.answering(Bell.DIAL)
    app, ends = _app(), time.monotonic() + _LONGEST_RUN_S
    with ThreadPoolExecutor(_AT_ONCE) as hands:
        for hand in [hands.submit(_dial_until_none, app, ends) for _ in range(_AT_ONCE)]:
            hand.result()
    with transaction() as session:
        if time.monotonic() >= ends and queries.is_call_waiting(session, now=clock.now()):
            doorbell.ring_after_commit(session, Bell.DIAL)


def _dial_until_none(app: Flask, ends: float) -> None:
    with app.app_context():
        while time.monotonic() < ends:
            order = _next_call(ends)
            if order is None:
                return
            if isinstance(order, CallOrder):
                _dial(order)


def _next_call(ends: float) -> CallOrder | UUID | None:
    """Claim the next call; wait for our turn in the shared pace, as long as this run lasts."""
    per_second: float = current_app.config["CALLS_PER_SECOND"]
    while True:
        with transaction() as session:
            now = clock.now()
            if not queries.is_call_waiting(session, now=now):
                return None
            wait_s = place.reserve_pace(session, per_second=per_second, now=now)
            if wait_s == 0.0:
                return place.claim_call(session, now=now)
        if wait_s > 1 / per_second + _A_MOMENT_S:
            return None  # dialling is paused: the timekeeper rings again, and this worker has other things to do
        if time.monotonic() + clock.real_seconds(wait_s) > ends:
            return None
        clock.wait(wait_s)


def _dial(order: CallOrder) -> None:
    """Dial once, and record what came of it."""
    if order.permit.has_lapsed(now=clock.now()):
        log.warning("call_not_placed", call=order.call_id.hex, because="permit lapsed")
        with transaction() as session:
            place.call_not_placed(session, call_id=order.call_id, now=clock.now())
        return
    try:
        provider_id = _telephony().place_call(order)
    except ProviderUnavailable as away:
        log.warning("call_not_placed", call=order.call_id.hex, because=str(away))
        with transaction() as session:
            place.call_not_placed(session, call_id=order.call_id, now=clock.now())
            trouble.dialling_failed(session, leave_alone_s=away.leave_alone_s, now=clock.now())
            if isinstance(away, ProviderRefusesUs):
                trouble.account_refused(session, now=clock.now())
    except NumberRefused as refused:
        with transaction() as session:
            place.call_refused(session, call_id=order.call_id, code=refused.code, now=clock.now())
    except TurnedAway as away:
        log.warning("call_turned_away", call=order.call_id.hex, because=away.code)
        with transaction() as session:
            place.call_turned_away(session, call_id=order.call_id, code=away.code, now=clock.now())
    except OutcomeUnknown as unknown:
        log.warning("call_outcome_unknown", call=order.call_id.hex, because=str(unknown))
        with transaction() as session:
            place.call_outcome_unknown(session, call_id=order.call_id, now=clock.now())
            trouble.dialling_failed(session, now=clock.now())
    else:
        with transaction() as session:
            place.call_accepted(session, call_id=order.call_id, provider_id=provider_id, now=clock.now())
            trouble.account_accepted(session)


@doorbell.answers(Bell.TEXT)
def send_waiting_texts() -> None:
    """Send every waiting text, oldest first."""
    doorbell.answering(Bell.TEXT)
    ends = time.monotonic() + _LONGEST_RUN_S
    while time.monotonic() < ends:
        with transaction() as session:
            order = place.claim_text(session, now=clock.now())
        if order is None:
            return
        if isinstance(order, TextOrder):
            _send(order)
    doorbell.ring(Bell.TEXT)


def _send(order: TextOrder) -> None:
    """Send once, and record what came of it."""
    if order.permit.has_lapsed(now=clock.now()):
        log.warning("text_not_sent", text=order.text_id.hex, because="permit lapsed")
        with transaction() as session:
            place.text_not_sent(session, text_id=order.text_id, retry_after_s=0.0, now=clock.now())
        return
    try:
        provider_id, news = _telephony().send_text(order)
    except ProviderUnavailable as away:
        log.warning("text_not_sent", text=order.text_id.hex, because=str(away))
        with transaction() as session:
            place.text_not_sent(session, text_id=order.text_id, retry_after_s=away.retry_after_s, now=clock.now())
            trouble.texting_failed(session, leave_alone_s=away.leave_alone_s, now=clock.now())
            if isinstance(away, ProviderRefusesUs):
                trouble.account_refused(session, now=clock.now())
    except (NumberRefused, TurnedAway) as refused:
        log.warning("text_refused", text=order.text_id.hex, because=refused.code)
        with transaction() as session:
            place.text_told(
                session, text_id=order.text_id, news=TextState.REFUSED, refused=refused.code, now=clock.now()
            )
            if isinstance(refused, TurnedAway):
                trouble.texting_failed(session, now=clock.now())
            else:
                trouble.texting_works(session, now=clock.now())
    except OutcomeUnknown as unknown:
        log.warning("text_outcome_unknown", text=order.text_id.hex, because=str(unknown))
        with transaction() as session:
            place.text_told(session, text_id=order.text_id, news=TextState.LOST, now=clock.now())
            trouble.texting_failed(session, now=clock.now())
    else:
        with transaction() as session:
            place.text_told(session, text_id=order.text_id, news=news, provider_id=provider_id, now=clock.now())
            trouble.texting_works(session, now=clock.now())
            trouble.account_accepted(session)


@doorbell.answers(Bell.SETTLE)
def settle_overdue() -> None:
    """Ask the provider about every call, text and leg whose deadline has passed; stop the calls that must stop."""
    doorbell.answering(Bell.SETTLE)
    now, ends = clock.now(), time.monotonic() + _ASKS_FOR_S
    with transaction() as session:
        calls = queries.overdue_calls(session, now=now, limit=_ASK_AT_MOST)
        texts = queries.overdue_texts(session, now=now, limit=_ASK_AT_MOST)
        legs = queries.overdue_legs(session, now=now, limit=_ASK_AT_MOST)
    questions: list[Callable[[], object]] = [
        *(partial(_settle_call, each) for each in calls),
        *(partial(_settle_text, each) for each in texts),
        *(partial(_settle_leg, each) for each in legs),
    ]
    for ask in questions:
        if time.monotonic() >= ends:
            break
        ask()
    with transaction() as session:
        if queries.is_anything_overdue(session, now=clock.now()):
            doorbell.ring_after_commit(session, Bell.SETTLE)


@doorbell.answers(Bell.SWEEP)
def end_orphans() -> None:
    """End every call from our number that no table knows of, or that outlives its own."""
    doorbell.answering(Bell.SWEEP)
    with transaction() as session:
        look = sweep.begin(session, now=clock.now())
    try:
        live, is_full = _under_way(look)
    except ProviderUnavailable as away:
        log.warning("sweep_waits", because=str(away))
        return
    with transaction() as session:
        orphans = sweep.orphans(session, live=live, is_full=is_full, now=clock.now())
    for provider_id in orphans:
        _end_orphan(provider_id)


def _under_way(look: sweep.Look) -> tuple[list[ProviderCall], bool]:
    """What is looked at, and whether it is everything that is under way."""
    if look.reaches_back_to is not None:
        latest = _telephony().latest_calls(sweep.LATEST)
        if look.is_seen_in(latest):
            return latest, False
    return _telephony().live_calls(), True


def _end_orphan(provider_id: str) -> None:
    try:
        _telephony().end_call(provider_id)
    except ProviderUnavailable as away:
        log.warning("orphan_waits", because=str(away))  # the next sweep finds it again
    else:
        log.error("orphan_leg_ended")
        with transaction() as session:
            forget.forget_stray(session, provider_id=provider_id, now=clock.now())


def stop_ringing(call_id: UUID | None) -> None:
    """Stop a cancelled call now, not at the next bell: whoever cancelled is about to be told that nobody will ring.

    When the provider cannot be reached the bell goes on trying, the gate lets nothing new through meanwhile, and the
    call's own state tells whoever shows a page that it may still ring.
    """
    if call_id is None:
        return
    ends = time.monotonic() + _STOPS_FOR_S
    while not _settle_call(call_id) and time.monotonic() < ends:
        time.sleep(_BETWEEN_STOPS_S)


def _settle_call(call_id: UUID) -> bool:
    """Ask about one call; False when the provider does not answer: then it waits, and keeps no other waiting."""
    with transaction() as session:
        asked = settle.question(session, call_id=call_id, now=clock.now())
    if asked is None:
        return True
    try:
        records = _look_up(asked)
    except ProviderUnavailable as away:
        log.warning("settling_waits", call=call_id.hex, because=str(away))
        with transaction() as session:
            settle.no_answer(session, call_id=call_id, now=clock.now())
        return False
    with transaction() as session:
        orphans = settle.answered(session, asked=asked, records=records, now=clock.now())
    for provider_id in orphans:
        _end_orphan(provider_id)
    return True


def _look_up(asked: settle.Question) -> settle.Records:
    telephony = _telephony()
    if asked.provider_id is None:
        return settle.Records(found=tuple(telephony.calls_to(asked.to)))
    if asked.ask is settle.Ask.END:
        telephony.end_call(asked.provider_id)
    return settle.Records(
        counsellor=_known(telephony, asked.provider_id), visitor=telephony.second_leg(asked.provider_id)
    )


def _known(telephony: Telephony, provider_id: str) -> ProviderCall | None:
    try:
        return telephony.call(provider_id)
    except NoSuchCall:
        log.warning("leg_unknown_to_provider")
        return None


def _settle_leg(leg_id: int) -> None:
    with transaction() as session:
        provider_id = settle.leg_question(session, leg_id=leg_id, now=clock.now())
    if provider_id is None:
        return
    try:
        record = _known(_telephony(), provider_id)
    except ProviderUnavailable as away:
        log.warning("settling_waits", kind="leg", because=str(away))
        return
    with transaction() as session:
        settle.leg_answered(session, leg_id=leg_id, record=record, now=clock.now())


def _settle_text(text_id: UUID) -> None:
    with transaction() as session:
        provider_id = settle.text_question(session, text_id=text_id, now=clock.now())
    if provider_id is None:
        return
    try:
        news = _telephony().text_state(provider_id)
    except ProviderUnavailable as away:
        log.warning("settling_waits", text=text_id.hex, because=str(away))
        with transaction() as session:
            settle.text_not_answered(session, text_id=text_id, now=clock.now())
        return
    with transaction() as session:
        settle.text_answered(session, text_id=text_id, news=news, now=clock.now())


def tell_of_troubles(*, on_call: Phone | None, address: str) -> None:
    """Tell whoever is on call of what nobody has heard of yet: by text, and at the operator's address."""
    with transaction() as session:
        tellings = alarm.tell_of_troubles(session, on_call=on_call, has_address=bool(address), now=clock.now())
    for telling in tellings:
        log.error("trouble", kind=str(telling.kind))
        if address:
            _post(address, telling)


def _post(address: str, telling: alarm.Telling) -> None:
    try:
        second_way.post(address, telling.as_message())
    except second_way.NotHeard as unheard:
        log.warning("alarm_not_heard", kind=str(telling.kind), because=str(unheard))  # it is told again
        return
    with transaction() as session:
        alarm.was_heard(session, telling.kind, now=clock.now())


def delete_records() -> None:
    """Have the telephone company delete what it is to keep no longer; what it does not delete is tried again."""
    with transaction() as session:
        due = queries.records_due(session, now=clock.now())
    for provider_id, kind in due:
        try:
            _telephony().delete_call(provider_id) if kind == "call" else _telephony().delete_text(provider_id)
        except ProviderUnavailable as away:
            log.warning("record_not_deleted", kind=kind, because=str(away))
            with transaction() as session:
                forget.record_remains(session, provider_id=provider_id, now=clock.now())
            return  # the company may be away: the others are due when the bell rings again
        with transaction() as session:
            forget.record_gone(session, provider_id=provider_id, now=clock.now())
