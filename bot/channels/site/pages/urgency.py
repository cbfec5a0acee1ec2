"""The urgency question behind a link of a letter (R11): asks before it acts, shows no more of the ticket than its number."""

from __future__ import annotations

import secrets
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.channels import answers
from bot.channels.site.access import form_token
from bot.channels.site.context import Site, page, site_of
from bot.channels.site.gate import verified_form
from bot.model import Actor, ReasonState, Ticket, UrgencyReason
from bot.ports import UnitOfWork

router = APIRouter(prefix=answers.PATH.rstrip("/"))
_COOKIE = "deskbot_urgency"
_CHOICES = {str(reason.value): reason for reason in UrgencyReason}


@router.get("/{token}")
async def ask(request: Request, token: str) -> Response:
    """The four choices, or that the answer is there already."""
    site = site_of(request)
    async with site.storage.read() as uow:
        ticket = await _ticket(site, uow, token)
    if ticket is None:
        return _no_such(request)
    # Bound to this browser, as a login link is: no page elsewhere can answer for its reader.
    nonce = request.cookies.get(_COOKIE) or secrets.token_urlsafe(24)
    answer = _page(request, ticket, token, link_key=form_token(site.key, nonce))
    answer.set_cookie(
        _COOKIE, nonce, max_age=int(timedelta(hours=1).total_seconds()), httponly=True, secure=site.options.is_https, samesite="lax"
    )
    return answer


@router.post("/{token}")
async def act(request: Request, token: str) -> Response:
    """The choice, once: an answer that was given is not changed by a link."""
    site = site_of(request)
    fields = await verified_form(request, request.cookies.get(_COOKIE, ""))
    chosen = fields.text("reason", limit=1)
    async with site.storage.write() as uow:
        ticket = await _ticket(site, uow, token)
        if ticket is None:
            return _no_such(request)
        if _is_asked(ticket) and (chosen in _CHOICES or chosen == "0"):
            contact = await uow.people.contact(ticket.contact_id)
            assert contact is not None
            ticket = await site.desk.set_reason(uow, ticket.id, _CHOICES.get(chosen), Actor.contact(contact))
            await uow.commit()
            return _page(request, ticket, token, is_done=True)
    return _page(request, ticket, token)


async def _ticket(site: Site, uow: UnitOfWork, token: str) -> Ticket | None:
    ticket_id = answers.ticket_of(site.key, token, now=site.clock.now())
    return await uow.tickets.get(ticket_id) if ticket_id is not None else None


def _is_asked(ticket: Ticket) -> bool:
    return ticket.is_open and ticket.reason_state is ReasonState.ASKED


def _page(request: Request, ticket: Ticket, token: str, *, link_key: str = "", is_done: bool = False) -> Response:
    is_asked = _is_asked(ticket) and not is_done
    return page(request, "urgency.html", number=ticket.id, token=token, link_key=link_key, is_asked=is_asked, is_done=is_done)


def _no_such(request: Request) -> Response:
    return page(request, "urgency.html", status=404, number=None, token="", link_key="", is_asked=False, is_done=False)
