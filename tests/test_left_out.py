"""Files that were not taken in: their sender is told once, in the receipt, or by itself where there is none."""

from __future__ import annotations

import pytest

from bot.channels.mail.inbound import inbound
from bot.channels.mail.parse import OVERSIZE, parse
from bot.channels.mail.tokens import Tokens
from bot.files import FileLimits
from bot.intake.service import Intake, IntakeSettings
from bot.left_out import left_out, left_out_words
from bot.model import Attachment, InboundMessage, ThreadEvidence
from bot.ports import InboxItem
from bot.storage.memory import MemoryStorage
from bot.texts import translator
from tests.builders import TUESDAY, World, build_world, message

VIDEO = Attachment(name="відео.mp4", size=45_000_000)
SCAN = Attachment(name="скан.pdf", size=1_000, ref="sha256:" + "a" * 64)
PLACE = Attachment(name="місце", kind="location")


def test_only_what_has_bytes_and_no_place_for_them_was_left_out() -> None:
    assert left_out([SCAN, PLACE], FileLimits()) is None
    assert left_out([SCAN, VIDEO], FileLimits()) == {"names": ["відео.mp4"], "count": 1, "megabytes": 20, "most": 50}


def test_many_are_named_by_five_and_a_number() -> None:
    left = left_out([VIDEO] * 8, FileLimits())
    assert left is not None
    assert "«відео.mp4» і ще 3. Приймаємо до 50 файлів, кожен до 20 МБ." in left_out_words(left, translator("uk"))


@pytest.fixture
async def world() -> World:
    made = await build_world(MemoryStorage())
    object.__setattr__(made, "intake", Intake(desk=made.desk, promises=made.promises, clock=made.clock, settings=IntakeSettings()))
    return made


async def take_in(world: World, said: InboundMessage, number: int) -> tuple[int, ...]:
    async with world.storage.write() as uow:
        [result] = await world.intake.accept(uow, world.intake.plan(said), [number])
        await uow.commit()
    return result.ticket_ids


async def test_the_receipt_tells_and_an_answer_is_told_by_itself_once(world: World) -> None:
    said = message(world.iryna, "Не друкує чек на касі.", received_at=world.clock.now(), attachments=(SCAN, VIDEO))
    [number] = await take_in(world, said, 1)
    [receipt] = await world.told("receipt")
    assert receipt.body["left_out"]["names"] == ["відео.mp4"]
    answer = message(
        world.iryna,
        "Ось відео, версія 8.3.",
        received_at=world.clock.now(),
        attachments=(VIDEO,),
        evidence=ThreadEvidence(chosen_ticket_id=number),
    )
    await take_in(world, answer, 2)
    told = [row.body["text"] for row in await world.told("say")]
    assert told == [left_out_words({"names": ["відео.mp4"], "count": 1, "megabytes": 20, "most": 50}, translator("uk"))]


def test_of_a_mail_too_large_to_fetch_the_rest_was_left_out() -> None:
    raw = f"{OVERSIZE}: 262144 of 61000000\r\nFrom: iryna@shop.example\r\n\r\nОсь база".encode()
    item = InboxItem(
        id=1,
        channel="mail",
        source="support",
        external_id="1",
        conversation="c",
        raw=raw,
        received_at=TUESDAY,
        arrived_at=TUESDAY,
    )
    said = inbound(item, parse(raw), tokens=Tokens(b"0123456789abcdef"), mailbox="support")
    assert said.attachments == (Attachment(name="решта листа", size=61_000_000),)
