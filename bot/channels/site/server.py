"""Runs the web application: one uvicorn server that takes no signals, tells when it listens, and stops within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

from bot.channels.site.options import SiteOptions
from bot.errors import Transient

# Makes the FastAPI application; its type is not named here, so that this module stays light.
Application = Callable[[], Any]
# Open pages that wait for news are let go at once; this is for a request that is being answered.
_GRACE_SECONDS = 3


async def serve(application: Application, options: SiteOptions, opened: Callable[[int], None]) -> None:
    """Serve until cancelled. `opened` gets the port once connections are accepted (port 0 in the options: a free one).

    Transient: the address cannot be bound, most often because another program has the port.
    """
    import uvicorn

    class Server(uvicorn.Server):
        """Signals belong to the program, not to one of its channels."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            listens.set()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    listens = asyncio.Event()
    listener = _listen(options)
    # Building the application imports the framework and compiles templates: long enough to leave the loop.
    app = await asyncio.to_thread(application)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(options.trusted_proxies),
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=32_768,
    )
    server = Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _first_of(running, listens)
        opened(listener.getsockname()[1])
        await asyncio.shield(running)
    except asyncio.CancelledError:
        server.should_exit = True
        app.state.site.pulse.stop()
        await asyncio.wait({running}, timeout=_GRACE_SECONDS + 2)
        raise
    finally:
        running.cancel()
        listener.close()


async def _first_of(running: asyncio.Task[None], listens: asyncio.Event) -> None:
    """Until the server listens, or has ended instead."""
    waiting = asyncio.create_task(listens.wait())
    try:
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


def _listen(options: SiteOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.port))
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise Transient(
            "Сайт не може відкрити {host}:{port} ({why}). Звільніть порт або змініть [site] port.",
            host=options.host,
            port=options.port,
            why=error.strerror or str(error),
        ) from error
    return listener
