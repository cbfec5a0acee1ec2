"""A raw mail → what it says and what it asks for: everything about a mail that takes time, in one pure step for the parsing process."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.mail.parse import Keeping, Own, parse
from bot.channels.mail.values import MailKind, ParsedMail
from bot.intake.analysis import Analysis, analyse
from bot.intake.subjects import composed_text

CHANNEL = "mail"
# So much text of one's own above a forwarded mail may be the question itself; less only points at it.
_POINTER = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A mail and the intake's analysis of its text with its subject; of nothing for machines, who ask for nothing."""

    mail: ParsedMail
    analysis: Analysis


def read(raw: bytes, own: Own, keeping: Keeping | None = None) -> Reading:
    """Reads and analyses. With `keeping` a person's files are kept on its shelf; without, they stay in the raw mail."""
    mail = parse(raw, own, with_content=False, keeping=keeping)
    text = composed_text(message_text(mail), mail.subject) if mail.kind is MailKind.MESSAGE else ""
    return Reading(mail=mail, analysis=analyse(text, channel=CHANNEL))


def message_text(mail: ParsedMail) -> str:
    """What the sender wants read: with a forward, the forwarded text too, when their own words only point at it."""
    forwarded = mail.forwarded
    if forwarded is None or not forwarded.text or len(mail.text) > _POINTER or forwarded.text in mail.text:
        return mail.text
    return f"{mail.text}\n\n{forwarded.text}".strip()
