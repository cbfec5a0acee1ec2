"""What every channel owes, whichever it is: the wiring names them, so a new one is here without a line.

Rubbish in the inbox is either answered row by row or kept aside; it is never lost, never left waiting, and takes no neighbours along.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import House, open_house
from bot.channels.base import Health
from bot.config import Settings
from bot.ports import RawEvent
from bot.wiring import BUILDERS
from tests.builders import TUESDAY
from tests.fakes import FakeClock

RUBBISH = (
    b"",
    b"\x00\xff\xfe",
    b"{}",
    b"[]",
    b"null",
    b'{"update_id": 1}',
    b'{"contact_id": "x"}',
    b"From: \xff\r\n\r\n\x00",
    b"[" * 5_000,
)
SERVER = {"host": "127.0.0.1", "user": "support", "password": "not-a-secret", "security": "plain"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A desk with every channel configured and none of them listening."""
    settings = Settings.model_validate(
        {
            "desk": {"data_dir": tmp_path},
            "telegram": {"token": "4200000000:SANDBOX-token-of-nobody-000000000000", "staff_chat": "-1001"},
            "mail": {"mailboxes": [{"name": "support", "address": "support@example.com", "imap": SERVER, "smtp": SERVER}]},
        }
    )
    opened = await open_house(settings, clock=FakeClock(TUESDAY))
    yield opened
    await opened.close()


@pytest.mark.parametrize("name", sorted(BUILDERS))
async def test_a_channel_is_known_by_its_name_and_tells_its_health(house: House, name: str) -> None:
    channel = house.channels[name]
    assert channel.name == name
    assert isinstance(channel.health, Health)
    assert channel.health in house.health


@pytest.mark.parametrize("name", sorted(BUILDERS))
async def test_rubbish_is_answered_or_kept_aside_row_by_row(house: House, name: str) -> None:
    clock = house.clock
    assert isinstance(clock, FakeClock)
    events = [
        RawEvent(channel=name, source="test", external_id=str(number), conversation="one", raw=raw, received_at=TUESDAY)
        for number, raw in enumerate(RUBBISH)
    ]
    for _ in range(2):
        async with house.storage.write() as uow:
            await uow.inbox.put(events, now=clock.now())
            await uow.commit()
        for _ in range(4):
            await house.inbox.drain()
            clock.advance(timedelta(minutes=10))
    async with house.storage.read() as uow:
        [day] = await uow.inbox.accounting(since=TUESDAY.date())
        kept = await uow.inbox.quarantined()
    assert (day.received, day.waiting) == (len(RUBBISH), 0)
    assert day.received == day.ticketed + day.follow_ups + day.set_aside + day.quarantined
    assert all(row.error for row in kept)
