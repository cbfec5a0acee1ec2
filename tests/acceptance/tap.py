"""A TCP proxy before the IMAP server that counts the mails that went through and can stop a command on its way.

What was stopped is never sent on: whoever asked is killed meanwhile, and a dead process's command does not arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType


class Tap:
    """`async with Tap(port) as tap:` listens on `tap.port`. `stop_before` is a part of a client's command, b"" lets everything pass."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.stop_before = b""
        self.stopped = asyncio.Event()
        self.bodies = 0

    async def __aenter__(self) -> Tap:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def let_pass(self) -> None:
        self.stop_before = b""
        self.stopped.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        for pump in (self._to_server(reader, far_writer), self._to_client(far_reader, writer)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_server(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if self.stop_before and self.stop_before in data:
                    self.stopped.set()
                    while await reader.read(65_536):
                        pass
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _to_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self.bodies += data.count(b"BODY[]")
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
