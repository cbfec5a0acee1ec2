"""Mails from files, their times of receipt, and what makes two of them the same."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.channels.mail.files import count, read
from bot.channels.mail.identity import content_id, conversation
from bot.errors import Rejected

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MAIL = b"From: Iryna <Iryna@shop.example>\nSubject: x\nMessage-ID: <1@shop.example>\nDate: Mon, 1 Jan 2001 00:00:00 +0000\n\nHello\n"


def test_an_mbox_is_divided_and_unquoted(tmp_path: Path) -> None:
    box = tmp_path / "all.mbox"
    second = MAIL.replace(b"<1@", b"<2@").replace(b"Hello", b">From the start\n>>From twice\nFrom within a text")
    box.write_bytes(b"From a@b Thu Oct  9 08:55:11 2025\n" + MAIL + b"\nFrom a@b Thu Oct  9 09:55:11 2025\n" + second + b"\n")
    first, other = read(box, now=NOW)
    assert first.raw.rstrip() == MAIL.rstrip()
    assert first.received_at == datetime(2025, 10, 9, 8, 55, 11, tzinfo=UTC)
    assert b"\nFrom the start\n>From twice\nFrom within a text" in other.raw
    assert count(box) is None


def test_the_topmost_received_header_is_the_time_of_receipt_and_date_never_is(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(b"Received: by x; Tue, 24 Nov 2026 09:00:00 +0200\nReceived: by y; Tue, 24 Nov 2026 08:00:00 +0200\n" + MAIL)
    [mail] = read(path, now=NOW)
    assert mail.received_at == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    path.write_bytes(MAIL)
    os.utime(path, (1_790_000_000, 1_790_000_000))
    [mail] = read(path, now=NOW)
    assert mail.received_at == datetime.fromtimestamp(1_790_000_000, UTC)


def test_nothing_was_received_in_the_future(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(b"Received: by x; Tue, 24 Nov 2030 09:00:00 +0200\n" + MAIL)
    [mail] = read(path, now=NOW)
    assert mail.received_at == NOW


def test_a_maildir_tells_its_times_by_name(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "cur" / "1764000000.M1P1.host:2,S").write_bytes(MAIL)
    (tmp_path / "new" / "1764000060.M1P2.host").write_bytes(MAIL)
    (tmp_path / "tmp" / "half").write_bytes(b"x")
    mails = list(read(tmp_path, now=NOW))
    assert [int(mail.received_at.timestamp()) for mail in mails] == [1764000000, 1764000060]
    assert count(tmp_path) == 2


def test_a_folder_is_read_in_order_and_an_empty_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="немає листів"):
        list(read(tmp_path, now=NOW))
    for name in ("b.eml", "a.eml", "c.pdf"):
        (tmp_path / name).write_bytes(MAIL)
    assert [Path(mail.origin).name for mail in read(tmp_path, now=NOW)] == ["a.eml", "b.eml"]
    with pytest.raises(Rejected, match="Немає такого файлу"):
        list(read(tmp_path / "nowhere", now=NOW))


@pytest.mark.parametrize(
    "other",
    [
        b"Received: by another server\r\n" + MAIL.replace(b"\n", b"\r\n"),
        b"Delivered-To: support@desk.example\n" + MAIL + b"\n\n",
        MAIL.replace(b"From: Iryna <", b"From:   Iryna  <"),
    ],
)
def test_another_way_here_is_the_same_mail(other: bytes) -> None:
    assert content_id(other) == content_id(MAIL)


@pytest.mark.parametrize(
    "other", [MAIL.replace(b"Hello", b"Hello again"), MAIL.replace(b"<1@", b"<2@"), MAIL.replace(b"Iryna@", b"petro@"), b"", b"x"]
)
def test_another_content_is_another_mail(other: bytes) -> None:
    assert content_id(other) != content_id(MAIL)


def test_without_a_message_id_all_bytes_count() -> None:
    bare = MAIL.replace(b"Message-ID: <1@shop.example>\n", b"")
    assert content_id(bare) != content_id(bare.replace(b"Subject: x", b"Subject: y"))
    assert content_id(bare) == content_id(bare.replace(b"\n", b"\r\n"))


def test_the_conversation_is_the_sender() -> None:
    assert conversation(MAIL) == "iryna@shop.example"
    assert conversation(b"Subject: x\n\nx") == ""
