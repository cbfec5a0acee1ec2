"""Closures on every store."""

from __future__ import annotations

from bot.ports import Storage
from tests.storage.making import DAY, HOUR, NOW


async def test_closures_come_back_in_order_and_end_once(store: Storage) -> None:
    async with store.write() as uow:
        first = await uow.closures.add(starts_at=NOW, ends_at=NOW + HOUR, because="немає світла", by="Олена")
        later = await uow.closures.add(starts_at=NOW + DAY, ends_at=NOW + 2 * DAY, because="тривога", by="Тарас")
        await uow.closures.announced(first.id, at=NOW)
        await uow.closures.end(later.id, at=NOW + HOUR)
        await uow.closures.end(first.id, at=NOW + HOUR / 2)
        await uow.closures.end(first.id, at=NOW + DAY)
        await uow.commit()
    async with store.read() as uow:
        found = await uow.closures.all()
    assert [(each.id, each.starts_at, each.ends_at, each.because, each.by, each.announced_at, each.is_void) for each in found] == [
        (first.id, NOW, NOW + HOUR / 2, "немає світла", "Олена", NOW, False),
        (later.id, NOW + DAY, NOW + DAY, "тривога", "Тарас", None, True),
    ]


async def test_what_is_not_committed_was_never_closed(store: Storage) -> None:
    async with store.write() as uow:
        await uow.closures.add(starts_at=NOW, ends_at=NOW + HOUR, because="x", by="")
    async with store.read() as uow:
        assert await uow.closures.all() == []
