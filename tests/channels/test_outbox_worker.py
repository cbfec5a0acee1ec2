"""The outbox worker on the in-memory store: sent once, recorded, postponed, repeated at most once when unsure, given up aloud."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import notices
from bot.channels.outbox import GIVE_UP_AFTER, MAX_BUGS, UNSURE_WAIT, OutboxWorker
from bot.errors import Permanent, RateLimited, Transient, Unreachable, Unsure
from bot.model import Route
from bot.storage.memory import MemoryStorage
from tests.builders import LEAD_CHAT, World, build_world
from tests.fakes import RecordingChannel

HOME = Route(channel="telegram", recipient="501")


class Post:
    """A world with one recording channel and a worker on it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.channel = RecordingChannel()
        self.worker = OutboxWorker(storage=world.storage, channels={"telegram": self.channel}, clock=world.clock, alert_routes=(LEAD_CHAT,))

    async def say(self, text: str, *, cause: str, route: Route = HOME) -> None:
        async with self.world.storage.write() as uow:
            uow.outbox.add(notices.say(route, text, cause=cause, language="uk", now=self.world.clock.now()))
            await uow.commit()

    async def later(self, span: timedelta) -> None:
        self.world.clock.advance(span)
        await self.worker.drain()

    def texts(self) -> list[str]:
        return [delivery.body["text"] for delivery in self.channel.sent]

    async def backlog(self) -> dict[str, int]:
        async with self.world.storage.read() as uow:
            return {state: count for state, count in (await uow.outbox.backlog()).items() if count}


@pytest.fixture
async def post() -> Post:
    return Post(await build_world(MemoryStorage()))


async def test_the_same_cause_is_told_once_and_in_order(post: Post) -> None:
    for text in ("один", "два", "один"):
        await post.say(text, cause=text)
    await post.worker.drain()
    await post.worker.drain()
    assert post.texts() == ["один", "два"]
    assert await post.backlog() == {}


async def test_a_rate_limit_delays_only_its_chat_and_is_no_attempt(post: Post) -> None:
    post.channel.outcomes.append(RateLimited(retry_after=timedelta(seconds=40)))
    await post.say("повільний", cause="a")
    await post.say("інший чат", cause="b", route=LEAD_CHAT)
    await post.worker.drain()
    assert post.texts() == ["повільний", "інший чат"]
    await post.later(timedelta(seconds=39))
    assert len(post.channel.sent) == 2
    await post.later(timedelta(seconds=2))
    assert post.texts()[2:] == ["повільний"]
    assert post.channel.sent[2].attempts == 1


async def test_an_unknown_outcome_is_repeated_once_and_then_given_up_aloud(post: Post) -> None:
    post.channel.outcomes.extend([Unsure("Відповіді не було."), Unsure("Відповіді не було.")])
    await post.say("важливе", cause="a")
    await post.worker.drain()
    await post.later(UNSURE_WAIT * 2)
    await post.later(timedelta(hours=1))
    assert post.texts()[:2] == ["важливе", "важливе"]
    assert [delivery.kind for delivery in post.channel.sent[2:]] == ["alert"]
    assert await post.backlog() == {"dead": 1}


async def test_a_passing_obstacle_is_retried_until_it_is_old_news(post: Post) -> None:
    post.channel.outcomes.extend([Transient("Немає зв'язку.") for _ in range(200)])
    await post.say("звістка", cause="a")
    waited = timedelta(0)
    while "dead" not in await post.backlog():
        await post.later(timedelta(minutes=30))
        waited += timedelta(minutes=30)
        assert waited < 2 * GIVE_UP_AFTER
    assert waited > GIVE_UP_AFTER


@pytest.mark.parametrize("error", [Permanent("Такої скриньки немає."), Unreachable("Бота заблоковано.")])
async def test_a_hopeless_delivery_is_given_up_at_once_and_staff_are_told(post: Post, error: Exception) -> None:
    post.channel.outcomes.append(error)
    await post.say("звістка", cause="a")
    await post.worker.drain()
    await post.later(timedelta(hours=2))
    assert [delivery.kind for delivery in post.channel.sent] == ["say", "alert"]


async def test_a_bug_in_a_channel_is_not_retried_for_ever(post: Post) -> None:
    post.channel.outcomes.extend([KeyError("bug") for _ in range(50)])
    await post.say("звістка", cause="a")
    for _ in range(40):
        await post.later(timedelta(hours=1))
    assert sum(delivery.kind == "say" for delivery in post.channel.sent) == MAX_BUGS


async def test_what_was_sent_is_recorded_however_long_the_database_refuses(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = [Transient("Диск заповнено."), Transient("Диск заповнено.")]
    record = post.worker._sent

    def sent(uow: object, row: object, what: object) -> None:
        if refusals:
            raise refusals.pop()
        record(uow, row, what)  # type: ignore[arg-type]

    monkeypatch.setattr(post.worker, "_sent", sent)
    monkeypatch.setattr("bot.channels.outcomes.backoff", lambda failures, longest: timedelta(0))
    await post.say("звістка", cause="a")
    await post.worker.drain()
    await post.later(timedelta(hours=1))
    assert post.texts() == ["звістка"]
    assert await post.backlog() == {}


async def test_an_answer_to_what_was_sent_finds_its_ticket(post: Post) -> None:
    [number] = await post.world.accept("Не друкує принтер на складі")
    await post.worker.drain()
    receipt = next(index for index, delivery in enumerate(post.channel.sent, 1) if delivery.kind == "receipt")
    async with post.world.storage.read() as uow:
        [link] = await uow.tickets.find_links("telegram", "501", [f"sent-{receipt}"])
    assert link.ticket_id == number


async def test_a_delivery_that_died_with_its_processes_is_told_of_once(post: Post) -> None:
    await post.say("звістка", cause="a")
    for _ in range(2):
        async with post.world.storage.write() as uow:
            now = post.world.clock.now()
            [row] = await uow.outbox.claim(now=now, limit=5, lease=timedelta(minutes=1), channels=["telegram"])
            uow.outbox.going_out(row.id, until=now + timedelta(minutes=1))
            await uow.commit()
        async with post.world.storage.write() as uow:
            await uow.outbox.release_leases()
            await uow.commit()
    assert await post.backlog() == {"dead": 1}
    for _ in range(2):
        await post.worker.tell_of_the_dead()
        await post.worker.drain()
    assert [delivery.kind for delivery in post.channel.sent] == ["alert"]
