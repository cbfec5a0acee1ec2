"""`ingest`: mails, call logs and chat exports from files, through the same inbox and the same code as everything else.

What a file holds is stored first, in the order of the file, then worked on; stopping at any moment loses nothing, and the next run goes on
where this one stopped, because what is known already is not stored twice. It ends with the sum of promise 4.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.terminal import ConfigOption, load_settings, note, out, progress, read_bytes, words
from bot.texts import SET_ASIDE_WORDS

if TYPE_CHECKING:
    from rich.progress import Progress

    from bot.app import House
    from bot.config import Settings
    from bot.ports import ChannelDay, RawEvent

_ = words()
# Stored together in one commit; the inbox worker then takes up to 50 a commit.
STORED_AT_ONCE = 200
REASONS_SHOWN = 20
# What another process holds is waited for a little longer than it may hold it (2 minutes), from the last progress on.
PATIENCE = timedelta(minutes=2, seconds=30)
LOOKED_AT_EVERY_S = 1.0

app = typer.Typer(help=_("Завантажити з файлів: пошту, журнал дзвінків, експорт чату. Двічі — те саме, що раз."), no_args_is_help=True)
AnswerOption = Annotated[
    bool,
    typer.Option(
        "--answer",
        help=_("Відповідати клієнтам і показувати картки; без цього клієнтам і чату тихо, а строки рахуються від отримання."),
    ),
]
Files = Annotated[list[Path], typer.Argument(metavar=_("ФАЙЛ…"))]


@dataclass(slots=True)
class Taken:
    """How many events the files held, and how many of them were new."""

    found: int = 0
    new: int = 0


@dataclass(slots=True)
class Balance:
    """Received + what waited or had failed before = ticketed + follow-ups + set aside (+ what waits or failed), between two readings."""

    numbers: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, days: Iterable[ChannelDay], channel: str) -> Balance:
        balance = cls()
        for day in days:
            if day.channel == channel:
                for name in ("received", "ticketed", "follow_ups", "set_aside", "waiting", "quarantined"):
                    balance.numbers[name] += getattr(day, name)
                balance.reasons.update(day.set_aside_reasons)
        return balance

    def since(self, before: Balance) -> Balance:
        numbers, reasons = Counter(self.numbers), Counter(self.reasons)
        numbers.subtract(before.numbers)
        reasons.subtract(before.reasons)
        # Rows of an earlier, interrupted run that this one brought to an end: they were received then.
        numbers["earlier"] = sum(max(0, -numbers[name]) for name in ("waiting", "quarantined"))
        for name in ("waiting", "quarantined"):
            numbers[name] = max(0, numbers[name])
        return Balance(numbers, +reasons)


@app.command("mail", help=_("Листи: mbox, тека з .eml, Maildir або окремі файли."))
def mail(paths: Files, answer: AnswerOption = False, config: ConfigOption = None) -> None:
    def events(house: House, now: datetime) -> Iterator[RawEvent]:
        from bot.channels.mail.events import file_events

        for path in paths:
            yield from file_events(path, now=now)

    from bot.channels.mail.files import count

    counts = [count(path) for path in paths]
    total = sum(each for each in counts if each is not None) if None not in counts else None
    _ingest("mail", events, config=config, is_quiet=not answer, total=total)


@app.command("phone", help=_("Журнал дзвінків: received_at,number,company,contact,agent,direction,answered,text."))
def phone(file: Annotated[Path, typer.Argument(metavar=_("ФАЙЛ.csv"))], config: ConfigOption = None) -> None:
    content = read_bytes(file)

    def events(house: House, now: datetime) -> Iterator[RawEvent]:
        from bot.channels.phone.channel import call_events
        from bot.channels.phone.parse import read_log

        return iter(call_events(read_log(content), source="log", now=now))

    # A log is today's work, not an archive: staff are told, and a caller cannot be written to anyway.
    _ingest("phone", events, config=config, is_quiet=False)


@app.command("chat", help=_("Експорт Telegram Desktop: result.json."))
def chat(file: Annotated[Path, typer.Argument(metavar="result.json")], answer: AnswerOption = False, config: ConfigOption = None) -> None:
    content = read_bytes(file)

    def events(house: House, now: datetime) -> Iterator[RawEvent]:
        from bot.channels.chatlog.channel import chat_events
        from bot.channels.chatlog.parse import read_export

        return iter(chat_events(read_export(content), source="export", now=now))

    _ingest("chatlog", events, config=config, is_quiet=not answer)


Events = Callable[["House", datetime], Iterator["RawEvent"]]


def _ingest(channel: str, events: Events, *, config: Path | None, is_quiet: bool, total: int | None = None) -> None:
    settings = load_settings(config)
    failed = asyncio.run(_run(settings, channel, events, is_quiet=is_quiet, total=total))
    if failed:
        raise typer.Exit(1)


async def _run(settings: Settings, channel: str, events: Events, *, is_quiet: bool, total: int | None) -> bool:
    """Take everything in and tell the sum; True when something could not be worked on, or still waits."""
    from bot.app import FILE_CHANNELS, open_house

    house = await open_house(settings, only=FILE_CHANNELS)
    try:
        await house.begin_work()
        now = house.clock.now()
        before = await _balance(house, channel, now)
        with progress() as shown:
            marked = (replace(event, is_quiet=is_quiet) for event in events(house, now))
            taken = await _take_in(house, marked, shown, total)
            waiting = await _wait_for_others(house, channel, now, shown)
        balance = (await _balance(house, channel, now)).since(before)
        _tell(taken, balance)
        has_failed = await _tell_failures(house, channel, balance.numbers["quarantined"])
        if waiting:
            note(_("Ще чекають: {count}, їх опрацьовує інший процес. Повторіть за 2 хвилини.").format(count=waiting))
        return has_failed or waiting > 0
    finally:
        await house.close()


async def _take_in(house: House, events: Iterator[RawEvent], shown: Progress, total: int | None) -> Taken:
    taken = Taken()
    task = shown.add_task(_("Завантаження"), total=total)
    while batch := list(islice(events, STORED_AT_ONCE)):
        async with house.storage.write() as uow:
            ids = await uow.inbox.put(batch, now=house.clock.now())
            await uow.commit()
        taken.found += len(batch)
        taken.new += sum(each is not None for each in ids)
        await house.inbox.drain()
        shown.update(task, completed=taken.found)
    shown.update(task, total=taken.found, completed=taken.found)
    return taken


async def _wait_for_others(house: House, channel: str, now: datetime, shown: Progress) -> int:
    """Rows that a killed process or a service beside this one holds, or that are tried again in a moment, are worked on once they are
    free; how many of them still wait when nothing has moved for too long."""
    waiting = (await _balance(house, channel, now)).numbers["waiting"]
    if not waiting:
        return 0
    note(_("Ще чекають: {count}, їх тримає перерваний або сусідній процес. Це триває до 2 хвилин, зачекайте…").format(count=waiting))
    task = shown.add_task(_("Очікування"), total=waiting)
    at_first, moved_at = waiting, house.clock.now()
    while waiting and house.clock.now() - moved_at < PATIENCE:
        await asyncio.sleep(LOOKED_AT_EVERY_S)
        done = await house.inbox.drain()
        left = (await _balance(house, channel, now)).numbers["waiting"]
        if done or left != waiting:
            moved_at = house.clock.now()
        waiting = left
        shown.update(task, completed=at_first - waiting)
    return waiting


async def _balance(house: House, channel: str, now: datetime) -> Balance:
    """Since yesterday: a run that was interrupted before midnight is ended after it."""
    async with house.storage.read() as uow:
        return Balance.of(await uow.inbox.accounting(since=now.astimezone(UTC).date() - timedelta(days=1)), channel)


def _tell(taken: Taken, balance: Balance) -> None:
    numbers = balance.numbers
    out(_("У файлах {found}: нових {new}, відомих раніше {known}.").format(found=taken.found, new=taken.new, known=taken.found - taken.new))
    line = _("Прийнято {received} = у звернення {ticketed} + продовжень {follow_ups} + відкладено вбік {set_aside}")
    if numbers["earlier"]:
        line = _(
            "Прийнято {received} + чекало раніше {earlier} = у звернення {ticketed} + продовжень {follow_ups} + відкладено вбік {set_aside}"
        )
    if numbers["waiting"] or numbers["quarantined"]:
        line += _(" + чекає {waiting} + не вдалося {quarantined}")
    names = ("received", "earlier", "ticketed", "follow_ups", "set_aside", "waiting", "quarantined")
    out(line.format(**{name: numbers[name] for name in names}))
    if balance.reasons:
        reasons = (f"{_(SET_ASIDE_WORDS.get(reason, reason))} {count}" for reason, count in balance.reasons.most_common())
        out(_("Відкладено вбік: ") + ", ".join(reasons))


async def _tell_failures(house: House, channel: str, failed: int) -> bool:
    if failed <= 0:
        return False
    async with house.storage.read() as uow:
        rows = [row for row in await uow.inbox.quarantined(limit=1000) if row.channel == channel]
    for row in rows[-failed:][:REASONS_SHOWN]:
        note(f"  {row.id}: {row.error}")
    note(_("Їх збережено; спробувати ще раз: deskbot replay"))
    return True
