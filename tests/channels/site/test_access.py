"""One-time links and sessions: signed, short-lived, single use, stored as digests only."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.channels.site.access import (
    end_session,
    form_token,
    is_form_token,
    make_login_link,
    peek_link,
    session_subject,
    site_key,
    start_session,
    use_link,
)
from bot.ports import Storage
from bot.storage.memory import MemoryStorage
from tests.builders import TUESDAY

HALF_AN_HOUR = timedelta(minutes=30)


async def link(storage: Storage) -> tuple[str, bytes]:
    async with storage.write() as uow:
        url = await make_login_link(uow, subject="contact:7", now=TUESDAY, base_url="https://desk.example.com/", lifetime=HALF_AN_HOUR)
        key = await site_key(uow)
        await uow.commit()
    assert url.startswith("https://desk.example.com/login/")
    return url.rpartition("/")[2], key


async def test_a_link_lets_in_once() -> None:
    storage = MemoryStorage()
    token, key = await link(storage)
    async with storage.write() as uow:
        assert await use_link(uow, token, key=key, now=TUESDAY) == "contact:7"
        await uow.commit()
    async with storage.write() as uow:
        assert await use_link(uow, token, key=key, now=TUESDAY) is None


async def test_of_two_at_once_one_gets_in() -> None:
    storage = MemoryStorage()
    token, key = await link(storage)

    async def enter() -> str | None:
        async with storage.write() as uow:
            subject = await use_link(uow, token, key=key, now=TUESDAY)
            await uow.commit()
            return subject

    assert sorted(map(str, await asyncio.gather(enter(), enter()))) == ["None", "contact:7"]


async def test_looking_at_a_link_does_not_use_it_up() -> None:
    storage = MemoryStorage()
    token, key = await link(storage)
    async with storage.write() as uow:
        assert await peek_link(uow, token, key=key, now=TUESDAY) == "contact:7"
        assert await use_link(uow, token, key=key, now=TUESDAY) == "contact:7"


@pytest.mark.parametrize("late", [HALF_AN_HOUR, timedelta(days=1)])
async def test_an_old_link_lets_nobody_in(late: timedelta) -> None:
    storage = MemoryStorage()
    token, key = await link(storage)
    async with storage.write() as uow:
        assert await use_link(uow, token, key=key, now=TUESDAY + late) is None


@pytest.mark.parametrize("twist", [lambda t: t[:-1] + ("0" if t[-1] != "0" else "1"), lambda t: "x" + t, lambda t: "", lambda t: "é" + t])
async def test_a_link_that_we_did_not_make_is_refused(twist: object) -> None:
    storage = MemoryStorage()
    token, key = await link(storage)
    async with storage.write() as uow:
        assert await use_link(uow, twist(token), key=key, now=TUESDAY) is None  # type: ignore[operator]
        assert await use_link(uow, token, key=b"another", now=TUESDAY) is None
        assert await use_link(uow, token, key=key, now=TUESDAY) == "contact:7"


async def test_a_longer_life_cannot_be_written_into_a_link() -> None:
    storage = MemoryStorage()
    token, key = await link(storage)
    secret, expiry, mark = token.split(".")
    later = f"{int(expiry, 16) + 86_400:x}"
    async with storage.write() as uow:
        assert await use_link(uow, f"{secret}.{later}.{mark}", key=key, now=TUESDAY) is None


async def test_the_key_is_made_once() -> None:
    storage = MemoryStorage()
    async with storage.write() as uow:
        first = await site_key(uow)
        await uow.commit()
    async with storage.write() as uow:
        assert await site_key(uow) == first
    assert len(first) == 32


async def test_a_session_ends_by_logging_out_and_by_time() -> None:
    storage = MemoryStorage()
    async with storage.write() as uow:
        one = await start_session(uow, subject="agent:3", now=TUESDAY, lifetime=timedelta(days=1))
        two = await start_session(uow, subject="agent:3", now=TUESDAY, lifetime=timedelta(days=1))
        await end_session(uow, one, now=TUESDAY)
        await uow.commit()
    async with storage.read() as uow:
        assert await session_subject(uow, one, now=TUESDAY) is None
        assert await session_subject(uow, two, now=TUESDAY) == "agent:3"
        assert await session_subject(uow, two, now=TUESDAY + timedelta(days=1)) is None


def test_a_form_token_belongs_to_one_cookie() -> None:
    token = form_token(b"key", "cookie")
    assert is_form_token(b"key", "cookie", token)
    assert not is_form_token(b"key", "another", token)
    assert not is_form_token(b"other key", "cookie", token)
    assert not is_form_token(b"key", "", form_token(b"key", ""))
    assert not is_form_token(b"key", "cookie", "є")
