"""`ParsedMail` ↔ plain JSON values and blobs, for the way out of the parsing process.

No pickle: that process reads hostile mails, and what it answers must not be able to run anything here.
"""

from __future__ import annotations

import json
import struct
from datetime import datetime
from typing import Any

from bot.channels.mail.values import Bounced, Forwarded, MailAddress, MailFile, MailKind, ParsedMail

SIZE = struct.Struct(">Q")
_PLAIN = (
    "because",
    "may_be_answered",
    "subject",
    "message_id",
    "in_reply_to",
    "text",
    "quoted",
    "signature",
    "full_text",
)
_LISTS = ("recipients", "references", "problems")


def head(value: dict[str, Any]) -> bytes:
    """A JSON value with its length in front; the blobs that `sizes` in it names follow on the pipe."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return SIZE.pack(len(data)) + data


def pack(mail: ParsedMail) -> tuple[dict[str, Any], list[bytes]]:
    """JSON values, and the contents of the files in their order."""
    values: dict[str, Any] = {name: getattr(mail, name) for name in (*_PLAIN, *_LISTS)}
    values["kind"] = mail.kind.value
    for name in ("sender", "reply_to"):
        values[name] = _pack_address(getattr(mail, name))
    for name in ("to", "cc"):
        values[name] = [_pack_address(each) for each in getattr(mail, name)]
    for name in ("date", "received_at"):
        at = getattr(mail, name)
        values[name] = at.isoformat() if at else None
    values["files"] = [[file.filename, file.content_type, file.size] for file in mail.files]
    forwarded, bounced = mail.forwarded, mail.bounced
    values["forwarded"] = [_pack_address(forwarded.sender), forwarded.subject, forwarded.text] if forwarded else None
    values["bounced"] = [bounced.recipient, bounced.status, bounced.message_id] if bounced else None
    return values, [file.content for file in mail.files]


def unpack(values: dict[str, Any], blobs: list[bytes]) -> ParsedMail:
    """The value back. Raises KeyError, TypeError or ValueError when it is none."""
    forwarded, bounced = values["forwarded"], values["bounced"]
    plain: dict[str, Any] = {name: values[name] for name in _PLAIN}
    lists: dict[str, Any] = {name: tuple(values[name]) for name in _LISTS}
    return ParsedMail(
        **plain,
        **lists,
        kind=MailKind(values["kind"]),
        sender=_unpack_address(values["sender"]),
        reply_to=_unpack_address(values["reply_to"]),
        to=tuple(MailAddress(name=name, address=address) for name, address in values["to"]),
        cc=tuple(MailAddress(name=name, address=address) for name, address in values["cc"]),
        date=_unpack_instant(values["date"]),
        received_at=_unpack_instant(values["received_at"]),
        files=tuple(
            MailFile(filename=filename, content_type=content_type, size=size, content=content)
            for (filename, content_type, size), content in zip(values["files"], blobs, strict=True)
        ),
        forwarded=Forwarded(sender=_unpack_address(forwarded[0]), subject=forwarded[1], text=forwarded[2]) if forwarded else None,
        bounced=Bounced(recipient=bounced[0], status=bounced[1], message_id=bounced[2]) if bounced else None,
    )


def _pack_address(address: MailAddress | None) -> list[str] | None:
    return [address.name, address.address] if address else None


def _unpack_address(value: list[str] | None) -> MailAddress | None:
    return MailAddress(name=value[0], address=value[1]) if value else None


def _unpack_instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
