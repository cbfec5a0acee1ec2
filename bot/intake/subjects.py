"""A mail's subject is part of what the client wrote: «Тема: ПРРО не працює, терміново» may be all the urgency there is. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.model import InboundMessage

# "Re:", "Fwd:", "Відп.:", "На: " and our own tag "[#12-ab12cd34]" say nothing about the question.
_PREFIX = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|wg|відп|відповідь|перес|на|ответ|пер)\s*(?:\[\d+\])?\s*[.:]+\s*|\[#[^\]]{1,40}\]\s*)+", re.IGNORECASE
)


def bare_subject(subject: str) -> str:
    """The subject without reply and forward marks and without our tag."""
    return _PREFIX.sub("", " ".join(subject.split())).strip()


def composed_text(text: str, subject: str) -> str:
    """The text with its subject as the first line, as the intake reads it; unchanged without a subject."""
    subject = bare_subject(subject)
    if not subject or subject.casefold() in text.casefold():
        return text
    return f"Тема: {subject}\n\n{text}"


def compose(inbound: InboundMessage) -> InboundMessage:
    """The same for a message."""
    text = composed_text(inbound.text, inbound.subject)
    return inbound if text is inbound.text else replace(inbound, text=text)
