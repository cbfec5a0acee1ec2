"""What can be set about the Telegram channel: plain values, no configuration library behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

KYIV = ZoneInfo("Europe/Kyiv")
API = "https://api.telegram.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramOptions:
    """`staff_chats` are the chats where agents work: the staff's own, the leads', Development's (group ids are negative).

    `language` is what the staff chats speak. `quiet_gap` and `burst_limit` are those of chat bursts (DESIGN 5). `owner` names this process
    in the lease of whoever receives: one name for ever where only one process can run, so that a restart does not wait for itself.
    An agent's answer waits `answer_delay` before it goes out, and can be taken back meanwhile. `with_topics`:
    in staff chats that have topics every ticket has one of its own.
    With a `webhook_url` Telegram delivers there, proving itself with `webhook_secret`; without one it is polled.
    """

    token: str
    api_base: str = API
    staff_chats: tuple[int, ...] = ()
    zone: ZoneInfo = KYIV
    language: str = "uk"
    quiet_gap: timedelta = timedelta(seconds=20)
    burst_limit: timedelta = timedelta(minutes=2)
    owner: str = "deskbot"
    answer_delay: timedelta = timedelta(seconds=5)
    with_topics: bool = False
    webhook_url: str = ""
    webhook_secret: str = ""

    @property
    def bot_id(self) -> str:
        """The bot's own number, which its token begins with."""
        return self.token.partition(":")[0]
