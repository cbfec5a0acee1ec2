"""What a client does with a ticket: writes in it, closes, reopens, names a reason, sets criticality and category, undoes a split.

Words go through the inbox like a mail's; buttons are verbs of the desk, each in one transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.channels.site import choices, parse, posting
from bot.channels.site.answers import own_path, refused, status_of, wants_json, went_well
from bot.channels.site.context import Site, site_of
from bot.channels.site.gate import ContactPost, PostedByContact
from bot.channels.site.pages.client import LARGEST_ID, ticket_page, visible
from bot.desk_base import may_see
from bot.errors import BotError, NotFound, Rejected, Transient
from bot.model import Actor, Category, Outcome, Priority, UrgencyReason
from bot.ports import UnitOfWork
from bot.texts import explain

router = APIRouter(prefix="/tickets/{ticket_id:int}")
origins = APIRouter()
Verb = Callable[[UnitOfWork, Site, Actor], Awaitable[object]]


@router.post("/words")
async def write(request: Request, ticket_id: int, posted: ContactPost) -> Response:
    """A word in a ticket, read by the intake: an answer, thanks, or a new task that becomes its own ticket (R6)."""
    try:
        text, external_id = posted.fields.text("text"), posted.fields.text("id", limit=64)
        return await _write(request, ticket_id, posted, text=text, external_id=external_id)
    except (Rejected, Transient) as error:
        return await _explained(request, ticket_id, posted, error, typed=posted.fields.raw("text"))


@router.post("/unsolved")
async def not_solved(request: Request, ticket_id: int, posted: ContactPost) -> Response:
    """ "Not solved yet" is a word of the client's as well: the turn is staff's again."""
    site = site_of(request)
    async with site.storage.read() as uow:
        found = await visible(uow, ticket_id, posted.visitor.contact)
    # Pressed twice on the same state of the ticket it is one word.
    external_id = f"unsolved-{ticket_id}-{found.version}"
    try:
        return await _write(request, ticket_id, posted, text=site.reader(request).say("Ще не вирішено."), external_id=external_id)
    except (Rejected, Transient) as error:
        return await _explained(request, ticket_id, posted, error)


async def _write(request: Request, ticket_id: int, posted: PostedByContact, *, text: str, external_id: str) -> Response:
    site, contact = site_of(request), posted.visitor.contact
    async with site.storage.read() as uow:
        await visible(uow, ticket_id, contact)
    source = parse.CHAT if _is_from_chat(posted) else parse.FORM
    files = await site.filing.take(posted.fields.uploads) if site.filing else ()
    words = parse.Posted(contact_id=contact.id, name=contact.name, language=contact.language, text=text, ticket_id=ticket_id, files=files)
    item_id = await posting.post(site, contact, words, source=source, external_id=external_id)
    if source == parse.FORM and item_id is not None:
        await _wait_for_message(site, ticket_id, item_id)
    return _done(request, posted, ticket_id, "word")


async def _wait_for_message(site: Site, ticket_id: int, item_id: int) -> None:
    async def there() -> bool | None:
        async with site.storage.read() as uow:
            return any(message.inbox_id == item_id for message in await uow.tickets.messages(ticket_id)) or None

    await site.pulse.until(there, seconds=site.options.wait_for_reading.total_seconds())


def _is_from_chat(posted: PostedByContact) -> bool:
    return posted.fields.text("back", limit=200) == "/chat"


def _done(request: Request, posted: PostedByContact, ticket_id: int, word: str) -> Response:
    """Back to the chat, where the bot says so; else to the ticket with a word for it."""
    return went_well(request, "/chat" if _is_from_chat(posted) else own_path(f"/tickets/{ticket_id}?done={word}"))


async def _explained(request: Request, ticket_id: int, posted: PostedByContact, error: BotError, *, typed: str = "") -> Response:
    """A refusal on the ticket's own page, with what was typed. A ticket that is not theirs has no page."""
    if isinstance(error, NotFound):
        raise error
    if wants_json(request):
        return refused(request, error)
    sentence = explain(error, posted.visitor.contact.language)
    return await ticket_page(request, posted.visitor, ticket_id, error=sentence, typed=typed, status=status_of(error))


