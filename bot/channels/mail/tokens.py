"""Proof that an answer belongs to a ticket of ours: keyed tokens in the plus-address, the Message-ID and the subject.

A token is checked by the secret alone, so it holds even when the database that wrote it is gone. It is proof of the ticket, not of the
person: whoever gets a forwarded mail has it too (DESIGN 5, threads). Letters are lower case base32, since address parts lose their case.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

_TICKET = r"t(\d{1,18})"
_MAC = r"([a-z2-7]{16})"
_PLUS = re.compile(rf"^[^@]*\+{_TICKET}\.{_MAC}@", re.I)
_MESSAGE = re.compile(rf"^<{_TICKET}\.([a-z2-7]{{16}})\.{_MAC}@", re.I)
_TAG = re.compile(r"\[#(\d{1,18})-([a-z2-7]{8})\]", re.I)
_TAG_LETTERS = 8


class Tokens:
    """Writes and checks tokens. `secret` is at least 16 random bytes; whoever changes it makes all earlier tokens void."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("a token secret has at least 16 bytes")
        self._secret = secret

    def reply_address(self, address: str, ticket_id: int) -> str:
        """support@example.com → support+t12.<mac>@example.com"""
        local, _, domain = address.partition("@")
        return f"{local}+t{ticket_id}.{self._mac('plus', str(ticket_id))}@{domain}"

    def message_id(self, key: str, domain: str, ticket_id: int = 0) -> str:
        """The Message-ID of a delivery: always the same for one key, so that a repeated mail is recognised. 0: not one ticket's."""
        name = _letters(hashlib.sha256(key.encode()).digest()[:10])
        return f"<t{ticket_id}.{name}.{self._mac('message', f'{ticket_id}.{name}')}@{domain}>"

    def subject_tag(self, ticket_id: int) -> str:
        """[#12-abcdefgh], for programs that keep neither address nor references."""
        return f"[#{ticket_id}-{self._mac('tag', str(ticket_id))[:_TAG_LETTERS]}]"

    def ticket_of(self, *, recipients: Iterable[str], message_ids: Iterable[str], subject: str) -> int | None:
        """The ticket that the strongest valid token names: plus-address, then Message-IDs in the order given, then the subject."""
        for address in recipients:
            if ticket_id := self._checked(_PLUS.match(address), "plus"):
                return ticket_id
        for message_id in message_ids:
            found = _MESSAGE.match(message_id)
            if found and self._is_ours(found) and int(found[1]):
                return int(found[1])
        for found in _TAG.finditer(subject):
            if ticket_id := self._checked(found, "tag"):
                return ticket_id
        return None

    def is_own_message(self, message_id: str) -> bool:
        """Whether this Message-ID was made here: such a mail coming in is our own, returned by a loop."""
        found = _MESSAGE.match(message_id)
        return found is not None and self._is_ours(found)

    def _is_ours(self, found: re.Match[str]) -> bool:
        return hmac.compare_digest(found[3].lower(), self._mac("message", f"{int(found[1])}.{found[2].lower()}"))

    def _checked(self, found: re.Match[str] | None, purpose: str) -> int | None:
        if found is None:
            return None
        ticket_id, given = int(found[1]), found[2].lower()
        return ticket_id if hmac.compare_digest(given, self._mac(purpose, str(ticket_id))[: len(given)]) else None

    def _mac(self, purpose: str, value: str) -> str:
        """80 bits: nobody tries that out by mail; the 40 bits of a tag count only from a sender known on the ticket."""
        return _letters(hmac.digest(self._secret, f"deskbot mail {purpose}\0{value}".encode(), "sha256")[:10])


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").lower().rstrip("=")
