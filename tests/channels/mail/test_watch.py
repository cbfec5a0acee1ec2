"""What people hear of a mailbox in trouble: each thing once an outage, through the outbox, and that it works again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.channels.base import Health
from bot.channels.mail.access import ConnectionLost, LoginRefused, MailboxAccess
from bot.channels.mail.channel import MailChannel
from bot.channels.mail.duty import Duty
from bot.channels.mail.options import Mailbox, MailOptions
from bot.channels.mail.smtp import RelayAccess, RelayRefused
from bot.channels.mail.source import MailSource
from bot.channels.mail.watch import Watch, follow
from bot.errors import Transient
from bot.model import Delivery, Route
from bot.ports import RawEvent
from bot.storage.memory import MemoryStorage
from tests.builders import LEAD_CHAT, STAFF_CHAT, World, build_world
from tests.channels.mail.test_channel import ADDRESS, mail
from tests.fakes import AnyTime
from tests.integration.dovecot import PASSWORD, USER, Dovecot
from tests.integration.smtp_sink import SmtpSink

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def world() -> World:
    return await build_world(MemoryStorage())


def watch(world: World, health: Health | None = None) -> Watch:
    return Watch(
        name="support",
        address=ADDRESS,
        storage=world.storage,
        clock=world.clock,
        health=health or Health(name="mail:support", state="running"),
        desk=(STAFF_CHAT,),
        leads=(LEAD_CHAT,),
    )


async def told(world: World) -> list[tuple[str, str]]:
    """Who heard what, in order; the chat's last digit."""
    return [(row.route.recipient[-1], str(row.body["text"])) for row in await world.told("alert")]


async def test_ten_minutes_of_silence_are_told_to_the_staff_once_and_that_it_is_over(world: World) -> None:
    health = Health(name="mail:support", state="running")
    watching = watch(world, health)
    await watching.synced()
    for _ in range(9):
        world.clock.advance(MINUTE)
        health.trouble(ConnectionLost("Поштовий сервер {host} недосяжний.", host="mx.example.com"))
        await watching.failed(ConnectionLost(), is_login=False)
        await watching.look()
    assert await told(world) == []
    for _ in range(5):
        world.clock.advance(MINUTE)
        await watching.look()
    [(whom, text)] = await told(world)
    assert whom == "1"
    assert "10 хв" in text
    assert "mx.example.com недосяжний" in text
    await watching.synced()
    [_, (whom, text)] = await told(world)
    assert whom == "1"
    assert "знову читається" in text
    assert "14 хв" in text
    world.clock.advance(MINUTE)
    await watching.synced()
    assert len(await told(world)) == 2


async def test_the_next_outage_is_told_again(world: World) -> None:
    watching = watch(world)
    for _ in range(2):
        await watching.synced()
        world.clock.advance(11 * MINUTE)
        await watching.look()
        await watching.look()
    await watching.synced()
    assert [whom for whom, _ in await told(world)] == ["1"] * 4


async def test_a_restart_in_an_outage_says_nothing_twice_and_does_not_forget_that_it_is_over(world: World) -> None:
    first = watch(world)
    await first.synced()
    world.clock.advance(11 * MINUTE)
    await first.look()
    second = watch(world)
    world.clock.advance(11 * MINUTE)
    await second.failed(ConnectionLost(), is_login=False)
    await second.look()
    assert len(await told(world)) == 1
    await second.synced()
    assert "22 хв" in (await told(world))[1][1]


async def test_restarts_again_and_again_do_not_hide_an_outage(world: World) -> None:
    await watch(world).synced()
    for _ in range(4):
        watching = watch(world)
        await watching.failed(ConnectionLost(), is_login=False)
        world.clock.advance(3 * MINUTE)
        await watching.look()
    assert len(await told(world)) == 1


async def test_a_desk_that_was_switched_off_for_hours_raises_no_alarm_when_it_starts(world: World) -> None:
    await watch(world).synced()
    world.clock.advance(timedelta(hours=9))
    watching = watch(world)
    await watching.look()
    world.clock.advance(MINUTE)
    await watching.synced()
    await watching.look()
    assert await told(world) == []


async def test_a_refused_login_is_told_to_the_lead_at_once_and_once(world: World) -> None:
    watching = watch(world)
    await watching.synced()
    for _ in range(3):
        await watching.failed(LoginRefused(), is_login=True)
        world.clock.advance(2 * MINUTE)
        await watching.look()
    [(whom, text)] = await told(world)
    assert whom == "2"
    assert "не прийняв ім'я чи пароль" in text
    await watching.synced()
    assert [whom for whom, text in await told(world) if "знову читається" in text] == ["2"]


async def test_a_relay_that_lets_nobody_in_is_told_once_and_when_it_does_again(world: World) -> None:
    watching = watch(world)
    await watching.relay_works()
    for _ in range(3):
        await watching.relay_failed(RelayRefused("Сервер надсилання {host} не прийняв ім'я чи пароль. Перевірте [mail].", host="smtp"))
    await watching.relay_works()
    await watching.relay_works()
    assert ["не надсилаються" in text or "знову надсилаються" in text for _, text in await told(world)] == [True, True]


