"""A throw-away PostgreSQL cluster for one test run: on a socket of its own, without a port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

HOW_TO_GET_IT = "PostgreSQL is not installed: `apt-get install postgresql` brings it (the tests look in /usr/lib/postgresql/*/bin)"
_TEMPLATE = "deskbot_template"
# Nothing here has to survive a power cut.
_SETTINGS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=60"
)


def binaries() -> Path | None:
    """The folder with `initdb` and friends, newest version first; None if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return found[0].parent if found else Path(on_path).parent if on_path else None


class Cluster:
    """A running server. `database()` gives the URL of a fresh copy of the template."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self._folder = folder
        self._bin = bin_folder
        self._numbers = count(1)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def start(self) -> None:
        self._run(
            "initdb", "-D", str(self._folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
        )
        options = f"-k {self._folder} {_SETTINGS}"
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-o", options, "-l", str(self._folder / "log"), "-w", "start")
        self.sql(f"CREATE DATABASE {_TEMPLATE}")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")

    @property
    def template_url(self) -> str:
        """Upgraded once, copied for every test."""
        return self.url(_TEMPLATE)

    def empty_database(self) -> str:
        """The URL of a database without tables."""
        return self._create("template0")

    def database(self) -> str:
        """The URL of a database with all tables, empty."""
        return self._create(_TEMPLATE)

    def _create(self, template: str) -> str:
        name = f"deskbot_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.rsplit("/", 1)[0] and url.split("@/")[1].split("?")[0]
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def sql(self, statement: str) -> None:
        self._run("psql", "-h", str(self._folder), "-U", "postgres", "-d", "postgres", "-q", "-X", "-c", statement)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if os.geteuid() == 0:
            # The server refuses to run as root.
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        done = subprocess.run(
            command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout.decode(errors='replace')}")


@contextmanager
def cluster(bin_folder: Path) -> Iterator[Cluster]:
    """Make a cluster, run it, remove it."""
    # Not pytest's folder: the path of a socket may have 107 characters at most.
    folder = Path(tempfile.mkdtemp(prefix="deskbot-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        server = Cluster(folder, bin_folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
