"""`check --deep`: the promises counted a second time by other means, and what must never be, looked for. Reads only, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.commands.terminal import words

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.model import Closure
    from bot.ports import Storage
    from bot.recount.checks import Finding
    from bot.recount.count import Found
    from bot.recount.promises import Book
    from bot.sla.numbers import Entry, Report
    from bot.sla.policy import Policy
    from bot.storage.plain import PlainReader

_ = words()

NAMED = 10
FINDING_WORDS = {
    "clock_without_ticket": _("Строки без звернення (рядки ticket_clocks: {which}). Відновіть базу з копії: її змінювали повз програму."),
    "running_on_closed": _(
        "У закритих зверненнях досі йдуть строки: {which}. Відкрийте й закрийте їх знову; якщо повториться, повідомте нас."
    ),
    "never_nudged": _("Строки, про які ніхто не нагадає: {which}. Перевірте [sla.calendars]: календар служби має колись відкриватися."),
    "nudges_late": _("Нагадування запізнюються понад чверть години: {which}. Перевірте, чи працює deskbot run і що каже сторінка стану."),
    "sending_for_ever": _("Надсилання, яке почалося й не скінчилося (рядки outbox: {which}). Перезапустіть deskbot run."),
    "delivery_waits": _("Надсилання чекають понад чверть години (рядки outbox: {which}). Перевірте канали: deskbot check, сторінка стану."),
    "delivery_dead": _("Не доставлено (рядки outbox: {which}). Причини — на сторінці стану; зателефонуйте тим, кого це стосується."),
    "message_waits": _("Непрочитані повідомлення понад чверть години (рядки inbox: {which}). Перевірте, чи працює deskbot run."),
    "message_quarantined": _("Повідомлення в карантині (рядки inbox: {which}). Після виправлення: deskbot replay."),
    "message_lost": _("Повідомлення, чиїх звернень немає: {which}. Відновіть базу з копії; самі повідомлення збережено в inbox."),
    "nudged_twice": _("Про те саме нагадано двічі: {which}. Перевірте, що на SQLite працює лише один deskbot run."),
    "nudge_ahead": _("Нагадування, якого не мало бути (покоління строку розходяться): {which}. Відкрийте deskbot ledger НОМЕР."),
    "no_tick": _("Строки не обходять: {count} відкритих, а останній обхід давно. Запустіть deskbot run."),
    "differs": _(
        "Два підрахунки розходяться у зверненнях {which}. Порівняйте deskbot ledger НОМЕР з історією; якщо календар чи обіцянки"
        " змінювали заднім числом, різниця звідти."
    ),
    "not_moved": _(
        "Службу зачинено чи відкрито після останнього обходу строків, тож їх ще не перенесено: {which}. Повторіть перевірку за хвилину;"
        " якщо нічого не зміниться, перевірте, чи працює deskbot run."
    ),
    "sum_differs": _("Підсумки місяця розходяться: {which}. Порівняйте deskbot sla --month з deskbot ledger окремих звернень."),
}

Progress = Callable[[str], None]


async def deep(settings: Settings, *, months: int, now: datetime, note: Progress) -> list[str]:
    """What is wrong, each as a sentence that says what to do; `note` hears how far it is. Raises NotFound, Misconfigured."""
    from bot.config import build_policy
    from bot.recount.checks import last_tick, nudges, questions, sums
    from bot.storage import open_as_it_is

    zone = ZoneInfo(settings.desk.zone)
    policy = build_policy(settings.sla, zone=settings.desk.zone)
    since = _months_back(now.astimezone(zone), months - 1)
    found: list[Finding] = []
    async with open_as_it_is(settings.database_url.reveal()) as (storage, plain):
        async for each in questions(plain.snapshot, now=now):
            found += [each] if each else []
        if tick := await last_tick(plain.snapshot, now=now):
            found.append(tick)
        for name, look in ((_("повідомлень переглянуто: {count}"), sums), (_("нагадувань переглянуто: {count}"), nudges)):
            looked = 0
            async for portion in look(plain.snapshot, since=since):
                if isinstance(portion, int):
                    looked += portion
                else:
                    found.append(portion)
            note(name.format(count=looked))
        found += await compare(storage, plain, policy, since=since, now=now, note=note)
    return [FINDING_WORDS[each.code].format(which=_which(each), count=each.count) for each in found]


async def compare(storage: Storage, plain: PlainReader, policy: Policy, *, since: datetime, now: datetime, note: Progress) -> list[Finding]:
    """Where the two counts differ. What a running service changed between them is looked at again before it is told."""
    from bot.recount.checks import Finding

    first, second = await _both(storage, plain, policy, since, now, note)
    different = _different(first, second)
    if different:
        first, second = await _both(storage, plain, policy, since, now, lambda text: None)
        different &= _different(first, second)
    kept = sum(each.is_taken_as_kept for each in second)
    note(_("обіцянок пораховано двічі: {count} (зі строком, узятим як записано: {kept})").format(count=len(second), kept=kept))
    if different:
        code = "not_moved" if await _is_yet_to_move(storage, plain, now) else "differs"
        return [Finding(code, len(different), tuple(f"№{each}" for each in sorted(different)[:NAMED]))]
    lines = _lines_that_differ(first, second)
    return [Finding("sum_differs", len(lines), tuple(lines[:NAMED]))] if lines else []


async def _is_yet_to_move(storage: Storage, plain: PlainReader, now: datetime) -> bool:
    """Whether a closing began or ended and the service has not ticked since. Closings are kept to the second."""
    from bot.recount.checks import ticked_at

    async with storage.read() as uow:
        closures = await uow.closures.all()
    changed = [at + timedelta(seconds=1) for each in closures for at in (each.starts_at, each.ends_at) if not each.is_void and at <= now]
    ticked = await ticked_at(plain.snapshot)
    return bool(changed) and (ticked is None or ticked < max(changed))


async def _both(
    storage: Storage, plain: PlainReader, policy: Policy, since: datetime, now: datetime, note: Progress
) -> tuple[Report, list[Found]]:
    from asyncio import to_thread

    from bot.recount.count import AFTER, BEFORE, count
    from bot.sla.closures import closed_during
    from bot.sla.ledger import read_report

    async with storage.read() as uow:
        closures = await uow.closures.all()
    book = as_book(policy, closures)
    lines = await to_thread(book.timelines, since - BEFORE, now + AFTER)
    second: list[Found] = []
    async for portion in count(plain.snapshot, book, lines, since=since, until=now, now=now):
        second += portion
        note(_("обіцянок перераховано: {count}").format(count=len(second)))
    first = await read_report(storage, closed_during(policy, closures), since=since, until=now, now=now)
    return first, second


def as_book(policy: Policy, closures: Iterable[Closure]) -> Book:
    """The policy as bare data for the second count."""
    from bot.model import ClockKind
    from bot.recount.promises import Book, Promised, Special
    from bot.recount.timeline import Week
    from bot.sla.calendars import ALWAYS
    from bot.sla.policy import Targets

    def promised(targets: Targets, rule: str = "") -> dict[str, Promised]:
        return {priority.value: Promised(target.time, target.calendar, rule) for priority, target in targets.items()}

    weeks = {
        name: Week(
            zone=each.zone,
            days=[[(start // 60, end // 60) for start, end in day] for day in each.weekly],
            exceptions={one.on: [(start // 60, end // 60) for start, end in one.intervals] for one in each.exceptions},
            heeds_closings=name != ALWAYS,
        )
        for name, each in policy.calendars.items()
    }
    usual: Mapping[str, Mapping[str, Promised]] = {
        "reaction": promised(policy.reaction),
        "next_answer": promised(policy.reaction if policy.next_answer is None else policy.next_answer),
        "solution": promised(policy.solution),
    }
    rules = [
        Special(
            name=each.name,
            targets={ClockKind(kind).value: Promised(target.time, target.calendar, each.name) for kind, target in each.targets.items()},
            clients=each.clients,
            plans=each.plans,
            categories=[one.value for one in each.categories],
            channels=each.channels,
            priorities=[one.value for one in each.priorities],
        )
        for each in policy.rules
    ]
    shut = tuple((each.starts_at, each.ends_at) for each in closures if not each.is_void)
    return Book(weeks=weeks, usual=usual, rules=rules, desk=policy.desk, claim_reacts=policy.claim_is_reaction, closings=shut)


def _different(first: Report, second: list[Found]) -> set[int]:
    """Tickets of which the two do not say the same. A deadline is compared while it runs: afterwards it has done its work."""
    ours = {(each.ticket_id, each.kind.value, each.started_at): each for each in first.entries}
    theirs = {(each.ticket, each.kind, each.start): each for each in second}
    return {key[0] for key in ours.keys() | theirs.keys() if not _agree(ours.get(key), theirs.get(key))}


def _agree(ours: Entry | None, theirs: Found | None) -> bool:
    if ours is None or theirs is None:
        return False
    why = ours.why.value if ours.why else ""
    said = (ours.priority.value, ours.verdict.value, ours.met_at, ours.agent, why, ours.reaction)
    told = (theirs.priority, theirs.verdict, theirs.met, theirs.agent, theirs.why, theirs.reaction)
    return said == told and (ours.due_at == theirs.due or not theirs.is_running)


def _lines_that_differ(first: Report, second: list[Found]) -> list[str]:
    from bot.recount.count import claims_of, lines_of

    ours = {
        (line.kind.value, line.by, line.name): (
            *(line.in_time, line.late, line.running, line.dropped),
            *(_seconds(line.median), _seconds(line.ninth)),
        )
        for line in first.lines
    }
    theirs = lines_of(second)
    claims = {(each.client, each.contact): (each.claimed, each.upheld) for each in first.urgency}
    told = claims_of(second)
    return [
        *(" ".join(key) for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)),
        *(
            f"{client} {contact}"
            for client, contact in sorted(claims.keys() | told.keys())
            if claims.get((client, contact)) != told.get((client, contact))
        ),
    ]


def _which(finding: Finding) -> str:
    more = finding.count - len(finding.which)
    return ", ".join(finding.which) + (_(" і ще {n}").format(n=more) if more > 0 and finding.which else "")


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _months_back(at: datetime, months: int) -> datetime:
    whole = at.year * 12 + at.month - 1 - months
    return at.replace(year=whole // 12, month=whole % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
