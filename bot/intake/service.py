"""The one orchestrator of intake: an inbound message in, tickets or a follow-up out, and everything people hear of it.

`plan` is pure and may take milliseconds: call it outside any transaction. `accept` runs inside the caller's unit of work, which also
finishes the inbox rows, so that a message is either taken in whole or still waiting. Create first, ask after: a ticket exists before any
question goes out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import notices
from bot.clock import Clock
from bot.desk import Desk, Draft, Opening
from bot.desk_base import may_see
from bot.domains import is_public
from bot.files import FileLimits
from bot.intake.adviser import Adviser
from bot.intake.analysis import Analysis, analyse, analyse_followup, describe_split
from bot.intake.drafts import Decision, decide, follow_up_drafts
from bot.intake.manners import Manners
from bot.intake.split import split
from bot.intake.subjects import compose
from bot.intake.threads import Joins, StartsNew, ThirdPerson, judge
from bot.left_out import left_out, left_out_words
from bot.model import BOT, Contact, Delivery, Event, InboundMessage, MessageKind, ReasonState, Route, Ticket, link_scope
from bot.notices import Facts
from bot.ports import Disposition, InboxResult, UnitOfWork
from bot.promises import Promises
from bot.texts import translator

HINTS = 3
_OF_MANY_KINDS = "Добрий день! Терміново: каса не пробиває чеки. 1. Зникли залишки\n2. Додайте, будь ласка, новий звіт. Дякую"
LONG = 4_000  # characters from which a text is read away from the event loop, and no third opinion is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A message as it came, the same with its subject in the text (which `analysis` and all spans speak of), and what it asks for."""

    inbound: InboundMessage
    composed: InboundMessage
    analysis: Analysis


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeSettings:
    """`phones` are told beside an urgency question while the desk is open. `language` is that of people who have not chosen one."""

    phones: tuple[str, ...] = ()
    language: str = "uk"
    file_limits: FileLimits = field(default_factory=FileLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """See the module."""

    desk: Desk
    promises: Promises
    clock: Clock
    settings: IntakeSettings = field(default_factory=IntakeSettings)
    adviser: Adviser | None = None
    is_hushed: bool = False

    @property
    def _manners(self) -> Manners:
        return Manners(clock=self.clock, staff=self.desk.staff.desk)

    def plan(self, inbound: InboundMessage, analysis: Analysis | None = None) -> Planned:
        """What the text asks for. Never raises; linear in the text. `analysis`: that of the composed text, if made elsewhere."""
        composed = compose(inbound)
        return Planned(inbound=inbound, composed=composed, analysis=analysis or analyse(composed.text, channel=composed.channel))

    def warm_up(self) -> None:
        """Load what reading needs (weights, patterns), so that the first message of a day is read as fast as the others."""
        analyse(_OF_MANY_KINDS, channel="chat")
        analyse_followup(_OF_MANY_KINDS, ticket_title="Принтер", last_staff_message="Спробуйте ще раз.")

    async def consider(self, inbound: InboundMessage, analysis: Analysis | None = None) -> Planned:
        """As `plan`, a long text away from the event loop, and with the third opinion where one is configured and could help."""
        is_long = analysis is None and len(inbound.text) > LONG
        planned = await asyncio.to_thread(self.plan, inbound) if is_long else self.plan(inbound, analysis)
        text, first = planned.composed.text, planned.analysis
        if self.adviser is None or inbound.set_aside or inbound.is_quiet or first.act or not first.parts or len(text) > LONG:
            return planned
        divided = split(text, channel=planned.composed.channel)
        heard = await self.adviser.consider(text, divided)
        return planned if heard is divided else replace(planned, analysis=describe_split(text, heard))

    async def accept(self, uow: UnitOfWork, planned: Planned, item_ids: Sequence[int]) -> list[InboxResult]:
        """Take a message in; one result for every inbox row it came from. The first row's id is the origin of its tickets."""
        inbound = planned.inbound
        if inbound.is_quiet and not self.is_hushed:
            return await replace(self, desk=self.desk.hushed(), is_hushed=True).accept(uow, planned, item_ids)
        if inbound.set_aside:
            return _results(item_ids, Disposition.SET_ASIDE, inbound.set_aside)
        contact = await self._contact(uow, inbound)
        judgement = await self._judge(uow, inbound, contact)
        match judgement:
            case Joins(ticket=ticket, because=because):
                return await self._follow_up(uow, planned, item_ids, contact, ticket, because)
            case ThirdPerson(ticket=ticket, because=because):
                await self.desk.add_third_person(uow, ticket.id, inbound, inbox_id=item_ids[0])
                return _results(item_ids, Disposition.FOLLOW_UP, because, (ticket.id,))
            case StartsNew(because=because, follows=follows):
                return await self._new(uow, planned, item_ids, contact, follows, because)

    async def _contact(self, uow: UnitOfWork, inbound: InboundMessage) -> Contact:
        """Who writes: known by address, else a new person, of the company that was named or owns the mail domain: served first,
        identified after."""
        known = await uow.people.contact_at(inbound.sender)
        if known is not None:
            return known
        client = await uow.people.client_named(inbound.company_hint) if inbound.company_hint else None
        domain = inbound.sender.value.rpartition("@")[2]
        if client is None and inbound.sender.channel == "mail" and not is_public(domain):
            client = await uow.people.client_with_domain(domain)
        return await uow.people.add_contact(
            name=inbound.sender_name or inbound.sender.value,
            client_id=client.id if client else None,
            language=inbound.language or self.settings.language,
            addresses=(inbound.sender,),
        )

    async def _judge(self, uow: UnitOfWork, inbound: InboundMessage, contact: Contact) -> Joins | ThirdPerson | StartsNew:
        evidence = inbound.evidence
        linked: list[Ticket] = []
        if evidence.references:
            scope = link_scope(inbound.channel, inbound.conversation)
            links = await uow.tickets.find_links(inbound.channel, scope, evidence.references)
            linked = await _followed(uow, [link.ticket_id for link in links])
        chosen = await _followed(uow, [evidence.chosen_ticket_id] if evidence.chosen_ticket_id else [])
        token = await _followed(uow, [evidence.token_ticket_id] if evidence.token_ticket_id else [])
        return judge(
            inbound,
            contact,
            chosen=chosen[0] if chosen else None,
            token=token[0] if token else None,
            linked=linked,
            may_reopen=self.desk.may_reopen,
        )

    async def _follow_up(
        self, uow: UnitOfWork, planned: Planned, item_ids: Sequence[int], contact: Contact, ticket: Ticket, because: str
    ) -> list[InboxResult]:
        """A word in a running ticket. A new task in it becomes a ticket of its own, and the client is told (R6)."""
        inbound = planned.inbound
        last = await _last_staff_message(uow, ticket)
        reading = analyse_followup(inbound.text, ticket_title=ticket.title, last_staff_message=last)
        verdict, new_tasks = ("edited", ()) if inbound.is_revision else (reading.verdict, reading.new_tasks)
        await self.desk.add_client_message(uow, ticket.id, inbound, inbox_id=item_ids[0], contact=contact, verdict=verdict)
        await self._tell_left_out(uow, inbound, contact, item_ids[0])
        made = await self._new_tasks(uow, inbound, item_ids[0], contact, ticket, new_tasks)
        return _results(item_ids, Disposition.FOLLOW_UP, because, (ticket.id, *made))

    async def _tell_left_out(self, uow: UnitOfWork, inbound: InboundMessage, contact: Contact, inbox_id: int) -> None:
        """An answer gets no receipt, so files that were not taken in are told of by themselves."""
        left, route = left_out(inbound.attachments, self.settings.file_limits), inbound.reply_route
        if left is None or route is None or await self._manners.objection(uow, route, inbound):
            return
        sentence = left_out_words(left, translator(contact.language))
        now, cause = self.clock.now(), f"inbox:{inbox_id}:left_out"
        self._tell(uow, [notices.say(route, sentence, cause=cause, language=contact.language, now=now, letter=inbound.letter)])

    async def _new_tasks(
        self, uow: UnitOfWork, inbound: InboundMessage, inbox_id: int, contact: Contact, ticket: Ticket, spans: Sequence[tuple[int, int]]
    ) -> tuple[int, ...]:
        if not spans:
            return ()
        drafts = follow_up_drafts(inbound, spans)
        opened = await self._open(uow, inbound, inbox_id, contact, drafts, f"нове завдання у відповіді на №{ticket.id}")
        made = [facts.ticket for facts in opened]
        facts = await self.desk.facts(uow, ticket)
        titles = [new.title for new in made]
        if ticket.route is None or not await self._manners.objection(uow, ticket.route, inbound, opened=made):
            self._tell(uow, notices.new_task_offer(facts, cause=f"inbox:{inbox_id}", titles=titles, made=made, now=self.clock.now()))
            self._ask_urgency(uow, opened, cause=f"inbox:{inbox_id}")
        return tuple(new.id for new in made)

    async def _new(
        self, uow: UnitOfWork, planned: Planned, item_ids: Sequence[int], contact: Contact, follows: Ticket | None, because: str
    ) -> list[InboxResult]:
        inbound, analysis = planned.composed, planned.analysis
        decision = decide(inbound, analysis)
        if not decision.drafts:
            await self._kind_answer(uow, planned.inbound, contact, analysis.kind, item_ids[0])
            return _results(item_ids, Disposition.SET_ASIDE, analysis.kind)
        # In a group others read along: what else the writer has open is nobody's business there.
        is_alone = inbound.client_id is None
        hints = [] if not is_alone else [follows] if follows else await uow.tickets.open_for_contact(contact.id, limit=HINTS)
        opened = await self._open(uow, inbound, item_ids[0], contact, decision.drafts, analysis.because)
        if follows is not None:
            self._note_follows(uow, opened, follows, because)
        await self._receipt(uow, planned, decision, opened, hints=hints, cause=f"inbox:{item_ids[0]}")
        return _results(item_ids, Disposition.TICKETED, analysis.because, tuple(facts.ticket.id for facts in opened))

    def _note_follows(self, uow: UnitOfWork, opened: Sequence[Facts], follows: Ticket, because: str) -> None:
        """R7: a word after more than 14 days is a new ticket, linked to the old one."""
        for facts in opened:
            data = {"ticket": follows.id}
            uow.tickets.add_event(
                Event(ticket_id=facts.ticket.id, kind="follows", actor=BOT, at=self.clock.now(), because=because, data=data)
            )

    async def _open(
        self, uow: UnitOfWork, inbound: InboundMessage, inbox_id: int, contact: Contact, drafts: Sequence[Draft], because: str
    ) -> list[Facts]:
        if inbound.client_id is not None:
            contact = replace(contact, client_id=inbound.client_id)
        client = await uow.people.client(contact.client_id) if contact.client_id else None
        taken_by = await uow.people.agent_named(inbound.answered_by) if inbound.answered_by else None
        opening = Opening(
            inbound=inbound if inbound.reply_route else replace(inbound, reply_route=_known_route(contact)),
            inbox_id=inbox_id,
            contact=contact,
            drafts=tuple(drafts),
            because=because,
            client_name=client.name if client else "",
            taken_by=taken_by,
        )
        return await self.desk.open_tickets(uow, opening)

    async def _receipt(
        self, uow: UnitOfWork, planned: Planned, decision: Decision, opened: list[Facts], *, hints: Sequence[Ticket], cause: str
    ) -> None:
        now, first = self.clock.now(), opened[0]
        if first.ticket.route is None or self.is_hushed:
            return
        tickets = [facts.ticket for facts in opened]
        if because := await self._manners.objection(uow, first.ticket.route, planned.inbound, opened=tickets):
            uow.tickets.add_event(Event(ticket_id=first.ticket.id, kind="receipt_withheld", actor=BOT, at=now, because=because))
            return
        desk_hours = self.promises.policy.desk_calendar
        rows = notices.receipt(
            opened,
            cause=cause,
            now=now,
            act=decision.act,
            because=planned.analysis.because,
            offer=decision.offer,
            hints=[ticket for ticket in hints if may_see(ticket, first.contact)],
            opens_at=None if desk_hours.is_open(now) else desk_hours.next_opening(now),
            phones=self._phones(now),
            left=left_out(planned.inbound.attachments, self.settings.file_limits),
        )
        self._tell(uow, rows)
        if first.ticket.route.channel != "mail":
            self._ask_urgency(uow, opened, cause=cause)

    def _ask_urgency(self, uow: UnitOfWork, opened: Sequence[Facts], *, cause: str) -> None:
        """R11: each urgent ticket without a reason is asked for one; its clock runs already."""
        now = self.clock.now()
        for facts in opened:
            if facts.ticket.reason_state is ReasonState.ASKED:
                self._tell(uow, notices.urgency_question(facts, cause=cause, now=now, phones=self._phones(now)))

    def _phones(self, now: datetime) -> tuple[str, ...]:
        return self.settings.phones if self.promises.policy.desk_calendar.is_open(now) else ()

    async def _kind_answer(self, uow: UnitOfWork, inbound: InboundMessage, contact: Contact, kind: str, cause: int) -> None:
        """A greeting, thanks or an empty message makes no ticket and gets a kind answer; in mail only an empty one does."""
        if inbound.reply_route is None or (inbound.channel == "mail" and kind != "empty"):
            return
        if await self._manners.objection(uow, inbound.reply_route, inbound):
            return
        say = translator(contact.language)
        sentences = {
            "greeting": say("Вітаємо! Напишіть, будь ласка, що сталося, — і ми зареєструємо звернення."),
            "thanks": say("Дякуємо й вам! Якщо з'явиться питання — просто напишіть."),
            "empty": say("Повідомлення надійшло порожнім. Напишіть, будь ласка, що сталося, або надішліть знімок екрана."),
        }
        sentence = sentences.get(kind, sentences["empty"])
        self._tell(
            uow,
            [
                notices.say(
                    inbound.reply_route,
                    sentence,
                    cause=f"inbox:{cause}",
                    language=contact.language,
                    now=self.clock.now(),
                    letter=inbound.letter,
                )
            ],
        )

    def _tell(self, uow: UnitOfWork, rows: Sequence[Delivery]) -> None:
        if not self.is_hushed:
            for row in rows:
                uow.outbox.add(row)


def _known_route(contact: Contact) -> Route | None:
    """How to write to a person who phoned: the chat they use, else their mail; None when neither is known."""
    by_channel = {address.channel: address.value for address in contact.addresses}
    return next((Route(channel=name, recipient=by_channel[name]) for name in ("telegram", "mail") if name in by_channel), None)


async def _followed(uow: UnitOfWork, ticket_ids: Sequence[int]) -> list[Ticket]:
    """The tickets, each replaced by the one it was merged into: once, in order, without repeats."""
    found: dict[int, Ticket] = {}
    for ticket in await uow.tickets.get_many(list(dict.fromkeys(ticket_ids))):
        while ticket.merged_into_id is not None:
            into = await uow.tickets.get(ticket.merged_into_id)
            if into is None:
                break
            ticket = into
        found.setdefault(ticket.id, ticket)
    return list(found.values())


async def _last_staff_message(uow: UnitOfWork, ticket: Ticket) -> str:
    words = (MessageKind.ANSWER, MessageKind.QUESTION, MessageKind.PROPOSAL)
    return next((m.text for m in reversed(await uow.tickets.messages(ticket.id)) if m.kind in words), "")


def _results(item_ids: Sequence[int], disposition: Disposition, because: str, ticket_ids: tuple[int, ...] = ()) -> list[InboxResult]:
    return [InboxResult(item_id=item_id, disposition=disposition, because=because, ticket_ids=ticket_ids) for item_id in item_ids]
