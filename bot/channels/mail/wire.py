"""`Reading` ↔ plain JSON values, for the way out of the parsing process.

No pickle: that process reads hostile mails, and what it answers must not be able to run anything here.
"""

from __future__ import annotations

import json
import struct
from datetime import datetime
from typing import Any

from bot.channels.mail.reading import Reading
from bot.channels.mail.values import Bounced, Forwarded, MailAddress, MailFile, MailKind, ParsedMail
from bot.intake.analysis import Analysis, Kind, Part
from bot.intake.clean import Zone, ZoneKind
from bot.model import Category, Priority, UrgencyReason

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
    "oversize",
)
_LISTS = ("recipients", "references", "problems")


def head(value: dict[str, Any]) -> bytes:
    """A JSON value with its length in front; in a request the mails whose `sizes` it names follow on the pipe."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return SIZE.pack(len(data)) + data


def pack(reading: Reading) -> dict[str, Any]:
    """JSON values."""
    return {"mail": _pack_mail(reading.mail), "analysis": _pack_analysis(reading.analysis)}


def unpack(values: dict[str, Any]) -> Reading:
    """The value back. Raises KeyError, TypeError or ValueError when it is none."""
    return Reading(mail=_unpack_mail(values["mail"]), analysis=_unpack_analysis(values["analysis"]))


def _pack_mail(mail: ParsedMail) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(mail, name) for name in (*_PLAIN, *_LISTS)}
    values["kind"] = mail.kind.value
    for name in ("sender", "reply_to"):
        values[name] = _pack_address(getattr(mail, name))
    for name in ("to", "cc"):
        values[name] = [_pack_address(each) for each in getattr(mail, name)]
    for name in ("date", "received_at"):
        at = getattr(mail, name)
        values[name] = at.isoformat() if at else None
    values["files"] = [[file.filename, file.content_type, file.size, file.ref] for file in mail.files]
    forwarded, bounced = mail.forwarded, mail.bounced
    values["forwarded"] = [_pack_address(forwarded.sender), forwarded.subject, forwarded.text] if forwarded else None
    values["bounced"] = [bounced.recipient, bounced.status, bounced.message_id] if bounced else None
    return values


def _unpack_mail(values: dict[str, Any]) -> ParsedMail:
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
        files=tuple(MailFile(filename=name, content_type=kind, size=size, ref=ref) for name, kind, size, ref in values["files"]),
        forwarded=Forwarded(sender=_unpack_address(forwarded[0]), subject=forwarded[1], text=forwarded[2]) if forwarded else None,
        bounced=Bounced(recipient=bounced[0], status=bounced[1], message_id=bounced[2]) if bounced else None,
    )


def _pack_analysis(analysis: Analysis) -> dict[str, Any]:
    return {
        "kind": analysis.kind.value,
        "parts": [_pack_part(part) for part in analysis.parts],
        "shared": analysis.shared,
        "noise": analysis.noise,
        "zones": [[zone.start, zone.end, zone.kind.value] for zone in analysis.zones],
        "confidence": analysis.confidence,
        "act": analysis.act,
        "because": analysis.because,
    }


def _pack_part(part: Part) -> dict[str, Any]:
    return {
        "spans": part.spans,
        "title": part.title,
        "category": part.category.value,
        "priority": part.priority_guess.value,
        "urgent": part.urgent,
        "reason": part.reason.value if part.reason else None,
        "evidence": part.evidence,
    }


def _unpack_analysis(values: dict[str, Any]) -> Analysis:
    return Analysis(
        kind=Kind(values["kind"]),
        parts=tuple(_unpack_part(part) for part in values["parts"]),
        shared=_unpack_spans(values["shared"]),
        noise=_unpack_spans(values["noise"]),
        zones=tuple(Zone(start=start, end=end, kind=ZoneKind(kind)) for start, end, kind in values["zones"]),
        confidence=values["confidence"],
        act=values["act"],
        because=values["because"],
    )


def _unpack_part(values: dict[str, Any]) -> Part:
    reason, evidence = values["reason"], values["evidence"]
    return Part(
        spans=_unpack_spans(values["spans"]),
        title=values["title"],
        category=Category(values["category"]),
        priority_guess=Priority(values["priority"]),
        urgent=values["urgent"],
        reason=UrgencyReason(reason) if reason else None,
        evidence=(evidence[0], evidence[1]) if evidence else None,
    )


def _unpack_spans(values: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in values)


def _pack_address(address: MailAddress | None) -> list[str] | None:
    return [address.name, address.address] if address else None


def _unpack_address(value: list[str] | None) -> MailAddress | None:
    return MailAddress(name=value[0], address=value[1]) if value else None


def _unpack_instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
