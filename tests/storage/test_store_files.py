"""Which files messages brought, and what is still to be fetched: on every store."""

from __future__ import annotations

import json
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

import bot.storage
from bot.model import Actor, Attachment, Contact, Message, MessageKind
from bot.ports import Storage, TicketFile, WantedFile
from bot.storage import open_storage
from tests.storage.making import HOUR, MINUTE, NOW, open_tickets

SCAN = "sha256:" + "a" * 64
PHOTO = "telegram:photo"


async def say(store: Storage, ticket_id: int, *refs: str) -> int:
    async with store.write() as uow:
        [message_id] = await uow.tickets.allocate_messages(1)
        files = tuple(Attachment(name=f"{place}.png", ref=ref) for place, ref in enumerate(refs))
        author = Actor.contact(Contact(id=1, name="Ірина"))
        uow.tickets.add_message(
            Message(id=message_id, ticket_id=ticket_id, kind=MessageKind.INBOUND, author=author, text="", at=NOW, attachments=files)
        )
        await uow.commit()
    return message_id


async def test_files_come_with_the_message(store: Storage, iryna: Contact) -> None:
    heard: list[frozenset[str]] = []
    [ticket, other] = await open_tickets(store, iryna, 2)
    store.on_commit.append(heard.append)
    first = await say(store, ticket.id, SCAN, "", PHOTO)
    second = await say(store, ticket.id, PHOTO)
    async with store.read() as uow:
        assert await uow.files.of_ticket(ticket.id) == [
            TicketFile(message_id=first, position=0, ref=SCAN, kept_as=SCAN),
            TicketFile(message_id=first, position=2, ref=PHOTO),
            TicketFile(message_id=second, position=0, ref=PHOTO),
        ]
        assert await uow.files.of_ticket(other.id) == []
        assert await uow.files.kept([SCAN, PHOTO, "telegram:unknown"]) == {SCAN: SCAN}
        assert await uow.files.wanted(prefix="telegram:", now=NOW, limit=9) == [WantedFile(ref=PHOTO)]
        assert await uow.files.wanted(prefix="elsewhere:", now=NOW, limit=9) == []
        assert await uow.files.next_wanted_at() == NOW
    assert heard == [frozenset({"files"}), frozenset({"files"})]


async def test_a_wanted_file_is_kept_postponed_or_given_up(store: Storage, iryna: Contact) -> None:
    [ticket] = await open_tickets(store, iryna)
    await say(store, ticket.id, "telegram:one", "telegram:two", "telegram:three")
    async with store.write() as uow:
        uow.files.keep("telegram:one", kept_as=SCAN)
        uow.files.postpone("telegram:two", at=NOW + HOUR, error="зайнято")
        uow.files.give_up("telegram:three", error="завеликий")
        await uow.commit()
    async with store.read() as uow:
        assert [(file.kept_as, file.error) for file in await uow.files.of_ticket(ticket.id)] == [
            (SCAN, ""),
            ("", "зайнято"),
            ("", "завеликий"),
        ]
        assert await uow.files.wanted(prefix="telegram:", now=NOW + MINUTE, limit=9) == []
        assert await uow.files.wanted(prefix="telegram:", now=NOW + HOUR, limit=9) == [WantedFile(ref="telegram:two", attempts=1)]
        assert await uow.files.shelved() == {SCAN}


async def test_a_file_of_a_waiting_form_is_no_orphan(store: Storage) -> None:
    async with store.write() as uow:
        uow.files.add([SCAN, SCAN], now=NOW)
        uow.files.add([SCAN], now=NOW + HOUR)
        assert await uow.files.shelved() == {SCAN}
        await uow.commit()


async def test_files_of_before_are_taken_over(tmp_path: Path) -> None:
    """A database of the first release: what its messages speak of is fetched like what comes now."""
    url = f"sqlite:///{tmp_path}/old.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(bot.storage.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "20261124_first_tables")
        connection.execute(text("INSERT INTO contacts (id, name, language, is_private) VALUES (1, 'І', 'uk', 0)"))
        connection.execute(
            text(
                "INSERT INTO tickets (id, title, contact_id, received_at, created_at, channel, priority, is_priority_guessed, category,"
                " is_category_guessed, reason_state, turn, team, spans, is_private, is_call_back, version) VALUES (1, 'т', 1,"
                " '2026-11-24 08:00:00', '2026-11-24 08:00:00', 'telegram', 'medium', 1, 'incident', 1, 'not_needed', 'staff', 'desk',"
                " '[]', 0, 0, 1)"
            )
        )
        files = json.dumps([{"name": "a", "ref": PHOTO}, {"name": "b", "ref": "inbox:1/0"}, {"name": "c", "ref": ""}])
        connection.execute(
            text(
                "INSERT INTO messages (id, ticket_id, kind, author_kind, author_name, text, at, attachments, letter)"
                " VALUES (1, 1, 'inbound', 'contact', 'І', '', '2026-11-24 08:00:00', :files, '{}')"
            ),
            {"files": files},
        )
    engine.dispose()
    storage = await open_storage(url)
    try:
        async with storage.read() as uow:
            assert [(file.position, file.ref) for file in await uow.files.of_ticket(1)] == [(0, PHOTO), (1, "inbox:1/0")]
            assert await uow.files.wanted(prefix="telegram:", now=NOW, limit=9) == [WantedFile(ref=PHOTO)]
    finally:
        await storage.close()
