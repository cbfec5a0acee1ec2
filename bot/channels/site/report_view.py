"""A month's report as a page shows it: the figures on top, charts, and the tables of the same numbers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.channels.site.charts import Chart, Group, Share, columns, histogram, shares
from bot.channels.site.words import CHANNEL_WORDS
from bot.model import ClockKind, Priority
from bot.sla.numbers import Entry, Line, Report, Verdict, week_numbers
from bot.sla.words import WHY_WORDS, percent
from bot.texts import PRIORITY_WORDS, Translator, duration, translator

# How wide the columns of a histogram may be, in minutes, and how many a promise may span.
STEPS = (5, 10, 15, 30, 60, 120, 240, 480)
WIDEST = 9
MOST_BREACHES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One big number with what it means."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart and its numbers: a heading and rows, the first cell of each names it."""

    chart: Chart
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A promise that was not kept."""

    ticket_id: int
    title: str
    client: str
    agent: str
    priority: str
    due_at: datetime
    met_at: datetime | None
    over: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """A person's claims of urgency; `reasons` are "3 (2)": so many gave it, so many of these stood."""

    client: str
    contact: str
    claimed: int
    upheld: int
    share: str
    reasons: tuple[str, str, str]
    unstated: int
    denied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Lines of the report of one view, as cells."""

    title: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """Everything on the page. `left_out`: so many breaches more than are listed."""

    tiles: tuple[Tile, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    breaches: tuple[Breach, ...]
    left_out: int
    claims: tuple[Claims, ...]
    is_empty: bool


def view(report: Report, *, zone: ZoneInfo, language: str) -> ReportView:
    """The page of a report, in the reader's language; weeks are the desk's own."""
    say = translator(language)
    reactions = [each for each in report.entries if each.kind is ClockKind.REACTION]
    breaches = sorted(report.breaches, key=lambda each: (-each.over, each.ticket_id))
    return ReportView(
        tiles=_tiles(report, say, language),
        figures=(
            _weeks(reactions, report, zone, say),
            _priorities(report.lines, say, language),
            *(figure for figure in (_reactions(reactions, is_urgent, say, language) for is_urgent in (True, False)) if figure),
            _channels(report.lines, say, language),
        ),
        tables=tuple(_table(report.lines, by, say, language) for by in ("agent", "client")),
        breaches=tuple(_breach(each, say, language) for each in breaches[:MOST_BREACHES]),
        left_out=max(0, len(breaches) - MOST_BREACHES),
        claims=_claims(report),
        is_empty=not report.entries,
    )


def line_heading(name: str, say: Translator) -> tuple[str, ...]:
    """The heading over the cells of a line (`cells`)."""
    return (name, say("вчасно"), say("невчасно"), say("частка"), say("медіана"), say("9 із 10 до"))


def cells(name: str, line: Line, language: str) -> tuple[str, ...]:
    return (name, str(line.in_time), str(line.late), percent(line.share), _span(line.median, language), _span(line.ninth, language))


def _tiles(report: Report, say: Translator, language: str) -> tuple[Tile, ...]:
    found = week_numbers(report)
    total, urgent = found.total, found.urgent
    decided = total.in_time + total.late
    claims = say("{upheld} із {claimed} підтверджено").format(upheld=found.upheld, claimed=found.claimed) if found.claimed else ""
    return (
        Tile(
            value=percent(total.share),
            label=say("реакцій вчасно"),
            note=say("{n} із {all}").format(n=total.in_time, all=decided) if decided else "",
        ),
        Tile(
            value=_span(urgent.median, language),
            label=say("медіана для термінових"),
            note=say("9 із 10 до {span}").format(span=_span(urgent.ninth, language)) if urgent.ninth else "",
        ),
        Tile(
            value=_span(total.median, language),
            label=say("медіана для всіх"),
            note=say("9 із 10 до {span}").format(span=_span(total.ninth, language)) if total.ninth else "",
        ),
        Tile(value=str(len(report.breaches)), label=say("порушених строків"), note=say("усіх обіцянок, не лише реакцій")),
        Tile(value=str(found.claimed), label=say("названо терміновими"), note=claims),
    )


def _weeks(reactions: Sequence[Entry], report: Report, zone: ZoneInfo, say: Translator) -> Figure:
    first, end = report.since.astimezone(zone).date(), report.until.astimezone(zone).date()
    mondays = [first - timedelta(days=first.weekday())]
    while mondays[-1] + timedelta(days=7) < end:
        mondays.append(mondays[-1] + timedelta(days=7))
    by_week: dict[date, list[Entry]] = {monday: [] for monday in mondays}
    for each in reactions:
        day = each.started_at.astimezone(zone).date()
        by_week[day - timedelta(days=day.weekday())].append(each)
    last = end - timedelta(days=1)
    groups = [_group(_days(max(monday, first), min(monday + timedelta(days=6), last)), found) for monday, found in by_week.items()]
    title = say("Реакції за тижнями")
    chart = columns(groups, name="weeks", title=title, told=_told(groups, say))
    return Figure(chart=chart, heading=_counts_heading(say("тиждень"), say), rows=_counts(groups))


def _priorities(lines: Sequence[Line], say: Translator, language: str) -> Figure:
    found = _by_name(lines, "priority")
    ordered = [priority for priority in reversed(Priority) if priority.value in found]
    groups = [
        Group(label=say(PRIORITY_WORDS[each]), kept=line.in_time, late=line.late, open=line.running + line.dropped)
        for each in ordered
        if (line := found[each.value])
    ]
    rows = tuple(cells(say(PRIORITY_WORDS[each]), found[each.value], language) for each in ordered)
    title = say("Реакції за критичністю")
    chart = columns(groups, name="priorities", title=title, told=_told(groups, say))
    return Figure(chart=chart, heading=line_heading(say("критичність"), say), rows=rows)


def _reactions(reactions: Sequence[Entry], is_urgent: bool, say: Translator, language: str) -> Figure | None:
    """How long reactions took in desk time, with what was promised; None when there was none."""
    found = [each for each in reactions if each.reaction is not None and (each.priority is Priority.URGENT) is is_urgent]
    if not found:
        return None
    promised, _ = Counter(each.allowed for each in found).most_common(1)[0]
    step = _step(promised)
    many = 2 * max(1, -(-promised // step))
    groups = [_bin(found, number, many, step, say) for number in range(many + 1)]
    title = say("Термінові: робочий час до реакції") if is_urgent else say("Інші: робочий час до реакції")
    mark = say("обіцянка: {span}").format(span=duration(promised, language=language))
    told = say("Обіцянка: {span} робочого часу. {bars}").format(span=duration(promised, language=language), bars=_told(groups, say))
    chart = histogram(
        groups, name="urgent" if is_urgent else "others", title=title, told=told, mark_at=promised / step if promised else None, mark=mark
    )
    labels = [_between(number, many, step, language, say) for number in range(many + 1)]
    rows = tuple((label, *row[1:3]) for label, row in zip(labels, _counts(groups), strict=True) if row[1:3] != ("0", "0"))
    return Figure(chart=chart, heading=_counts_heading(say("робочий час"), say)[:3], rows=rows)


def _bin(found: Sequence[Entry], number: int, many: int, step: timedelta, say: Translator) -> Group:
    inside = [each for each in found if each.reaction is not None and min(each.reaction // step, many) == number]
    late = sum(each.verdict is Verdict.LATE for each in inside)
    # A column stands between two edges; the left one is written under it.
    return Group(
        label=_edge(number * step, is_hours=step >= timedelta(hours=1), say=say, is_last=number == many), kept=len(inside) - late, late=late
    )


def _edge(at: timedelta, *, is_hours: bool, say: Translator, is_last: bool) -> str:
    value = at // timedelta(hours=1) if is_hours else at // timedelta(minutes=1)
    if not is_last:
        return str(value)
    return f"{value}+ {say('год') if is_hours else say('хв')}"


def _between(number: int, many: int, step: timedelta, language: str, say: Translator) -> str:
    if number == many:
        return say("{span} і довше").format(span=duration(number * step, language=language))
    return say("від {a} до {b}").format(a=duration(number * step, language=language), b=duration((number + 1) * step, language=language))


def _channels(lines: Sequence[Line], say: Translator, language: str) -> Figure:
    found = {say(CHANNEL_WORDS.get(name, name)): line for name, line in _by_name(lines, "channel").items()}
    ordered = sorted(found.items(), key=lambda each: (-(each[1].in_time + each[1].late), each[0]))
    rows = [
        Share(
            label=name,
            share=line.share,
            value=say("{share}, {n} із {all}").format(share=percent(line.share), n=line.in_time, all=line.in_time + line.late),
        )
        for name, line in ordered
    ]
    told = "; ".join(f"{row.label}: {row.value}" for row in rows)
    chart = shares(rows, name="channels", title=say("Вчасні реакції за каналом"), told=told)
    return Figure(
        chart=chart,
        heading=line_heading(say("канал"), say),
        rows=tuple(cells(name, line, language) for name, line in ordered),
    )


def _table(lines: Sequence[Line], by: str, say: Translator, language: str) -> Table:
    """What needs looking at first: the most late, then the most of all."""
    found = sorted(_by_name(lines, by).items(), key=lambda each: (-each[1].late, -each[1].in_time, each[0]))
    title = say("Співробітники") if by == "agent" else say("Клієнти")
    nobody = say("ніхто") if by == "agent" else say("ще не визначено")
    return Table(title=title, rows=tuple(cells(name or nobody, line, language) for name, line in found))


def _by_name(lines: Sequence[Line], by: str) -> Mapping[str, Line]:
    return {line.name: line for line in lines if line.kind is ClockKind.REACTION and line.by == by}


def _breach(each: Entry, say: Translator, language: str) -> Breach:
    return Breach(
        ticket_id=each.ticket_id,
        title=each.title,
        client=each.client,
        agent=each.agent,
        priority=say(PRIORITY_WORDS[each.priority]),
        due_at=each.due_at,
        met_at=each.met_at,
        over=duration(each.over, language=language),
        why=say(WHY_WORDS[each.why.value]) if each.why else "",
    )


def _claims(report: Report) -> tuple[Claims, ...]:
    return tuple(
        Claims(
            client=each.client,
            contact=each.contact,
            claimed=each.claimed,
            upheld=each.upheld,
            share=percent(each.share),
            reasons=tuple(f"{n} ({kept})" if n else "0" for n, kept in zip(each.reasons, each.upheld_reasons, strict=True)),  # type: ignore[arg-type]
            unstated=each.unstated,
            denied=each.denied,
        )
        for each in sorted(report.urgency, key=lambda each: (-each.claimed, each.client, each.contact))
    )


def _group(label: str, found: Sequence[Entry]) -> Group:
    kept, late = (sum(each.verdict is verdict for each in found) for verdict in (Verdict.IN_TIME, Verdict.LATE))
    return Group(label=label, kept=kept, late=late, open=len(found) - kept - late)


def _counts_heading(name: str, say: Translator) -> tuple[str, ...]:
    return (name, say("вчасно"), say("невчасно"), say("не вирішено"))


def _counts(groups: Sequence[Group]) -> tuple[tuple[str, ...], ...]:
    return tuple((group.label, str(group.kept), str(group.late), str(group.open)) for group in groups)


def _told(groups: Sequence[Group], say: Translator) -> str:
    return "; ".join(
        say("{label}: вчасно {kept}, невчасно {late}").format(label=group.label, kept=group.kept, late=group.late) for group in groups
    )


def _days(first: date, last: date) -> str:
    return f"{first.day}.{first.month:02}" if first == last else f"{first.day}–{last.day}.{last.month:02}"


def _step(promised: timedelta) -> timedelta:
    minutes = promised // timedelta(minutes=1)
    return timedelta(minutes=next((step for step in STEPS if minutes / step <= WIDEST), STEPS[-1]))


def _span(span: timedelta | None, language: str) -> str:
    return "—" if span is None else duration(span, language=language)
