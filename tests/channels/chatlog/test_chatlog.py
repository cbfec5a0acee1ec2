"""A chat export: bursts become one message, service lines are set aside, twice is the same as once."""

from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.chatlog.channel import ChatlogChannel, chat_events
from bot.channels.chatlog.parse import ExportedMessage, parse_message, read_export
from bot.channels.inbox import InboxWorker
from bot.errors import Permanent, Rejected
from bot.storage.memory import MemoryStorage
from tests.builders import World, build_world

KYIV = ZoneInfo("Europe/Kyiv")


def line(number: int, text: object, *, at: str, who: str = "user501", **extra: object) -> dict[str, object]:
    return {"id": number, "type": "message", "date": at, "from": "Ірина", "from_id": who, "text": text, **extra}


EXPORT = {
    "id": 77,
    "type": "personal_chat",
    "messages": [
        {"id": 1, "type": "service", "date": "2026-11-24T09:00:00", "action": "join", "text": ""},
        line(2, "не друкує", at="2026-11-24T09:30:00"),
        line(3, ["принтер на ", {"type": "bold", "text": "складі"}], at="2026-11-24T09:30:08"),
        line(4, "", at="2026-11-24T10:30:00", media_type="voice_message", file="voice/a.ogg", duration_seconds=42),
        line(5, "без дати", at="колись"),
    ],
}


async def test_an_export_becomes_tickets() -> None:
    world: World = await build_world(MemoryStorage())
    channel = ChatlogChannel(intake=world.intake, zone=KYIV, gap=timedelta(seconds=20), limit=timedelta(minutes=2))
    worker = InboxWorker(storage=world.storage, channels={"chatlog": channel}, clock=world.clock)
    for _ in range(2):
        async with world.storage.write() as uow:
            events = chat_events(read_export(json.dumps(EXPORT).encode()), source="result.json", now=world.clock.now())
            await uow.inbox.put(events, now=world.clock.now())
            await uow.commit()
        world.clock.advance(timedelta(seconds=1))
        await worker.drain()
    async with world.storage.read() as uow:
        [day] = await uow.inbox.accounting(since=world.clock.now().date())
        titles = {row.ticket.title for row in await uow.tickets.queue(limit=10)}
        [kept] = await uow.inbox.quarantined()
    assert (day.received, day.ticketed, day.set_aside, day.quarantined) == (5, 3, 1, 1)
    assert "Голосове повідомлення 0:42" in titles
    assert len(titles) == 2
    assert "дати" in kept.error


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"chats": {"list": 5}}', b"not json"])
def test_a_file_that_is_no_export_says_what_is_wanted(content: bytes) -> None:
    with pytest.raises(Rejected, match=r"result\.json"):
        list(read_export(content))


@given(
    st.dictionaries(
        st.sampled_from(["id", "type", "date", "date_unixtime", "from_id", "text", "file", "photo"]),
        st.text() | st.integers() | st.lists(st.text()),
    )
)
def test_any_message_is_read_or_refused_clearly(body: dict[str, object]) -> None:
    kept = ExportedMessage(chat_id="1", chat_type="personal_chat", body=body).raw()
    assert _refusal(kept) in (None, True)


def _refusal(kept: bytes) -> bool | None:
    """None when the message is read, True when it is refused with the sentence about its date."""
    try:
        parse_message(ExportedMessage.from_raw(kept), zone=KYIV)
    except Permanent as refusal:
        return "немає дати" in str(refusal)
    return None
