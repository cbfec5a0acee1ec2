"""Bytes on disk: once per content, durable before they are named, never at a path that a sender chose."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import Transient
from bot.files import FileLimits, Shelf, digest_of, safe_name


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "files")
    first, second = shelf.put(b"scan"), shelf.put(iter([b"sc", b"an"]))
    assert first == second
    assert shelf.read(first) == b"scan"
    assert [file.name for file in (tmp_path / "files").rglob("*") if file.is_file()] == [digest_of(first)]


def test_what_was_written_half_is_not_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)

    def broken() -> object:
        yield b"half"
        raise ConnectionError

    with pytest.raises(Transient):
        shelf.put(broken())  # type: ignore[arg-type]  # an iterator of bytes, whatever its declared type
    assert list(shelf.refs()) == []
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("ref", ["", "telegram:abc", "sha256:../../../etc/passwd", "sha256:" + "A" * 64, "sha256:" + "0" * 63])
def test_a_foreign_reference_is_no_path(tmp_path: Path, ref: str) -> None:
    assert Shelf(tmp_path).path(ref) is None


def test_a_full_disk_is_a_passing_obstacle(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file where the folder should be")
    with pytest.raises(Transient, match="не вдалося зберегти"):
        Shelf(tmp_path / "files").put(b"x")


def test_orphans_are_swept_after_a_day_and_known_files_never(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    known, orphan, young = shelf.put(b"known"), shelf.put(b"orphan"), shelf.put(b"young")
    piece = tmp_path / "incoming" / "killed"
    piece.write_bytes(b"pie")
    for old in (shelf.path(known), shelf.path(orphan), piece):
        assert old is not None
        os.utime(old, (0, 0))
    assert shelf.sweep({known}, now=datetime.now(UTC))  # the clock of the file system == 2
    assert set(shelf.refs()) == {known, young}
    assert not piece.exists()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/pa\0sswd", "pa_sswd"),
        ("C:\\Users\\x\\звіт.xlsx", "звіт.xlsx"),
        ("con.txt", "_con.txt"),
        ("фото\u202egpj.exe", "фото_gpj.exe"),
        ("...", "file-3"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
        ("", "file-3"),
        ("рахунок", "рахунок"),
    ],
)
def test_names_are_only_names(given: str, name: str) -> None:
    assert safe_name(given, "application/octet-stream", 3) == name


def test_limits_take_the_first_files_that_fit() -> None:
    limits = FileLimits(size=10, count=2)
    assert list(limits.accepted([1, 11, 10, 1])) == [True, False, True, False]
