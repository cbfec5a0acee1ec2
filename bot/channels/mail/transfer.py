"""Hands a mail's text to the server in pieces: the library takes it in one, and 20 MB hold the event loop up for a third of a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiosmtplib import SMTP

PIECE = 256 * 1024
# So much may wait for the network; more is held back here.
_WAITING = 1024 * 1024
_START, _TAKEN = 354, 250


async def hand_over(client: SMTP, data: bytes, *, limit: float) -> None:
    """DATA and the text, whose lines end in CRLF. Raises what the library raises; `limit` in seconds is for all of it."""
    if len(data) <= PIECE:
        await client.data(data, timeout=limit)
        return
    from aiosmtplib import SMTPDataError, SMTPServerDisconnected

    async with asyncio.timeout(limit):
        started = await client.execute_command(b"DATA", timeout=limit)
        if started.code != _START:
            raise SMTPDataError(started.code, started.message)
        protocol = client.protocol
        transport = protocol.transport if protocol else None
        if protocol is None or not isinstance(transport, asyncio.WriteTransport):
            raise SMTPServerDisconnected("Connection lost")
        start = 0
        while start < len(data):
            end = _line_end(data, start + PIECE)
            protocol.write(_stuffed(data[start:end]))
            start = end
            # At least once around the loop a piece, longer while the network is slower than we are.
            await asyncio.sleep(0)
            while transport.get_write_buffer_size() > _WAITING:  # noqa: ASYNC110 - its flow control is the library's own
                await asyncio.sleep(0.01)
        taken = await client.execute_command(b".", timeout=limit)
    if taken.code != _TAKEN:
        raise SMTPDataError(taken.code, taken.message)


def _line_end(data: bytes, near: int) -> int:
    """Behind the first line end from there on: pieces hold whole lines."""
    found = data.find(b"\n", near)
    return found + 1 if found >= 0 else len(data)


def _stuffed(piece: bytes) -> bytes:
    """RFC 5321, 4.5.2: a line that begins with a full stop gets another one."""
    doubled = piece.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled
