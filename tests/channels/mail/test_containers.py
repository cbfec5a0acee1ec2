"""What only mail programs open: winmail.dat, calendar invites, mails inside mails."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.mail import invites, rtf, tnef
from bot.channels.mail.parse import parse

KYIV = ZoneInfo("Europe/Kyiv")
HEAD = "From: Ірина <iryna@shop.example>\nMessage-ID: <1@shop.example>\nSubject: Каса\nMIME-Version: 1.0\n".encode()


def attribute(level: int, name: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", sum(value) % 65_536)


def properties(*entries: tuple[int, int, bytes]) -> bytes:
    """A MAPI list of values with a length."""
    out = struct.pack("<I", len(entries))
    for kind, name, value in entries:
        out += struct.pack("<HHII", kind, name, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def winmail(*attributes: bytes) -> bytes:
    return struct.pack("<IH", tnef.SIGNATURE, 1) + b"".join(attributes)


SCAN = (
    attribute(2, 0x00069002, b"\0" * 14),
    attribute(2, 0x00018010, b"SKAN~1.PDF\0"),
    attribute(2, 0x0006800F, b"%PDF-scan"),
    attribute(2, 0x00069005, properties((0x1F, 0x3707, "Скан рахунку.pdf\0".encode("utf-16-le")), (0x1E, 0x370E, b"application/pdf\0"))),
)
TEXT = attribute(1, 0x00069003, properties((0x1F, 0x1000, "Не друкує чек.\0".encode("utf-16-le"))))


def wrapped(data: bytes, text: str = "", content_type: str = "application/ms-tnef; name=winmail.dat") -> bytes:
    parts = [b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode()] if text else []
    parts.append(f"Content-Type: {content_type}\n\n".encode() + data)
    body = b"".join(b"--B\n" + part + b"\n" for part in parts)
    return HEAD + b"Content-Type: multipart/mixed; boundary=B\n\n" + body + b"--B--\n"


def test_a_winmail_gives_its_text_and_its_files() -> None:
    mail = parse(wrapped(winmail(TEXT, *SCAN)))
    assert mail.text == "Не друкує чек."
    assert [(file.filename, file.content_type, file.content) for file in mail.files] == [
        ("Скан рахунку.pdf", "application/pdf", b"%PDF-scan")
    ]


def test_the_mails_own_text_comes_before_that_of_a_winmail() -> None:
    mail = parse(wrapped(winmail(TEXT, *SCAN), text="Див. файл"))
    assert mail.text == "Див. файл"
    assert [file.filename for file in mail.files] == ["Скан рахунку.pdf"]


def test_a_broken_winmail_is_kept_as_a_file() -> None:
    mail = parse(wrapped(b"nothing of the kind", text="Див. файл"))
    assert [file.filename for file in mail.files] == ["winmail.dat"]
    assert "a winmail.dat that is none" in mail.problems


def test_the_text_of_a_winmail_may_be_packed_rich_text() -> None:
    words = b"{\\rtf1\\ansi\\ansicpg1251{\\fonttbl{\\f0 Arial;}}\\uc1 \\'cd\\'e5 \\u1076?\\u1088?\\u1091?\\u1082?\\u1091?\\u1108?\\par ok}"
    packed = struct.pack("<IIII", len(words) + 12, len(words), 0x414C454D, 0) + words
    data = winmail(attribute(1, 0x00069003, properties((0x102, 0x1009, packed))))
    assert parse(wrapped(data)).text == "Не друкує\nok"


def test_rich_text_that_refers_back_is_unpacked() -> None:
    # The example of MS-OXRTFCP, 4.1.1: two references into the dictionary and what was just written.
    packed = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0")
    assert rtf.unpacked(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_winmails_of_another_project_give_the_files_they_are_known_to_hold(shared_mails: Path) -> None:
    paths = sorted((shared_mails / "mimekit" / "tnef").glob("*.tnef"))
    for path in paths:
        read = tnef.read(path.read_bytes())
        assert read is not None, path.name
        listed = path.with_suffix(".list").read_text().split("\n") if path.with_suffix(".list").exists() else []
        known = path.with_suffix("")
        full = {name for name in listed if not name.startswith("body.") and (known / name).is_file() and (known / name).stat().st_size}
        assert full <= {file.filename for file in read.files}, path.name
        if any(name.startswith("body.") for name in listed):
            assert read.text.strip() or read.html.strip(), path.name
    assert len(paths) >= 15


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=4))
def test_any_bytes_can_be_a_winmail(data: bytes, cuts: Sequence[int]) -> None:
    tnef.read(data)
    tnef.read(struct.pack("<IH", tnef.SIGNATURE, 1) + data)
    whole = winmail(TEXT, *SCAN)
    for cut in cuts:
        tnef.read(whole[:cut] + data[: cut % 7])
    rtf.rtf_to_text(rtf.unpacked(data))
    rtf.rtf_to_text(data)


def event(*lines: str, method: str = "REQUEST") -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (
            event("DTSTART;TZID=FLE Standard Time:20261126T100000", "DTEND:20261126T090000Z", "SUMMARY:Нарада\\, каса", "LOCATION:Zoom"),
            "Запрошення в календар «Нарада, каса» 26.11.2026 10:00-11:00, Zoom",
        ),
        (
            event("DTSTART:20260701T070000Z", "DURATION:PT1H30M", "SUMMARY:Літо"),
            "Запрошення в календар «Літо» 01.07.2026 10:00-11:30",
        ),
        (
            event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261226", "SUMMARY:Інвента", " ризація"),
            "Запрошення в календар «Інвентаризація» 24.12.2026-25.12.2026",
        ),
        (event("DTSTART:20261126T100000", "SUMMARY:Без зони"), "Запрошення в календар «Без зони» 26.11.2026 10:00"),
        (event("DTSTART:20261126T080000Z", "SUMMARY:Ні", method="CANCEL"), "Скасовано запрошення «Ні» 26.11.2026 10:00"),
        (event("DTSTART;TZID=Nowhere/Land:20261126T080000", "SUMMARY:Десь"), "Запрошення в календар «Десь»"),
        (event("DTSTART:20261399T998877Z", "SUMMARY:Ніколи"), "Запрошення в календар «Ніколи»"),
    ],
)
def test_an_invite_is_one_readable_line(data: bytes, line: str) -> None:
    invite = invites.read(data, None, KYIV)
    assert invite is not None
    assert invite.line(KYIV) == line


def test_an_invite_alone_is_the_text_and_beside_words_the_name_of_the_file() -> None:
    data = event("DTSTART:20261126T080000Z", "SUMMARY:Нарада")
    alone = parse(HEAD + b"Content-Type: text/calendar; charset=utf-8; method=REQUEST\n\n" + data)
    assert alone.text == "Запрошення в календар «Нарада» 26.11.2026 10:00"
    beside = parse(wrapped(data, text="Приходьте", content_type="text/calendar; name=invite.ics"))
    assert beside.text == "Приходьте"
    assert [file.filename for file in beside.files] == ["Запрошення в календар «Нарада» 26.11.2026 10.00.ics"]


@given(st.binary(max_size=400))
def test_any_bytes_can_be_an_invite(data: bytes) -> None:
    for each in (data, b"BEGIN:VEVENT\n" + data, event("DTSTART:" + data.decode("latin-1"))):
        if (invite := invites.read(each, None, KYIV)) is not None:
            invite.line(KYIV)


def test_a_zip_is_never_opened() -> None:
    """A bomb is a file like any other: its bytes are counted, nothing else."""
    bomb = b"PK\x03\x04" + b"\0" * 1_000_000
    mail = parse(wrapped(bomb, text="архів", content_type="application/zip; name=../../bomb.zip"))
    assert [(file.filename, file.size) for file in mail.files] == [("bomb.zip", len(bomb))]
