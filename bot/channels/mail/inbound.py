"""A parsed mail → the neutral message of the intake, with what it offers as proof that it continues a ticket. Pure."""

from __future__ import annotations

import re
from typing import Any

from bot.channels.mail.reading import CHANNEL, message_text
from bot.channels.mail.tokens import Tokens
from bot.channels.mail.values import MailAddress, MailFile, MailKind, ParsedMail
from bot.domains import is_public
from bot.model import Address, Attachment, InboundMessage, Route, ThreadEvidence
from bot.ports import InboxItem

# Who sends a mail without any address is nobody that could be answered; the name stands in the ticket.
NOBODY = "unknown@invalid"
_MAX_REFERENCES = 20
_CYRILLIC = re.compile("[а-яіїєґ]", re.I)
_LATIN = re.compile("[a-z]", re.I)


def inbound(item: InboxItem, mail: ParsedMail, *, tokens: Tokens, mailbox: str) -> InboundMessage:
    """The message. Machines come as set aside, whatever they say; a mail of our own, come back, is a loop."""
    sender = mail.sender or MailAddress(name="", address=NOBODY)
    message_ids = _strongest_first(mail)
    token = tokens.ticket_of(recipients=mail.recipients, message_ids=message_ids, subject=mail.subject)
    text = message_text(mail)
    return InboundMessage(
        channel=CHANNEL,
        conversation=sender.address.lower(),
        external_ids=(mail.message_id or item.external_id,),
        sender=Address(channel=CHANNEL, value=sender.address.lower()),
        sender_name=sender.name or sender.address.partition("@")[0],
        reply_route=_route(mail),
        text=text,
        quoted="\n\n".join(part for part in (mail.signature, mail.quoted) if part),
        received_at=item.received_at,
        is_quiet=item.is_quiet,
        subject=mail.subject,
        attachments=_attachments(mail),
        evidence=ThreadEvidence(token_ticket_id=token, references=message_ids),
        language=_language(f"{mail.subject} {text}"),
        set_aside=_set_aside(mail, tokens),
        problems=mail.problems,
        letter=_letter(mail, mailbox),
    )


def _strongest_first(mail: ParsedMail) -> tuple[str, ...]:
    """What it answers, then the references from the newest back."""
    ids = [mail.in_reply_to] if mail.in_reply_to else []
    return tuple(dict.fromkeys([*ids, *reversed(mail.references)]))[:_MAX_REFERENCES]


def _route(mail: ParsedMail) -> Route | None:
    """Answers go to the sender; to Reply-To only within the sender's own company's domain, so that nobody's answers are drawn elsewhere."""
    if mail.sender is None:
        return None
    target, reply_to = mail.sender.address.lower(), mail.reply_to.address.lower() if mail.reply_to else ""
    domain = target.rpartition("@")[2]
    if reply_to.rpartition("@")[2] == domain and not is_public(domain):
        target = reply_to
    return Route(channel=CHANNEL, recipient=target)


def _set_aside(mail: ParsedMail, tokens: Tokens) -> str | None:
    if mail.message_id and tokens.is_own_message(mail.message_id):
        return MailKind.LOOP.value
    return None if mail.kind is MailKind.MESSAGE else mail.kind.value


def _attachments(mail: ParsedMail) -> tuple[Attachment, ...]:
    """Its files; of a mail that was too large to be fetched whole there is one more, which nobody has: the rest of it."""
    files = tuple(map(_attachment, mail.files))
    if mail.oversize and not any(file.size for file in files):
        files = (*files, Attachment(name="решта листа", size=mail.oversize))
    return files


def _attachment(file: MailFile) -> Attachment:
    """`ref` is empty for what is over the limits: it is named in the ticket, and its bytes are in the original mail alone."""
    kind, _, _ = file.content_type.partition("/")
    kinds = {"image": "photo", "audio": "voice", "video": "video"}
    return Attachment(
        name=file.filename,
        content_type=file.content_type,
        size=file.size,
        kind=kinds.get(kind, "document"),
        ref=file.ref,
    )


def _language(text: str) -> str | None:
    """English when there is Latin text and not one Cyrillic letter; otherwise the desk's own language is right."""
    sample = text[:4_000]
    if _CYRILLIC.search(sample) or len(_LATIN.findall(sample)) < 12:
        return None
    return "en"


def _letter(mail: ParsedMail, mailbox: str) -> dict[str, Any]:
    """What an answer threads by. `no_automatic`: the sender's server forbids automatic answers (RFC 3834)."""
    letter: dict[str, Any] = {"subject": mail.subject, "message_id": mail.message_id, "mailbox": mailbox}
    letter["references"] = list(mail.references[-_MAX_REFERENCES:])
    if not mail.may_be_answered:
        letter["no_automatic"] = True
    return letter
