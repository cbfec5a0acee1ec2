"""Mails as clients' programs write them: made by hand, so that charset, headers and line ends are what we say they are."""

from __future__ import annotations

import base64
from collections.abc import Sequence


def letter(
    *,
    sender: str,
    name: str,
    subject: str,
    text: str,
    message_id: str,
    to: str = "support@desk.example",
    charset: str = "windows-1251",
    answers: Sequence[str] = (),
    extra: Sequence[str] = (),
) -> bytes:
    """A plain text mail. `answers` are Message-IDs, the last is answered; `extra` are whole header lines. Without a sender: no From."""
    headers = [
        "Received: from client.example by mx.desk.example; Tue, 24 Nov 2026 09:20:00 +0200",
        *([f"From: {_word(name, charset)} <{sender}>"] if sender else []),
        f"To: Support <{to}>",
        f"Subject: {_word(subject, charset)}",
        "Date: Tue, 24 Nov 2026 09:19:58 +0200",
        f"Message-ID: <{message_id}>",
        *([f"In-Reply-To: <{answers[-1]}>", "References: " + " ".join(f"<{each}>" for each in answers)] if answers else []),
        "MIME-Version: 1.0",
        f"Content-Type: text/plain; charset={charset}",
        "Content-Transfer-Encoding: 8bit",
        *extra,
    ]
    return "\r\n".join(headers).encode("ascii") + b"\r\n\r\n" + text.replace("\n", "\r\n").encode(charset) + b"\r\n"


def _word(text: str, charset: str) -> str:
    """RFC 2047, words short enough for one line each (four octets a letter at most)."""
    pieces = [text[at : at + 10] for at in range(0, len(text), 10)]
    return "\r\n ".join(f"=?{charset}?B?{base64.b64encode(piece.encode(charset)).decode()}?=" for piece in pieces)
