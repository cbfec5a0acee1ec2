"""A TCP proxy before the IMAP server that counts the mails that went through and can hold a command on its way.

What is still held when the client goes is never sent on: a dead process's command does not arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType


class Tap:
    """`async with Tap(port) as tap:` listens on `tap.port`. `hold` is a part of a client's command, b"" lets everything pass."""

    def __init__(self, target_port: int, *, port: int = 0) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.port = port
        self.hold = b""
        self.held = asyncio.Event()
        self._let_go = asyncio.Event()
        self.bodies = 0

    async def __aenter__(self) -> Tap:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def let_pass(self) -> None:
        """Send on what is held, and hold no more."""
        self.hold = b""
        self.held.clear()
        self._let_go.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers.append(far_writer)
        for pump in (self._to_server(reader, far_writer), self._to_client(far_reader, writer)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_server(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if self.hold and self.hold in data:
                    await self._holding(reader)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _holding(self, reader: asyncio.StreamReader) -> None:
        """Until it is let go; ConnectionResetError when the client has gone before that."""
        self._let_go.clear()
        self.held.set()
        gone, let_go = asyncio.create_task(reader.read(1)), asyncio.create_task(self._let_go.wait())
        await asyncio.wait((gone, let_go), return_when=asyncio.FIRST_COMPLETED)
        let_go.cancel()
        # A client waits for its answer before it says anything more, so whatever comes now is the end.
        if gone.done():
            raise ConnectionResetError
        gone.cancel()
        await asyncio.wait((gone, let_go))

    async def _to_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self.bodies += data.count(b"BODY[]")
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
