"""How the desk itself is: channels and what to do about them, the sum of promise 4, the last tick, what waits and what failed."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.channels.site.answers import went_well
from bot.channels.site.context import page, site_of
from bot.channels.site.gate import AgentPost, AsAgent, at_least
from bot.channels.site.words import STATE_WORDS, fact_words, part_words
from bot.model import Role
from bot.sla.service import LAST_TICK
from bot.texts import SET_ASIDE_WORDS

router = APIRouter(prefix="/staff/status")
_DAYS = 7
# Set aside for who sent it: a person may think otherwise.
SIFTED = ("spam", "blocked")
# A tick that is this late is a fault: nudges do not go out.
TICK_IS_LATE = timedelta(minutes=3)


@router.get("")
async def status(request: Request, visitor: AsAgent) -> Response:
    site = site_of(request)
    now = site.clock.now()
    async with site.storage.read() as uow:
        days = await uow.inbox.accounting(since=(now - timedelta(days=_DAYS)).date())
        quarantined = await uow.inbox.quarantined(limit=50)
        aside = [row for row in await uow.inbox.set_aside("mail", limit=200) if row.because in SIFTED][:50]
        backlog = await uow.outbox.backlog()
        dead = await uow.outbox.dead_rows(limit=50)
        last_tick = await uow.state.get(LAST_TICK)
        open_count = await uow.tickets.open_count()
    ticked_at = datetime.fromisoformat(last_tick) if last_tick else None
    return page(
        request,
        "status.html",
        visitor=visitor,
        health=site.health,
        days=sorted(days, key=lambda line: (line.day, line.channel), reverse=True),
        quarantined=quarantined,
        aside=aside,
        backlog=dict(backlog),
        dead=dead,
        ticked_at=ticked_at,
        is_tick_late=ticked_at is None or now - ticked_at > TICK_IS_LATE,
        open_count=open_count,
        part_words=part_words,
        fact_words=fact_words,
        state_words=STATE_WORDS,
        zone=site.zone,
        set_aside_words=SET_ASIDE_WORDS,
        may_replay=visitor.agent.role is not Role.AGENT,
        done=request.query_params.get("done", ""),
    )


@router.post("/let-in")
async def let_in(request: Request, posted: AgentPost) -> Response:
    """A mail that was taken for spam, or whose sender is blocked, is heard after all."""
    at_least(posted.visitor, Role.LEAD)
    site = site_of(request)
    item_id = posted.fields.number("item")
    async with site.storage.write() as uow:
        count = await uow.inbox.let_in("mail", [item_id] if item_id else [], now=site.clock.now())
        await uow.commit()
    return went_well(request, f"/staff/status?done={'replayed' if count else 'nothing'}")


@router.post("/replay")
async def replay(request: Request, posted: AgentPost) -> Response:
    """Quarantined rows are tried again: one, or all of them."""
    at_least(posted.visitor, Role.LEAD)
    site = site_of(request)
    item_id = posted.fields.number("item")
    async with site.storage.write() as uow:
        count = await uow.inbox.replay([item_id] if item_id else None, now=site.clock.now())
        await uow.commit()
    return went_well(request, f"/staff/status?done={'replayed' if count else 'nothing'}")
