"""The first tables: people, tickets, clocks, inbox, outbox, state."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.storage.types import Id, Json, Span, UtcDateTime, Words

revision = "20261124_first_tables"
down_revision = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("ticket_numbers")))
        op.execute(sa.schema.CreateSequence(sa.Sequence("message_numbers")))
    _people()
    _tickets()
    _parts_of_tickets()
    _queues()
    _state()


def _where(predicate: str) -> dict[str, Any]:
    """A partial index, as either database spells it."""
    return {"sqlite_where": sa.text(predicate), "postgresql_where": sa.text(predicate)}


def _people() -> None:
    op.create_table(
        "clients",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("name_key", Words(), nullable=False),
        sa.Column("plan_name", Words()),
        sa.Column("plan_time", Span()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("name_key", name=op.f("uq_clients_name_key")),
    )
    op.create_table(
        "client_domains",
        sa.Column("domain", Words(), nullable=False),
        sa.Column("client_id", Id, nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_domains_client_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_client_domains")),
    )
    op.create_index(op.f("ix_client_domains_client_id"), "client_domains", ["client_id"])
    op.create_table(
        "contacts",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("client_id", Id),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_contacts_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_client_id"), "contacts", ["client_id"])
    op.create_table(
        "contact_addresses",
        sa.Column("channel", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_addresses_contact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", "value", name=op.f("pk_contact_addresses")),
    )
    op.create_index(op.f("ix_contact_addresses_contact_id"), "contact_addresses", ["contact_id"])
    op.create_table(
        "agents",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("name_key", Words(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("telegram_id", Words()),
        sa.Column("mail", Words()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("role IN ('agent', 'lead', 'admin')", name=op.f("ck_agents_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("mail", name=op.f("uq_agents_mail")),
        sa.UniqueConstraint("name_key", name=op.f("uq_agents_name_key")),
        sa.UniqueConstraint("telegram_id", name=op.f("uq_agents_telegram_id")),
    )


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("route_channel", Words()),
        sa.Column("route_recipient", Words()),
        sa.Column("client_id", Id),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("is_priority_guessed", sa.Boolean(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("is_category_guessed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.SmallInteger()),
        sa.Column("reason_state", sa.Text(), nullable=False),
        sa.Column("reason_guess", sa.SmallInteger()),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("assignee_id", Id),
        sa.Column("origin_id", Id),
        sa.Column("spans", Json(), nullable=False),
        sa.Column("cause_id", Id),
        sa.Column("merged_into_id", Id),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("is_call_back", sa.Boolean(), nullable=False),
        sa.Column("snoozed_until_at", UtcDateTime()),
        sa.Column("last_word_at", UtcDateTime()),
        sa.Column("client_reminded_at", UtcDateTime()),
        sa.Column("closed_at", UtcDateTime()),
        sa.Column("outcome", sa.Text()),
        sa.Column("result", Words(), server_default="", nullable=False),
        sa.Column("version", Id, nullable=False),
        sa.CheckConstraint("category IN ('incident', 'change_request')", name=op.f("ck_tickets_category")),
        sa.CheckConstraint("outcome IN ('solved', 'not_relevant', 'declined', 'duplicate')", name=op.f("ck_tickets_outcome")),
        sa.CheckConstraint("priority IN ('low', 'medium', 'high', 'urgent')", name=op.f("ck_tickets_priority")),
        sa.CheckConstraint("reason_state IN ('not_needed', 'asked', 'given', 'none_of_these')", name=op.f("ck_tickets_reason_state")),
        sa.CheckConstraint("team IN ('desk', 'development')", name=op.f("ck_tickets_team")),
        sa.CheckConstraint("turn IN ('staff', 'clarification', 'approval')", name=op.f("ck_tickets_turn")),
        sa.CheckConstraint("(route_channel IS NULL) = (route_recipient IS NULL)", name=op.f("ck_tickets_route")),
        sa.CheckConstraint("reason IN (1, 2, 3)", name=op.f("ck_tickets_reason")),
        sa.CheckConstraint("reason_guess IN (1, 2, 3)", name=op.f("ck_tickets_reason_guess")),
        sa.ForeignKeyConstraint(["assignee_id"], ["agents.id"], name=op.f("fk_tickets_assignee_id")),
        sa.ForeignKeyConstraint(["cause_id"], ["tickets.id"], name=op.f("fk_tickets_cause_id"), initially="DEFERRED", deferrable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_tickets_client_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_tickets_contact_id")),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["tickets.id"], name=op.f("fk_tickets_merged_into_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
    )
    op.create_index("ix_tickets_assignee_open", "tickets", ["assignee_id", "id"], **_where("closed_at IS NULL AND assignee_id IS NOT NULL"))
    awaiting = "closed_at IS NULL AND turn <> 'staff' AND team = 'desk'"
    unreminded = _where(f"{awaiting} AND (client_reminded_at IS NULL OR client_reminded_at < last_word_at)")
    op.create_index("ix_tickets_awaiting", "tickets", ["last_word_at", "id"], **unreminded)
    reminded = _where(f"{awaiting} AND client_reminded_at >= last_word_at AND route_channel IS NOT NULL")
    op.create_index("ix_tickets_reminded", "tickets", ["client_reminded_at", "id"], **reminded)
    op.create_index("ix_tickets_cause", "tickets", ["cause_id"], **_where("cause_id IS NOT NULL"))
    op.create_index("ix_tickets_client", "tickets", ["client_id", "id"], **_where("client_id IS NOT NULL"))
    op.create_index("ix_tickets_client_open", "tickets", ["client_id", "id"], **_where("closed_at IS NULL AND client_id IS NOT NULL"))
    op.create_index("ix_tickets_contact", "tickets", ["contact_id", "id"])
    op.create_index("ix_tickets_contact_open", "tickets", ["contact_id", "id"], **_where("closed_at IS NULL"))
    op.create_index("ix_tickets_open", "tickets", ["id"], **_where("closed_at IS NULL"))
    op.create_index("ix_tickets_origin", "tickets", ["origin_id"], **_where("origin_id IS NOT NULL"))
    op.create_index("ix_tickets_route", "tickets", ["route_recipient"], **_where("route_recipient IS NOT NULL"))
    op.create_index("ix_tickets_team_open", "tickets", ["team", "id"], **_where("closed_at IS NULL"))


def _parts_of_tickets() -> None:
    op.create_table(
        "messages",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author_kind", sa.Text(), nullable=False),
        sa.Column("author_id", Id),
        sa.Column("author_name", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("channel", Words(), server_default="", nullable=False),
        sa.Column("quoted", Words(), server_default="", nullable=False),
        sa.Column("attachments", Json(), nullable=False),
        sa.Column("inbox_id", Id),
        sa.Column("letter", Json(), nullable=False),
        sa.CheckConstraint("author_kind IN ('contact', 'agent', 'bot', 'third_person')", name=op.f("ck_messages_author_kind")),
        sa.CheckConstraint("kind IN ('inbound', 'answer', 'question', 'proposal', 'note', 'third_person')", name=op.f("ck_messages_kind")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_messages_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_ticket", "messages", ["ticket_id", "id"])
    op.create_table(
        "events",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", Id),
        sa.Column("actor_name", Words(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("because", Words(), server_default="", nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.CheckConstraint("actor_kind IN ('contact', 'agent', 'bot', 'third_person')", name=op.f("ck_events_actor_kind")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_events_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_ticket", "events", ["ticket_id", "id"])
    op.create_table(
        "time_entries",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("agent_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("spent", Span(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("comment", Words(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('consultation', 'training', 'small_change', 'other')", name=op.f("ck_time_entries_kind")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_time_entries_agent_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_time_entries_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_entries")),
    )
    op.create_index("ix_time_entries_ticket", "time_entries", ["ticket_id", "id"])
    op.create_table(
        "links",
        sa.Column("channel", Words(), nullable=False),
        sa.Column("conversation", Words(), nullable=False),
        sa.Column("external_id", Words(), nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("message_id", Id),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_links_ticket_id")),
        sa.PrimaryKeyConstraint("channel", "conversation", "external_id", "ticket_id", name=op.f("pk_links")),
    )
    op.create_table(
        "ticket_clocks",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("calendar", Words(), nullable=False),
        sa.Column("target", Span(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("generation", Id, nullable=False),
        sa.Column("step", Id, nullable=False),
        sa.Column("next_nudge_at", UtcDateTime()),
        sa.Column("met_at", UtcDateTime()),
        sa.Column("breached_at", UtcDateTime()),
        sa.CheckConstraint("kind IN ('reaction', 'next_answer', 'solution')", name=op.f("ck_ticket_clocks_kind")),
        sa.CheckConstraint("priority IN ('low', 'medium', 'high', 'urgent')", name=op.f("ck_ticket_clocks_priority")),
        sa.CheckConstraint("state IN ('running', 'claimed', 'met', 'cancelled')", name=op.f("ck_ticket_clocks_state")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_clocks_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_clocks")),
        sa.UniqueConstraint("ticket_id", "kind", "ordinal", name=op.f("uq_ticket_clocks_ticket_id_kind_ordinal")),
    )
    op.create_index("ix_ticket_clocks_nudge", "ticket_clocks", ["next_nudge_at", "id"], **_where("next_nudge_at IS NOT NULL"))
    op.create_index("ix_ticket_clocks_started", "ticket_clocks", ["started_at", "id"])
    op.create_index("ix_ticket_clocks_running", "ticket_clocks", ["due_at", "id"], **_where("state = 'running'"))
    op.create_index("ix_ticket_clocks_unfinished", "ticket_clocks", ["id"], **_where("state IN ('running', 'claimed')"))


def _queues() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", Id, nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("source", Words(), nullable=False),
        sa.Column("external_id", Words(), nullable=False),
        sa.Column("conversation", Words(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("arrived_at", UtcDateTime(), nullable=False),
        sa.Column("is_burst", sa.Boolean(), nullable=False),
        sa.Column("is_quiet", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("ready_at", UtcDateTime()),
        sa.Column("leased_until", UtcDateTime()),
        sa.Column("attempts", Id, server_default="0", nullable=False),
        sa.Column("because", Words(), server_default="", nullable=False),
        sa.Column("error", Words(), server_default="", nullable=False),
        sa.Column("ticket_ids", Json(), server_default="[]", nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.CheckConstraint("(state = 'waiting') = (ready_at IS NOT NULL)", name=op.f("ck_inbox_ready")),
        sa.CheckConstraint("state <> 'set_aside' OR because <> ''", name=op.f("ck_inbox_because")),
        sa.CheckConstraint("state IN ('waiting', 'quarantined', 'ticketed', 'follow_up', 'set_aside')", name=op.f("ck_inbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("channel", "source", "external_id", name=op.f("uq_inbox_channel_source_external_id")),
    )
    op.create_index("ix_inbox_arrived", "inbox", ["arrived_at"])
    op.create_index("ix_inbox_conversation", "inbox", ["channel", "conversation", "id"], **_where("ready_at IS NOT NULL"))
    op.create_index("ix_inbox_quarantined", "inbox", ["id"], **_where("state = 'quarantined'"))
    op.create_index("ix_inbox_ready", "inbox", ["ready_at", "id"], **_where("ready_at IS NOT NULL"))
    op.create_table(
        "outbox",
        sa.Column("id", Id, nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("recipient", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("body", Json(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ticket_ids", Json(), nullable=False),
        sa.Column("message_id", Id),
        sa.Column("edit_key", Words()),
        sa.Column("urgency", sa.SmallInteger(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", Id, nullable=False),
        sa.Column("not_before_at", UtcDateTime()),
        sa.Column("previous_external_id", Words()),
        sa.Column("external_id", Words()),
        sa.Column("error", Words(), server_default="", nullable=False),
        sa.Column("sent_at", UtcDateTime()),
        sa.Column("leased_until", UtcDateTime()),
        sa.Column("was_unsure", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(state = 'sending') = (leased_until IS NOT NULL)", name=op.f("ck_outbox_lease")),
        sa.CheckConstraint("state IN ('new', 'sending', 'sent', 'unsure', 'dead', 'superseded')", name=op.f("ck_outbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_automatic", "outbox", ["channel", "created_at"], **_where("is_automatic"))
    op.create_index("ix_outbox_automatic_route", "outbox", ["channel", "recipient", "created_at"], **_where("is_automatic"))
    op.create_index("ix_outbox_backlog", "outbox", ["state"], **_where("state IN ('new', 'sending', 'unsure', 'dead')"))
    op.create_index("ix_outbox_due", "outbox", ["urgency", "id"], **_where("state IN ('new', 'unsure')"))
    op.create_index("ix_outbox_edit", "outbox", ["edit_key", "channel", "recipient", "id"], **_where("edit_key IS NOT NULL"))
    op.create_index("ix_outbox_pending", "outbox", ["channel", "recipient", "urgency", "id"], **_where("state IN ('new', 'unsure')"))
    op.create_index("ix_outbox_route", "outbox", ["channel", "recipient", "id"])
    op.create_index("ix_outbox_sending", "outbox", ["channel", "recipient", "leased_until"], **_where("state = 'sending'"))
    op.create_index("ix_outbox_dead", "outbox", ["id"], **_where("state = 'dead'"))
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["channel", "recipient", "id"],
        **_where("state IN ('new', 'unsure') AND not_before_at IS NOT NULL"),
    )


def _state() -> None:
    op.create_table(
        "closures",
        sa.Column("id", Id, nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("because", Words(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("announced_at", UtcDateTime()),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_closures_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
    )
    op.create_table(
        "facts",
        sa.Column("key", Words(), nullable=False),
        sa.Column("value", Json(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_facts")),
    )
    op.create_table(
        "leases",
        sa.Column("name", Words(), nullable=False),
        sa.Column("owner", Words(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "tokens",
        sa.Column("digest", Words(), nullable=False),
        sa.Column("purpose", Words(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column("used_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
    )
    op.create_index("ix_tokens_subject", "tokens", ["purpose", "subject"])
