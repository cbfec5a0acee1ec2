"""Tickets and what belongs to them, as rows and back."""

from __future__ import annotations

from dataclasses import asdict

from bot.model import (
    Actor,
    ActorKind,
    Attachment,
    Category,
    Event,
    Link,
    Message,
    MessageKind,
    Outcome,
    Priority,
    ReasonState,
    Route,
    Team,
    Ticket,
    TimeEntry,
    Turn,
    UrgencyReason,
    WorkKind,
)
from bot.storage.mapping.rows import AnyRow, Values


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