async def test_another_process_shows_what_the_reading_one_wrote_down(world: World) -> None:
    health = Health(name="mail:support", state="running", facts={"backlog": 3})
    watching = watch(world, health)
    await watching.synced()
    health.trouble(Transient("{address}: {error}", address=ADDRESS, error=LoginRefused()))
    await watching.failed(LoginRefused(), is_login=True)
    shown = Health(name="mail:support")
    async with world.storage.read() as uow:
        await follow(uow, "support", shown)
    assert (shown.state, shown.facts["backlog"], shown.last_success_at) == ("down", 3, world.clock.now())
    assert shown.detail == health.detail
    assert "refused the user name" in shown.told("en")


def options(imap: int = 1, smtp: int = 1, **access: Any) -> MailOptions:
    reached = MailboxAccess(
        host="127.0.0.1", port=imap, user=USER, password=access.pop("password", PASSWORD), is_plain=True, command_limit=3.0, **access
    )
    relay = RelayAccess(host="127.0.0.1", port=smtp, security="plain", limit=8.0, user="u", password="wrong")
    return MailOptions(mailboxes=(Mailbox(name="support", address=ADDRESS, access=reached, relay=relay),), secret=b"0123456789abcdef")


async def test_a_wrong_password_reaches_the_lead_from_a_real_server(dovecot: Dovecot, world: World) -> None:
    whole = Health(name="mail")
    duty = Duty(
        options=options(dovecot.port, password="wrong"), storage=world.storage, clock=world.clock, staff=world.desk.staff, whole=whole
    )
    reading = asyncio.create_task(duty.read())
    try:
        async with asyncio.timeout(10):
            while not await told(world):  # noqa: ASYNC110 - the database cannot set an event
                await asyncio.sleep(0.02)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert [whom for whom, _ in await told(world)] == ["2"]


async def test_facts_of_a_mailbox_tell_sync_idle_backlog_and_quarantine(dovecot: Dovecot, world: World) -> None:
    async with world.storage.write() as uow:
        event = RawEvent(channel="mail", source="mail", external_id="x", conversation="", raw=mail("?"), received_at=world.clock.now())
        [item_id] = await uow.inbox.put([event], now=world.clock.now())
        assert item_id is not None
        uow.inbox.quarantine([item_id], error="?", now=world.clock.now())
        await uow.commit()
    whole = Health(name="mail")
    duty = Duty(
        options=options(dovecot.port, idle_renewal=timedelta(milliseconds=100)),
        storage=world.storage,
        clock=world.clock,
        staff=world.desk.staff,
        whole=whole,
    )
    reading = asyncio.create_task(duty.read())
    try:
        async with asyncio.timeout(15):
            while "last_idle_at" not in whole.facts.get("support", {}):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    facts = whole.facts["support"]
    assert facts["state"] == "running"
    assert facts["last_sync_at"] == facts["last_idle_at"] == world.clock.now().isoformat()
    assert (facts["backlog"], facts["quarantined"], facts["waits_by"]) == (0, 1, "idle")


async def test_a_refused_login_is_knocked_on_once_however_many_mails_wait(world: World) -> None:
    async with SmtpSink(password="right") as sink:
        channel = MailChannel(
            options=options(smtp=sink.port), storage=world.storage, desk=world.desk, intake=world.intake, clock=world.clock
        )
        row = Delivery(
            key="k",
            route=Route(channel="mail", recipient="iryna@shop.example"),
            kind="say",
            body={"language": "uk", "text": "Вітаємо", "letter": {}},
            created_at=world.clock.now(),
        )
        for _ in range(5):
            with pytest.raises(RelayRefused):
                await channel.send(row, AnyTime())
        await channel.close()
        assert sink.connections == 1
    assert [whom for whom, _ in await told(world)] == ["2"]


async def test_what_was_committed_and_not_marked_is_marked_by_the_next_connection(
    dovecot: Dovecot, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed, or cut off, between the commit and the flag."""
    mark, cut = MailSource.mark_seen, {"left": 1}

    async def cut_off(self: MailSource, uids: Sequence[int]) -> None:
        if uids and cut["left"]:
            cut["left"] -= 1
            raise ConnectionLost()
        await mark(self, uids)

    duty = Duty(options=options(dovecot.port), storage=world.storage, clock=world.clock, staff=world.desk.staff, whole=Health(name="mail"))
    reading = asyncio.create_task(duty.read())
    try:
        async with asyncio.timeout(20):
            while duty.healths["support"].state != "running":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            monkeypatch.setattr(MailSource, "mark_seen", cut_off)
            for number in range(3):
                dovecot.deliver(mail("Не друкує.", message_id=f"<{number}@shop.example>"))
            while dovecot.seen() < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert cut["left"] == 0
    async with world.storage.read() as uow:
        [day] = await uow.inbox.accounting(since=world.clock.now().date() - timedelta(days=2))
    assert day.received == 3
