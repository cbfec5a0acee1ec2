"""A mail relay for the demo: it speaks just enough SMTP to a well-behaved client on loopback, keeps the letters and delivers nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Postbox:
    """`letters` are the raw letters in order; `delivered` is called with each."""

    delivered: Callable[[bytes], None] = lambda letter: None
    letters: list[bytes] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._say(writer, "220 demo.example ESMTP")
            while line := await reader.readline():
                verb = line.strip().upper()[:4]
                if verb == b"DATA":
                    await self._say(writer, "354 go on")
                    self._keep(await reader.readuntil(b"\r\n.\r\n"))
                    await self._say(writer, "250 kept")
                elif verb == b"QUIT":
                    await self._say(writer, "221 bye")
                    return
                else:
                    await self._say(writer, "250 demo.example" if verb in (b"EHLO", b"HELO") else "250 ok")
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()

    def _keep(self, data: bytes) -> None:
        letter = data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        self.letters.append(letter)
        self.delivered(letter)

    @staticmethod
    async def _say(writer: asyncio.StreamWriter, line: str) -> None:
        writer.write(f"{line}\r\n".encode())
        await writer.drain()
