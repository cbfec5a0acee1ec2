"""`deskbot` as a person at a terminal meets it: arguments in; exit code, output and error output back."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from bot.cli import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Deskbot = Callable[..., Ended]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one: no config.toml, no data, no variable of ours."""
    monkeypatch.chdir(tmp_path)
    for name in ("DESKBOT_CONFIG", "DESKBOT_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def _log_as_it_was() -> Iterator[None]:
    """A command sets the log of its process up, and here that is everybody's."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    logging.captureWarnings(False)


@pytest.fixture
def deskbot(_log_as_it_was: None, desk: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Deskbot:
    """Run a command in this process, through `main`, in the folder `desk`."""

    def run(*arguments: str, stdin: str = "") -> Ended:
        capfd.readouterr()
        with monkeypatch.context() as here:
            here.setattr(sys, "argv", ["deskbot", *arguments])
            here.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            code = 0
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
        out, err = capfd.readouterr()
        return Ended(code=code, out=out, err=err)

    return run
