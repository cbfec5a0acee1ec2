"""A store that takes nothing: the client reads what is meant for clients, machines and administrators learn the rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.errors import Transient
from bot.storage.translation import FULL
from tests.channels.site.house import House


@pytest.mark.parametrize("by", ["chat", "form", "button"])
async def test_a_full_disk_is_told_to_each_in_their_own_words(house: House, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    client = await house.enter("iryna")
    await client.open("Не друкує чек на касі")
    await house.work()
    number = (await house.tickets("iryna"))[0].id

    async def full(_self: object) -> None:
        raise Transient(FULL)

    with monkeypatch.context() as here, capture_logs() as lines:
        here.setattr("bot.storage.memory.MemoryUnitOfWork.commit", full)
        if by == "chat":
            answer = await client.say("Каса мовчить")
            said = answer.json()["error"]
        elif by == "form":
            answer = await client.open("Каса мовчить")
            said = answer.text
        else:
            answer = await client.post_form(f"/tickets/{number}", {"outcome": "solved"}, to=f"/tickets/{number}/close")
            said = answer.text
        assert answer.status_code == 503
        assert "Зараз ми не можемо зберегти повідомлення." in said
        assert "диск" not in said
        assert [line["detail"] for line in lines if line["event"] == "site_write_refused"] == [FULL]
        assert (await client.get("/healthz")).status_code == 503
        house.clock.advance(timedelta(minutes=2))
        assert (await client.get("/healthz")).status_code == 503, "it tries, and the disk is still full"
    house.clock.advance(timedelta(minutes=2))
    assert (await client.get("/healthz")).json() == {"status": "ok"}
