"""A consistent copy of the database while it is in use, and a database made of one. Blocking: for commands.

SQLite copies itself in one read transaction, which holds nobody up. PostgreSQL is copied by its own `pg_dump`, found on the PATH or where
Debian puts it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from bot.errors import Misconfigured, Rejected
from bot.storage.engine import parse_url

_DEBIAN = Path("/usr/lib/postgresql")


def copy_database(url: str, target: Path) -> None:
    """Write the copy to `target`. Rejected when there is no database, Misconfigured when the tool is missing or fails."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        _copy_sqlite(Path(parsed.database or ""), target)
    else:
        _run_tool("pg_dump", parsed, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise Rejected("Бази даних ще немає: {path}", path=str(source))
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)
        # A copy that lies in an archive is one file.
        copy.execute("PRAGMA journal_mode = DELETE")


def check_is_free(url: str) -> None:
    """Rejected when a SQLite database is there already. PostgreSQL's own tool refuses what is there when its turn comes."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and (target := Path(parsed.database or "")).exists():
        raise Rejected("База даних уже є: {path}. Спершу перенесіть її в інше місце.", path=str(target))


def put_database(url: str, source: Path) -> None:
    """Make the database at `url` of a copy. Rejected when there is one already: nothing is ever overwritten."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        _run_tool("pg_restore", parsed, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(source))
        return
    check_is_free(url)
    target = Path(parsed.database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not _is_sound(source):
        raise Rejected("Копія бази даних пошкоджена.")
    # Aside first: a restore that is killed half way leaves no half a database that the next one would take for a desk.
    aside = target.with_name(f"{target.name}.restoring")
    with source.open("rb") as original, aside.open("wb") as copy:
        shutil.copyfileobj(original, copy)
        copy.flush()
        os.fsync(copy.fileno())
    aside.rename(target)


def _is_sound(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(file)) as copy:
            return bool(copy.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False


def _run_tool(name: str, url: URL, *arguments: str) -> None:
    command = [_tool(name), f"--dbname={url.set(drivername='postgresql', password=None).render_as_string()}", *arguments]
    # A password on a command line is one that everybody on the machine reads.
    environment = {**os.environ, **({"PGPASSWORD": url.password} if url.password else {})}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or [str(done.returncode)]
        raise Misconfigured("{tool} не впорався: {why}", tool=name, why=why[0])


def _tool(name: str) -> str:
    found = shutil.which(name) or next(map(str, sorted(_DEBIAN.glob(f"*/bin/{name}"), reverse=True)), None)
    if found is None:
        raise Misconfigured("Немає програми {tool}: встановіть клієнт PostgreSQL (postgresql-client).", tool=name)
    return found
