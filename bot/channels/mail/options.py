"""What can be set about the mail channel: plain values, no configuration library behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.channels.mail.access import MailboxAccess
from bot.channels.mail.smtp import RelayAccess
from bot.errors import Permanent

KYIV = ZoneInfo("Europe/Kyiv")


class ReasonLink(Protocol):
    """Where the urgency question about a ticket is answered with a press, for a letter written then."""

    def __call__(self, ticket_id: int, *, written_at: datetime) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One support mailbox: `address` is what clients write to and what answers come from. Without `access` nothing is read here."""

    name: str
    address: str
    relay: RelayAccess
    access: MailboxAccess | None = None
    aliases: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOptions:
    """`secret` signs reply tokens: 16 random bytes or more, the same for all processes and restarts. `plus_addressing`: the server
    delivers support+anything@ to support@. `owner` names this process in the leases of mailboxes: one name for ever where only one can run.
    `reason_link` is None without a Site.
    What `authserv_id` and `spam_headers` mean is told in `verdicts`, `blocked` in `senders`.
    """

    mailboxes: tuple[Mailbox, ...]
    secret: bytes
    desk_name: str = "Служба підтримки"
    zone: ZoneInfo = KYIV
    plus_addressing: bool = False
    authserv_id: str = ""
    blocked: tuple[str, ...] = ()
    spam_headers: tuple[str, ...] = ()
    owner: str = "deskbot"
    reason_link: ReasonLink | None = None

    @property
    def own_addresses(self) -> frozenset[str]:
        return frozenset(address.lower() for box in self.mailboxes for address in (box.address, *box.aliases))

    def addressed(self, recipients: Sequence[str]) -> str:
        """The name of the mailbox that a mail was sent to: answers come from there. "" when it names none of ours."""
        wanted = {address.lower() for address in recipients}
        return next((box.name for box in self.mailboxes if wanted & {box.address.lower(), *map(str.lower, box.aliases)}), "")

    def mailbox(self, name: str | None) -> Mailbox:
        """The mailbox of that name, else the first. Raises Permanent when there is none to send from."""
        if not self.mailboxes:
            raise Permanent("Листа не надіслано: жодної скриньки не налаштовано ([[mail.mailboxes]]).")
        return next((box for box in self.mailboxes if box.name == name), self.mailboxes[0])
