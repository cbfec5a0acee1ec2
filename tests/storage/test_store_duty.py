"""The duty roster: shifts that replace one another, absences that end early, the same on every store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model import Absence, Shift
from bot.ports import Storage
from tests.builders import TUESDAY

DAY = timedelta(days=1)


async def agents(storage: Storage) -> tuple[int, int]:
    async with storage.write() as uow:
        found = [(await uow.people.add_agent(name=name, role="agent")).id for name in ("Олена", "Тарас")]
        await uow.commit()
    return found[0], found[1]


async def test_shifts_of_an_agent_replace_those_before(store: Storage) -> None:
    olena, taras = await agents(store)
    early, late = Shift(agent_id=olena, weekday=4, start=0, end=3600), Shift(agent_id=olena, weekday=0, start=43_200, end=86_400)
    other = Shift(agent_id=taras, weekday=0, start=0, end=86_400)
    async with store.write() as uow:
        await uow.duty.set_shifts(olena, [early])
        await uow.duty.set_shifts(taras, [other])
        await uow.duty.set_shifts(olena, [early, late])
        await uow.commit()
    async with store.read() as uow:
        assert await uow.duty.shifts() == [late, early, other]
    async with store.write() as uow:
        await uow.duty.set_shifts(olena, [])
        await uow.commit()
    async with store.read() as uow:
        assert await uow.duty.shifts() == [other]


async def test_an_absence_ends_early_and_one_that_has_not_begun_is_void(store: Storage) -> None:
    olena, taras = await agents(store)
    async with store.write() as uow:
        now = await uow.duty.add_absence(
            agent_id=olena, starts_at=TUESDAY, ends_at=TUESDAY + 5 * DAY, substitute_id=taras, because="відпустка"
        )
        await uow.duty.add_absence(agent_id=olena, starts_at=TUESDAY + 7 * DAY, ends_at=TUESDAY + 9 * DAY, substitute_id=None, because="")
        await uow.commit()
    assert now == Absence(id=now.id, agent_id=olena, starts_at=TUESDAY, ends_at=TUESDAY + 5 * DAY, substitute_id=taras, because="відпустка")
    async with store.write() as uow:
        assert [each.starts_at for each in await uow.duty.end_absences(olena, at=TUESDAY + DAY)] == [TUESDAY]
        assert await uow.duty.end_absences(olena, at=TUESDAY + DAY) == []
        planned = await uow.duty.end_absences(olena, at=TUESDAY + DAY, is_planned_too=True)
        assert [each.starts_at for each in planned] == [TUESDAY + 7 * DAY]
        assert await uow.duty.end_absences(taras, at=TUESDAY) == []
        await uow.commit()
    async with store.read() as uow:
        assert [each.ends_at for each in await uow.duty.absences(since=TUESDAY)] == [TUESDAY + DAY]
        assert await uow.duty.absences(since=TUESDAY + DAY) == []


async def test_nothing_of_it_is_kept_without_a_commit(store: Storage) -> None:
    olena, _ = await agents(store)
    async with store.write() as uow:
        await uow.duty.set_shifts(olena, [Shift(agent_id=olena, weekday=0, start=0, end=60)])
    async with store.read() as uow:
        assert await uow.duty.shifts() == []
        with pytest.raises(RuntimeError):
            await uow.duty.set_shifts(olena, [])
