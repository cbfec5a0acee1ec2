"""Database errors, told in our own words: what to do next decides the class (see `bot.errors`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from bot.errors import BotError, Conflict, Misconfigured, Transient
from bot.storage.faults import BrokenRow

# The catalogue tool finds sentences by this name; they are looked up when they are shown.
_ = str

FULL = _("На диску бази даних немає місця: приймання зупинено, звільніть місце, і бот продовжить сам.")
BUSY = _("База даних зайнята іншим процесом: буде повторено.")
UNREACHABLE = _("База даних недоступна: перевірте, чи вона працює, буде повторено.")
UNREADABLE = _("Файл бази даних не читається або не пишеться: перевірте диск і права на файл.")

# PostgreSQL's classes of SQLSTATE, by their beginning; the longest that fits wins.
_SQLSTATES: dict[str, tuple[type[BotError], str]] = {
    "23505": (Conflict, ""),
    "53": (Transient, UNREACHABLE),
    "53100": (Transient, FULL),
    "40": (Transient, BUSY),
    "55P03": (Transient, BUSY),
    "57P": (Transient, UNREACHABLE),
    "58": (Transient, UNREADABLE),
    "08": (Transient, UNREACHABLE),
    "25006": (Transient, UNREACHABLE),
    "28": (Misconfigured, _("База даних не приймає ім'я або пароль: перевірте адресу бази в налаштуваннях.")),
    "3D000": (Misconfigured, _("Такої бази даних немає: створіть її або перевірте адресу бази в налаштуваннях.")),
}
_SQLITE_NAMES: dict[str, tuple[type[BotError], str]] = {
    "SQLITE_CONSTRAINT_UNIQUE": (Conflict, ""),
    "SQLITE_CONSTRAINT_PRIMARYKEY": (Conflict, ""),
    "SQLITE_FULL": (Transient, FULL),
    "SQLITE_BUSY": (Transient, BUSY),
    "SQLITE_LOCKED": (Transient, BUSY),
    "SQLITE_IOERR": (Transient, UNREADABLE),
    "SQLITE_CANTOPEN": (Transient, UNREADABLE),
    "SQLITE_READONLY": (Transient, UNREADABLE),
    "SQLITE_NOTADB": (Misconfigured, _("Цей файл не є базою даних SQLite: перевірте шлях у налаштуваннях.")),
    "SQLITE_CORRUPT": (Transient, _("Файл бази даних пошкоджено: відновіть його з резервної копії.")),
}


@contextmanager
def translated() -> Iterator[None]:
    """Run database work; what SQLAlchemy or the driver raises comes out as ours."""
    try:
        yield
    except exc.TimeoutError as error:
        raise Transient(BUSY) from error
    except exc.StatementError as error:
        raise _ours(error) from error
    except (OSError, TimeoutError) as error:
        raise Transient(UNREACHABLE) from error


def _ours(error: exc.StatementError) -> BaseException:
    origin = error.orig
    known = _lookup(_SQLITE_NAMES, getattr(origin, "sqlite_errorname", None)) or _lookup(_SQLSTATES, getattr(origin, "sqlstate", None))
    if known is not None:
        kind, sentence = known
        return kind(sentence)
    if isinstance(error, exc.DBAPIError):
        if error.connection_invalidated or isinstance(error, exc.InterfaceError):
            return Transient(UNREACHABLE)
        return BrokenRow(str(origin)) if isinstance(error, exc.IntegrityError | exc.DataError) else error
    # A value that a column type refused (a naive instant): the caller's bug, in its own words.
    return origin if origin is not None else error


def _lookup(table: dict[str, tuple[type[BotError], str]], code: str | None) -> tuple[type[BotError], str] | None:
    if not code:
        return None
    return max(((start, found) for start, found in table.items() if code.startswith(start)), default=(None, None))[1]
