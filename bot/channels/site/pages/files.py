"""Files, original mails and full texts of a ticket: one click away for staff and for the client's own contacts, for nobody else.

Whatever a stranger sent is downloaded, never shown on our pages: no browser guesses its type, and nothing in it may run.
"""

from __future__ import annotations

import re
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from bot.channels.site.context import Site, site_of
from bot.channels.site.gate import AsAgent, AsContact
from bot.channels.site.pages.client import LARGEST_ID, visible
from bot.channels.site.views import CLIENT_SEES
from bot.desk_words import for_client
from bot.errors import NotFound, Transient
from bot.files import safe_name
from bot.model import Message, MessageKind
from bot.ports import InboxItem, UnitOfWork

router = APIRouter()
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_HARMLESS = {"content-security-policy": "sandbox; default-src 'none'", "cache-control": "private, no-store"}
_CLIENT = "/tickets/{ticket_id:int}"
_STAFF = "/staff/tickets/{ticket_id:int}"


@router.get(_CLIENT + "/files/{message_id:int}/{position:int}")
async def client_file(request: Request, visitor: AsContact, ticket_id: int, message_id: int, position: int) -> Response:
    site = site_of(request)
    async with site.storage.read() as uow:
        await visible(uow, ticket_id, visitor.contact)
        message = await _message(uow, ticket_id, message_id, now=site.clock.now())
        return await _file(uow, site, message, position)


@router.get(_STAFF + "/files/{message_id:int}/{position:int}")
async def staff_file(request: Request, visitor: AsAgent, ticket_id: int, message_id: int, position: int) -> Response:
    site = site_of(request)
    async with site.storage.read() as uow:
        return await _file(uow, site, await _message(uow, ticket_id, message_id), position)


@router.get(_CLIENT + "/messages/{message_id:int}/{form}")
async def client_original(request: Request, visitor: AsContact, ticket_id: int, message_id: int, form: str) -> Response:
    site = site_of(request)
    async with site.storage.read() as uow:
        await visible(uow, ticket_id, visitor.contact)
        message = await _message(uow, ticket_id, message_id, now=site.clock.now())
        if message.letter.get("is_forward"):
            # That mail is an agent's, with what they wrote above for colleagues.
            raise NotFound("Оригіналу цього повідомлення немає.")
        item = await _stored(uow, message)
    return await _original(site, message, item, form)


@router.get(_STAFF + "/messages/{message_id:int}/{form}")
async def staff_original(request: Request, visitor: AsAgent, ticket_id: int, message_id: int, form: str) -> Response:
    site = site_of(request)
    async with site.storage.read() as uow:
        message = await _message(uow, ticket_id, message_id)
        item = await _stored(uow, message)
    return await _original(site, message, item, form)


async def _message(uow: UnitOfWork, ticket_id: int, message_id: int, *, now: datetime | None = None) -> Message:
    """NotFound in the same words for what is not there and what is not theirs to see. `now` is for a client: what they see then."""
    if ticket_id >= LARGEST_ID:
        words = []
    elif now is None:
        words = await uow.tickets.messages(ticket_id)
    else:
        words = [each for each in await for_client(uow, ticket_id, now=now) if each.kind in CLIENT_SEES]
    found = next((each for each in words if each.id == message_id), None)
    if found is None:
        raise NotFound("Такого файлу немає.")
    return found


async def _file(uow: UnitOfWork, site: Site, message: Message, position: int) -> Response:
    if site.filing is None or position >= len(message.attachments):
        raise NotFound("Такого файлу немає.")
    attachment = message.attachments[position]
    kept = (await uow.files.kept([attachment.ref])).get(attachment.ref) if attachment.ref else None
    if kept is None and attachment.ref:
        raise Transient("Файл ще завантажується: спробуйте за хвилину.")
    path = site.filing.shelf.path(kept) if kept else None
    if path is None:
        raise NotFound("Цього файлу немає серед збережених.")
    media_type = attachment.content_type if _TYPE.fullmatch(attachment.content_type) else "application/octet-stream"
    name = safe_name(attachment.name, media_type, position + 1)
    return FileResponse(path, media_type=media_type, filename=name, headers=_HARMLESS)


async def _stored(uow: UnitOfWork, message: Message) -> InboxItem:
    """The mail as it came. NotFound for anything else: a chat has no more than what the page shows."""
    is_mail = message.channel == "mail" and message.kind in (MessageKind.INBOUND, MessageKind.THIRD_PERSON)
    item = await uow.inbox.get(message.inbox_id) if is_mail and message.inbox_id else None
    if item is None:
        raise NotFound("Оригіналу цього повідомлення немає.")
    return item


async def _original(site: Site, message: Message, item: InboxItem, form: str) -> Response:
    if form == "original.eml":
        disposition = f'attachment; filename="mail-{message.id}.eml"'
        return Response(item.raw, media_type="message/rfc822", headers=_HARMLESS | {"content-disposition": disposition})
    text = await site.filing.full_text(item) if form == "text" and site.filing and site.filing.full_text else None
    if text is None:
        raise NotFound("Такої сторінки немає.")
    return Response(text, media_type="text/plain; charset=utf-8", headers=_HARMLESS)
