"""A `deskbot run` of its own: a configuration, a process, its data. Started, stopped politely, killed, started again on the same data."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.dovecot import PASSWORD, USER, free_port

REPOSITORY = Path(__file__).parents[2]
# Two cores may be shared with a whole test run: nothing that hangs takes this long, nothing that is merely slow fails.
PATIENCE = 45.0
SUPPORT = "support@desk.example"

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T]], *, what: str, within: float = PATIENCE, every: float = 0.05) -> T:
    """The first true answer of `look`, asked again and again; AssertionError with the last one when time is up."""
    end = time.monotonic() + within
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < end, f"{what} did not happen in {within:.0f} s; last seen: {found!r}"
        await asyncio.sleep(every)


def environment(secrets: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a deskbot process sees: nothing of this run's own settings, this checkout, and its secrets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DESKBOT_", "PYTEST_"))}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", **(secrets or {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


async def command(*arguments: str | Path, folder: Path, secrets: Mapping[str, str] | None = None, stdin: str = "") -> Result:
    """Run `deskbot …` to its end in a folder."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bot", *map(str, arguments)],
        cwd=folder,
        env=environment(secrets),
        input=stdin.encode(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return Result(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


@dataclass(slots=True, kw_only=True)
class Deskbot:
    """See the module. `folder` holds config.toml, the data and the log. `telegram` is a Bot API's address, `imap` and `smtp` are ports.

    `extra` is TOML put at the end, `imap_extra` and `smtp_extra` are more of the mailbox. Channels without an address are off.
    """

    folder: Path
    telegram: str = ""
    token: str = ""
    staff_chat: int | None = None
    imap: int | None = None
    smtp: int | None = None
    gap: str = "0s"
    tick: str = "1s"
    database: str = ""
    imap_extra: str = ""
    smtp_extra: str = "auth = false"
    extra: str = ""
    port: int = field(default_factory=free_port)
    starts: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(self._settings(), encoding="utf-8")

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def log(self) -> Path:
        return self.folder / "deskbot.log"

    @property
    def database_file(self) -> Path:
        """Only when `database` is not given."""
        return self.folder / "data" / "deskbot.db"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.database_file}"

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def secrets(self) -> dict[str, str]:
        found = {}
        if self.telegram:
            found["DESKBOT_TELEGRAM__TOKEN"] = self.token
        if self.imap is not None:
            found["DESKBOT_MAIL__MAILBOXES__0__IMAP__PASSWORD"] = PASSWORD
        if self.database:
            found["DESKBOT_STORAGE__URL"] = self.database
        return found

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def channels(self) -> tuple[str, ...]:
        """Those that are configured, besides the Site."""
        return (*(["telegram"] if self.telegram else []), *(["mail"] if self.imap is not None else []))

    def _settings(self) -> str:
        parts = [
            f'[desk]\ndata_dir = "data"\nphones = ["+380 44 000 00 00"]\n[site]\nport = {self.port}\nbase_url = "{self.site}"',
            f'[intake]\ngap = "{self.gap}"\n[log]\nformat = "json"\nlevel = "info"\n[sla]\ntick = "{self.tick}"',
        ]
        if self.telegram:
            chat = f'staff_chat = "{self.staff_chat}"' if self.staff_chat is not None else ""
            parts.append(f'[telegram]\napi_base = "{self.telegram}"\n{chat}')
        if self.imap is not None:
            parts.append(
                f'[[mail.mailboxes]]\nname = "support"\naddress = "{SUPPORT}"\n'
                f'[mail.mailboxes.imap]\nhost = "127.0.0.1"\nport = {self.imap}\nsecurity = "plain"\nuser = "{USER}"\n{self.imap_extra}\n'
                f'[mail.mailboxes.smtp]\nhost = "127.0.0.1"\nport = {self.smtp}\nsecurity = "plain"\n{self.smtp_extra}'
            )
        return "\n".join([*parts, self.extra]) + "\n"

    async def command(self, *arguments: str | Path) -> Result:
        """`deskbot …` with this desk's configuration."""
        return await command(*arguments, "--config", self.config, folder=self.folder, secrets=self.secrets)

    def start(self) -> None:
        assert not self.is_running
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run", "--config", str(self.config)],
                cwd=self.folder,
                env=environment(self.secrets),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def started(self, *, channels: Sequence[str] | None = None) -> None:
        """Start, and wait until the Site answers and these channels (all that are configured) are up."""
        self.start()
        await self.ready(channels=channels)

    async def ready(self, *, channels: Sequence[str] | None = None) -> None:
        await eventually(self._is_healthy, what="the Site")
        for name in self.channels if channels is None else channels:
            await eventually(lambda name=name: self._is_up(name), what=f"channel {name}")

    async def _is_healthy(self) -> bool:
        assert self.is_running, f"deskbot ended with {self._process and self._process.returncode}:\n{self.tail()}"
        with contextlib.suppress(httpx.TransportError):
            return (await self.get("/healthz")).status_code == 200
        return False

    async def _is_up(self, channel: str) -> bool:
        assert self.is_running, self.tail()
        return (await self.metrics()).get(("deskbot_channel_up", channel)) == 1

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=10) as client:
            return await client.get(self.site + path)

    async def metrics(self) -> dict[tuple[str, ...], float]:
        """Every sample under its name and label values."""
        text = (await self.get("/metrics")).text
        families = text_string_to_metric_families(text)
        return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}

    async def stop(self) -> float:
        """SIGTERM; the seconds until the end. The process must end well."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(self._process.wait, PATIENCE)
        assert self._process.returncode == 0, f"ended with {self._process.returncode}:\n{self.tail()}"
        return time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL: the process does not get another instruction."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE)

    def clean_up(self) -> None:
        """Whatever state it is in, nothing of it stays (its parser process neither)."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def events(self, name: str) -> list[dict[str, object]]:
        """The structured log's events of one name."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and event.get("event") == name:
                    found.append(event)
        return found
