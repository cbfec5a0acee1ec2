"""`deskbot run` and `deskbot demo` as processes: they come up, say where, and stop cleanly when told to."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

READY_WITHIN_S = 30
STOP_WITHIN_S = 10
TOKEN = "4200000000:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@contextmanager
def started(folder: Path, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A deskbot process in an empty folder; killed at the end if it is still there."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKBOT_")}
    root = str(Path(__file__).resolve().parent.parent.parent)
    with (folder / "stderr").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            cwd=folder,
            env=clean | {"PYTHONPATH": root} | environ,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def said(process: subprocess.Popen[str], what: str) -> str:
    """Everything the process said up to the line that holds `what`."""
    assert process.stdout is not None
    text, deadline = "", time.monotonic() + READY_WITHIN_S
    while what not in text:
        line = process.stdout.readline()
        assert line, f"the process ended: {text}"
        assert time.monotonic() < deadline, f"no «{what}» in time: {text}"
        text += line
    return text


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_service_comes_up_on_defaults_and_stops_cleanly(tmp_path: Path, port: int) -> None:
    with started(tmp_path, "run", DESKBOT_SITE__PORT=str(port), DESKBOT_LOG__FORMAT="json") as process:
        told = said(process, "Ctrl+C")
        assert f"http://127.0.0.1:{port}" in told
        links = re.findall(r"http://\S+/login/\S+", told)
        assert len(links) == 2
        assert status_of(f"http://127.0.0.1:{port}/healthz") == 200
        assert status_of(links[0]) == 200
        asked_at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_WITHIN_S) == 0
        assert time.monotonic() - asked_at < STOP_WITHIN_S
    events = [json.loads(line) for line in (tmp_path / "stderr").read_text().splitlines()]
    assert [each["event"] for each in events if each["logger"] == "bot.app"] == ["started", "stopped"]
    assert (tmp_path / "data" / "deskbot.db").is_file()
    assert "/login/" not in (tmp_path / "stderr").read_text()


def test_a_second_start_makes_nobody_new(tmp_path: Path, port: int) -> None:
    for links in (2, 0):
        with started(tmp_path, "run", DESKBOT_SITE__PORT=str(port)) as process:
            told = said(process, "Ctrl+C")
            assert told.count("/login/") == links
            process.send_signal(signal.SIGINT)
            assert process.wait(STOP_WITHIN_S) == 0


def test_a_channel_that_cannot_be_reached_does_not_stop_the_rest(tmp_path: Path, port: int) -> None:
    nobody = "http://127.0.0.1:9"
    environ = {"DESKBOT_SITE__PORT": str(port), "DESKBOT_TELEGRAM__TOKEN": TOKEN, "DESKBOT_TELEGRAM__API_BASE": nobody}
    with started(tmp_path, "run", **environ) as process:
        said(process, "Ctrl+C")
        assert status_of(f"http://127.0.0.1:{port}/healthz") in (200, 503)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_WITHIN_S) == 0
    log = (tmp_path / "stderr").read_text()
    assert "telegram" in log
    assert TOKEN not in log


def test_a_database_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is a text")
    with started(tmp_path, "run", DESKBOT_STORAGE__URL=f"sqlite:///{tmp_path}/x.db") as process:
        assert process.wait(READY_WITHIN_S) == 1
    error = (tmp_path / "stderr").read_text()
    assert "не є базою даних" in error
    assert "Traceback" not in error


def test_the_demo_opens_its_doors_and_leaves_nothing(tmp_path: Path, port: int) -> None:
    with started(tmp_path, "demo", "--port", str(port)) as process:
        told = said(process, "/login/")
        assert f"http://127.0.0.1:{port}/login/" in told
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_WITHIN_S) == 0
    assert {each.name for each in tmp_path.iterdir()} == {"stderr"}
    assert "Traceback" not in (tmp_path / "stderr").read_text()
