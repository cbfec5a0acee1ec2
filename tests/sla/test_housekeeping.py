"""What has run out is swept away once a day; what still holds stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.ports import Storage
from bot.sla import housekeeping
from bot.sla.housekeeping import Housekeeper
from bot.storage.memory import MemoryStorage
from tests.builders import TUESDAY

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def fill(storage: Storage, *, count: int = 1) -> None:
    async with storage.write() as uow:
        for number in range(count):
            for name, until in ((f"form:old{number}", TUESDAY - HOUR), (f"form:new{number}", TUESDAY + 2 * DAY)):
                await uow.state.take_lease(name, owner="x", now=TUESDAY - 9 * DAY, until=until)
                uow.state.set(name, "said")
            await uow.state.put_token(digest=f"old{number}", purpose="login", subject="1", expires_at=TUESDAY)
            await uow.state.put_token(digest=f"new{number}", purpose="login", subject="1", expires_at=TUESDAY + DAY)
        uow.state.set("mail:cursor", 7)
        uow.state.set("formless", 8)
        await uow.commit()


async def test_on_every_store_only_what_has_run_out_goes(store: Storage) -> None:
    await fill(store)
    assert await Housekeeper(storage=store).sweep(TUESDAY) == 3
    async with store.write() as uow:
        assert await uow.state.get("form:old0") is None
        assert [await uow.state.get(key) for key in ("form:new0", "mail:cursor", "formless")] == ["said", 7, 8]
        assert await uow.state.find_token(digest="new0", purpose="login", now=TUESDAY) is not None
        assert not await uow.state.take_lease("form:new0", owner="y", now=TUESDAY, until=TUESDAY + DAY)
        # An old token is gone, so its digest is free again.
        await uow.state.put_token(digest="old0", purpose="login", subject="1", expires_at=TUESDAY + DAY)


async def test_once_a_day_whatever_restarts() -> None:
    storage = MemoryStorage()
    await Housekeeper(storage=storage).sweep(TUESDAY)
    await fill(storage)
    first = Housekeeper(storage=storage)
    assert [await first.sweep(TUESDAY + HOUR), await first.sweep(TUESDAY + 2 * HOUR)] == [0, 0]
    assert await first.sweep(TUESDAY + DAY) == 4
    assert await Housekeeper(storage=storage).sweep(TUESDAY + DAY + HOUR) == 0


async def test_a_backlog_goes_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "PORTION", 2)
    storage = MemoryStorage()
    await fill(storage, count=5)
    assert await Housekeeper(storage=storage).sweep(TUESDAY) == 15


async def test_a_clock_set_back_a_day_sweeps_again_and_takes_nothing_that_holds() -> None:
    storage = MemoryStorage()
    await fill(storage)
    keeper = Housekeeper(storage=storage)
    await keeper.sweep(TUESDAY)
    assert await keeper.sweep(TUESDAY - 2 * DAY) == 0
