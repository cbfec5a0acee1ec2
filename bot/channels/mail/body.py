"""Which parts of a mail are its text and which are files, and what the text says (flowed lines, alternatives, HTML)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from bot.channels.mail.charset import clean, decode
from bot.channels.mail.headers import parameters
from bot.channels.mail.tree import Part
from bot.channels.mail.values import MailFile

MAX_TEXT = 256 * 1024
MAX_FILES = 50

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.I)
_STUB = re.compile(
    r"^\W*(?:this (?:message|e-?mail) (?:is in|contains|requires) html|your (?:mail|email) (?:client|program"
    r"|reader) (?:does not|doesn't|can ?not)"
    r"|html content follows|(?:це|это) (?:повідомлення|сообщение) (?:у форматі|в формате) html)",
    re.I,
)
_ENDINGS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
    "application/ms-tnef": ".dat",
}


@dataclass(slots=True)
class Body:
    """The text of a mail: `own` and, where HTML containers said so, `quoted`; the parts that are files; what was broken."""

    own: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    charset: str | None = None

    def note(self, problem: str | None) -> None:
        if problem and problem not in self.problems:
            self.problems.append(problem)


def gather(root: Part) -> Body:
    """Walks the tree once, from the top."""
    body = Body()
    _visit(root, body)
    return body


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
        from bot.channels.mail import markup

        own, quoted = markup.to_text(text)
        body.own.append(own)
        if quoted:
            body.quoted.append(quoted)
        return
    if part.content_type == "text/enriched":
        text = re.sub(r"</?[A-Za-z0-9-]{1,40}>", "", text)
    if part.parameters.get("format", "").lower() == "flowed":
        text = _unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    body.own.append(text)


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


def files_of(body: Body, *, with_content: bool) -> tuple[MailFile, ...]:
    """The files with safe names, each name once; more than MAX_FILES are counted and left in the original."""
    taken: dict[str, int] = {}
    files: list[MailFile] = []
    if len(body.files) > MAX_FILES:
        body.note(f"{len(body.files)} files: only {MAX_FILES} were taken, the rest is in the original")
    for number, part in enumerate(body.files[:MAX_FILES], start=1):
        content = part.content()
        name = _once(safe_name(part.filename or _own_name(part), part.content_type, number), taken)
        kept = content if with_content else b""
        files.append(MailFile(filename=name, content_type=part.content_type, size=len(content), content=kept))
    return tuple(files)


def _own_name(part: Part) -> str:
    """A nested mail is called like its subject; a part without a name like its place."""
    if part.content_type == "message/rfc822":
        from bot.channels.mail.headers import split

        headers, _, _ = split(part.buffer, part.start, part.end)
        return headers.text("subject")[:80]
    return parameters(part.headers.first("content-description"))[0]


def safe_name(given: str, content_type: str, number: int) -> str:
    """A file name that is only a name: no path, no control or direction marks, no reserved words, at most 120 characters."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = _FORBIDDEN.sub("_", name).strip(" .")
    if not name or not any(sign.isalnum() for sign in name):
        name = f"file-{number}"
    if _RESERVED.match(name):
        name = "_" + name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10 or not stem:
        name += _ENDINGS.get(content_type, "")
        stem, dot, ending = name.rpartition(".")
    if len(name) > 120:
        name = f"{stem[: 119 - len(ending)]}.{ending}" if dot else name[:120]
    return name


def _once(name: str, taken: dict[str, int]) -> str:
    count = taken.get(name.lower(), 0) + 1
    taken[name.lower()] = count
    if count == 1:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem} ({count}).{ending}" if dot else f"{name} ({count})"
