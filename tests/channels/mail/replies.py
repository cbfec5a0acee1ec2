"""The mails of two other projects in Ukrainian, Russian and English, and what of each is the reply: for a test and `bench/mail_quotes.py`.

Of the one project the replies lie beside the mails. The mails of the other mostly begin with the same paragraph, which is the reply; of the
rest `tests/corpus/replies.json` names the lines (from 1, both ends). Two of its files are no mails but forms with a gap to fill in, and are
left out. Half of the mails, by a sum over their names, is set aside: rules are written without looking at it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.channels.mail.quotes import divide

LINES = Path(__file__).resolve().parents[2] / "corpus" / "replies.json"
_OTHER = re.compile(
    r"chinese|danish|dutch|finnish|french|_fr(?:_|\.)|german|italian|norwegian|polish|portuguese|spanish|swedish"
    r"|email_customer_quote_header_3|email_9\.",  # both French
)
_SAME = re.compile(r"Fusce bibendum, quam.*?nec nec nibh\.", re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One mail with its reply."""

    name: str
    project: str
    text: str
    reply: str

    @property
    def is_set_aside(self) -> bool:
        return hashlib.sha256(self.name.encode()).digest()[-1] % 2 == 1

    def is_hit(self) -> bool:
        """The words are the reply's. The projects differ in two habits that lose nobody's words: whether a closing line ("Regards, …")
        is a signature, and whether quoted lines between answers stand among them."""
        division = divide(self.text)
        got, expected = division.text.split(), self.reply.split()
        bare = [word for line in self.reply.split("\n") if not line.startswith(">") for word in line.split()]
        return got in (expected, bare) or f"{division.text} {division.signature}".split() == expected


def cases(shared_mails: Path) -> Iterator[Case]:
    trimmer = shared_mails / "email_reply_trimmer"
    for path in sorted((trimmer / "emails").glob("*.txt")):
        beside = trimmer / "trimmed" / path.name
        if beside.exists() and not _OTHER.search(path.name):
            yield Case(name=path.name, project="email_reply_trimmer", text=_text(path), reply=_text(beside))
    known = json.loads(LINES.read_text())
    for path in sorted((shared_mails / "crisp_email_reply_parser").glob("*.txt")):
        if _OTHER.search(path.name):
            continue
        text = _text(path)
        same = _SAME.search(text)
        if same or path.stem in known:
            reply = same[0] if same else _lines(text, known[path.stem])
            yield Case(name=path.name, project="crisp_email_reply_parser", text=text, reply=reply)


def _lines(text: str, ranges: list[list[int]]) -> str:
    lines = text.split("\n")
    return "\n".join("\n".join(lines[first - 1 : last]) for first, last in ranges)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")