async def _do(request: Request, posted: PostedByContact, ticket_id: int, word: str, verb: Verb) -> Response:
    """One verb in one transaction."""
    site, contact = site_of(request), posted.visitor.contact
    try:
        with site.watched():
            async with site.storage.write() as uow:
                await visible(uow, ticket_id, contact)
                await verb(uow, site, Actor.contact(contact))
                await uow.commit()
    except (Rejected, Transient) as error:
        return await _explained(request, ticket_id, posted, error)
    return _done(request, posted, ticket_id, word)


@router.post("/close")
async def close(request: Request, ticket_id: int, posted: ContactPost) -> Response:
    """R7: the client closes what is solved or no longer matters; the other outcomes are staff's to give."""
    outcome = Outcome.SOLVED if posted.fields.text("outcome", limit=20) == Outcome.SOLVED else Outcome.NOT_RELEVANT
    return await _do(request, posted, ticket_id, "closed", lambda uow, site, who: site.desk.close(uow, ticket_id, who, outcome=outcome))


@router.post("/reopen")
async def reopen(request: Request, ticket_id: int, posted: ContactPost) -> Response:
    return await _do(request, posted, ticket_id, "reopened", lambda uow, site, who: site.desk.reopen(uow, ticket_id, who))


@router.post("/reason")
async def reason(request: Request, ticket_id: int, posted: ContactPost) -> Response:
    """R11: one of the three reasons, or 0 for none of them."""
    value = posted.fields.text("reason", limit=5)
    chosen = None if value == "0" else posted.fields.choice("reason", UrgencyReason)
    if value != "0" and chosen is None:
        raise Rejected("Виберіть одну з відповідей.")
    return await _do(request, posted, ticket_id, "reason", lambda uow, site, who: site.desk.set_reason(uow, ticket_id, chosen, who))


@router.post("/fields")
async def change_fields(request: Request, ticket_id: int, posted: ContactPost) -> Response:
    """R9: the client may set both criticality and category."""
    priority, category = posted.fields.choice("priority", Priority), posted.fields.choice("category", Category)

    async def change(uow: UnitOfWork, site: Site, who: Actor) -> None:
        if priority:
            await site.desk.set_priority(uow, ticket_id, priority, who)
        if category:
            await site.desk.set_category(uow, ticket_id, category, who)

    return await _do(request, posted, ticket_id, "changed", change)


@router.post("/split")
async def split(request: Request, ticket_id: int, posted: ContactPost) -> Response:
    contact, now = posted.visitor.contact, site_of(request).clock.now()

    async def verb(uow: UnitOfWork, site: Site, _who: Actor) -> None:
        await choices.split_as_offered(uow, site.desk, ticket_id, contact, now=now)

    return await _do(request, posted, ticket_id, "split", verb)


@router.post("/keep")
async def keep(request: Request, ticket_id: int, posted: ContactPost) -> Response:
    contact, now = posted.visitor.contact, site_of(request).clock.now()

    async def verb(uow: UnitOfWork, _site: Site, _who: Actor) -> None:
        await choices.keep_as_one(uow, ticket_id, contact, now=now)

    return await _do(request, posted, ticket_id, "changed", verb)


@router.post("/merge")
async def merge(request: Request, ticket_id: int, posted: ContactPost) -> Response:
    """ "It is the same question": the tickets made of an answer go back into the ticket it was written in."""
    contact, now = posted.visitor.contact, site_of(request).clock.now()
    others = [number for number in posted.fields.numbers("other") if number < LARGEST_ID]

    async def verb(uow: UnitOfWork, site: Site, _who: Actor) -> None:
        await choices.join_again(uow, site.desk, ticket_id, others, contact, now=now)

    return await _do(request, posted, ticket_id, "changed", verb)


@origins.post("/origins/{origin_id:int}/one")
async def one_question(request: Request, origin_id: int, posted: ContactPost) -> Response:
    """Undoes a split (R5); only for a message all of whose tickets this contact may see."""
    site, contact = site_of(request), posted.visitor.contact
    async with site.storage.read() as uow:
        parts = await uow.tickets.siblings(origin_id) if origin_id < LARGEST_ID else []
    if not parts or not all(may_see(part, contact) for part in parts):
        raise NotFound("Такої сторінки немає.")
    now = site.clock.now()

    async def verb(uow: UnitOfWork, _site: Site, _who: Actor) -> None:
        await choices.make_one(uow, site.desk, origin_id, contact, now=now)

    return await _do(request, posted, parts[0].id, "changed", verb)
