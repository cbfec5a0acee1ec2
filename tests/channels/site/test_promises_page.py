"""The page of promises: the examples for one's own hours, rules, roster, closings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.model import BOT, ClockKind, Priority
from bot.sla.calendars import preset_calendars
from bot.sla.intervals import DayException
from bot.sla.policy import Policy, Target
from bot.sla.rules import Rule
from tests.channels.site.house import House


async def test_examples_are_those_of_the_desks_own_hours(house: House) -> None:
    page = (await (await house.enter("olena")).get("/staff/promises")).text
    # Received on Friday 16:30, the promise of the regulation as the presets read it.
    row = page[page.index("пт 27.11 16:30") :]
    assert row.index("пн 30.11 16:30") < row.index("пн 30.11 08:30")
    assert "Чергувань не розписано" in page
    assert "/staff/promises" in (await (await house.enter("olena")).get("/staff/status")).text


async def test_rules_exceptions_and_closings_show(house: House) -> None:
    rule = Rule(
        name="Договір <b>", targets={ClockKind.REACTION: Target(time=timedelta(minutes=30), calendar="desk")}, priorities=(Priority.LOW,)
    )
    holiday = DayException(on=house.clock.now().date() + timedelta(days=1), label="свято")
    promises = house.desk._promises
    promises.policy = replace(Policy(rules=(rule,)), calendars=preset_calendars(exceptions=(holiday,)))
    async with house.storage.write() as uow:
        await house.desk.close_until(uow, house.clock.now() + timedelta(hours=2), BOT, because="немає світла")
        await uow.commit()
    page = (await (await house.enter("olena")).get("/staff/promises")).text
    for words in ("Договір &lt;b&gt;", "критичність: низька", "свято", "немає світла"):
        assert words in page


async def test_a_client_does_not_see_it(house: House) -> None:
    answer = await (await house.enter("iryna")).get("/staff/promises")
    assert "Обіцянки служби" not in answer.text
