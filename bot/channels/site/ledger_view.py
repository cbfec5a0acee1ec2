"""The ledger of a ticket as its page shows it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.site.render import Reader
from bot.model import Event, TicketClock
from bot.sla.numbers import Verdict
from bot.sla.policy import Policy
from bot.sla.stories import ClockStory, stories
from bot.sla.words import KIND_WORDS, VERDICT_WORDS, outcome, promise, tell
from bot.texts import duration


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """When, and what."""

    at: datetime
    when: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerClock:
    """One promise: what it is, its steps, how it stands in a word (`state`) and at length (`outcome`); `nudge` when staff hear next."""

    kind: str
    promise: str
    due: str
    state: str
    lamp: str
    outcome: str
    nudge: str
    is_late: bool
    lines: tuple[LedgerLine, ...]


_LAMPS = {Verdict.IN_TIME: "green", Verdict.LATE: "red", Verdict.RUNNING: "yellow", Verdict.DROPPED: "grey"}


def ledger(clocks: Sequence[TicketClock], events: Sequence[Event], policy: Policy, reader: Reader) -> list[LedgerClock]:
    """All clocks of a ticket, the newest first."""
    return [_clock(each, reader) for each in reversed(stories(clocks, events, policy, now=reader.now))]


def _clock(story: ClockStory, reader: Reader) -> LedgerClock:
    say = reader.say

    def span(length: timedelta) -> str:
        return duration(length, language=reader.language)

    return LedgerClock(
        kind=say(KIND_WORDS[story.kind]),
        promise=promise(story, say, span),
        due=reader.moment(story.due_at),
        state=say(VERDICT_WORDS[story.verdict.value]),
        lamp=_LAMPS[story.verdict],
        outcome=outcome(story, say, span),
        nudge=reader.moment(story.next_nudge_at),
        is_late=story.verdict is Verdict.LATE,
        lines=tuple(LedgerLine(at=step.at, when=reader.moment(step.at), text=tell(step, say, reader.moment)) for step in story.steps),
    )
