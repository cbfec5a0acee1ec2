"""Which parts of a mail are its text and which are files, and what the text says (flowed lines, alternatives, HTML).

Containers that only mail programs open are opened here: a winmail.dat gives its text and files, a calendar invite one readable line.
An archive is a file like any other: nobody opens a zip.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.channels.mail.charset import clean, decode
from bot.channels.mail.headers import parameters
from bot.channels.mail.tnef import Enclosed
from bot.channels.mail.tnef import read as read_tnef
from bot.channels.mail.tree import Part
from bot.channels.mail.values import MailFile
from bot.files import FileLimits, safe_name
from bot.files.names import once

MAX_TEXT = 256 * 1024

_STUB = re.compile(
    r"^\W*(?:this (?:message|e-?mail) (?:is in|contains|requires) html|your (?:mail|email) (?:client|program"
    r"|reader) (?:does not|doesn't|can ?not)"
    r"|html content follows|(?:це|это) (?:повідомлення|сообщение) (?:у форматі|в формате) html)",
    re.I,
)
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_CALENDARS = ("text/calendar", "application/ics")


@dataclass(slots=True)
class Body:
    """The text of a mail: `own` and, where HTML containers said so, `quoted`; the parts that are files; what was broken."""

    own: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    files: list[Part | Enclosed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    charset: str | None = None

    def note(self, problem: str | None) -> None:
        if problem and problem not in self.problems:
            self.problems.append(problem)


def gather(root: Part, zone: ZoneInfo) -> Body:
    """Walks the tree once, from the top. Invites tell their time in `zone`."""
    body = Body()
    _visit(root, body)
    body.files = [file for part in body.files for file in _opened(part, body)]
    _read_invites(body, zone)
    return body


def says_something(body: Body) -> bool:
    """Whether there is any word of the sender's own."""
    return any(any(sign.isalnum() for sign in text) for text in body.own)


def _opened(part: Part | Enclosed, body: Body) -> list[Part | Enclosed]:
    """What is in a winmail.dat, or the file itself. Its text counts where the mail has none beside it."""
    if not (part.content_type in _TNEF or part.filename.lower() == "winmail.dat"):
        return [part]
    found = read_tnef(part.content())
    if found is None:
        body.note("a winmail.dat that is none")
        return [part]
    if not says_something(body) and found.text.strip():
        body.own.append(found.text.replace("\r\n", "\n"))
    elif not says_something(body) and found.html:
        _add_html(found.html, body)
    body.note("winmail.dat opened")
    return list(found.files)


def _read_invites(body: Body, zone: ZoneInfo) -> None:
    """The line is the text of a mail that has none, and the name of the file anyhow: beside the sender's own words it is no request."""
    for place, part in enumerate(body.files):
        if part.content_type not in _CALENDARS:
            continue
        from bot.channels.mail import invites

        data = part.content()
        invite = invites.read(data, part.charset if isinstance(part, Part) else None, zone)
        if invite is None:
            continue
        line = invite.line(zone)
        if not says_something(body):
            body.own.append(line)
        body.files[place] = Enclosed(
            filename=f"{line.replace(':', '.').replace('/', '-')[:110]}.ics", content_type="text/calendar", data=data
        )


def _visit(part: Part, body: Body) -> None:
    kind = part.content_type
    if not part.children:
        if _is_text(part):
            _add_text(part, body)
        elif part.start < part.end or part.filename:
            body.files.append(part)
    elif kind == "multipart/alternative":
        chosen = _choose(part.children)
        for child in part.children:
            if child is chosen:
                _visit(child, body)
            else:
                body.files += [leaf for leaf in _leaves(child) if not _is_text(leaf)]
    elif kind in ("multipart/related", "multipart/report"):
        _visit(part.children[0], body)
        body.files += [leaf for child in part.children[1:] for leaf in _leaves(child)]
    else:
        for child in part.children:
            _visit(child, body)


def _leaves(part: Part) -> list[Part]:
    if not part.children:
        return [part]
    return [leaf for child in part.children for leaf in _leaves(child)]


