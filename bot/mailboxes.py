"""The configured mailboxes as the mail channel takes them: servers, logins, and who keeps their tokens. Nothing is opened here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.mail.access import MailboxAccess
from bot.channels.mail.oauth.keeper import Keeper
from bot.channels.mail.oauth.providers import Provider, Way, google, microsoft
from bot.channels.mail.oauth.sealing import sealer
from bot.channels.mail.options import Mailbox
from bot.channels.mail.smtp import RelayAccess
from bot.clock import Clock

if TYPE_CHECKING:
    from bot.config import MailboxSettings, OAuthSettings, Settings
    from bot.ports import Storage


def mailbox(settings: Settings, box: MailboxSettings, *, storage: Storage, clock: Clock) -> Mailbox:
    """One of them. Raises Misconfigured when its tokens cannot be kept."""
    keeper = token_keeper(settings, box, storage=storage, clock=clock)
    imap, smtp = box.imap, box.smtp
    access = MailboxAccess(
        host=imap.host,
        port=imap.port,
        user=imap.user,
        password=imap.password.reveal(),
        token=keeper,
        folder=imap.folder,
        is_plain=imap.security == "plain",
        idle_renewal=imap.renew,
    )
    relay = RelayAccess(
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        user=(smtp.user or imap.user) if smtp.auth else "",
        password=(smtp.password or imap.password).reveal() if smtp.auth else "",
        # A user of its own with a password of its own is another server's.
        token=keeper if smtp.auth and not smtp.password else None,
    )
    return Mailbox(name=box.name, address=box.address, aliases=box.aliases, access=access, relay=relay)


def token_keeper(settings: Settings, box: MailboxSettings, *, storage: Storage, clock: Clock) -> Keeper | None:
    """Who keeps the tokens of a mailbox; None for one with a password."""
    if box.oauth is None:
        return None
    seal = sealer(settings.mail.token_key.reveal(), settings.desk.data_dir)
    return Keeper(name=box.name, provider=_provider(box.oauth), storage=storage, clock=clock, sealer=seal)


def _provider(oauth: OAuthSettings) -> Provider:
    secret = oauth.client_secret.reveal()
    if oauth.provider == "gmail":
        return google(client_id=oauth.client_id, client_secret=secret, authority=oauth.authority)
    way = Way.APPLICATION if oauth.grant == "application" else Way.DEVICE
    return microsoft(way=way, client_id=oauth.client_id, client_secret=secret, tenant=oauth.tenant, authority=oauth.authority)
