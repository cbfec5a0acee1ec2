"""How each mailbox is: on the status page, for machines in /metrics and /healthz; and mails that were set aside, let in from the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.channels.base import Health
from bot.channels.mail.bounces import BOUNCED
from bot.channels.mail.events import mail_event
from bot.model import Address
from bot.ports import Disposition, InboxResult
from tests.channels.mail.test_channel import mail
from tests.channels.site.house import House


@pytest.fixture
def mailbox(house: House) -> Health:
    """The mail channel with one mailbox, read a minute ago."""
    health = next((each for each in house.health if each.name == "mail"), None) or Health(name="mail")
    if health not in house.health:
        house.health.append(health)
    at = (house.clock.now() - timedelta(minutes=1)).isoformat()
    facts = {"state": "running", "last_sync_at": at, "last_idle_at": at, "backlog": 7, "quarantined": 2, "waits_by": "idle"}
    health.state, health.detail, health.facts = "running", "", {"support": facts}
    return health


async def test_the_status_page_tells_each_mailbox(house: House, mailbox: Health) -> None:
    page = (await (await house.enter("olena")).get("/staff/status")).text
    for words in ("support: працює", "скриньку прочитано: ", "листів ще читати: 7", "листів у карантині: 2", "відгукнувся в очікуванні"):
        assert words in page, words


async def test_machines_read_the_same(house: House, mailbox: Health) -> None:
    answer = await house.browser().get("/metrics")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["deskbot_mailbox_up", "support"] == 1
    assert samples["deskbot_mailbox_last_sync_age_seconds", "support"] == 60
    assert samples["deskbot_mailbox_last_idle_age_seconds", "support"] == 60
    assert samples["deskbot_mailbox_backlog", "support"] == 7
    assert samples["deskbot_mailbox_quarantined", "support"] == 2
    assert (await house.browser().get("/healthz")).json()["mailboxes"]["support"]["state"] == "running"


async def test_which_mailboxes_there_are_is_told_to_this_machine_alone(house: House, mailbox: Health) -> None:
    stranger = house.browser(client=("203.0.113.9", 1234))
    answer = await stranger.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def aside(house: House) -> int:
    async with house.storage.write() as uow:
        [item_id] = await uow.inbox.put([mail_event(mail("Не друкує чек."), received_at=house.clock.now())], now=house.clock.now())
        assert item_id
        uow.inbox.finish([InboxResult(item_id=item_id, disposition=Disposition.SET_ASIDE, because="spam")], now=house.clock.now())
        await uow.commit()
    return item_id


async def test_a_mail_taken_for_spam_is_shown_and_let_in_by_a_lead(house: House) -> None:
    item_id = await aside(house)
    agent, lead = await house.enter("olena"), await house.enter("taras")
    page = (await agent.get("/staff/status")).text
    assert "iryna@shop.example" in page
    assert "/staff/status/let-in" not in page
    answer = await lead.post_form("/staff/status", {"item": str(item_id)}, to="/staff/status/let-in")
    assert answer.headers["location"].endswith("done=replayed")
    async with house.storage.read() as uow:
        assert await uow.inbox.set_aside("mail") == []
    assert (await agent.post_form("/staff/status", {"item": str(item_id)}, to="/staff/status/let-in")).status_code == 403


async def test_staff_see_that_mail_does_not_reach_an_address(house: House) -> None:
    address = Address(channel="mail", value="iryna@shop.example")
    client = await house.enter("iryna")
    await client.open("Не друкує чек на касі")
    await house.work()
    [ticket] = await house.tickets("iryna")
    iryna = house.contact("iryna")
    async with house.storage.write() as uow:
        await uow.people.save_contact(replace(iryna, addresses=(*iryna.addresses, address)))
        await uow.commit()
    agent = await house.enter("olena")
    assert "не доходять" not in (await agent.get(f"/staff/tickets/{ticket.id}")).text
    async with house.storage.write() as uow:
        uow.state.set(BOUNCED, {address.value: {"at": house.clock.now().isoformat(), "status": "5.1.1", "tickets": [ticket.id]}})
        await uow.commit()
    assert "листи сюди не доходять (5.1.1)" in (await agent.get(f"/staff/tickets/{ticket.id}")).text
