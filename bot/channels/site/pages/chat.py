"""The web chat with the bot. Works as plain forms; with the script it keeps itself up to date by asking and being made to wait."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bot.channels.site import parse, posting
from bot.channels.site.answers import refused, status_of, wants_json, went_well
from bot.channels.site.context import Site, page, rendered, site_of
from bot.channels.site.gate import AsContact, ContactPost
from bot.channels.site.pages.client import LARGEST_ID, visible
from bot.channels.site.render import OWN_LINE, Reader, bubble, spoken_of
from bot.channels.site.visitors import ContactVisitor
from bot.errors import Rejected, Transient
from bot.model import Delivery
from bot.texts import explain

router = APIRouter(prefix="/chat")
_SHOWN = 100
_LONGEST_WAIT = 25.0
# After the quiet gap a line is read within this.
_READING = timedelta(seconds=4)
# On PostgreSQL a row with a lower id may become visible later: look a little behind; the page knows what it has already.
_LOOK_BEHIND = 50


@router.get("")
async def chat(request: Request, visitor: AsContact, ticket: int | None = None) -> Response:
    """`ticket` is the one that is written to (the link under a bubble works without the script)."""
    if ticket is not None:
        async with site_of(request).storage.read() as uow:
            await visible(uow, ticket, visitor.contact)
    return await _chat(request, visitor, ticket_id=ticket)


async def _chat(
    request: Request, visitor: ContactVisitor, *, ticket_id: int | None = None, error: str = "", typed: str = "", status: int = 200
) -> Response:
    site, contact = site_of(request), visitor.contact
    log, reader = await _log(request, contact.id, after=0)
    return page(
        request,
        "chat.html",
        visitor=visitor,
        status=status,
        bubbles=[bubble(row, reader) for row in log],
        last_id=log[-1].id if log else 0,
        reading_for=_reading_for(site, log),
        ticket_id=ticket_id,
        phones=site.options.phones,
        error=error,
        typed=typed,
        fresh=secrets.token_hex(16),
    )


@router.post("")
async def write(request: Request, posted: ContactPost) -> Response:
    """A line. It is in the inbox before this answers."""
    site, contact = site_of(request), posted.visitor.contact
    try:
        ticket_id = posted.fields.number("ticket")
        if ticket_id:
            async with site.storage.read() as uow:
                await visible(uow, ticket_id, contact)
        words = parse.Posted(
            contact_id=contact.id,
            name=contact.name,
            language=contact.language,
            text=posted.fields.text("text"),
            ticket_id=ticket_id or None,
        )
        await posting.post(site, contact, words, source=parse.CHAT, external_id=posted.fields.text("id", limit=64))
    except (Rejected, Transient) as error:
        if wants_json(request):
            return refused(request, error)
        typed = posted.fields.raw("text")
        sentence = explain(error, contact.language)
        return await _chat(request, posted.visitor, error=sentence, typed=typed, status=status_of(error))
    return went_well(request, "/chat")


@router.get("/updates")
async def updates(request: Request, visitor: AsContact, after: int = 0, wait: float = 0.0) -> Response:
    """What is new after row `after`: at once if there is something, else when there is, at most `wait` seconds later."""
    site, contact = site_of(request), visitor.contact
    after = max(0, min(after, LARGEST_ID))

    async def new() -> list[Delivery] | None:
        async with site.storage.read() as uow:
            return await uow.outbox.sent_to(parse.route(contact.id), limit=1, after_id=after) or None

    fresh = await site.pulse.until(new, seconds=max(0.0, min(wait, _LONGEST_WAIT)))
    log, reader = await _log(request, contact.id, after=max(0, after - _LOOK_BEHIND))
    items = [
        {"id": row.id, "slot": f"row:{row.id}", "html": rendered(request, "_bubble.html", visitor=visitor, bubble=bubble(row, reader))}
        for row in log
    ]
    last = max((row.id for row in log), default=after)
    return JSONResponse({"last": last, "is_new": bool(fresh), "reading_for": _reading_for(site, log), "items": items})


async def _log(request: Request, contact_id: int, *, after: int) -> tuple[list[Delivery], Reader]:
    """What was said, and the reader who knows how its tickets are now."""
    site = site_of(request)
    async with site.storage.read() as uow:
        log = await uow.outbox.sent_to(parse.route(contact_id), limit=_SHOWN, after_id=after)
        tickets = await uow.tickets.get_many(spoken_of(log))
    return log, replace(site.reader(request), viewer_id=contact_id, tickets={ticket.id: ticket for ticket in tickets})


def _reading_for(site: Site, log: Sequence[Delivery]) -> float:
    """For how many seconds more the bot seems to read: the last word is the person's own, and it waits for the rest of the thought."""
    if not log or log[-1].kind != OWN_LINE:
        return 0.0
    until = log[-1].created_at + site.options.quiet_gap + _READING
    return max(0.0, (until - site.clock.now()).total_seconds())
