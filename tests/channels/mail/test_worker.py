"""The parsing process and its pipe: what a killed service cut off is no mail, however far it came."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

import pytest

from bot.channels.mail.parse import NOBODY, Keeping
from bot.channels.mail.wire import head
from bot.channels.mail.worker import serve
from bot.files import FileLimits, Shelf


def request() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "olena@example.com", "support@example.com", "Скан"
    mail.set_content("Не друкує чек, скан додаю.")
    mail.add_attachment(bytes(20_000), maintype="image", subtype="png", filename="скан.png")
    raw = mail.as_bytes()
    return head({"sizes": [len(raw)]}) + raw


def served(data: bytes, shelf: Shelf) -> bytes:
    target = io.BytesIO()
    serve(NOBODY, Keeping(shelf=shelf, limits=FileLimits()), io.BytesIO(data), target)
    return target.getvalue()


def test_a_whole_request_is_answered_and_its_file_kept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert served(request(), shelf)
    assert len(list(shelf.refs())) == 1


@pytest.mark.parametrize("left", [3, 12, 200, -10_000, -1], ids=["its length", "its head", "the mail", "the file", "the end"])
def test_what_was_cut_off_is_no_mail(left: int, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert served(request()[:left], shelf) == b""
    assert list(shelf.refs()) == []
