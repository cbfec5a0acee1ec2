"""Puts what a contact posted into the inbox: committed before the page says thank you (promise 1)."""

from __future__ import annotations

from dataclasses import replace

from bot.channels.site import parse
from bot.channels.site.context import Site
from bot.channels.site.render import OWN_LINE
from bot.errors import RateLimited, Rejected
from bot.model import Address, Contact, Delivery
from bot.ports import RawEvent, UnitOfWork


async def post(site: Site, contact: Contact, posted: parse.Posted, *, source: str, external_id: str) -> int | None:
    """Store it; the inbox row's id, None when this very message was stored before (a double click, a resent form).

    A chat line is also kept in the chat's log, in the same commit, so that every open tab and the next visit show it.
    Rejected: nothing is in it. RateLimited: too many in a minute. Transient: the store refuses, in words for the client.
    """
    if not posted.text and not posted.files:
        raise Rejected("Повідомлення порожнє: напишіть, будь ласка, що сталося.")
    if not parse.is_external_id(external_id):
        raise Rejected("Сторінка застаріла: оновіть її та надішліть ще раз.")
    now = site.clock.now()
    if not site.posts.allow(str(contact.id), now):
        raise RateLimited("Забагато повідомлень за хвилину. Зачекайте трохи, будь ласка, і надішліть ще раз.")
    event = parse.event(
        posted,
        source=source,
        external_id=external_id,
        now=now,
        quiet_gap=site.options.quiet_gap,
        burst_limit=site.options.burst_limit,
    )
    with site.watched():
        return await _store(site, contact, posted, event, source)


async def _store(site: Site, contact: Contact, posted: parse.Posted, event: RawEvent, source: str) -> int | None:
    async with site.storage.write() as uow:
        await _let_answers_find(uow, contact)
        [item_id] = await uow.inbox.put([event], now=event.received_at)
        uow.files.add([file.ref for file in posted.files], now=event.received_at)
        if source == parse.CHAT:
            uow.outbox.add(_own_line(contact, posted, key=f"site:{event.external_id}:{OWN_LINE}", site=site))
        await uow.commit()
    return item_id


async def _let_answers_find(uow: UnitOfWork, contact: Contact) -> None:
    """The intake knows people by their addresses: whoever posts here has one here."""
    address = Address(channel=parse.CHANNEL, value=str(contact.id))
    if address in contact.addresses:
        return
    # Read again inside the transaction: the page before this one may have added it.
    known = await uow.people.contact(contact.id) or contact
    if address not in known.addresses:
        await uow.people.save_contact(replace(known, addresses=(*known.addresses, address)))


def _own_line(contact: Contact, posted: parse.Posted, *, key: str, site: Site) -> Delivery:
    return Delivery(
        key=key,
        route=parse.route(contact.id),
        kind=OWN_LINE,
        body={"language": contact.language, "text": posted.text, "ticket_id": posted.ticket_id},
        created_at=site.clock.now(),
        is_automatic=False,
    )
