"""What lists and ticket pages show, as plain values. Pure: the pages read the store, this decides what is seen and in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.channels.site.file_links import FileLink, links
from bot.channels.site.render import Reader
from bot.channels.site.words import (
    CHANNEL_WORDS,
    MESSAGE_WORDS,
    client_words,
    event_line,
    priority_words,
    reason_words,
    staff_words,
    time_left,
)
from bot.desk_base import ticket_text
from bot.model import ActorKind, Contact, Event, Lamp, Message, MessageKind, Priority, Revision, Ticket
from bot.ports import QueueRow, TicketFile
from bot.texts import SENDER_WORDS

# What a client sees of a ticket: never notes, never a stranger's words.
CLIENT_SEES = (MessageKind.INBOUND, MessageKind.ANSWER, MessageKind.QUESTION, MessageKind.PROPOSAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    """A line of a client's list."""

    id: int
    title: str
    lamp: Lamp
    words: str
    priority: str
    is_urgent: bool
    who: str
    at: datetime
    when: str
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """A line of the staff's list. `left` says how long until the deadline, `is_late` that it has passed."""

    id: int
    title: str
    lamp: Lamp
    words: str
    who: str
    company: str
    priority: str
    is_urgent: bool
    reason: str
    channel: str
    due: str
    due_at: datetime | None
    left: str
    is_late: bool
    is_snoozed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A message on a ticket's page. `whole` is the full text where `text` is the ticket's own part of it; both may be long.
    `original` is where the mail it came in is, with "/original.eml" or "/text" behind it. `sender` is what our mail server says of its
    sender, for staff alone. `is_corrected`: its author changed it after it was said; `was` is what it said before, for staff alone."""

    side: str
    author: str
    kind: str
    at: datetime
    when: str
    text: str
    whole: str = ""
    quoted: str = ""
    channel: str = ""
    files: tuple[FileLink, ...] = ()
    original: str = ""
    sender: str = ""
    is_corrected: bool = False
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """An event: who, when, what, why."""

    who: str
    at: datetime
    when: str
    what: str
    details: str


def ticket_rows(tickets: Sequence[Ticket], *, contact: Contact, names: Mapping[int, str], reader: Reader) -> list[TicketRow]:
    rows = []
    for ticket in tickets:
        lamp, words = client_words(ticket, viewer_id=contact.id, language=reader.language)
        at = ticket.last_word_at or ticket.received_at
        rows.append(
            TicketRow(
                id=ticket.id,
                title=ticket.title,
                lamp=lamp,
                words=words,
                priority=priority_words(ticket.priority, False, reader.say),
                is_urgent=ticket.priority is Priority.URGENT,
                who="" if ticket.contact_id == contact.id else names.get(ticket.contact_id, ""),
                at=at,
                when=reader.moment(at),
                result=ticket.result,
            )
        )
    return rows


def staff_rows(queue: Sequence[QueueRow], *, viewer_id: int, reader: Reader) -> list[StaffRow]:
    rows = []
    for row in queue:
        ticket = row.ticket
        lamp, words = staff_words(ticket, viewer_id=viewer_id, assignee=row.assignee_name, language=reader.language)
        due_at = row.clock.due_at if row.clock else None
        rows.append(
            StaffRow(
                id=ticket.id,
                title=ticket.title,
                lamp=lamp,
                words=words,
                who=row.contact_name,
                company=row.client_name,
                priority=priority_words(ticket.priority, False, reader.say),
                is_urgent=ticket.priority is Priority.URGENT,
                reason=reason_words(ticket.reason, ticket.reason_state, ticket.reason_guess, reader.say),
                channel=reader.say(CHANNEL_WORDS.get(ticket.channel, ticket.channel)),
                due=reader.moment(due_at),
                due_at=due_at,
                left=time_left(due_at, reader.now, reader.language),
                is_late=due_at is not None and due_at < reader.now,
                is_snoozed=ticket.snoozed_until_at is not None and ticket.snoozed_until_at > reader.now,
            )
        )
    return rows


def words_of_ticket(
    messages: Sequence[Message],
    ticket: Ticket,
    files: Sequence[TicketFile],
    revisions: Sequence[Revision],
    *,
    reader: Reader,
    is_staff: bool,
    viewer_id: int,
) -> list[Word]:
    """The talk of a ticket, oldest first. The first message is shown as the ticket's own part of it, the whole beside it."""
    words = []
    base = f"{'/staff' if is_staff else ''}/tickets/{ticket.id}"
    is_first = True
    for message in messages:
        if not is_staff and message.kind not in CLIENT_SEES:
            continue
        text, whole = message.text, ""
        if is_first and message.kind is MessageKind.INBOUND:
            text = ticket_text(ticket, message.text)
            whole = message.text if text.strip() != message.text.strip() else ""
            is_first = False
        words.append(
            Word(
                side=_side(message, is_staff=is_staff, viewer_id=viewer_id),
                author=message.author.name or "?",
                kind=reader.say(MESSAGE_WORDS[message.kind]) if MESSAGE_WORDS[message.kind] else "",
                at=message.at,
                when=reader.moment(message.at),
                text=text,
                whole=whole,
                quoted=message.quoted,
                channel=reader.say(CHANNEL_WORDS.get(message.channel, message.channel)) if message.channel else "",
                files=links(message, files, base=base, say=reader.say),
                original=f"{base}/messages/{message.id}" if _has_original(message, is_staff=is_staff) else "",
                sender=_sender(message, reader) if is_staff else "",
                is_corrected=any(each.message_id == message.id for each in revisions),
                was=tuple(each.text for each in revisions if each.message_id == message.id) if is_staff else (),
            )
        )
    return words


def _sender(message: Message, reader: Reader) -> str:
    """ "відправника підтверджено (spf pass, dkim pass, dmarc pass)"."""
    verdict, results = message.letter.get("sender", ""), message.letter.get("authentication") or {}
    if verdict not in SENDER_WORDS:
        return ""
    return f"{reader.say(SENDER_WORDS[verdict])} ({', '.join(f'{method} {word}' for method, word in results.items())})"


def _has_original(message: Message, *, is_staff: bool) -> bool:
    """It came in as a mail; for a client not as that of an agent who passed it on."""
    return message.channel == "mail" and message.inbox_id is not None and (is_staff or not message.letter.get("is_forward"))


def _side(message: Message, *, is_staff: bool, viewer_id: int) -> str:
    """mine and theirs lie on opposite sides; a note and a stranger's word stand out."""
    if message.kind is MessageKind.NOTE:
        return "note"
    if message.kind is MessageKind.THIRD_PERSON:
        return "stranger"
    is_agent = message.author.kind is ActorKind.AGENT
    if is_staff:
        return "mine" if is_agent else "theirs"
    if is_agent:
        return "theirs"
    return "mine" if message.author.id == viewer_id else "colleague"


def history(events: Sequence[Event], *, reader: Reader, agents: Mapping[int, str]) -> list[HistoryLine]:
    """Every event, newest first."""
    lines = []
    for event in reversed(events):
        what, details = event_line(event, language=reader.language, zone=reader.zone, agents=dict(agents))
        lines.append(HistoryLine(who=event.actor.name or "?", at=event.at, when=reader.moment(event.at), what=what, details=details))
    return lines
