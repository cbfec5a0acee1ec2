"""What people are told, as neutral JSON: the one place that knows the shape of a delivery's body.

Each function makes `Delivery` values for one occasion; a channel's render turns the body into its own words and buttons. Bodies hold
facts, never markup. Instants in a body are ISO 8601 in UTC. Keys are unique by cause, version and recipient, so that a verb that runs
twice tells once.

Kinds for a client: receipt, urgency_question, claimed, answer, question, proposal, client_reminder, closed, reopened, priority_changed,
handed_over, new_task_offer, say. Kinds for staff: card (edited, not repeated), client_word, nudge, summary, alert, say. Every client
body has `language`.
"""

from bot.notices.clients import (
    client_reminder,
    new_task_offer,
    reason_order,
    receipt,
    told_client,
    urgency_question,
    word_key,
    word_to_client,
)
from bot.notices.facts import (
    CARD_URGENCY,
    NUDGE_URGENCY,
    QUIET_URGENCY,
    RECEIPT_URGENCY,
    WORD_URGENCY,
    Facts,
    StaffRoutes,
)
from bot.notices.nudges import Listeners, Reminder, nudge
from bot.notices.plain import alert, say, summary
from bot.notices.staff import card, client_word

__all__ = [
    "CARD_URGENCY",
    "NUDGE_URGENCY",
    "QUIET_URGENCY",
    "RECEIPT_URGENCY",
    "WORD_URGENCY",
    "Facts",
    "Listeners",
    "Reminder",
    "StaffRoutes",
    "alert",
    "card",
    "client_reminder",
    "client_word",
    "new_task_offer",
    "nudge",
    "reason_order",
    "receipt",
    "say",
    "summary",
    "told_client",
    "urgency_question",
    "word_key",
    "word_to_client",
]
