"""The values everybody speaks in: frozen, comparable, standard library only.

They hold facts and the few rules that need nothing else (`Priority.rank`, `Ticket.is_open`). They know no database,
no network and no clock: every instant is an aware UTC datetime handed in by the caller.
"""

from bot.model.canned import CannedAnswer
from bot.model.clocks import ClockKind, ClockState, Closure, Pause, Terms, TicketClock
from bot.model.delivery import Delivery, DeliveryState
from bot.model.duty import Absence, Shift
from bot.model.inbound import Attachment, InboundMessage, ThreadEvidence
from bot.model.people import BOT, Actor, ActorKind, Address, Agent, Client, Contact, Plan, Route
from bot.model.ticket import Event, Link, Message, MessageKind, Revision, Ticket, TimeEntry, link_scope
from bot.model.words import Category, Lamp, Outcome, Priority, ReasonState, Role, Team, Turn, UrgencyReason, WorkKind

__all__ = [
    "BOT",
    "Absence",
    "Actor",
    "ActorKind",
    "Address",
    "Agent",
    "Attachment",
    "CannedAnswer",
    "Category",
    "Client",
    "ClockKind",
    "ClockState",
    "Closure",
    "Contact",
    "Delivery",
    "DeliveryState",
    "Event",
    "InboundMessage",
    "Lamp",
    "Link",
    "Message",
    "MessageKind",
    "Outcome",
    "Pause",
    "Plan",
    "Priority",
    "ReasonState",
    "Revision",
    "Role",
    "Route",
    "Shift",
    "Team",
    "Terms",
    "ThreadEvidence",
    "Ticket",
    "TicketClock",
    "TimeEntry",
    "Turn",
    "UrgencyReason",
    "WorkKind",
    "link_scope",
]