def _is_text(part: Part) -> bool:
    is_attached = part.disposition == "attachment" or (part.filename != "" and part.disposition != "inline")
    return part.content_type in ("text/plain", "text/html", "text/enriched") and not is_attached


def _choose(children: list[Part]) -> Part:
    """Plain text where it says something; otherwise the richest that holds text; otherwise the last (RFC 2046, 5.1.4)."""
    plain = next((child for child in children if child.content_type == "text/plain" and not child.children), None)
    others = [child for child in children if child is not plain and any(_is_text(leaf) for leaf in _leaves(child))]
    if plain is not None:
        text, _ = decode(plain.content(), plain.charset)
        if any(sign.isalnum() for sign in text) and not (others and _STUB.match(text)):
            return plain
    return others[-1] if others else plain or children[-1]


def _add_text(part: Part, body: Body) -> None:
    data = part.content()
    if len(data) > 4 * MAX_TEXT:
        data = data[: 4 * MAX_TEXT]
        body.note("text longer than 1 MB: the rest is in the original")
    charset = part.charset or (_html_charset(data) if part.content_type == "text/html" else None)
    text, problem = decode(data, charset)
    body.note(problem)
    body.charset = body.charset or charset
    text = clean(text)
    if part.content_type == "text/html":
        _add_html(text, body)
        return
    if part.content_type == "text/enriched":
        text = re.sub(r"</?[A-Za-z0-9-]{1,40}>", "", text)
    if part.parameters.get("format", "").lower() == "flowed":
        text = _unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    body.own.append(text)


def _add_html(html: str, body: Body) -> None:
    from bot.channels.mail import markup

    own, quoted = markup.to_text(html)
    body.own.append(own)
    if quoted:
        body.quoted.append(quoted)


def _html_charset(data: bytes) -> str | None:
    found = re.search(rb"""<meta[^>]{0,200}charset=["']?([A-Za-z0-9_.:-]{2,40})""", data[:4096], re.I)
    return found[1].decode("ascii") if found else None


def _unflow(text: str, *, delete_space: bool) -> str:
    """RFC 3676: lines that end in a space go on in the next one of the same quote depth. "-- " is a signature, not a flow."""
    lines: list[str] = []
    depth_before, flows = 0, False
    for raw in text.split("\n"):
        content = raw.lstrip(">")
        depth = len(raw) - len(content)
        content = content[1:] if content.startswith(" ") else content
        if flows and depth == depth_before and content != "-- ":
            lines[-1] = (lines[-1][:-1] if delete_space else lines[-1]) + content
        else:
            lines.append((">" * depth + " " if depth else "") + content)
        flows = content.endswith(" ") and content != "-- "
        depth_before = depth
    return "\n".join(lines)


def files_of(body: Body, limits: FileLimits, *, keep: Callable[[bytes], str] | None, with_content: bool) -> tuple[MailFile, ...]:
    """The files with safe names, each name once. `keep` takes the bytes of those within the limits and gives their references."""
    taken: dict[str, int] = {}
    files: list[MailFile] = []
    contents = [part.content() for part in body.files]
    for number, (part, content, fits) in enumerate(zip(body.files, contents, limits.accepted(map(len, contents)), strict=True), start=1):
        name = once(safe_name(part.filename or _own_name(part), part.content_type, number), taken)
        if not fits:
            body.note("files beyond the limits were left in the original")
        files.append(
            MailFile(
                filename=name,
                content_type=part.content_type,
                size=len(content),
                content=content if with_content else b"",
                ref=keep(content) if keep and fits else "",
            )
        )
    return tuple(files)


def _own_name(part: Part | Enclosed) -> str:
    """A nested mail is called like its subject; a part without a name like its place."""
    if isinstance(part, Enclosed):
        return ""
    if part.content_type == "message/rfc822":
        from bot.channels.mail.headers import split

        headers, _, _ = split(part.buffer, part.start, part.end)
        return headers.text("subject")[:80]
    return parameters(part.headers.first("content-description"))[0]
