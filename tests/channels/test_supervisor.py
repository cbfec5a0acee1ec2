"""A loop that fails is started again, and whoever reads the terminal learns why in one sentence."""

from __future__ import annotations

from structlog.testing import capture_logs

from bot.channels.base import Health
from bot.channels.supervisor import keep_alive
from bot.clock import SystemClock
from bot.errors import Transient


async def test_an_expected_failure_is_told_with_its_sentence() -> None:
    failures = [Transient("Сервер {host} недосяжний.", host="mail.example.com")]
    health = Health(name="mail", state="starting")

    async def run() -> None:
        if failures:
            raise failures.pop()

    with capture_logs() as lines:
        await keep_alive(run, health=health, clock=SystemClock())
    [line] = [line for line in lines if line["event"] == "loop_failed"]
    assert line["detail"] == "Сервер mail.example.com недосяжний."
    assert "exc_info" not in line
