"""E15: a solution waits while the client must answer, whatever lies inside the pause; reactions and next answers never wait."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Actor, Category, ClockKind, ClockState, Outcome, Priority, Ticket, TicketClock
from bot.ports import Storage
from bot.sla.calendars import parse_calendar, preset_calendars
from bot.sla.clocks import cancel_clock, meet_clock, pause_clock, recompute_clock, reprice_clock, resume_clock, start_clock
from bot.sla.hours import Calendar
from bot.sla.intervals import DayException
from bot.sla.numbers import Verdict, verdict_of
from bot.sla.pauses import deadline_over, open_time_over, paused, resumed
from bot.sla.policy import Policy, Target
from bot.sla.rules import Rule, Subject
from bot.storage.memory import MemoryStorage
from tests.builders import message
from tests.sla.builders import clock, repriced
from tests.sla.calendars import kyiv, kyiv_desk, situations
from tests.sla.desk import TickingDesk
from tests.sla.oracle import Plain

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOLUTION = ClockKind.SOLUTION
LOW, URGENT = Subject(priority=Priority.LOW), Subject(priority=Priority.URGENT)
# Eight working hours for each ticket, whatever its priority; urgent ones half of it.
POLICY = Policy(
    solution={each: Target(time=(4 if each is Priority.URGENT else 8) * HOUR, calendar="desk") for each in Priority},
)


def solving(received: str) -> TicketClock:
    return clock(received, Priority.LOW, policy=POLICY, kind=SOLUTION)


def after_pause(of: TicketClock, start: str, end: str, policy: Policy = POLICY) -> TicketClock:
    return resume_clock(policy, pause_clock(of, at=kyiv(start)), Subject(priority=of.priority), at=kyiv(end), now=kyiv(end))


# Received on Monday 10:00: eight working hours are Tuesday 10:00.
@pytest.mark.parametrize(
    ("start", "end", "due"),
    [
        ("2026-11-23 11:00", "2026-11-23 12:00", "2026-11-24 11:00"),  # an hour of work
        ("2026-11-23 12:00", "2026-11-23 14:00", "2026-11-24 11:00"),  # with lunch in it
        ("2026-11-23 16:00", "2026-11-24 09:00", "2026-11-24 12:00"),  # over a night
        ("2026-11-23 18:00", "2026-11-24 07:00", "2026-11-24 10:00"),  # in closed hours alone
        ("2026-11-23 10:00", "2026-11-30 10:00", "2026-12-01 10:00"),  # a week, from its first second
    ],
)
def test_e15_a_pause_moves_the_due_by_the_open_time_in_it(start: str, end: str, due: str) -> None:
    of = solving("2026-11-23 10:00")
    assert of.due_at == kyiv("2026-11-24 10:00")
    moved = after_pause(of, start, end)
    assert (moved.due_at, moved.state) == (kyiv(due), ClockState.RUNNING)
    assert moved.next_nudge_at is not None


def test_e15_a_holiday_inside_a_pause_counts_once() -> None:
    rested = Policy(calendars=preset_calendars(exceptions=(DayException(on=date(2026, 11, 24)),)), solution=POLICY.solution)
    of = clock("2026-11-23 10:00", Priority.LOW, policy=rested, kind=SOLUTION)
    assert of.due_at == kyiv("2026-11-25 10:00")
    assert after_pause(of, "2026-11-23 16:00", "2026-11-25 09:00", rested).due_at == kyiv("2026-11-25 12:00")


def test_e15_the_clocks_change_inside_a_pause() -> None:
    # On 25 October the hour from three to four comes twice: a pause over that night holds 25 hours of a calendar that never closes.
    always = preset_calendars()["always"]
    pauses = ((kyiv("2026-10-24 12:00"), kyiv("2026-10-25 12:00")),)
    start = kyiv("2026-10-24 10:00")
    assert deadline_over(always, start, 10 * HOUR, pauses) == kyiv("2026-10-25 20:00")
    assert open_time_over(always, start, kyiv("2026-10-25 20:00"), pauses) == 10 * HOUR


def test_e15_pauses_that_overlap_or_touch_are_one() -> None:
    at = [kyiv(f"2026-11-23 {hour}:00") for hour in (10, 11, 12, 13)]
    standing = paused((), at=at[0])
    assert paused(standing, at=at[1]) == standing
    once = resumed(standing, at=at[2])
    assert resumed(once, at=at[3]) == once
    assert paused(once, at=at[1]) == standing == paused(once, at=at[2])


def test_e15_created_paused_it_begins_when_the_client_answers() -> None:
    of = solving("2026-11-23 10:00")
    moved = after_pause(of, "2026-11-23 10:00", "2026-11-24 10:00")
    assert moved.due_at == kyiv("2026-11-25 10:00")


def test_e15_an_answer_from_before_the_question_was_no_pause() -> None:
    # The client's word was received while staff were asking, and came to us after it.
    of = solving("2026-11-23 10:00")
    moved = after_pause(of, "2026-11-23 12:00", "2026-11-23 11:59")
    assert (moved.pauses, moved.due_at) == ((), of.due_at)


def test_e15_a_pause_that_begins_after_the_due_saves_nothing() -> None:
    of = solving("2026-11-23 10:00")
    late = pause_clock(of, at=kyiv("2026-11-24 10:01"))
    assert late.breached_at == of.due_at
    back = resume_clock(POLICY, late, LOW, at=kyiv("2026-11-26 10:00"), now=kyiv("2026-11-26 10:00"))
    assert (back.due_at, back.breached_at) == (of.due_at, of.due_at)


def test_e15_paused_is_neither_late_nor_nudged_and_ends_like_any_other() -> None:
    waits = pause_clock(solving("2026-11-23 10:00"), at=kyiv("2026-11-23 11:00"))
    year = kyiv("2027-11-23 10:00")
    assert (waits.next_nudge_at, verdict_of(waits, now=year)) == (None, Verdict.RUNNING)
    met = meet_clock(waits, at=year)
    assert (met.state, met.met_at, met.breached_at) == (ClockState.MET, year, None)
    assert cancel_clock(waits, at=year).state is ClockState.CANCELLED


def test_e15_only_solutions_wait() -> None:
    for kind in (ClockKind.REACTION, ClockKind.NEXT_ANSWER):
        of = clock("2026-11-23 10:00", Priority.LOW, policy=POLICY, kind=kind)
        assert pause_clock(of, at=kyiv("2026-11-23 11:00")) == of


def test_e15_raised_while_it_waits_it_has_the_new_time_from_then() -> None:
    # Two hours were used; four are promised from the raise on, but no more than was left.
    waits = pause_clock(solving("2026-11-23 10:00"), at=kyiv("2026-11-23 12:00"))
    raised = repriced(POLICY, waits, Priority.URGENT, now=kyiv("2026-11-23 15:00"))
    back = resume_clock(POLICY, raised, URGENT, at=kyiv("2026-11-24 08:00"), now=kyiv("2026-11-24 08:00"))
    assert (raised.state, back.due_at) == (ClockState.PAUSED, kyiv("2026-11-24 12:00"))


def test_a_pause_that_never_ends_has_no_deadline() -> None:
    start = kyiv("2026-11-23 10:00")
    assert deadline_over(kyiv_desk(), start, 8 * HOUR, ((start + HOUR, None),)) is None
    assert deadline_over(kyiv_desk(), start, HOUR / 2, ((start + HOUR, None),)) == start + HOUR / 2
    assert deadline_over(parse_calendar("empty", weekly={}), start, HOUR, ()) is None


@settings(
    max_examples=2_000 if os.environ.get("DESKBOT_SOAK") == "1" else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(situations(), st.integers(1, 20 * 3600), st.lists(st.integers(-1_440, 10_000), max_size=6, unique=True))
def test_the_deadline_over_pauses_is_the_oracles(situation: tuple[Plain, Calendar, datetime], seconds: int, edges: list[int]) -> None:
    plain, calendar, at = situation
    at, allowed = at.replace(second=0), timedelta(seconds=seconds)
    instants = [at + edge * MINUTE for edge in sorted(edges)]
    pauses = tuple(zip(instants[::2], instants[1::2], strict=False))
    due_at = deadline_over(calendar, at, allowed, pauses)
    expected = _walked(plain, at, allowed, pauses)
    if expected is not None:
        assert due_at == expected
        assert open_time_over(calendar, at, expected, pauses) == allowed


def _walked(plain: Plain, at: datetime, allowed: timedelta, pauses: tuple[tuple[datetime, datetime], ...]) -> datetime | None:
    """Minute by minute, the pauses left out."""
    left, stop = allowed, at + 20 * DAY
    while at < stop:
        if plain.is_open(at) and not any(begins <= at < ends for begins, ends in pauses):
            if left <= MINUTE:
                return at.astimezone(UTC) + left
            left -= MINUTE
        at += MINUTE
    return None


# --- on a desk ---


async def solution_of(desk: TickingDesk, ticket: Ticket) -> TicketClock:
    async with desk.world.storage.read() as uow:
        return next(each for each in await uow.clocks.of_ticket(ticket.id) if each.kind is SOLUTION)


async def test_a_question_pauses_and_the_answer_resumes_on_every_store(store: Storage) -> None:
    desk = await TickingDesk.on(store, policy=POLICY)
    world = desk.world
    world.clock.set_to(kyiv("2026-11-23 10:00"))
    [ticket] = await desk.arrive(Priority.LOW)
    world.clock.set_to(kyiv("2026-11-23 11:00"))
    async with store.write() as uow:
        await world.desk.ask(uow, ticket.id, world.olena, "Яка версія?")
        await uow.commit()
    waits = await solution_of(desk, ticket)
    assert (waits.state, waits.pauses) == (ClockState.PAUSED, ((kyiv("2026-11-23 11:00"), None),))
    assert (await desk.tick(at=kyiv("2026-11-26 11:00"))).nudged == 0
    async with store.write() as uow:
        inbound = message(world.iryna, "8.3", received_at=kyiv("2026-11-26 11:00"))
        await world.desk.add_client_message(uow, ticket.id, inbound, inbox_id=1, contact=world.iryna, verdict="answer")
        await uow.commit()
    back = await solution_of(desk, ticket)
    assert (back.state, back.due_at, back.generation) == (ClockState.RUNNING, kyiv("2026-11-27 10:00"), 2)
    assert back.pauses == ((kyiv("2026-11-23 11:00"), kyiv("2026-11-26 11:00")),)
    assert [each.kind for each in await desk.events_of(ticket, "clock_paused", "clock_resumed")] == ["clock_paused", "clock_resumed"]


@pytest.mark.parametrize(
    ("outcome", "by_client", "state"),
    [
        (Outcome.SOLVED, False, ClockState.MET),
        (Outcome.SOLVED, True, ClockState.MET),
        (Outcome.NOT_RELEVANT, True, ClockState.CANCELLED),
        (Outcome.DECLINED, False, ClockState.CANCELLED),
    ],
)
async def test_a_solution_is_met_by_being_one_whoever_says_so(outcome: Outcome, by_client: bool, state: ClockState) -> None:
    desk = await TickingDesk.on(MemoryStorage(), policy=POLICY)
    world = desk.world
    [ticket] = await desk.arrive(Priority.LOW)
    actor = Actor.contact(world.iryna) if by_client else Actor.agent(world.olena)
    async with world.storage.write() as uow:
        await world.desk.close(uow, ticket.id, actor, outcome=outcome)
        await uow.commit()
    assert (await solution_of(desk, ticket)).state is state


async def test_a_hand_over_ends_the_desks_solution_unmet() -> None:
    desk = await TickingDesk.on(MemoryStorage(), policy=POLICY)
    [ticket] = await desk.arrive(Priority.LOW)
    async with desk.world.storage.write() as uow:
        handed = await desk.world.desk.hand_over(uow, ticket.id, desk.world.olena)
        await uow.commit()
    assert handed.category is Category.CHANGE_REQUEST
    assert (await solution_of(desk, ticket)).state is ClockState.CANCELLED


async def test_a_day_declared_off_while_it_waits_is_found_when_it_goes_on() -> None:
    desk = await TickingDesk.on(MemoryStorage(), policy=POLICY)
    world = desk.world
    world.clock.set_to(kyiv("2026-11-23 10:00"))
    [ticket] = await desk.arrive(Priority.LOW)
    async with world.storage.write() as uow:
        await world.desk.ask(uow, ticket.id, world.olena, "Яка версія?")
        await uow.commit()
    rested = preset_calendars(exceptions=(DayException(on=date(2026, 11, 24)),))
    world.promises.policy = Policy(calendars=rested, solution=POLICY.solution)
    await desk.tick(after=MINUTE)
    world.clock.set_to(kyiv("2026-11-23 16:00"))
    async with world.storage.write() as uow:
        inbound = message(world.iryna, "8.3", received_at=world.clock.now())
        await world.desk.add_client_message(uow, ticket.id, inbound, inbox_id=1, contact=world.iryna, verdict="answer")
        await uow.commit()
    assert (await solution_of(desk, ticket)).due_at == kyiv("2026-11-25 16:00")


# --- whatever happens to a clock under rules ---

RULES = Policy(
    solution=POLICY.solution,
    rules=(
        Rule(name="золотий", plans=("Золотий",), targets={SOLUTION: Target(time=3 * HOUR, calendar="desk")}),
        Rule(name="телефон", channels=("phone",), targets={SOLUTION: Target(time=20 * HOUR, calendar="weekdays")}),
        Rule(name="буквально", categories=(Category.CHANGE_REQUEST,), targets={SOLUTION: Target(time=30 * HOUR, calendar="always")}),
    ),
)
SUBJECTS = [
    Subject(priority=priority, category=category, channel=channel, plan=plan)
    for priority in Priority
    for category in Category
    for channel in ("phone", "mail")
    for plan in ("", "Золотий")
]
EDITED = replace(RULES, calendars=preset_calendars(exceptions=(DayException(on=date(2026, 11, 25)),)), rules=RULES.rules[1:])
ACTS = st.tuples(st.sampled_from(["reprice", "pause", "resume", "recompute", "edit"]), st.sampled_from(SUBJECTS), st.integers(1, 20 * 60))


@settings(max_examples=2_000 if os.environ.get("DESKBOT_SOAK") == "1" else 80, deadline=None)
@given(st.integers(0, 7 * 24 * 60), st.sampled_from(SUBJECTS), st.lists(ACTS, max_size=8))
def test_whatever_happens_to_a_solution_it_explains_itself_and_nothing_is_born_late(
    minute: int, subject: Subject, acts: list[tuple[str, Subject, int]]
) -> None:
    now, policy = kyiv("2026-11-23 00:00") + minute * MINUTE, RULES
    of = start_clock(policy, kind=SOLUTION, ticket_id=1, subject=subject, started_at=now, now=now)
    assert of is not None
    for act, other, later in acts:
        now += later * MINUTE
        before = of
        match act:
            case "reprice":
                subject = other
                of = reprice_clock(policy, of, subject, now=now)
            case "pause":
                of = pause_clock(of, at=now)
            case "resume":
                of = resume_clock(policy, of, subject, at=now, now=now)
            case "edit":
                policy = EDITED if policy is RULES else RULES
                of = recompute_clock(policy, of, subject, now=now)
            case _:
                of = recompute_clock(policy, of, subject, now=now)
        # Once is enough, and a deadline that moved is a new generation.
        once = recompute_clock(policy, of, subject, now=now)
        assert (once.due_at, once.terms, recompute_clock(policy, once, subject, now=now)) == (of.due_at, of.terms, once)
        assert (of.generation > before.generation) == (of.due_at != before.due_at)
        if of.state is ClockState.RUNNING:
            assert deadline_over(policy.calendars[of.calendar], of.started_at, of.target, of.pauses) == of.due_at
            is_moved = act in ("reprice",) and of.due_at < before.due_at
            assert not is_moved or of.due_at >= now
        assert before.breached_at is None or of.breached_at == before.breached_at
