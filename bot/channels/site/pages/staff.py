"""The staff's pages: what to do next, a ticket with everything about it, and the feed that a staff chat would show."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bot.channels.mail.bounces import marked
from bot.channels.pieces import parts_of
from bot.channels.site.context import Site, page, rendered, site_of
from bot.channels.site.gate import AsAgent
from bot.channels.site.ledger_view import ledger
from bot.channels.site.render import Reader, spoken_of
from bot.channels.site.render_staff import entry, feed
from bot.channels.site.views import history, staff_rows, words_of_ticket
from bot.channels.site.visitors import AgentVisitor
from bot.channels.site.words import CHANNEL_WORDS, category_words, priority_words, reason_words, staff_words, time_left
from bot.errors import NotFound
from bot.model import Agent, Contact, Delivery, Event, Message, MessageKind, Revision, Role, Route, Team, Ticket, TicketClock, TimeEntry
from bot.notices import Facts
from bot.ports import QueueFilter, QueueRow, TicketFile, UnitOfWork
from bot.texts import WORK_WORDS

router = APIRouter(prefix="/staff")
STAFF_ROUTE = Route(channel="site", recipient="staff")
_LIST_SIZE = 100
_LONGEST_LIST = 1000
_FEED_SIZE = 80
_LOOK_BEHIND = 50
_LONGEST_WAIT = 25.0
LARGEST_ID = 2**53
FILTERS = ("all", "mine", "unassigned", "development")


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """What the store holds about one ticket."""

    ticket: Ticket
    facts: Facts
    contact: Contact
    messages: list[Message]
    files: list[TicketFile]
    revisions: list[Revision]
    events: list[Event]
    times: list[TimeEntry]
    clocks: list[TicketClock]
    siblings: list[Ticket]
    agents: list[Agent]


@router.get("")
async def queue(request: Request, visitor: AsAgent, show: str = "all", limit: int = _LIST_SIZE) -> Response:
    """Open tickets by nearest deadline."""
    site = site_of(request)
    show = show if show in FILTERS else "all"
    limit = max(1, min(limit, _LONGEST_LIST))
    async with site.storage.read() as uow:
        found = await _queue(uow, show, visitor.agent, limit + 1)
        count = await uow.tickets.open_count()
    reader = site.reader(request)
    return page(
        request,
        "staff_list.html",
        visitor=visitor,
        rows=staff_rows(found[:limit], viewer_id=visitor.agent.id, reader=reader),
        show=show,
        count=count,
        more=min(limit * 2, _LONGEST_LIST) if len(found) > limit < _LONGEST_LIST else None,
    )


async def _queue(uow: UnitOfWork, show: str, agent: Agent, limit: int) -> list[QueueRow]:
    match show:
        case "mine":
            return await uow.tickets.queue(limit=limit, assignee_id=agent.id)
        case "development":
            return await uow.tickets.queue(limit=limit, team=Team.DEVELOPMENT)
        case "unassigned":
            return await uow.tickets.queue(limit=limit, team=Team.DESK, only=QueueFilter.NOBODYS)
        case _:
            return await uow.tickets.queue(limit=limit)


@router.get("/tickets/{ticket_id:int}")
async def ticket(request: Request, visitor: AsAgent, ticket_id: int) -> Response:
    return await staff_ticket_page(request, visitor, ticket_id)


async def staff_ticket_page(
    request: Request, visitor: AgentVisitor, ticket_id: int, *, error: str = "", typed: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    """The whole ticket. `error` and `typed` (action, text) after a refused POST: what was typed stands in its box again."""
    site = site_of(request)
    async with site.storage.read() as uow:
        found = await everything(uow, site, ticket_id)
        may_move = visitor.agent.role is not Role.AGENT
        unreached = {address: str(mark["status"]) for address, mark in (await marked(uow)).items()}
        clients = await uow.people.clients() if found.contact.client_id is None or may_move else []
    reader = site.reader(request)
    ticket, say = found.ticket, reader.say
    lamp, words = staff_words(ticket, viewer_id=visitor.agent.id, assignee=found.facts.assignee_name, language=reader.language)
    names = {agent.id: agent.name for agent in found.agents}
    first = next((m for m in found.messages if m.kind is MessageKind.INBOUND), None)
    return page(
        request,
        "staff_ticket.html",
        visitor=visitor,
        status=status,
        ticket=ticket,
        facts=found.facts,
        requester=found.contact,
        lamp=lamp,
        words=words,
        priority=priority_words(ticket.priority, ticket.is_priority_guessed, say),
        category=category_words(ticket.category, ticket.is_category_guessed, say),
        reason=reason_words(ticket.reason, ticket.reason_state, ticket.reason_guess, say),
        left=time_left(found.facts.due_at, reader.now, reader.language),
        messages=words_of_ticket(
            found.messages, ticket, found.files, found.revisions, reader=reader, is_staff=True, viewer_id=visitor.agent.id
        ),
        history=history(found.events, reader=reader, agents=names),
        ledger=ledger(found.clocks, found.events, site.desk.policy, reader),
        times=found.times,
        names=names,
        siblings=[other for other in found.siblings if other.id != ticket.id],
        parts=parts_of(ticket, first.text) if first else [],
        agents=[agent for agent in found.agents if agent.is_active],
        clients=clients,
        unreached=unreached,
        work_words=WORK_WORDS,
        channel_words=CHANNEL_WORDS,
        error=error,
        typed=dict(typed or {}),
        done=request.query_params.get("done", ""),
        opened=request.query_params.get("open", ""),
        fresh=secrets.token_hex(16),
    )


async def everything(uow: UnitOfWork, site: Site, ticket_id: int) -> Everything:
    """NotFound when there is no such ticket."""
    ticket = await uow.tickets.get(ticket_id) if ticket_id < LARGEST_ID else None
    if ticket is None:
        raise NotFound("Звернення №{id} не знайдено.", id=ticket_id)
    return Everything(
        ticket=ticket,
        facts=await site.desk.facts(uow, ticket),
        contact=await uow.people.contact(ticket.contact_id) or Contact(id=ticket.contact_id, name="?"),
        messages=await uow.tickets.messages(ticket_id),
        files=await uow.files.of_ticket(ticket_id),
        revisions=await uow.tickets.revisions(ticket_id),
        events=await uow.tickets.events(ticket_id),
        times=await uow.tickets.time_entries(ticket_id),
        clocks=await uow.clocks.of_ticket(ticket_id),
        siblings=await uow.tickets.siblings(ticket.origin_id) if ticket.origin_id else [],
        agents=await uow.people.agents(),
    )


@router.get("/feed")
async def staff_feed(request: Request, visitor: AsAgent) -> Response:
    log, reader = await _log(request, after=0)
    return page(
        request,
        "feed.html",
        visitor=visitor,
        items=feed(log, reader),
        last_id=log[-1].id if log else 0,
        done=request.query_params.get("done", ""),
    )


@router.get("/feed/updates")
async def feed_updates(request: Request, visitor: AsAgent, after: int = 0, wait: float = 0.0) -> Response:
    """What is new after row `after`: at once if there is something, else when there is, at most `wait` seconds later."""
    site = site_of(request)
    after = max(0, min(after, LARGEST_ID))

    async def new() -> list[Delivery] | None:
        async with site.storage.read() as uow:
            return await uow.outbox.sent_to(STAFF_ROUTE, limit=1, after_id=after) or None

    fresh = await site.pulse.until(new, seconds=max(0.0, min(wait, _LONGEST_WAIT)))
    log, reader = await _log(request, after=max(0, after - _LOOK_BEHIND))
    items = [
        {"id": item.id, "slot": item.slot, "html": rendered(request, "_feed_item.html", visitor=visitor, item=item)}
        for item in (entry(row, reader) for row in log)
    ]
    return JSONResponse({"last": max((row.id for row in log), default=after), "is_new": bool(fresh), "items": items})


async def _log(request: Request, *, after: int) -> tuple[list[Delivery], Reader]:
    """What staff were told, and the reader who knows how its tickets are now."""
    site = site_of(request)
    async with site.storage.read() as uow:
        log = await uow.outbox.sent_to(STAFF_ROUTE, limit=_FEED_SIZE, after_id=after)
        tickets = await uow.tickets.get_many(spoken_of(log))
        agents = await uow.people.agents()
    reader = replace(site.reader(request), tickets={one.id: one for one in tickets}, agents={one.id: one.name for one in agents})
    return log, reader
