"""Rows to values and back, both ways spelled out: a field that is forgotten here fails the contract tests."""

from bot.storage.mapping.clocks import clock_values, to_clock, to_closure
from bot.storage.mapping.people import to_agent, to_client, to_contact
from bot.storage.mapping.queues import delivery_values, raw_event_values, to_delivery, to_inbox_item
from bot.storage.mapping.rows import AnyRow, Values
from bot.storage.mapping.tickets import (
    event_values,
    link_values,
    message_values,
    ticket_values,
    time_values,
    to_event,
    to_link,
    to_message,
    to_ticket,
    to_time_entry,
)

__all__ = [
    "AnyRow",
    "Values",
    "clock_values",
    "delivery_values",
    "event_values",
    "link_values",
    "message_values",
    "raw_event_values",
    "ticket_values",
    "time_values",
    "to_agent",
    "to_client",
    "to_clock",
    "to_closure",
    "to_contact",
    "to_delivery",
    "to_event",
    "to_inbox_item",
    "to_link",
    "to_message",
    "to_ticket",
    "to_time_entry",
]
