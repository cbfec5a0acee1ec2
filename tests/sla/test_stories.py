"""The ledger of a ticket: each step of its clocks told once, in order, with who and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model import Actor, ClockKind, Outcome, Priority, Ticket
from bot.sla.numbers import Verdict, Why
from bot.sla.policy import Policy, Target
from bot.sla.stories import ClockStory, StepKind, stories
from bot.sla.words import END_WORDS, KIND_WORDS, MOVE_WORDS, RUNG_WORDS, START_WORDS, outcome, promise, tell
from bot.storage.memory import MemoryStorage
from bot.texts import duration
from tests.builders import message
from tests.sla.calendars import kyiv
from tests.sla.desk import TickingDesk

MINUTE = timedelta(minutes=1)
MORNING = kyiv("2026-11-24 10:00")


async def told(desk: TickingDesk, ticket: Ticket) -> list[ClockStory]:
    async with desk.world.storage.read() as uow:
        clocks, events = await uow.clocks.of_ticket(ticket.id), await uow.tickets.events(ticket.id)
    return stories(clocks, events, desk.world.promises.policy, now=desk.world.clock.now())


def lines(story: ClockStory) -> list[str]:
    return [f"{step.at:%H:%M} {tell(step, str, lambda at: f'{at:%d %H:%M}')}" for step in story.steps]


async def test_raised_nudged_snoozed_broken_and_kept_at_last() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    world = desk.world
    [ticket] = await desk.arrive(Priority.MEDIUM, at=MORNING)
    world.clock.set_to(MORNING + 5 * MINUTE)
    async with world.storage.write() as uow:
        await world.desk.set_priority(uow, ticket.id, Priority.URGENT, Actor.contact(world.iryna))
        await uow.commit()
    await desk.tick(at=MORNING + 35 * MINUTE)
    async with world.storage.write() as uow:
        await world.desk.snooze(uow, ticket.id, world.olena, world.clock.now() + 25 * MINUTE)
        await uow.commit()
    for minute in range(36, 85):
        await desk.tick(at=MORNING + minute * MINUTE)
    world.clock.set_to(MORNING + 85 * MINUTE)
    async with world.storage.write() as uow:
        await world.desk.reply(uow, ticket.id, world.olena, "Перезапустіть")
        await uow.commit()
    [story] = await told(desk, ticket)
    # In UTC: Kyiv is two hours ahead.
    assert lines(story) == [
        "08:00 звернення отримано: реагуємо до 25 08:00",
        "08:05 строк перенесено з 25 08:00 на 24 09:05: змінено критичність (Ірина)",
        "08:35 нагадування перед строком",
        "08:35 нагадування відкладено до 24 09:00, строк не змінився (Олена)",
        "09:00 нагадувань: 2, останнє 24 09:05",
        "09:05 строк порушено",
        "09:25 виконано: відповідь (Олена)",
    ]
    assert (story.verdict, story.why, story.agent, story.rule) == (Verdict.LATE, Why.NOT_TAKEN, "Олена", "")
    assert (story.used, story.reaction, story.over) == (85 * MINUTE, 85 * MINUTE, 20 * MINUTE)
    said = outcome(story, str, lambda span: duration(span, language="uk"))
    assert said.startswith("із запізненням: використано 1 год 25 хв із 1 год")
    assert "понад строк 20 хв робочого часу, до строку ніхто не взяв" in said
    assert promise(story, str, lambda span: duration(span, language="uk")) == "1 год за календарем «desk», звичайна обіцянка служби"


async def test_a_claim_a_reopening_and_the_clients_own_closing() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    world = desk.world
    [ticket] = await desk.arrive(Priority.URGENT, at=MORNING)
    world.clock.set_to(MORNING + 10 * MINUTE)
    async with world.storage.write() as uow:
        await world.desk.claim(uow, ticket.id, world.olena)
        world.clock.advance(10 * MINUTE)
        await world.desk.reply(uow, ticket.id, world.olena, "Спробуйте")
        world.clock.advance(10 * MINUTE)
        inbound = message(world.iryna, "Не допомогло", received_at=world.clock.now())
        await world.desk.add_client_message(uow, ticket.id, inbound, inbox_id=1, contact=world.iryna, verdict="answer")
        world.clock.advance(10 * MINUTE)
        await world.desk.close(uow, ticket.id, Actor.contact(world.iryna), outcome=Outcome.NOT_RELEVANT)
        await uow.commit()
    first, second = await told(desk, ticket)
    assert [step.kind for step in first.steps] == [StepKind.STARTED, StepKind.MET]
    assert lines(first)[1] == "08:10 виконано: взято в роботу (Олена)"
    assert (second.kind, second.verdict) == (ClockKind.NEXT_ANSWER, Verdict.DROPPED)
    assert lines(second) == ["08:30 клієнт відповів: реагуємо до 24 09:30", "08:40 обіцянку знято: звернення закрито (Ірина)"]
    assert second.used == 10 * MINUTE


async def test_a_solution_stands_still_while_the_client_must_answer() -> None:
    policy = Policy(solution={Priority.LOW: Target(time=4 * 60 * MINUTE, calendar="desk")})
    desk = await TickingDesk.on(MemoryStorage(), policy=policy)
    world = desk.world
    [ticket] = await desk.arrive(Priority.LOW, at=MORNING)
    async with world.storage.write() as uow:
        world.clock.set_to(MORNING + 30 * MINUTE)
        await world.desk.ask(uow, ticket.id, world.olena, "Яка версія?")
        world.clock.set_to(MORNING + 90 * MINUTE)
        inbound = message(world.iryna, "Остання", received_at=world.clock.now())
        await world.desk.add_client_message(uow, ticket.id, inbound, inbox_id=1, contact=world.iryna, verdict="answer")
        await uow.commit()
    solution = next(each for each in await told(desk, ticket) if each.kind is ClockKind.SOLUTION)
    assert [step.kind for step in solution.steps] == [StepKind.STARTED, StepKind.PAUSED, StepKind.RESUMED]
    assert solution.steps[2].to_at == solution.due_at == kyiv("2026-11-24 16:00")
    assert solution.used == 30 * MINUTE


async def test_what_was_promised_in_vain_is_told_as_long_as_it_runs() -> None:
    desk = await TickingDesk.on(MemoryStorage())
    [ticket] = await desk.arrive(Priority.URGENT, at=MORNING)
    desk.world.clock.set_to(MORNING + 70 * MINUTE)
    [story] = await told(desk, ticket)
    assert [step.kind for step in story.steps] == [StepKind.STARTED, StepKind.BREACHED]
    assert (story.verdict, story.over, story.met_at) == (Verdict.LATE, 10 * MINUTE, None)


@pytest.mark.parametrize("words", [KIND_WORDS, START_WORDS, MOVE_WORDS, RUNG_WORDS, END_WORDS])
def test_every_code_has_words(words: dict[str, str]) -> None:
    assert all(words.values())
