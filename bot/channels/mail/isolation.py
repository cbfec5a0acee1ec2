"""Mails are read in processes of their own, with a time and a memory limit: what a mail can do there, it does to nobody.

A worker process is started at the first mail, another when more wait than one can read, and each is stopped when there was nothing for a
while. Requests that wait together travel together, so a flood costs one exchange for several mails; when an exchange fails, its mails are
tried one by one and the guilty one alone is `Permanent`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from typing import Any

import structlog

from bot.channels.mail.parse import NOBODY, Keeping, Own
from bot.channels.mail.reading import Reading
from bot.channels.mail.wire import SIZE, head, unpack
from bot.errors import Permanent, Transient
from bot.intake.labeller import own_file

TIME_LIMIT = 10.0
IDLE_STOP = 120.0
PROCESSES = 2
# One exchange: some mails, so that several workers share what waits, and never much memory at once.
_MAX_MAILS = 10
_MAX_BYTES = 16 * 1024 * 1024
_CHUNK = 256 * 1024

# The labeller's matrices are small: with a thread a core, numpy waits for its threads longer than it counts (19 ms a mail instead of 8).
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

log = structlog.get_logger(__name__)

_Waiting = tuple[bytes, asyncio.Future[Reading]]


class Parser:
    """Reads mails in up to `processes` workers, which keep their files where `keeping` says. `time_limit` (seconds) is for one exchange;
    close it when done."""

    def __init__(
        self,
        own: Own = NOBODY,
        keeping: Keeping | None = None,
        *,
        time_limit: float = TIME_LIMIT,
        idle_stop: float = IDLE_STOP,
        processes: int = PROCESSES,
    ) -> None:
        self._given = _as_json(own, keeping)
        self._time_limit = time_limit
        self._idle_stop = idle_stop
        self._processes = processes
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._pumps: set[asyncio.Task[None]] = set()
        self._idle = 0

    async def read(self, raw: bytes) -> Reading:
        """Raises Permanent for a mail that the worker died of or did not finish in time, Transient when no worker can be had."""
        answer: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((raw, answer))
        if self._idle < self._queue.qsize() and len(self._pumps) < self._processes:
            pump = asyncio.create_task(self._work(_Worker(self._given, self._time_limit)), name="mail-parser")
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)
        return await answer

    async def close(self) -> None:
        """Stops the workers; whoever still waits gets a cancellation."""
        pumps = list(self._pumps)
        for pump in pumps:
            pump.cancel()
        if pumps:
            await asyncio.wait(pumps)
        while not self._queue.empty():
            self._queue.get_nowait()[1].cancel()

    async def _work(self, worker: _Worker) -> None:
        batch: list[_Waiting] = []
        try:
            while batch := await self._next_batch():
                await self._answer(worker, batch)
        finally:
            for _, answer in batch:
                answer.cancel()
            await worker.stop()

    async def _next_batch(self) -> list[_Waiting]:
        """What waits now, empty after a long quiet."""
        self._idle += 1
        try:
            first = await asyncio.wait_for(self._queue.get(), self._idle_stop)
        except TimeoutError:
            return []
        finally:
            self._idle -= 1
        batch, size = [first], len(first[0])
        while not self._queue.empty() and len(batch) < _MAX_MAILS and size < _MAX_BYTES:
            batch.append(self._queue.get_nowait())
            size += len(batch[-1][0])
        return batch

    async def _answer(self, worker: _Worker, batch: list[_Waiting]) -> None:
        try:
            _settle(batch, await worker.exchange([raw for raw, _ in batch]))
        except _WorkerFailed as failure:
            if len(batch) > 1:
                for one in batch:
                    await self._answer(worker, [one])
                return
            log.warning("mail_parser_failed", size=len(batch[0][0]), reason=str(failure))
            _refuse(batch, Permanent("Лист не вдалося прочитати за відведений час і пам'ять ({reason}).", reason=str(failure)))
        except Transient as error:
            _refuse(batch, error)
        except OSError as error:
            _refuse(batch, Transient("Процес розбору листів не запускається ({reason}).", reason=type(error).__name__))


class _WorkerFailed(Exception):
    """The worker died, hung, or answered nonsense."""


class _Worker:
    """One process, started when it is needed and anew after each failure."""

    def __init__(self, given: str, time_limit: float) -> None:
        self._given = given
        self._time_limit = time_limit
        self._process: Process | None = None

    async def exchange(self, raws: Sequence[bytes]) -> list[Reading]:
        """Raises _WorkerFailed, Transient when files cannot be kept, or OSError when no process can be started."""
        process = await self._ensure()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(self._time_limit):
                await _send(process.stdin, raws)
                answer = await _receive(process.stdout)
            if reason := answer.get("postponed"):
                raise Transient("Файли листа не вдалося зберегти на диску ({reason}).", reason=str(reason))
            return [unpack(each) for each in answer["readings"]]
        except TimeoutError:
            await self.stop()
            raise _WorkerFailed("час вичерпано") from None
        except (asyncio.IncompleteReadError, ConnectionError, KeyError, TypeError, ValueError) as error:
            await self.stop()
            raise _WorkerFailed(type(error).__name__) from error
        except asyncio.CancelledError:
            await self.stop()  # half an exchange is in the pipes: this process is of no more use
            raise

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _ensure(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.channels.mail.worker",
                self._given,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={**os.environ, **_ONE_THREAD},
            )
        return self._process


def _as_json(own: Own, keeping: Keeping | None) -> str:
    """What a worker is told at its start."""
    files = {"root": str(keeping.shelf.root), "size": keeping.limits.size, "count": keeping.limits.count} if keeping else None
    learned = own_file()
    return json.dumps(
        {"addresses": sorted(own.addresses), "zone": own.zone, "files": files, "labeller": str(learned) if learned is not None else ""}
    )


def _settle(batch: Sequence[_Waiting], readings: Sequence[Reading]) -> None:
    for (_, answer), reading in zip(batch, readings, strict=True):
        if not answer.done():
            answer.set_result(reading)


def _refuse(batch: Sequence[_Waiting], error: Exception) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(error)


async def _send(stream: asyncio.StreamWriter, raws: Sequence[bytes]) -> None:
    stream.write(head({"sizes": [len(raw) for raw in raws]}))
    for raw in raws:
        for start in range(0, len(raw), _CHUNK):
            stream.write(raw[start : start + _CHUNK])
            await stream.drain()


async def _receive(stream: asyncio.StreamReader) -> dict[str, Any]:
    """In pieces: a long answer must not hold the event loop while it is copied."""
    length = SIZE.unpack(await stream.readexactly(SIZE.size))[0]
    parts = [await stream.readexactly(min(_CHUNK, length - start)) for start in range(0, length, _CHUNK)]
    value: dict[str, Any] = json.loads(b"".join(parts))
    return value
