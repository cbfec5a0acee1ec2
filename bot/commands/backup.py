"""`backup` and `restore`: the database and people's files in one archive, taken while the desk works.

The database is copied first and the files after: a file is kept before a row speaks of it and never changes, so every file that the copy
speaks of is in the archive. Restoring checks each by its name, which is the sum of its content, and overwrites nothing.
"""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from bot.commands.terminal import ConfigOption, fail, load_settings, note, out, waiting, words
from bot.files import PREFIX, Shelf, digest_of

_ = words()
_ABOUT, _DATABASE, _FILES = "deskbot-backup.json", "database", "files/"
_FORMAT = 1
_PIECE = 1024 * 1024


def backup(
    archive: Annotated[Path, typer.Argument(metavar=_("АРХІВ.tar"), help=_("Куди записати. Наявний файл не перезаписується."))],
    config: ConfigOption = None,
) -> None:
    settings = load_settings(config)
    if archive.exists():
        fail(_("Такий файл уже є: {path}. Назвіть інший.").format(path=archive))
    shelf, url = Shelf(settings.desk.data_dir / "files"), settings.database_url.reveal()
    try:
        with waiting(_("Копіюю")):
            count = _write(archive, url, shelf)
    except OSError as error:
        fail(_("Не вдалося записати {path}: {reason}.").format(path=archive, reason=error.strerror))
    out(_("Збережено базу даних і файлів: {count}. Архів: {path}").format(count=count, path=archive))


def restore(
    archive: Annotated[Path, typer.Argument(metavar=_("АРХІВ.tar"), help=_("Архів, який записав deskbot backup."))],
    config: ConfigOption = None,
) -> None:
    settings = load_settings(config)
    shelf, url = Shelf(settings.desk.data_dir / "files"), settings.database_url.reveal()
    with waiting(_("Відновлюю")):
        count, spoilt = _read(archive, url, shelf)
    out(_("Відновлено базу даних і файлів: {count}.").format(count=count))
    if spoilt:
        note(_("Пошкоджених файлів, які не відновлено: {count}.").format(count=spoilt))
        raise typer.Exit(1)


def _write(archive: Path, url: str, shelf: Shelf) -> int:
    """How many files went in. What is half written bears another name and is taken away."""
    from bot.storage.copying import copy_database

    partial = archive.with_name(f"{archive.name}.partial")
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        copy_database(url, copy := Path(folder) / _DATABASE)
        try:
            # The whole desk is in it, letters and keys: for its owner's eyes only.
            partial.unlink(missing_ok=True)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                count = _pack(file, copy, shelf, url)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(archive)
        finally:
            partial.unlink(missing_ok=True)
    return count


def _pack(file: BinaryIO, database: Path, shelf: Shelf, url: str) -> int:
    from bot.storage.migrations import HEAD

    about = {"format": _FORMAT, "tables": HEAD, "kind": url.partition(":")[0]}
    count = 0
    with tarfile.open(fileobj=file, mode="w") as tar:
        info = tarfile.TarInfo(_ABOUT)
        content = json.dumps(about).encode()
        info.size = len(content)
        tar.addfile(info, BytesIO(content))
        tar.add(database, _DATABASE)
        for ref in shelf.refs():
            if (path := shelf.path(ref)) is not None:
                tar.add(path, _FILES + digest_of(ref))
                count += 1
    return count


def _read(archive: Path, url: str, shelf: Shelf) -> tuple[int, int]:
    """How many files came back, and how many were spoilt. Where there is a database already, nothing is touched.

    The database comes last: a restore that is killed half way leaves files that nobody speaks of, and can simply be run again.
    """
    from bot.storage.copying import check_is_free, put_database

    count = spoilt = 0
    check_is_free(url)
    with _opened(archive) as tar:
        about = _about(tar)
        if about.get("format") != _FORMAT or about.get("kind") != url.partition(":")[0]:
            fail(_("Архів зроблено для іншої бази даних: {kind}.").format(kind=about.get("kind", "?")))
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / _DATABASE
            with place.open("wb") as file:
                file.writelines(_pieces(tar, _member(tar, _DATABASE)))
            for member in tar:
                if member.isfile() and member.name.startswith(_FILES):
                    is_same = _take_back(shelf, tar, member)
                    count, spoilt = count + is_same, spoilt + (not is_same)
            put_database(url, place)
    return count, spoilt


def _take_back(shelf: Shelf, tar: tarfile.TarFile, member: tarfile.TarInfo) -> bool:
    """What the shelf calls it must be what it was called: else it is not the same file, and it goes again."""
    ref = shelf.put(_pieces(tar, member))
    if ref == PREFIX + member.name.removeprefix(_FILES):
        return True
    is_anothers = f"{_FILES}{digest_of(ref)}" in tar.getnames()
    if not is_anothers and (path := shelf.path(ref)) is not None:
        path.unlink()
    return False


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        tar = tarfile.open(archive)  # noqa: SIM115 - closed below: what fails in here is no strange archive
    except (OSError, tarfile.TarError):
        fail(_("Це не архів deskbot: {path}").format(path=archive))
    with tar:
        yield tar


def _about(tar: tarfile.TarFile) -> dict[str, object]:
    try:
        found: dict[str, object] = dict(json.loads(b"".join(_pieces(tar, _member(tar, _ABOUT)))))
    except (ValueError, TypeError):
        fail(_("Це не архів deskbot: {path}").format(path=tar.name))
    return found


def _member(tar: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    """A file with something in it; fails for an archive that is cut off, too."""
    try:
        member = tar.getmember(name)
    except (KeyError, tarfile.TarError):
        fail(_("Це не архів deskbot: {path}").format(path=tar.name))
    if not member.isfile() or not member.size:
        fail(_("Це не архів deskbot: {path}").format(path=tar.name))
    return member


def _pieces(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    file = tar.extractfile(member)
    while file is not None and (piece := file.read(_PIECE)):
        yield piece
