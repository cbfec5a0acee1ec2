"""Triage: who has a ticket, how urgent it is and why, what it is, when it is looked at again, and the time it took."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot import notices
from bot.desk_base import DeskBase, reason_state
from bot.errors import BotError, NotFound, Rejected
from bot.model import Actor, ActorKind, Agent, Category, Event, Priority, ReasonState, Team, Ticket, TimeEntry, UrgencyReason, WorkKind
from bot.notices import Facts
from bot.ports import UnitOfWork

# R12: small configuration changes above this belong into a change request.
SMALL_CHANGE_LIMIT = timedelta(minutes=30)
# A snooze hides a promise from its people, so it may not hide it for longer than this.
LONGEST_SNOOZE = timedelta(days=3)


class Triage(DeskBase):
    """See the module."""

    async def assign(self, uow: UnitOfWork, ticket_id: int, agent: Agent | None, actor: Actor, *, because: str = "") -> Ticket:
        """Give a ticket to an agent, or back to everybody (None). The client is not told: nobody has reacted yet."""
        ticket = await self._ticket(uow, ticket_id, actor=actor)
        data = {"from": ticket.assignee_id, "to": agent.id if agent else None}
        ticket = await self._change(uow, ticket, actor, "assigned", because=because, data=data, assignee_id=agent.id if agent else None)
        return await self._tell_staff_only(uow, ticket)

    async def set_priority(self, uow: UnitOfWork, ticket_id: int, priority: Priority, actor: Actor, *, because: str = "") -> Ticket:
        """Change the criticality (R9); the clocks follow. Urgent without a reason asks for one (R11).

        When staff lower it they must say why, and the client reads it.
        """
        ticket = await self._open(uow, ticket_id, actor)
        if ticket.priority is priority:
            return ticket
        if actor.kind is ActorKind.AGENT and priority.rank < ticket.priority.rank and not because.strip():
            raise Rejected("Щоб знизити критичність, напишіть причину: її побачить клієнт.")
        old = ticket.priority
        data = {"from": old.value, "to": priority.value}
        state = reason_state(priority, ticket.reason)
        ticket = await self._change(
            uow, ticket, actor, "priority_set", because=because, data=data, priority=priority, is_priority_guessed=False, reason_state=state
        )
        await self._promises.repriced(uow, ticket, now=self._clock.now())
        facts = await self.facts(uow, ticket)
        if state is ReasonState.ASKED:
            self._ask_reason(uow, facts)
        if actor.kind is ActorKind.AGENT:
            return await self._tell_all(uow, ticket, "priority_changed", before=old.value, because=because)
        self._tell_staff(uow, facts, self._clock.now())
        return ticket

    async def set_reason(self, uow: UnitOfWork, ticket_id: int, reason: UrgencyReason | None, actor: Actor) -> Ticket:
        """The answer to the urgency question (R11). None means "none of these": high from now on, and the client is told politely."""
        ticket = await self._open(uow, ticket_id, actor)
        if reason is not None:
            if ticket.reason is reason and ticket.reason_state is ReasonState.GIVEN:
                return ticket
            old = ticket.priority
            ticket = await self._change(
                uow,
                ticket,
                actor,
                "reason_given",
                data={"reason": reason.value},
                reason=reason,
                reason_state=ReasonState.GIVEN,
                priority=Priority.URGENT,
                is_priority_guessed=False,
            )
            await self._promises.repriced(uow, ticket, now=self._clock.now())
            return await self._tell_staff_only(uow, ticket)
        if ticket.reason_state is ReasonState.NONE_OF_THESE:
            return ticket
        old = ticket.priority
        fields: dict[str, Any] = {
            "reason": None,
            "reason_state": ReasonState.NONE_OF_THESE,
            "priority": Priority.HIGH,
            "is_priority_guessed": False,
        }
        ticket = await self._change(uow, ticket, actor, "reason_denied", data={"from": old.value}, **fields)
        await self._promises.repriced(uow, ticket, now=self._clock.now())
        return await self._tell_all(uow, ticket, "priority_changed", before=old.value, because="none_of_these")

    async def set_category(self, uow: UnitOfWork, ticket_id: int, category: Category, actor: Actor) -> Ticket:
        """Incident or change request (R9, R12, R13)."""
        ticket = await self._open(uow, ticket_id, actor)
        if ticket.category is category and not ticket.is_category_guessed:
            return ticket
        data = {"from": ticket.category.value, "to": category.value}
        ticket = await self._change(uow, ticket, actor, "category_set", data=data, category=category, is_category_guessed=False)
        await self._promises.repriced(uow, ticket, now=self._clock.now(), because="category")
        return await self._tell_staff_only(uow, ticket)

    async def snooze(self, uow: UnitOfWork, ticket_id: int, agent: Agent, until: datetime) -> Ticket:
        """No nudges until then, visible on the card; three days at most from the first snooze after the last word, however often it is put
        off. The deadline does not move: a snooze past it is told to the leads."""
        now = self._clock.now()
        if not now < until <= now + LONGEST_SNOOZE:
            raise Rejected("Відкласти можна щонайбільше на 3 дні: виберіть ближчий час.")
        ticket = await self._open(uow, ticket_id, agent)
        latest = (await self._snoozed_since(uow, ticket) or now) + LONGEST_SNOOZE
        if until > latest:
            raise Rejected("Це звернення вже відкладали, а разом можна щонайбільше на 3 дні, до {at}.", at=self._on_the_clock(latest))
        await self._promises.snoozed(uow, ticket, until=until)
        ticket = await self._change(uow, ticket, Actor.agent(agent), "snoozed", data={"until": until.isoformat()}, snoozed_until_at=until)
        due_at = await self._promises.due_at(uow, ticket_id)
        if due_at is not None and until > due_at:
            news = BotError(
                "№{id} «{title}» відкладено до {until}, а строк {due}. Відкладає {name}.",
                id=ticket.id,
                title=ticket.title,
                until=self._on_the_clock(until),
                due=self._on_the_clock(due_at),
                name=agent.name,
            )
            self._hear(uow, notices.alert(self.staff.leads, news, cause=f"ticket:{ticket.id}:v{ticket.version}:snoozed", now=now))
        return await self._tell_staff_only(uow, ticket)

    async def _snoozed_since(self, uow: UnitOfWork, ticket: Ticket) -> datetime | None:
        """When it was put off first since somebody's last word; None: it was not."""
        snoozes = await uow.tickets.events_of([ticket.id], ["snoozed"])
        return min((each.at for each in snoozes if ticket.last_word_at is None or each.at >= ticket.last_word_at), default=None)

    async def wake(self, uow: UnitOfWork, ticket_id: int, agent: Agent) -> Ticket:
        """A snooze ends now: the ladder of nudges goes on."""
        ticket = await self._open(uow, ticket_id, agent)
        if ticket.snoozed_until_at is None:
            return ticket
        await self._promises.woken(uow, ticket)
        ticket = await self._change(uow, ticket, Actor.agent(agent), "woken", snoozed_until_at=None)
        return await self._tell_staff_only(uow, ticket)

    async def hand_over(self, uow: UnitOfWork, ticket_id: int, agent: Agent, *, because: str = "") -> Ticket:
        """To Development (R13): a change request in its own queue; the desk's clocks end with the notice to the client."""
        ticket = await self._open(uow, ticket_id, agent)
        if ticket.team is Team.DEVELOPMENT:
            return ticket
        await self._promises.ended(uow, ticket, at=self._clock.now(), is_met=True, is_solved=False)
        fields: dict[str, Any] = {
            "team": Team.DEVELOPMENT,
            "category": Category.CHANGE_REQUEST,
            "is_category_guessed": False,
            "assignee_id": None,
        }
        ticket = await self._change(uow, ticket, Actor.agent(agent), "handed_over", because=because, **fields)
        return await self._tell_all(uow, ticket, "handed_over", because=because)

    async def log_time(
        self, uow: UnitOfWork, ticket_id: int, agent: Agent, kind: WorkKind, spent: timedelta, *, comment: str = ""
    ) -> tuple[TimeEntry, bool]:
        """Record time spent (R12). True beside the entry: small changes on this ticket passed half an hour, offer a change request."""
        if not timedelta(0) < spent <= timedelta(hours=24):
            raise Rejected("Час роботи має бути більшим за нуль і не довшим за добу.")
        ticket = await self._ticket(uow, ticket_id, actor=Actor.agent(agent))
        earlier = await uow.tickets.time_entries(ticket.id)
        entry = TimeEntry(ticket_id=ticket.id, agent_id=agent.id, kind=kind, spent=spent, at=self._clock.now(), comment=comment)
        uow.tickets.add_time(entry)
        small = sum((e.spent for e in (*earlier, entry) if e.kind is WorkKind.SMALL_CHANGE), timedelta(0))
        data = {"kind": kind.value, "seconds": int(spent.total_seconds())}
        uow.tickets.add_event(
            Event(ticket_id=ticket.id, kind="time_logged", actor=Actor.agent(agent), at=entry.at, because=comment, data=data)
        )
        return entry, kind is WorkKind.SMALL_CHANGE and small > SMALL_CHANGE_LIMIT

    async def take_time_back(self, uow: UnitOfWork, ticket_id: int, agent: Agent, at: datetime) -> None:
        """One's own entry was a slip. Raises NotFound when it is gone already."""
        if not await uow.tickets.remove_time(ticket_id, agent_id=agent.id, at=at):
            raise NotFound("Цього запису часу вже немає.")
        uow.tickets.add_event(Event(ticket_id=ticket_id, kind="time_taken_back", actor=Actor.agent(agent), at=self._clock.now()))

    def _ask_reason(self, uow: UnitOfWork, facts: Facts) -> None:
        cause = f"ticket:{facts.ticket.id}:v{facts.ticket.version}"
        self._hear(uow, notices.urgency_question(facts, cause=cause, now=self._clock.now()))
