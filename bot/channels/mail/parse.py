"""A raw mail → `ParsedMail`. Accepts any bytes, never raises on them, keeps to limits, says in `problems` what was broken.

Pure: no network, no clock, no configuration beyond `Own`. Heavy libraries load only for the mail that needs them (HTML, rare charsets).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from bot.channels.mail import addresses, tree
from bot.channels.mail.body import MAX_TEXT, Body, files_of, gather, says_something
from bot.channels.mail.charset import clean
from bot.channels.mail.headers import Headers, as_text
from bot.channels.mail.machines import Evidence, Verdict, judge, takes_no_answers
from bot.channels.mail.quotes import Division, divide
from bot.channels.mail.tnef import Enclosed
from bot.channels.mail.tree import Part
from bot.channels.mail.values import Forwarded, MailAddress, MailFile, MailKind, ParsedMail
from bot.files import FileLimits, Shelf

# `source` puts it in front of a mail that it fetched in part.
OVERSIZE = "X-Deskbot-Oversize"
_ID = re.compile(r"<[^<>\s]{1,500}>")
_BARE_ID = re.compile(r"[^<>\s,;()\"]{1,250}@[^<>\s,;()\"]{1,250}")
_MAX_IDS = 100
_SENDERS = ("from", "sender", "reply-to", "return-path", "x-sender", "envelope-from")
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "resent-to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What is ours in mails: the addresses we read and write at, in lower case, and the zone in which times are told."""

    addresses: frozenset[str] = frozenset()
    zone: str = "Europe/Kyiv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Where the files of people's mails are kept, and which of them. Machines' files stay in the original."""

    shelf: Shelf
    limits: FileLimits


NOBODY = Own()


def parse(raw: bytes, own: Own = NOBODY, *, with_content: bool = True, keeping: Keeping | None = None) -> ParsedMail:
    """Reads a mail. `with_content=False` leaves the bytes of attached files out (their sizes stay right). With `keeping` a person's files
    are on its shelf when this returns; Transient when the disk refuses."""
    root, problems = tree.read(_without_envelope(raw))
    oversize = 0
    if root.headers.items[:1] and root.headers.items[0][0] == OVERSIZE.lower():
        said = as_text(root.headers.items[0][1])[:60]
        problems.append(f"too big to be fetched whole: {said} bytes")
        size = said.rpartition(" ")[2]
        oversize = int(size) if size.isascii() and size.isdigit() else 1
    zone = ZoneInfo(own.zone)
    body = gather(root, zone)
    for problem in problems:
        body.note(problem)
    attached = None
    if not says_something(body) and (nested := _nested(body)) is not None:
        attached = _take_text_of(nested, body, zone)
    headers = root.headers
    hint = body.charset
    sender = _writer(_sender(headers, hint, body), headers, hint, own, body)
    subject = headers.text("subject", hint)[:1_000]
    leaves = tuple(_leaves(root))
    evidence = Evidence(
        headers=headers,
        leaves=leaves,
        root=root,
        sender=sender,
        subject=subject,
        own=own.addresses,
        recipients=frozenset(address.lower() for address in _recipients(headers, hint)),
    )
    verdict = judge(evidence, lambda: "\n".join(body.own))
    # Of an oversize mail the last file is cut somewhere: none is kept, the client is told.
    keep = keeping.shelf.put if keeping and verdict.kind is MailKind.MESSAGE and not oversize else None
    files = files_of(body, keeping.limits if keeping else FileLimits(), keep=keep, with_content=with_content)
    mail = _put_together(root, body, verdict, sender=sender, subject=subject, files=files)
    if attached is not None and mail.forwarded is None:
        mail = replace(mail, forwarded=replace(attached, text=mail.text))
    return replace(mail, oversize=oversize) if oversize else mail


def _put_together(
    root: Part, body: Body, verdict: Verdict, *, sender: MailAddress | None, subject: str, files: tuple[MailFile, ...]
) -> ParsedMail:
    headers, hint = root.headers, body.charset
    division = _divide(body, subject)
    in_reply_to = _ids(headers, "in-reply-to")
    reply_to = addresses.parse(headers.first("reply-to"), hint)
    return ParsedMail(
        kind=verdict.kind,
        because=verdict.because,
        may_be_answered=verdict.may_be_answered,
        bounced=verdict.bounced,
        sender=sender,
        reply_to=reply_to[0] if reply_to else None,
        to=addresses.parse(b", ".join(headers.all("to")), hint),
        cc=addresses.parse(b", ".join(headers.all("cc")), hint),
        recipients=_recipients(headers, hint),
        subject=subject,
        date=_instant(headers.first("date"), "Date", body),
        received_at=received_instant(headers),
        message_id=next(iter(_ids(headers, "message-id")), ""),
        in_reply_to=in_reply_to[0] if in_reply_to else "",
        references=tuple(dict.fromkeys([*_ids(headers, "references"), *in_reply_to]))[-_MAX_IDS:],
        text=division.text,
        quoted=division.quoted,
        signature=division.signature,
        full_text=_whole(body),
        forwarded=division.forwarded,
        files=files,
        problems=tuple(body.problems),
    )


