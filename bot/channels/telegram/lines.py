"""Rows that were ready together, sorted into what belongs together: a client's bursts, albums, and what stands alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot.channels.telegram.acts import CHANNEL, Single, route
from bot.channels.telegram.content import PLAYFUL
from bot.channels.telegram.options import TelegramOptions
from bot.channels.telegram.parse import Happening, Line
from bot.intake import bursts
from bot.model import Address, InboundMessage, ThreadEvidence
from bot.ports import InboxItem

Pair = tuple[Happening, InboxItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Lines of one client that are one message. `items` are all their rows; an edit of a line shares its line."""

    lines: tuple[Line, ...]
    items: tuple[InboxItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row(bursts.Line):
    line: Line
    items: tuple[InboxItem, ...]


def groups(pairs: Sequence[Pair], options: TelegramOptions) -> list[Burst | Single]:
    """Everything in the order it came; a client's neighbouring plain lines as bursts, an album in a staff chat as one line."""
    found: list[Burst | Single] = []
    for is_plain, neighbours in groupby(pairs, key=lambda pair: _is_plain(pair[0])):
        if is_plain:
            found += _bursts([(line, item) for line, item in neighbours if isinstance(line, Line)], options)
        else:
            found += _singles(list(neighbours))
    return found


def inbound(burst: Burst) -> InboundMessage:
    """The burst as one message, received with its first line (R10)."""
    first = burst.lines[0]
    return InboundMessage(
        channel=CHANNEL,
        conversation=str(first.place.id),
        external_ids=tuple(str(line.message_id) for line in burst.lines),
        sender=Address(channel=CHANNEL, value=str(first.person.id)),
        sender_name=first.person.name,
        reply_route=route(first.place.id),
        text="\n".join(line.text for line in burst.lines if line.text),
        received_at=min(item.received_at for item in burst.items),
        attachments=tuple(file for line in burst.lines for file in line.attachments if file.kind not in PLAYFUL),
        evidence=ThreadEvidence(references=_references(first)),
        is_revision=all(line.is_edit for line in burst.lines),
        problems=tuple(problem for line in burst.lines for problem in line.problems),
    )


def _references(line: Line) -> tuple[str, ...]:
    """What it answers; an edited line answers itself: its ticket is found by it."""
    if line.is_edit:
        return (str(line.message_id),)
    return () if line.answers is None else (str(line.answers),)


def _is_plain(happening: Happening) -> bool:
    return isinstance(happening, Line) and happening.place.is_private and happening.command is None and not happening.own_contact


def _is_sticker(line: Line) -> bool:
    return not line.text and bool(line.attachments) and all(file.kind in PLAYFUL for file in line.attachments)


def _bursts(pairs: list[tuple[Line, InboxItem]], options: TelegramOptions) -> list[Burst | Single]:
    rows = _with_edits(pairs)
    found: list[Burst | Single] = []
    for burst in bursts.group_lines(_aimed(rows), options.quiet_gap, options.burst_limit):
        members = [row for row in burst if isinstance(row, _Row)]
        items = tuple(item for row in members for item in row.items)
        if all(_is_sticker(row.line) for row in members):
            found.append(Single(happening=members[0].line, items=items))
        else:
            found.append(Burst(lines=tuple(row.line for row in members), items=items))
    return found


def _with_edits(pairs: list[tuple[Line, InboxItem]]) -> list[tuple[Line, tuple[InboxItem, ...]]]:
    """A line that was edited before anybody read it is the edited line; both rows end with it."""
    rows: list[tuple[Line, tuple[InboxItem, ...]]] = []
    for line, item in pairs:
        place = next((at for at, (earlier, _) in enumerate(rows) if earlier.message_id == line.message_id), None)
        if place is None:
            rows.append((line, (item,)))
        else:
            earlier, items = rows[place]
            rows[place] = (replace(earlier, text=line.text, attachments=line.attachments), (*items, item))
    return rows


def _aimed(rows: list[tuple[Line, tuple[InboxItem, ...]]]) -> list[bursts.Line]:
    """What answers one ticket and what answers another are two thoughts; a line without a target goes on with the one before it."""
    aimed: list[bursts.Line] = []
    target = ""
    for line, items in rows:
        own = _references(line)
        target = own[0] if own else target
        aimed.append(
            _Row(
                conversation=str(line.place.id),
                sender=f"{line.person.id}:{target}",
                at=items[0].received_at,
                text=line.text,
                album=line.album or None,
                line=line,
                items=items,
            )
        )
    return aimed


def _singles(pairs: list[Pair]) -> list[Burst | Single]:
    """An album in a staff chat is one line with several files."""
    found: list[Single] = []
    for happening, item in pairs:
        last = found[-1].happening if found else None
        if isinstance(happening, Line) and isinstance(last, Line) and happening.album and happening.album == last.album:
            whole = replace(last, text=last.text or happening.text, attachments=(*last.attachments, *happening.attachments))
            found[-1] = Single(happening=whole, items=(*found[-1].items, item))
        else:
            found.append(Single(happening=happening, items=(item,)))
    return list(found)
