"""The mail itself around a letter: who to whom, how it threads in the client's program, what keeps machines from answering it. Pure.

Its bytes are the same for the same delivery, the Message-ID above all: when it is not known whether a mail went out, the second one is
recognised as the first.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from bot.channels.mail.addresses import bare
from bot.channels.mail.charset import clean
from bot.channels.mail.layout import as_html, as_text
from bot.channels.mail.machines import LOOP_HEADER
from bot.channels.mail.options import Mailbox, MailOptions
from bot.channels.mail.render import Letter
from bot.channels.mail.tokens import Tokens
from bot.errors import Unreachable
from bot.model import Delivery

MAX_REFERENCES = 20
_ID = re.compile(r"^<[^<>\s]{1,500}>$")
_REPLY = re.compile(r"^\s*(?:re|відп|на|ответ)\s*:", re.I)
_MAX_SUBJECT = 180


def build(delivery: Delivery, letter: Letter, *, mailbox: Mailbox, options: MailOptions, tokens: Tokens, now: datetime) -> EmailMessage:
    """The mail for a delivery. Raises Unreachable for a recipient that is no mail address."""
    thread: dict[str, Any] = delivery.body.get("letter") or {}
    ticket_id = letter.ticket_ids[0] if len(letter.ticket_ids) == 1 else 0
    mail = EmailMessage()
    mail["From"] = _address(mailbox.address, options.desk_name)
    mail["To"] = _address(delivery.route.recipient)
    if options.plus_addressing and ticket_id:
        mail["Reply-To"] = _address(tokens.reply_address(mailbox.address, ticket_id), options.desk_name)
    mail["Subject"] = subject(letter, thread, tag=tokens.subject_tag(ticket_id) if ticket_id else "")
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(delivery, letter, mailbox=mailbox, tokens=tokens)
    _thread(mail, thread)
    _keep_machines_quiet(mail, mailbox, is_automatic=delivery.is_automatic)
    mail.set_content(clean(as_text(letter, signed=options.desk_name)), cte="base64")
    mail.add_alternative(clean(as_html(letter, signed=options.desk_name)), subtype="html", cte="base64")
    return mail


def message_id(delivery: Delivery, letter: Letter, *, mailbox: Mailbox, tokens: Tokens) -> str:
    """Named by the delivery's unique key, and by the ticket when it is about one."""
    ticket_id = letter.ticket_ids[0] if len(letter.ticket_ids) == 1 else 0
    return tokens.message_id(delivery.key, mailbox.domain, ticket_id)


def subject(letter: Letter, thread: dict[str, Any], *, tag: str) -> str:
    """The client's own subject, answered, so that their program keeps the thread together; the tag goes along once."""
    own = " ".join(clean(str(thread.get("subject") or "")).split())
    answered = own if not own or _REPLY.match(own) else f"Re: {own}"
    words = answered or " ".join(clean(letter.topic).split())
    if tag and tag in words:
        tag = ""
    return f"{words[:_MAX_SUBJECT]} {tag}".strip()


def _thread(mail: EmailMessage, thread: dict[str, Any]) -> None:
    """RFC 5322, 3.6.4. Long chains keep their beginning and their newest end."""
    answered = str(thread.get("message_id") or "")
    if not _ID.match(answered):
        return
    chain = [each for each in map(str, thread.get("references") or ()) if _ID.match(each) and each != answered]
    if len(chain) > MAX_REFERENCES - 1:
        chain = [chain[0], *chain[-(MAX_REFERENCES - 2) :]]
    mail["In-Reply-To"] = answered
    mail["References"] = " ".join([*chain, answered])


def _keep_machines_quiet(mail: EmailMessage, mailbox: Mailbox, *, is_automatic: bool) -> None:
    """RFC 3834: what no person wrote says so. The loop mark stands on everything we send."""
    if is_automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["Precedence"] = "auto_reply"
    mail["X-Auto-Response-Suppress"] = "All"
    mail[LOOP_HEADER] = mailbox.address


def _address(value: str, name: str = "") -> Address:
    local, _, domain = bare(value).rpartition("@")
    if not local:
        raise Unreachable("Це не поштова адреса.")
    try:
        return Address(display_name=" ".join(clean(name).split()), username=local, domain=domain)
    except (ValueError, IndexError) as error:
        raise Unreachable("Це не поштова адреса.") from error
