"""Inbox and outbox, as rows and back."""

from __future__ import annotations

from bot.model import Delivery, DeliveryState, Route
from bot.ports import InboxItem, RawEvent
from bot.storage.mapping.rows import AnyRow, Values
from bot.storage.rules import LET_IN


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
        "progress": list(delivery.progress),
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
        progress=tuple(row.progress),
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
        is_let_in=row.because == LET_IN,
    )
