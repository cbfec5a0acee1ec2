"""The field's words as enumerations: criticality, category, outcome, lamp, role (R8, R9, R11–R13)."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Priority(StrEnum):
    """Criticality (R9), lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 for low … 3 for urgent; compare these, never the names."""
        return list(Priority).index(self)


class Category(StrEnum):
    """R12 and R13: what the desk does itself, and what goes to Development."""

    INCIDENT = "incident"
    CHANGE_REQUEST = "change_request"


class UrgencyReason(IntEnum):
    """The three reasons the regulation allows for "urgent" (R11)."""

    OPERATIONAL_WORK = 1
    MOST_USERS = 2
    TOP_MANAGEMENT = 3


class ReasonState(StrEnum):
    """Where the dialogue about the urgency reason stands (R11)."""

    NOT_NEEDED = "not_needed"
    ASKED = "asked"
    GIVEN = "given"
    NONE_OF_THESE = "none_of_these"


class Outcome(StrEnum):
    """How a ticket ended (R4)."""

    SOLVED = "solved"
    NOT_RELEVANT = "not_relevant"
    DECLINED = "declined"
    DUPLICATE = "duplicate"


class Turn(StrEnum):
    """Whose word is awaited in an open ticket; the lamps (R8) are computed from it."""

    STAFF = "staff"
    CLIENT_CLARIFICATION = "clarification"
    CLIENT_APPROVAL = "approval"


class Lamp(StrEnum):
    """R8. What a colour means depends on who looks: see `bot.lamps`."""

    GREEN = "green"
    RED = "red"
    YELLOW = "yellow"
    GREY = "grey"


class Team(StrEnum):
    """Which queue a ticket stands in (R13)."""

    DESK = "desk"
    DEVELOPMENT = "development"


class Role(StrEnum):
    """What an agent may do: each role may all that the one before it may."""

    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"


class WorkKind(StrEnum):
    """What time was spent on (R12)."""

    CONSULTATION = "consultation"
    TRAINING = "training"
    SMALL_CHANGE = "small_change"
    OTHER = "other"
