"""The parsing process: it answers like the parser itself, and what breaks it breaks nothing else."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.channels.mail import isolation
from bot.channels.mail.isolation import Parser
from bot.channels.mail.parse import NOBODY
from bot.channels.mail.reading import read
from bot.errors import Permanent
from tests.stall import watched

CORPUS = sorted((Path(__file__).resolve().parents[2] / "corpus" / "mail").glob("*.eml"))
# A worker that behaves like the real one, except for mails that name what is to happen.
TROUBLED = """
import os, sys, time
from bot.channels.mail import worker
real = worker.read
def read(raw, own, keeping):
    if b"DIE" in raw: raise SystemExit(3)
    if b"HANG" in raw: time.sleep(60)
    if b"EAT" in raw: bytearray(2_000_000_000)
    if b"BABBLE" in raw: os.write(1, b"nonsense")
    return real(raw, own, keeping)
worker.read = read
worker.main(sys.argv[1:])
"""


def workers() -> list[str]:
    """The ids of this process's children that still run."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [number for file in children for number in file.read_text().split()]


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    made = Parser(time_limit=10)
    yield made
    await made.close()


@pytest.fixture
async def troubled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parser]:
    script = tmp_path / "troubled.py"
    script.write_text(TROUBLED)
    start = asyncio.create_subprocess_exec

    async def instead(_python: str, _flag: str, _module: str, *arguments: str, **options: object) -> object:
        return await start(sys.executable, str(script), *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(isolation.asyncio, "create_subprocess_exec", instead)
    made = Parser(time_limit=3)
    yield made
    await made.close()


async def test_the_worker_reads_like_the_parser(parser: Parser) -> None:
    raws = [path.read_bytes() for path in CORPUS] * 5
    assert await asyncio.gather(*(parser.read(raw) for raw in raws)) == [read(raw, NOBODY) for raw in raws]


async def test_a_big_mail_does_not_hold_the_loop(parser: Parser) -> None:
    data = os.urandom(10_000_000)
    raw = b"Subject: x\r\nContent-Type: a/b; name=x.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data)
    stalls: list[float] = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            stalls.append(time.perf_counter() - before)

    await parser.read(b"warm up")
    watcher = asyncio.create_task(watch())
    reading = await parser.read(raw)
    watcher.cancel()
    assert [file.size for file in reading.mail.files] == [len(data)]
    assert max(stalls) < 0.3  # measured 4 ms; the machine of a test may be busy


@pytest.mark.parametrize("trouble", [b"DIE", b"HANG", b"EAT", b"BABBLE"])
async def test_a_poison_mail_is_told_apart_from_its_neighbours(troubled: Parser, trouble: bytes) -> None:
    raws = [b"Subject: 1\n\none", b"Subject: 2\n\n" + trouble, b"Subject: 3\n\nthree"]
    first, poison, third = await asyncio.gather(*(troubled.read(raw) for raw in raws), return_exceptions=True)
    assert isinstance(poison, Permanent)
    assert first == read(raws[0], NOBODY)
    assert third == read(raws[2], NOBODY)
    assert await troubled.read(raws[0]) == read(raws[0], NOBODY)


async def test_the_worker_leaves_when_there_is_nothing_to_do() -> None:
    parser = Parser(idle_stop=0.1)
    await parser.read(b"x")
    assert len(workers()) == 1
    async with asyncio.timeout(5):
        while workers():  # noqa: ASYNC110 - the end of a process cannot set an event here
            await asyncio.sleep(0.05)
    assert (await parser.read(b"Subject: again\n\nx")).mail.subject == "again"
    await parser.close()


async def test_closing_ends_the_worker_and_whoever_waits(troubled: Parser) -> None:
    waiting = asyncio.create_task(troubled.read(b"HANG"))
    await asyncio.sleep(0.3)
    assert len(workers()) == 1
    await troubled.close()
    assert workers() == []
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_a_mail_of_200_megabytes_neither_kills_the_service_nor_holds_it_up(parser: Parser) -> None:
    """No mailbox gives one as large as that, a file may: it is read, or refused in the time that every mail has. The next one is read."""
    part = b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n"
    raw = head + part + (b"QUJD" * 19 + b"\r\n") * 2_700_000 + b"--B--"
    assert len(raw) > 200_000_000
    async with watched() as stalls:
        with suppress(Permanent):
            await parser.read(raw)
    print(f"the longest stall was {stalls.own * 1000:.0f} ms")
    assert stalls.own < 0.2
    assert (await parser.read(CORPUS[0].read_bytes())).mail.text
