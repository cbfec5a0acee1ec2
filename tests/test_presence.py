"""Whoever comes to an embedded database knows whether anybody else is at work on it, however the others ended."""

from __future__ import annotations

import errno
import fcntl
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.presence import Presence
from tests.acceptance.process import environment

HOLD = """
import sys
from pathlib import Path
from bot.presence import Presence
presence = Presence(Path(sys.argv[1]))
print(presence.enter(), flush=True)
presence.let_in()
print("in", flush=True)
sys.stdin.read()
"""


def holder(database: Path) -> subprocess.Popen[str]:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert held.stdout is not None
    assert held.stdout.readline() == "True\n"
    assert held.stdout.readline() == "in\n"
    return held


def test_a_killed_process_is_gone_at_once_and_a_living_one_is_seen(tmp_path: Path) -> None:
    database = tmp_path / "desk.db"
    with holder(database) as other:
        beside = Presence(database)
        assert not beside.enter()
        beside.leave()
        other.send_signal(signal.SIGKILL)
        other.wait()
    alone = Presence(database)
    assert alone.enter()
    alone.leave()


def test_two_beside_each_other_both_count(tmp_path: Path) -> None:
    first, second, third = (Presence(tmp_path / "desk.db") for _ in range(3))
    assert first.enter()
    first.let_in()
    assert not second.enter()
    first.leave()
    assert not third.enter()
    second.leave()
    third.leave()
    assert first.enter()
    first.leave()


def test_a_disk_without_locks_frees_nothing_and_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    presence = Presence(tmp_path / "desk.db")
    assert not presence.enter()
    presence.let_in()
    presence.leave()
