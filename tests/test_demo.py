"""The demo plays to its end and leaves the desk as the play says: fast here, so that the suite does not wait for an audience."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bot import app
from bot.app import House
from bot.config import load
from bot.demo import play
from bot.house import SITE_FEED
from bot.model import Outcome, ReasonState, UrgencyReason


async def test_the_play_shows_all_that_it_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    houses: list[House] = []
    open_house = app.open_house

    async def remember(*args: object, **kwargs: object) -> House:
        houses.append(await open_house(*args, **kwargs))  # type: ignore[arg-type]
        return houses[-1]

    monkeypatch.setattr(play, "open_house", remember)
    told: list[str] = []
    over = asyncio.Event()

    def tell(line: str) -> None:
        told.append(line)
        if "Виставу" in line:
            over.set()

    settings = load(environ={"DESKBOT_SITE__PORT": "18098", "DESKBOT_SITE__BASE_URL": "http://127.0.0.1:18098"})
    playing = asyncio.create_task(play.demo(settings, tell=tell, speed=120))
    try:
        await asyncio.wait_for(over.wait(), 60)
        assert "закінчено" in told[-1]
        await _look(houses[0])
    finally:
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing


async def _look(house: House) -> None:
    async with house.storage.read() as uow:
        tickets = [ticket for number in range(1, 10) if (ticket := await uow.tickets.get(number)) is not None]
        feed = await uow.outbox.sent_to(SITE_FEED, limit=200)
        days = await uow.inbox.accounting(since=house.clock.now().date())
    chat = [ticket for ticket in tickets if ticket.channel == "telegram"]
    assert len(chat) == 2
    assert (chat[0].outcome, chat[1].is_open) == (Outcome.SOLVED, True)
    letters = [ticket for ticket in tickets if ticket.channel == "mail"]
    till = next(ticket for ticket in tickets if ticket.channel == "site")
    assert len(letters) == 3
    assert letters[0].outcome is Outcome.SOLVED
    assert (till.reason, till.reason_state) == (UrgencyReason.OPERATIONAL_WORK, ReasonState.GIVEN)
    assert not till.is_open
    assert any(row.kind == "nudge" and till.id in row.ticket_ids for row in feed)
    assert all(day.received == day.ticketed + day.follow_ups + day.set_aside for day in days)
