"""The real parts: each server is a process or a socket of its own, thrown away afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.chats import Telegram
from tests.acceptance.process import Deskbot
from tests.integration.dovecot import Dovecot, require_dovecot
from tests.integration.smtp_sink import SmtpSink

Start = Callable[..., Deskbot]


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[Telegram]:
    async with Telegram(tmp_path) as running:
        yield running


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    require_dovecot()
    server = Dovecot()
    server.start()
    yield server
    server.cleanup()


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Start]:
    """Makes a desk in the test's folder; whatever is running at the end is killed."""
    made: list[Deskbot] = []

    def make(**about: Any) -> Deskbot:
        desk = Deskbot(folder=tmp_path / f"desk{len(made)}", **about)
        made.append(desk)
        return desk

    yield make
    for each in made:
        each.clean_up()
