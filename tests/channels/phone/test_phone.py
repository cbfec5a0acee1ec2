"""The call log: every line is accounted for, a broken one is kept aside with what is wrong, twice is the same as once."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.inbox import InboxWorker
from bot.channels.phone.channel import PhoneChannel, call_events
from bot.channels.phone.parse import LogLine, normal_number, parse_line, read_log
from bot.errors import Permanent, Rejected
from bot.model import ClockState
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world

KYIV = ZoneInfo("Europe/Kyiv")
LOG = """received_at,number,company,contact,agent,direction,answered,text
2026-11-24 09:30,044 000 00 01,Крамниця,Ірина,Олена,in,yes,"Не друкує принтер на складі, помилка 5"
2026-11-24 09:40,+380 44 000 00 02,Млин,Петро,,in,no,
24.11.2026 09:45,380440000003,,Ніна,Олена,out,yes,Передзвонили щодо рахунку
учора,+380 44 000 00 04,Млин,Петро,Олена,in,yes,Не відкривається база
2026-11-24 09:50,хто зна,Млин,Петро,Олена,in,yes,Не відкривається база
2026-11-24 09:55,+380 44 000 00 05,Млин,Петро,Олена,in,можливо,Не відкривається база
"""


@pytest.fixture
async def world() -> World:
    return await build_world(MemoryStorage())


async def take_in(world: World, log: str) -> None:
    channel = PhoneChannel(intake=world.intake, zone=KYIV)
    worker = InboxWorker(storage=world.storage, channels={"phone": channel}, clock=world.clock)
    async with world.storage.write() as uow:
        await uow.inbox.put(call_events(read_log(log.encode()), source="calls.csv", now=world.clock.now()), now=world.clock.now())
        await uow.commit()
    await worker.drain()


async def test_a_log_becomes_tickets_call_backs_and_lines_kept_aside(world: World) -> None:
    for _ in range(2):
        await take_in(world, LOG)
    async with world.storage.read() as uow:
        [day] = await uow.inbox.accounting(since=world.clock.now().date())
        kept = await uow.inbox.quarantined()
        rows = await uow.tickets.queue(limit=10)
    assert (day.received, day.ticketed, day.set_aside, day.quarantined) == (6, 2, 1, 3)
    assert [word in row.error for word, row in zip(("час", "номер", "answered"), sorted(kept, key=lambda r: r.id), strict=True)] == [
        True
    ] * 3
    assert {row.ticket.title for row in rows} >= {"Передзвонити: Петро"}


async def test_an_answered_call_is_born_met_and_belongs_to_who_took_it(world: World) -> None:
    await take_in(world, "\n".join(LOG.splitlines()[:2]))
    async with world.storage.read() as uow:
        [row] = await uow.tickets.queue(limit=10)
        [clock] = await uow.clocks.of_ticket(row.ticket.id)
    assert (clock.state, clock.met_at) == (ClockState.MET, datetime(2026, 11, 24, 7, 30, tzinfo=UTC))
    assert (row.ticket.assignee_id, row.client_name) == (world.olena.id, "Крамниця")


def test_a_file_without_our_columns_says_which_are_missing() -> None:
    with pytest.raises(Rejected, match="received_at, number"):
        list(read_log(b"a;b;c\n1;2;3\n"))


def test_windows_1251_and_semicolons_are_read() -> None:
    text = "received_at;number;text\n2026-11-24 09:30;0440000001;Не працює каса\n"
    [line] = read_log(text.encode("cp1251"))
    assert parse_line(line, zone=KYIV).text == "Не працює каса"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("044 000-00-01", "+380440000001"),
        ("+380 (44) 000 00 01", "+380440000001"),
        ("80440000001", "+380440000001"),
        ("440000001", "+380440000001"),
        ("+48 22 000 00 01", "+48220000001"),
        ("хто зна", ""),
        ("", ""),
    ],
)
def test_numbers_are_normalised(written: str, normal: str) -> None:
    assert normal_number(written) == normal


@given(st.lists(st.text(max_size=40), min_size=8, max_size=8))
def test_any_line_is_a_message_or_a_clear_refusal(cells: list[str]) -> None:
    names = ("received_at", "number", "company", "contact", "agent", "direction", "answered", "text")
    line = LogLine.from_raw(LogLine(number=2, cells=dict(zip(names, cells, strict=True))).raw())
    assert _refusal(line) in (None, True)


def _refusal(line: LogLine) -> bool | None:
    """None when the line is read, True when it is refused with a sentence that names it."""
    try:
        parse_line(line, zone=KYIV)
    except Permanent as refusal:
        return "Рядок 2" in str(refusal)
    return None
