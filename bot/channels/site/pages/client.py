"""The client's list, form and ticket (R4, R7, R8, R9, R11). A colleague's private ticket and another company's do not exist here."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from bot.channels.site import parse, posting
from bot.channels.site.answers import status_of
from bot.channels.site.context import Site, page, site_of
from bot.channels.site.gate import AsContact, ContactPost
from bot.channels.site.views import ticket_rows, words_of_ticket
from bot.channels.site.visitors import ContactVisitor
from bot.channels.site.words import client_words
from bot.desk_base import may_see
from bot.desk_words import for_client
from bot.errors import NotFound, Rejected, Transient
from bot.model import Category, Contact, Priority, Ticket, UrgencyReason
from bot.ports import UnitOfWork
from bot.texts import explain

router = APIRouter()
PAGE_SIZE = 25
# Among a contact's newest words the answer to what was just posted is found.
_LAST_SAID = 20
# The largest whole number that every database and JavaScript hold exactly; no ticket will ever have it.
LARGEST_ID = 2**53


@router.get("/")
async def ticket_list(request: Request, visitor: AsContact, closed: int = 0, before: int | None = None) -> Response:
    """The company's tickets, newest first; closed ones are one click away (R7)."""
    site, contact = site_of(request), visitor.contact
    before = min(before, LARGEST_ID) if before is not None else None
    async with site.storage.read() as uow:
        found = await uow.tickets.visible_to(contact, include_closed=bool(closed), limit=PAGE_SIZE + 1, before_id=before)
        colleagues = await uow.people.contacts_of(contact.client_id) if contact.client_id else [contact]
        client = await uow.people.client(contact.client_id) if contact.client_id else None
    names = {one.id: one.name for one in colleagues}
    return page(
        request,
        "list.html",
        visitor=visitor,
        rows=ticket_rows(found[:PAGE_SIZE], contact=contact, names=names, reader=site.reader(request)),
        older=found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
        closed=bool(closed),
        is_first=before is None,
        client=client,
        done=request.query_params.get("done", ""),
    )


@router.get("/new")
async def form(request: Request, visitor: AsContact) -> Response:
    return _form(request, visitor)


def _form(
    request: Request,
    visitor: ContactVisitor,
    *,
    error: str = "",
    answer: str = "",
    typed: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    typed = {"text": "", "priority": "", "category": "", "reason": ""} | dict(typed or {})
    phones = site_of(request).options.phones
    return page(
        request,
        "new.html",
        visitor=visitor,
        status=status,
        error=error,
        answer=answer,
        typed=typed,
        phones=phones,
        fresh=secrets.token_hex(16),
    )


@router.post("/new")
async def open_ticket(request: Request, posted: ContactPost) -> Response:
    """Stores the request, then shows the ticket it became. What was typed is never lost to a mistake in it."""
    site, contact, fields = site_of(request), posted.visitor.contact, posted.fields
    typed = {name: fields.raw(name) for name in ("text", "priority", "category", "reason")}
    try:
        words = parse.Posted(
            contact_id=contact.id,
            name=contact.name,
            language=contact.language,
            text=fields.text("text"),
            priority=fields.choice("priority", Priority),
            category=fields.choice("category", Category),
            reason=fields.choice("reason", UrgencyReason) if typed["priority"] == Priority.URGENT else None,
            files=await site.filing.take(fields.uploads) if site.filing else (),
        )
        item_id = await posting.post(site, contact, words, source=parse.FORM, external_id=fields.text("id", limit=64))
    except (Rejected, Transient) as error:
        return _form(request, posted.visitor, error=explain(error, contact.language), typed=typed, status=status_of(error))
    if item_id is None:
        return RedirectResponse("/?done=again", status_code=303)
    became = await _became(site, contact, item_id)
    if isinstance(became, str):
        return _form(request, posted.visitor, answer=became)
    return RedirectResponse(_way_on(became), status_code=303)


async def _became(site: Site, contact: Contact, item_id: int) -> list[Ticket] | str:
    """The tickets that were made of it, or the bot's kind answer to what is no request (a greeting); no tickets: it is still being read."""

    async def read() -> list[Ticket] | str | None:
        async with site.storage.read() as uow:
            if tickets := await uow.tickets.siblings(item_id):
                return tickets
            said = await uow.outbox.sent_to(parse.route(contact.id), limit=_LAST_SAID, kinds=("say",))
        own = (row for row in said if row.key.startswith(f"inbox:{item_id}:"))
        return next((str(row.body["text"]) for row in own), None)

    return await site.pulse.until(read, seconds=site.options.wait_for_reading.total_seconds()) or []


def _way_on(tickets: list[Ticket]) -> str:
    """The ticket if one was made, the list if several were, or if it is still being read."""
    if not tickets:
        return "/?done=received"
    return f"/tickets/{tickets[0].id}?done=opened" if len(tickets) == 1 else "/?done=several"


@router.get("/tickets/{ticket_id:int}")
async def ticket(request: Request, visitor: AsContact, ticket_id: int) -> Response:
    return await ticket_page(request, visitor, ticket_id)


async def ticket_page(
    request: Request, visitor: ContactVisitor, ticket_id: int, *, error: str = "", typed: str = "", status: int = 200
) -> Response:
    """Their words and staff's; never notes, never a stranger's words. `error` and `typed` after a refused POST."""
    site, contact = site_of(request), visitor.contact
    async with site.storage.read() as uow:
        found = await visible(uow, ticket_id, contact)
        facts = await site.desk.facts(uow, found)
        messages = await for_client(uow, ticket_id, now=site.clock.now())
        files = await uow.files.of_ticket(ticket_id)
        revisions = await uow.tickets.revisions(ticket_id)
        into = await uow.tickets.get(found.merged_into_id) if found.merged_into_id else None
    reader = site.reader(request)
    lamp, words = client_words(found, viewer_id=contact.id, language=reader.language)
    return page(
        request,
        "ticket.html",
        visitor=visitor,
        status=status,
        ticket=found,
        facts=facts,
        lamp=lamp,
        words=words,
        messages=words_of_ticket(messages, found, files, revisions, reader=reader, is_staff=False, viewer_id=contact.id),
        may_reopen=site.desk.may_reopen(found),
        into=into if into and may_see(into, contact) else None,
        phones=site.options.phones,
        error=error,
        typed=typed,
        done=request.query_params.get("done", ""),
        fresh=secrets.token_hex(16),
    )


async def visible(uow: UnitOfWork, ticket_id: int, contact: Contact) -> Ticket:
    """NotFound for a ticket that is not theirs, in the very words of one that does not exist (DESIGN 8)."""
    found = await uow.tickets.get(ticket_id) if ticket_id < LARGEST_ID else None
    if found is None or not may_see(found, contact):
        raise NotFound("Звернення №{id} не знайдено.", id=ticket_id)
    return found
