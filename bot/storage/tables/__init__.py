"""The tables, private to this package. Invariants are constraints, and every query has its index.

Foreign keys restrict: tickets, people and their words are never deleted, so a delete that would orphan a row is a bug. Only the parts
of a person or company (addresses, domains) go with it. Predicates of partial indexes are written as literals on both sides, because
no database matches a partial index against a bound parameter.
"""

from bot.storage.tables.canned import canned_answers
from bot.storage.tables.clocks import UNFINISHED, clocks, closures
from bot.storage.tables.columns import is_one_of, metadata
from bot.storage.tables.duty import absences, shifts
from bot.storage.tables.files import files, message_files
from bot.storage.tables.people import agents, client_domains, clients, contact_addresses, contacts
from bot.storage.tables.queues import PENDING, inbox, outbox
from bot.storage.tables.state import facts, leases, tokens
from bot.storage.tables.tickets import (
    AWAITING_REMINDED,
    AWAITING_UNREMINDED,
    events,
    links,
    message_numbers,
    message_revisions,
    messages,
    ticket_numbers,
    tickets,
    time_entries,
)

__all__ = [
    "AWAITING_REMINDED",
    "AWAITING_UNREMINDED",
    "PENDING",
    "UNFINISHED",
    "absences",
    "agents",
    "canned_answers",
    "client_domains",
    "clients",
    "clocks",
    "closures",
    "contact_addresses",
    "contacts",
    "events",
    "facts",
    "files",
    "inbox",
    "is_one_of",
    "leases",
    "links",
    "message_files",
    "message_numbers",
    "message_revisions",
    "messages",
    "metadata",
    "outbox",
    "shifts",
    "ticket_numbers",
    "tickets",
    "time_entries",
    "tokens",
]