def _without_envelope(raw: bytes) -> bytes:
    """The "From " line of an mbox is no part of the mail."""
    return raw[raw.find(b"\n") + 1 :] if raw.startswith((b"From ", b">From ")) and b"\n" in raw[:1_000] else raw


def _leaves(part: Part) -> list[Part]:
    return [leaf for child in part.children for leaf in _leaves(child)] if part.children else [part]


def _nested(body: Body) -> Part | Enclosed | None:
    return next((part for part in body.files if part.content_type == "message/rfc822"), None)


def _take_text_of(nested: Part | Enclosed, body: Body, zone: ZoneInfo) -> Forwarded:
    """Forwarded as an attachment, with nothing written above: the attached mail's own text is what there is to read. Who wrote it."""
    data = nested.content()
    inner_root, _ = tree.read(data)
    inner = gather(inner_root, zone)
    body.own = [*body.own, *inner.own]
    body.quoted = [*body.quoted, *inner.quoted]
    body.charset = body.charset or inner.charset
    body.note("text taken from the attached mail")
    writers = addresses.parse(inner_root.headers.first("from"), inner.charset)
    return Forwarded(sender=writers[0] if writers else None, subject=inner_root.headers.text("subject", inner.charset)[:1_000], text="")


def _sender(headers: Headers, hint: str | None, body: Body) -> MailAddress | None:
    for name in _SENDERS:
        found = addresses.parse(headers.first(name), hint)
        if found:
            if name != "from":
                body.note(f"no usable From: the sender is taken from {name.title()}")
                shown = _name_only(headers, hint)
                return replace(found[0], name=found[0].name or shown)
            return found[0]
    body.note("no sender address")
    return None


def _writer(sender: MailAddress | None, headers: Headers, hint: str | None, own: Own, body: Body) -> MailAddress | None:
    """A form on a web site writes from our own address or from a no-reply one, and puts the person into Reply-To."""
    if sender is None or not (sender.address.lower() in own.addresses or takes_no_answers(sender.address)):
        return sender
    for person in addresses.parse(headers.first("reply-to"), hint):
        if person.address.lower() not in own.addresses and not takes_no_answers(person.address):
            body.note("written by a form: the sender is taken from Reply-To")
            return person
    return sender


def _name_only(headers: Headers, hint: str | None) -> str:
    return headers.text("from", hint).strip("\"' <>")[:200]


def _recipients(headers: Headers, hint: str | None) -> tuple[str, ...]:
    found = [each.address for name in _RECIPIENTS for value in headers.all(name) for each in addresses.parse(value, hint)]
    return tuple(dict.fromkeys(found))[:200]


def _ids(headers: Headers, name: str) -> list[str]:
    text = " ".join(as_text(value) for value in headers.all(name))[:64_000]
    found = _ID.findall(text)
    if not found:
        # Some programs forget the brackets; a quoted sentence ("Your message of …") holds no id at all.
        found = [f"<{each}>" for each in _BARE_ID.findall(text)]
    return [clean(each) for each in found[-_MAX_IDS:]]


def received_instant(headers: Headers) -> datetime | None:
    """The time in the topmost Received header, UTC: when the last server on the way took the mail in (R10)."""
    return _instant(headers.first("received").rpartition(b";")[2], "Received", None)


def _instant(value: bytes, name: str, body: Body | None) -> datetime | None:
    text = " ".join(as_text(value[:200]).split())
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        if body is not None:
            body.note(f"unreadable {name}")
        return None


def _divide(body: Body, subject: str) -> Division:
    own = _cut("\n\n".join(text.strip("\n") for text in body.own if text.strip()), body)
    division = divide(own, subject=subject)
    if not body.quoted:
        return division
    quoted = "\n\n".join(text for text in (division.quoted, *body.quoted) if text)
    return replace(division, quoted=_cut(quoted, body))


def _whole(body: Body) -> str:
    return "\n\n".join(text.strip("\n") for text in (*body.own, *body.quoted) if text.strip())[:MAX_TEXT]


def _cut(text: str, body: Body) -> str:
    if len(text) <= MAX_TEXT:
        return text
    body.note(f"text longer than {MAX_TEXT // 1024} thousand characters: the rest is in the original")
    return text[:MAX_TEXT]
