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
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HEADING = "received_at,number,company,contact,agent,direction,answered,text\n"
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
    channel = PhoneChannel(intake=world.intake, zone=KYIV, clock=world.clock)
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
    assert parse_line(line, zone=KYIV, now=NOW).text == "Не працює каса"


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
        parse_line(line, zone=KYIV, now=NOW)
    except Permanent as refusal:
        return "Рядок 2" in str(refusal)
    return None


# --- quotes, lengths and times that are wrong ---


def told_of(log: str) -> list[tuple[str, str]]:
    """(number, text) of each call; ("", the sentence) of each line kept aside."""
    told = []
    for line in read_log((HEADING + log).encode()):
        try:
            call = parse_line(line, zone=KYIV, now=NOW)
            told.append((call.sender.value, call.text))
        except Permanent as refusal:
            told.append(("", str(refusal)))
    return told


def test_a_cell_may_have_lines() -> None:
    log = '2026-11-24 09:30,0440000001,,,,in,yes,"Не друкує,\nа потім «""мовчить""»"\r\n2026-11-24 09:40,0440000002,,,,in,yes,Друге\r\n'
    assert told_of(log) == [("+380440000001", 'Не друкує,\nа потім «"мовчить"»'), ("+380440000002", "Друге")]


@pytest.mark.parametrize("second", ["2026-11-24 09:40,0440000002,,,,in,yes,Друге", '2026-11-24 09:40,0440000002,,,,in,yes,"Друге"'])
@pytest.mark.parametrize("more", ["", "далі тексту\n"])
def test_a_quote_that_nobody_closed_takes_no_other_call_with_it(second: str, more: str) -> None:
    told = told_of(f'2026-11-24 09:30,0440000001,,,,in,yes,"Не друкує\n{more}{second}\n2026-11-24 09:50,0440000003,,,,in,yes,Третє\n')
    assert told[0][1].startswith("Рядок 2: лапки не закрито")
    assert [each for each in told if each[0]] == [("+380440000002", "Друге"), ("+380440000003", "Третє")]
    assert len(told) == 3 + bool(more), "every line is accounted for"


def test_a_quote_closed_in_somebody_elses_call_takes_nobody_with_it() -> None:
    told = told_of('2026-11-24 09:30,0440000001,"Крамниця,,,in,yes,Перше\n2026-11-24 09:40,0440000002,"",,,in,yes,Друге\n')
    assert [number for number, _ in told] == ["", "+380440000002"]


def test_a_broken_line_mended_is_a_new_line() -> None:
    broken, mended = (next(read_log((HEADING + f'2026-11-24 09:30,0440000001,,,,in,yes,"Текст{end}\n').encode())) for end in ("", '"'))
    assert broken.key != mended.key


def test_a_cell_without_end_is_told_and_the_rest_goes_on() -> None:
    told = told_of(f"2026-11-24 09:30,0440000001,,,,in,yes,{'ї' * 140_000}\n2026-11-24 09:40,0440000002,,,,in,yes,Друге\n")
    assert told == [("", "Рядок 2: один зі стовпців задовгий. Скоротіть його й завантажте файл ще раз."), ("+380440000002", "Друге")]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("2030-01-01 09:00", "ще не настав"),
        ("9999-12-31 23:59", "ще не настав"),
        ("9999-12-31T23:59:59-12:00", "ще не настав"),
        ("2026-11-24 12:06", "ще не настав"),
        ("0001-01-01", "надто давній"),
        ("0001-01-01T00:00:00+14:00", "надто давній"),
    ],
)
def test_a_time_that_cannot_be_is_told(written: str, sentence: str) -> None:
    [(number, told)] = told_of(f"{written},0440000001,,,,in,yes,Текст\n")
    assert number == ""
    assert sentence in told


def test_clocks_may_differ_a_little() -> None:
    assert told_of("2026-11-24 12:04,0440000001,,,,in,yes,Текст\n") == [("+380440000001", "Текст")]
