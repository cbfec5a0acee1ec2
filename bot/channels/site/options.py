"""What can be set about the Site: plain values, no configuration library behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# Longer texts are files, not questions; the sentence that refuses one says so.
TEXT_LIMIT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOptions:
    """`base_url` is how people reach the Site; https in it makes cookies `Secure` and adds HSTS.

    `language` is that of people who have not chosen one.
    `quiet_gap` and `burst_limit` are those of chat bursts (DESIGN 5). `wait_for_reading` is how long a page that has just stored a message
    waits to show what became of it. `messages_per_minute` is for one contact, `login_attempts` for one network address in ten minutes,
    failed ones only. `trusted_proxies` are the addresses and networks whose word for a visitor's own address is taken.
    `body_limit` is in bytes. `metrics_token` opens `/metrics` from other machines; without it only this machine may read it.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    base_url: str = "http://127.0.0.1:8080"
    desk_name: str = "Служба підтримки"
    language: str = "uk"
    phones: tuple[str, ...] = ()
    quiet_gap: timedelta = timedelta(seconds=20)
    burst_limit: timedelta = timedelta(minutes=2)
    wait_for_reading: timedelta = timedelta(seconds=2)
    session_lifetime: timedelta = timedelta(days=30)
    messages_per_minute: int = 30
    login_attempts: int = 20
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    body_limit: int = 1_048_576
    metrics_token: str = ""

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")
