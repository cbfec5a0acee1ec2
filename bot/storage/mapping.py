"""Rows to values and back, both ways spelled out: a field that is forgotten here fails the contract tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from bot.model import (
    Actor,
    ActorKind,
    Address,
    Agent,
    Attachment,
    Category,
    Client,
    ClockKind,
    ClockState,
    Closure,
    Contact,
    Delivery,
    DeliveryState,
    Event,
    Link,
    Message,
    MessageKind,
    Outcome,
    Plan,
    Priority,
    ReasonState,
    Role,
    Route,
    Team,
    Ticket,
    TicketClock,
    TimeEntry,
    Turn,
    UrgencyReason,
    WorkKind,
)
from bot.ports import InboxItem, RawEvent

Values = dict[str, Any]
AnyRow = Row[Any]


def ticket_values(ticket: Ticket) -> Values:
    return {
        "id": ticket.id,
        "title": ticket.title,
        "contact_id": ticket.contact_id,
        "received_at": ticket.received_at,
        "created_at": ticket.created_at,
        "channel": ticket.channel,
        "route_channel": ticket.route.channel if ticket.route else None,
        "route_recipient": ticket.route.recipient if ticket.route else None,
        "client_id": ticket.client_id,
        "priority": ticket.priority.value,
        "is_priority_guessed": ticket.is_priority_guessed,
        "category": ticket.category.value,
        "is_category_guessed": ticket.is_category_guessed,
        "reason": ticket.reason.value if ticket.reason else None,
        "reason_state": ticket.reason_state.value,
        "reason_guess": ticket.reason_guess.value if ticket.reason_guess else None,
        "turn": ticket.turn.value,
        "team": ticket.team.value,
        "assignee_id": ticket.assignee_id,
        "origin_id": ticket.origin_id,
        "spans": ticket.spans,
        "cause_id": ticket.cause_id,
        "merged_into_id": ticket.merged_into_id,
        "is_private": ticket.is_private,
        "is_call_back": ticket.is_call_back,
        "snoozed_until_at": ticket.snoozed_until_at,
        "last_word_at": ticket.last_word_at,
        "client_reminded_at": ticket.client_reminded_at,
        "closed_at": ticket.closed_at,
        "outcome": ticket.outcome.value if ticket.outcome else None,
        "result": ticket.result,
        "version": ticket.version,
    }


def to_ticket(row: AnyRow) -> Ticket:
    return Ticket(
        id=row.id,
        title=row.title,
        contact_id=row.contact_id,
        received_at=row.received_at,
        created_at=row.created_at,
        channel=row.channel,
        route=Route(channel=row.route_channel, recipient=row.route_recipient) if row.route_channel is not None else None,
        client_id=row.client_id,
        priority=Priority(row.priority),
        is_priority_guessed=row.is_priority_guessed,
        category=Category(row.category),
        is_category_guessed=row.is_category_guessed,
        reason=UrgencyReason(row.reason) if row.reason is not None else None,
        reason_state=ReasonState(row.reason_state),
        reason_guess=UrgencyReason(row.reason_guess) if row.reason_guess is not None else None,
        turn=Turn(row.turn),
        team=Team(row.team),
        assignee_id=row.assignee_id,
        origin_id=row.origin_id,
        spans=tuple((start, end) for start, end in row.spans),
        cause_id=row.cause_id,
        merged_into_id=row.merged_into_id,
        is_private=row.is_private,
        is_call_back=row.is_call_back,
        snoozed_until_at=row.snoozed_until_at,
        last_word_at=row.last_word_at,
        client_reminded_at=row.client_reminded_at,
        closed_at=row.closed_at,
        outcome=Outcome(row.outcome) if row.outcome is not None else None,
        result=row.result,
        version=row.version,
    )


def message_values(message: Message) -> Values:
    return {
        "id": message.id,
        "ticket_id": message.ticket_id,
        "kind": message.kind.value,
        "author_kind": message.author.kind.value,
        "author_id": message.author.id,
        "author_name": message.author.name,
        "text": message.text,
        "at": message.at,
        "channel": message.channel,
        "quoted": message.quoted,
        "attachments": [asdict(each) for each in message.attachments],
        "inbox_id": message.inbox_id,
        "letter": message.letter,
    }


def to_message(row: AnyRow) -> Message:
    return Message(
        id=row.id,
        ticket_id=row.ticket_id,
        kind=MessageKind(row.kind),
        author=Actor(kind=ActorKind(row.author_kind), id=row.author_id, name=row.author_name),
        text=row.text,
        at=row.at,
        channel=row.channel,
        quoted=row.quoted,
        attachments=tuple(Attachment(**each) for each in row.attachments),
        inbox_id=row.inbox_id,
        letter=row.letter,
    )


def event_values(event: Event) -> Values:
    return {
        "ticket_id": event.ticket_id,
        "kind": event.kind,
        "actor_kind": event.actor.kind.value,
        "actor_id": event.actor.id,
        "actor_name": event.actor.name,
        "at": event.at,
        "because": event.because,
        "data": event.data,
    }


def to_event(row: AnyRow) -> Event:
    return Event(
        ticket_id=row.ticket_id,
        kind=row.kind,
        actor=Actor(kind=ActorKind(row.actor_kind), id=row.actor_id, name=row.actor_name),
        at=row.at,
        because=row.because,
        data=row.data,
    )


def time_values(entry: TimeEntry) -> Values:
    return {
        "ticket_id": entry.ticket_id,
        "agent_id": entry.agent_id,
        "kind": entry.kind.value,
        "spent": entry.spent,
        "at": entry.at,
        "comment": entry.comment,
    }


def to_time_entry(row: AnyRow) -> TimeEntry:
    return TimeEntry(
        ticket_id=row.ticket_id, agent_id=row.agent_id, kind=WorkKind(row.kind), spent=row.spent, at=row.at, comment=row.comment
    )


def link_values(link: Link) -> Values:
    return {
        "channel": link.channel,
        "conversation": link.conversation,
        "external_id": link.external_id,
        "ticket_id": link.ticket_id,
        "kind": link.kind,
        "message_id": link.message_id,
    }


def to_link(row: AnyRow) -> Link:
    return Link(
        channel=row.channel,
        conversation=row.conversation,
        external_id=row.external_id,
        ticket_id=row.ticket_id,
        kind=row.kind,
        message_id=row.message_id,
    )


def clock_values(clock: TicketClock) -> Values:
    return {
        "ticket_id": clock.ticket_id,
        "kind": clock.kind.value,
        "ordinal": clock.ordinal,
        "priority": clock.priority.value,
        "calendar": clock.calendar,
        "target": clock.target,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "state": clock.state.value,
        "generation": clock.generation,
        "step": clock.step,
        "next_nudge_at": clock.next_nudge_at,
        "met_at": clock.met_at,
        "breached_at": clock.breached_at,
    }


def to_clock(row: AnyRow, *, prefix: str = "") -> TicketClock:
    """`prefix` is what the names of the columns begin with in a join."""
    columns = row._mapping

    def part(name: str) -> Any:
        return columns[prefix + name]

    return TicketClock(
        id=part("id"),
        ticket_id=part("ticket_id"),
        kind=ClockKind(part("kind")),
        ordinal=part("ordinal"),
        priority=Priority(part("priority")),
        calendar=part("calendar"),
        target=part("target"),
        started_at=part("started_at"),
        due_at=part("due_at"),
        state=ClockState(part("state")),
        generation=part("generation"),
        step=part("step"),
        next_nudge_at=part("next_nudge_at"),
        met_at=part("met_at"),
        breached_at=part("breached_at"),
    )


def delivery_values(delivery: Delivery) -> Values:
    return {
        "key": delivery.key,
        "channel": delivery.route.channel,
        "recipient": delivery.route.recipient,
        "kind": delivery.kind,
        "body": delivery.body,
        "created_at": delivery.created_at,
        "ticket_ids": delivery.ticket_ids,
        "message_id": delivery.message_id,
        "edit_key": delivery.edit_key,
        "urgency": delivery.urgency,
        "is_automatic": delivery.is_automatic,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "not_before_at": delivery.not_before_at,
        "previous_external_id": delivery.previous_external_id,
        "external_id": delivery.external_id,
        "error": delivery.error,
        "sent_at": delivery.sent_at,
        "leased_until": None,
        "was_unsure": False,
    }


def to_delivery(row: AnyRow) -> Delivery:
    return Delivery(
        id=row.id,
        key=row.key,
        route=Route(channel=row.channel, recipient=row.recipient),
        kind=row.kind,
        body=row.body,
        created_at=row.created_at,
        ticket_ids=tuple(row.ticket_ids),
        message_id=row.message_id,
        edit_key=row.edit_key,
        urgency=row.urgency,
        is_automatic=row.is_automatic,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        not_before_at=row.not_before_at,
        previous_external_id=row.previous_external_id,
        external_id=row.external_id,
        error=row.error,
        sent_at=row.sent_at,
    )


def raw_event_values(event: RawEvent) -> Values:
    return {
        "channel": event.channel,
        "source": event.source,
        "external_id": event.external_id,
        "conversation": event.conversation,
        "raw": event.raw,
        "received_at": event.received_at,
        "is_burst": bool(event.quiet_gap),
        "is_quiet": event.is_quiet,
    }


def to_inbox_item(row: AnyRow) -> InboxItem:
    return InboxItem(
        id=row.id,
        channel=row.channel,
        source=row.source,
        external_id=row.external_id,
        conversation=row.conversation,
        raw=row.raw,
        received_at=row.received_at,
        arrived_at=row.arrived_at,
        attempts=row.attempts,
        is_quiet=row.is_quiet,
    )


def to_contact(row: AnyRow, addresses: Sequence[AnyRow]) -> Contact:
    """`addresses` are the person's rows of `contact_addresses`, in their order."""
    return Contact(
        id=row.id,
        name=row.name,
        client_id=row.client_id,
        language=row.language,
        is_private=row.is_private,
        addresses=tuple(Address(channel=each.channel, value=each.value) for each in addresses),
    )


def to_client(row: AnyRow, domains: Sequence[AnyRow]) -> Client:
    """`domains` are the company's rows of `client_domains`, in their order."""
    plan = Plan(name=row.plan_name or "", monthly_time=row.plan_time) if row.plan_time is not None else None
    return Client(id=row.id, name=row.name, domains=tuple(each.domain for each in domains), plan=plan)


def to_agent(row: AnyRow) -> Agent:
    return Agent(id=row.id, name=row.name, role=Role(row.role), telegram_id=row.telegram_id, mail=row.mail, is_active=row.is_active)


def to_closure(row: Row[Any]) -> Closure:
    return Closure(id=row.id, starts_at=row.starts_at, ends_at=row.ends_at, because=row.because, by=row.by, announced_at=row.announced_at)
