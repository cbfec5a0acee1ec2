"""A mail that an agent passed on for a client is an agent's mail: its client reads the ticket, not what was written above it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.channels.inbox import InboxWorker
from bot.channels.mail.channel import MailChannel
from bot.channels.mail.events import mail_event
from bot.channels.mail.options import Mailbox, MailOptions
from bot.channels.mail.smtp import RelayAccess
from bot.model import Address
from tests.channels.mail.test_channel import ADDRESS
from tests.channels.mail.test_senders import forward
from tests.channels.site.house import build_house


async def test_the_original_of_a_forward_is_for_staff_alone(tmp_path: Path) -> None:
    house = await build_house(shelf=tmp_path / "files")
    async with house.storage.write() as uow:
        petro = await uow.people.contact(house.contact("petro").id)
        assert petro is not None
        known = Address(channel="mail", value="petro@mill.example")
        await uow.people.save_contact(replace(petro, addresses=(*petro.addresses, known)))
        await uow.people.add_agent(name="Олена Поштова", role="agent", mail="olena@desk.example")
        await uow.inbox.put([mail_event(forward("Знову він."), received_at=house.clock.now())], now=house.clock.now())
        await uow.commit()
    relay = RelayAccess(host="127.0.0.1", port=1, security="plain", limit=1.0)
    options = MailOptions(mailboxes=(Mailbox(name="support", address=ADDRESS, relay=relay),), secret=b"0123456789abcdef")
    channel = MailChannel(options=options, storage=house.storage, desk=house.desk, intake=house.intake, clock=house.clock)
    await InboxWorker(storage=house.storage, channels={"mail": channel}, clock=house.clock).drain()
    await channel.close()
    [ticket] = await house.tickets("petro")
    client, staff = await house.enter("petro"), await house.enter("olena")
    page = (await client.get(f"/tickets/{ticket.id}")).text
    assert "блокування таблиць" in page
    assert "original.eml" not in page
    async with house.storage.read() as uow:
        first = (await uow.tickets.messages(ticket.id))[0].id
    for form in ("text", "original.eml"):
        assert (await client.get(f"/tickets/{ticket.id}/messages/{first}/{form}")).status_code == 404
        assert (await staff.get(f"/staff/tickets/{ticket.id}/messages/{first}/{form}")).status_code == 200
    await house.storage.close()
