"""What an agent does with a ticket: one route, one table of actions, each a verb of the desk in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.channels.numbers import whole_number
from bot.channels.pieces import MOST_TICKETS, drafts
from bot.channels.site.answers import refused, status_of, wants_json, went_well
from bot.channels.site.context import Site, site_of
from bot.channels.site.gate import AgentPost, Fields
from bot.channels.site.once import deed_key, remember, said_before
from bot.channels.site.pages.staff import LARGEST_ID, staff_ticket_page
from bot.errors import BotError, NotFound, Rejected, Transient
from bot.model import Actor, Agent, Category, MessageKind, Outcome, Priority, UrgencyReason, WorkKind
from bot.ports import UnitOfWork
from bot.texts import explain, translator

router = APIRouter(prefix="/staff/tickets/{ticket_id:int}")
# Does the deed and returns the name of the sentence that the next page shows.
Action = Callable[[UnitOfWork, Site, Agent, int, Fields], Awaitable[str]]


async def _claim(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    await site.desk.claim(uow, number, agent)
    return "claimed"


async def _reply(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    await site.desk.reply(uow, number, agent, fields.text("text"), fields.files)
    return "sent"


async def _ask(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    await site.desk.ask(uow, number, agent, fields.text("text"), fields.files)
    return "sent"


async def _propose(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    await site.desk.propose_solution(uow, number, agent, fields.text("text"), fields.files)
    return "sent"


async def _note(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    await site.desk.note(uow, number, agent, fields.text("text"), fields.files)
    return "noted"


async def _close(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    outcome = fields.choice("outcome", Outcome)
    if outcome is None:
        raise Rejected("Виберіть, чим закінчилося звернення.")
    await site.desk.close(uow, number, Actor.agent(agent), outcome=outcome, result=" ".join(fields.text("result", limit=500).split()))
    return "closed"


async def _reopen(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    await site.desk.reopen(uow, number, Actor.agent(agent), because=fields.text("because", limit=500))
    return "reopened"


async def _priority(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    priority = fields.choice("priority", Priority)
    if priority is not None:
        await site.desk.set_priority(uow, number, priority, Actor.agent(agent), because=fields.text("because", limit=500))
    return "changed"


async def _category(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    category = fields.choice("category", Category)
    if category is not None:
        await site.desk.set_category(uow, number, category, Actor.agent(agent))
    return "changed"


async def _reason(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    reason = None if fields.text("reason", limit=5) == "0" else fields.choice("reason", UrgencyReason)
    if reason is None and fields.text("reason", limit=5) != "0":
        raise Rejected("Виберіть одну з відповідей.")
    await site.desk.set_reason(uow, number, reason, Actor.agent(agent))
    return "changed"


async def _snooze(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    minutes = fields.number("minutes") or 0
    await site.desk.snooze(uow, number, agent, site.clock.now() + timedelta(minutes=min(minutes, 60 * 24 * 30)))
    return "snoozed"


async def _phoned(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    """Answered by phone: a human word to the client, told in writing as well so that both sides have it."""
    ticket = await uow.tickets.get(number)
    contact = await uow.people.contact(ticket.contact_id) if ticket else None
    say = translator(contact.language if contact else "uk")
    await site.desk.reply(uow, number, agent, say("Відповіли вам телефоном."))
    return "phoned"


async def _assign(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    to = fields.number("agent")
    receiver = await uow.people.agent(to) if to and to < LARGEST_ID else None
    if to and (receiver is None or not receiver.is_active):
        raise Rejected("Такого співробітника немає.")
    await site.desk.assign(uow, number, receiver, Actor.agent(agent), because=fields.text("because", limit=500))
    return "assigned"


async def _hand_over(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    await site.desk.hand_over(uow, number, agent, because=fields.text("because", limit=500))
    return "handed_over"


async def _merge(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    into = fields.number("into")
    if not into or into >= LARGEST_ID or into == number:
        raise Rejected("Напишіть номер звернення, з яким об'єднати.")
    await site.desk.merge(uow, into, [number], Actor.agent(agent), because=fields.text("because", limit=500))
    return "merged"


async def _split(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    ticket = await uow.tickets.get(number)
    first = next((m for m in await uow.tickets.messages(number) if m.kind is MessageKind.INBOUND), None)
    if ticket is None or first is None:
        raise NotFound("Звернення №{id} не має тексту, який можна розділити.", id=number)
    dealt = {name: whole_number(fields.raw(name)) for name in fields.values if name.startswith("piece-")}
    choice = {name: min(part, MOST_TICKETS) for name, part in dealt.items() if part}
    await site.desk.split(uow, number, drafts(ticket, first.text, choice), Actor.agent(agent), because=fields.text("because", limit=500))
    return "split"


async def _time(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    kind = fields.choice("kind", WorkKind) or WorkKind.OTHER
    spent = timedelta(minutes=min(fields.number("minutes") or 0, 10_000))
    _entry, is_over = await site.desk.log_time(uow, number, agent, kind, spent, comment=fields.text("comment", limit=500))
    return "small_change_over" if is_over else "time_logged"


async def _identify(uow: UnitOfWork, site: Site, agent: Agent, number: int, fields: Fields) -> str:
    ticket, client_id = await uow.tickets.get(number), fields.number("client")
    if ticket is None or not client_id or client_id >= LARGEST_ID:
        raise Rejected("Виберіть компанію.")
    is_move = fields.text("move", limit=5) == "yes"
    await site.desk.identify(uow, ticket.contact_id, client_id, Actor.agent(agent), is_move=is_move)
    return "changed"


ACTIONS: dict[str, Action] = {
    "claim": _claim,
    "reply": _reply,
    "ask": _ask,
    "propose": _propose,
    "note": _note,
    "close": _close,
    "reopen": _reopen,
    "priority": _priority,
    "category": _category,
    "reason": _reason,
    "snooze": _snooze,
    "phoned": _phoned,
    "assign": _assign,
    "hand_over": _hand_over,
    "merge": _merge,
    "split": _split,
    "time": _time,
    "identify": _identify,
}
# One box, four ways to say what is in it.
_SPOKEN = ("reply", "ask", "propose", "note")


@router.post("/{name}")
async def act(request: Request, ticket_id: int, name: str, posted: AgentPost) -> Response:
    """Do it once; back to where the button was. A refusal is shown on the ticket's page with what was typed."""
    site, agent, fields = site_of(request), posted.visitor.agent, posted.fields
    if name == "word":
        name = fields.text("as", limit=20)
        name = name if name in _SPOKEN else "reply"
    action = ACTIONS.get(name)
    if action is None or ticket_id >= LARGEST_ID:
        raise NotFound("Такої сторінки немає.")
    try:
        fields = await _with_files(site, fields)
        key = deed_key(agent, ticket_id, name, fields)
        async with site.storage.write() as uow:
            said = await said_before(uow, key, now=site.clock.now())
            if said is None:
                said = await action(uow, site, agent, ticket_id, fields)
                remember(uow, key, said)
                await uow.commit()
    except (Rejected, Transient) as error:
        return await _explained(request, ticket_id, name, posted, error)
    back = fields.text("back", limit=100)
    return went_well(request, f"/staff/feed?done={said}" if back == "/staff/feed" else f"/staff/tickets/{ticket_id}?done={said}")


async def _with_files(site: Site, fields: Fields) -> Fields:
    """The fields with their uploads kept. The references count as content: the same text with another file is another deed."""
    if site.filing is None or not fields.uploads:
        return fields
    files = await site.filing.take(fields.uploads)
    return replace(fields, files=files, values={**fields.values, "files": [file.ref for file in files]})


async def _explained(request: Request, ticket_id: int, name: str, posted: AgentPost, error: BotError) -> Response:
    if wants_json(request):
        return refused(request, error)
    site = site_of(request)
    async with site.storage.read() as uow:
        if await uow.tickets.get(ticket_id) is None:
            raise error
    typed = {"as": name, "text": posted.fields.raw("text")}
    sentence = explain(error, site.reader(request).language)
    return await staff_ticket_page(request, posted.visitor, ticket_id, error=sentence, typed=typed, status=status_of(error))
