"""What can be configured: one frozen tree, every key with its default. What each is for, say config.example.toml and docs/config.md."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from bot.config.values import (
    BlockedSender,
    BotToken,
    ChatId,
    Duration,
    Folder,
    FolderOrNone,
    MailAddress,
    Network,
    Rhythm,
    Secret,
    SpamHeader,
    StorageUrl,
    TimeOfDay,
    Url,
    UrlOrEmpty,
    Zone,
    between,
)
from bot.model import Category, Priority

TELEGRAM_API = "https://api.telegram.org"
# What servers write into a mail that they take for spam: SpamAssassin, Rspamd, hosting panels, Microsoft (5 and more is spam).
SPAM_HEADERS = ("X-Spam-Flag: yes", "X-Spam: yes", "X-Spam-Status: yes", "X-MS-Exchange-Organization-SCL: 5+")
CHANNELS = ("telegram", "mail", "phone", "site")
Port = Annotated[int, Field(ge=1, le=65535)]
Level = Literal["debug", "info", "warning", "error"]


class Section(BaseModel):
    """One table of the file: nothing unknown, nothing changed later, nothing shown that is secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, coerce_numbers_to_str=True, validate_default=True)


class DeskSettings(Section):
    name: str = "Служба підтримки"
    language: Literal["uk", "en"] = "uk"
    zone: Zone = "Europe/Kyiv"
    phones: tuple[str, ...] = ()
    data_dir: Folder = Path("data")


class StorageSettings(Section):
    """`url` is secret because it may hold a password; empty means SQLite in the data folder."""

    url: StorageUrl = Secret()
    url_file: str = ""


class SiteSettings(Section):
    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 8080
    base_url: UrlOrEmpty = ""
    trusted_proxies: tuple[Network, ...] = ("127.0.0.1",)
    metrics_token: Secret = Secret()
    metrics_token_file: str = ""

    @field_validator("base_url")
    @classmethod
    def _own_address(cls, url: str, info: ValidationInfo) -> str:
        """Without a proxy people reach the Site where it listens."""
        host, port = info.data.get("host", ""), info.data.get("port", 0)
        here = "127.0.0.1" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host
        return url or f"http://{here}:{port}"


class TelegramSettings(Section):
    """On when there is a token. Without a staff chat agents work on the Site alone; without a webhook the bot is polled."""

    token: BotToken = Secret()
    token_file: str = ""
    api_base: Url = TELEGRAM_API
    webhook_url: UrlOrEmpty = ""
    staff_chat: ChatId = ""
    lead_chat: ChatId = ""
    development_chat: ChatId = ""
    answer_delay: Annotated[Duration, between("0", "60s")] = timedelta(seconds=5)
    topics: bool = False

    @property
    def is_on(self) -> bool:
        return bool(self.token)


class ImapSettings(Section):
    """Where mail comes from. `plain` is for a server on this very machine."""

    host: str = Field(min_length=1)
    port: Port = 993
    security: Literal["tls", "plain"] = "tls"
    user: str = Field(min_length=1)
    password: Secret = Secret()
    password_file: str = ""
    folder: str = "INBOX"
    renew: Annotated[Duration, between("5s", "29m")] = timedelta(minutes=7)


class SmtpSettings(Section):
    """Where mail goes out. No user: the one of IMAP, with its password; `auth = false`: the server asks for none."""

    host: str = Field(min_length=1)
    port: Port = 587
    security: Literal["starttls", "tls", "plain"] = "starttls"
    auth: bool = True
    user: str = ""
    password: Secret = Secret()
    password_file: str = ""


class OAuthSettings(Section):
    """Tokens instead of a password. `grant` is Microsoft's: a person consents ("device"), or an application of ours ("application")."""

    provider: Literal["microsoft365", "gmail"]
    grant: Literal["device", "application"] = "device"
    client_id: str = Field(min_length=1)
    client_secret: Secret = Secret()
    client_secret_file: str = ""
    tenant: str = ""
    authority: UrlOrEmpty = ""


class MailboxSettings(Section):
    """One support mailbox: `address` is what clients write to and what answers come from."""

    name: str = Field(min_length=1, max_length=40, pattern=r"^[\w-]+$")
    address: MailAddress
    aliases: tuple[MailAddress, ...] = ()
    imap: ImapSettings
    smtp: SmtpSettings
    oauth: OAuthSettings | None = None


class MailSettings(Section):
    """`authserv_id` is the name our own server writes into Authentication-Results; without it nobody's From is taken for proved."""

    plus_addressing: bool = False
    authserv_id: str = ""
    blocked: tuple[BlockedSender, ...] = ()
    spam_headers: tuple[SpamHeader, ...] = SPAM_HEADERS
    token_key: Secret = Secret()
    token_key_file: str = ""
    mailboxes: tuple[MailboxSettings, ...] = ()

    @property
    def is_on(self) -> bool:
        return bool(self.mailboxes)


class TargetSettings(Section):
    """One promise. What is left out is as the regulation has it for this priority."""

    target: Duration | None = None
    calendar: str | None = None
    before: tuple[Duration, ...] | None = None
    every: Rhythm | None = None
    claimed_every: Rhythm | None = None


class CalendarSettings(Section):
    """Open hours of each weekday, "08:00-12:30"; a day that is left out is closed."""

    mon: tuple[str, ...] = ()
    tue: tuple[str, ...] = ()
    wed: tuple[str, ...] = ()
    thu: tuple[str, ...] = ()
    fri: tuple[str, ...] = ()
    sat: tuple[str, ...] = ()
    sun: tuple[str, ...] = ()


class ExceptionSettings(Section):
    """A date that does not follow the week: no hours is a holiday."""

    date: date
    hours: tuple[str, ...] = ()
    label: str = ""


class WaitingSettings(Section):
    """Clients who owe an answer (R7), in working days of 24 hours; 0 is never."""

    remind_after: Annotated[Duration, between("0", "60d")] = timedelta(days=3)
    close_after: Annotated[Duration, between("0", "365d")] = timedelta(0)


class DigestSettings(Section):
    """The morning digest in the staff chat and Friday's summary for the leads, at times of the desk's wall clock; "" is never."""

    morning: TimeOfDay = time(8, 5)
    week: TimeOfDay = time(16, 30)


Targets = dict[Priority, TargetSettings]


class RuleSettings(Section):
    """A promise of its own for what fits all that is named here; what is left out may be anything. `bot.sla.rules` says which one wins."""

    name: str = Field(min_length=1, max_length=80)
    client: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    category: tuple[Category, ...] = ()
    channel: tuple[Literal["telegram", "mail", "phone", "site"], ...] = ()
    priority: tuple[Priority, ...] = ()
    reaction: TargetSettings | None = None
    next_answer: TargetSettings | None = None
    solution: TargetSettings | None = None

    @field_validator("client", "plan", "category", "channel", "priority", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        """One name needs no brackets."""
        return (value,) if isinstance(value, str) else value


class SlaSettings(Section):
    """`bot.config.sla.build_policy` makes the policy of it."""

    preset: Literal["regulation", "literal", "working_hours"] = "regulation"
    reaction: Literal["claim", "reply"] = "claim"
    tick: Annotated[Duration, between("1s", "10m")] = timedelta(seconds=15)
    targets: Targets = {}
    next_answer: Targets = {}
    solution: Targets = {}
    calendars: dict[str, CalendarSettings] = {}
    exceptions: tuple[ExceptionSettings, ...] = ()
    policy: tuple[RuleSettings, ...] = ()
    waiting: WaitingSettings = WaitingSettings()
    digest: DigestSettings = DigestSettings()


class OpinionSettings(Section):
    """A third opinion on how messages divide, from an OpenAI-compatible endpoint; off without a `url`. Clients' words are sent there."""

    url: UrlOrEmpty = ""
    model: str = ""
    key: Secret = Secret()
    key_file: str = ""
    timeout: Annotated[Duration, between("1s", "30s")] = timedelta(seconds=8)

    @property
    def is_on(self) -> bool:
        return bool(self.url)


class IntakeSettings(Section):
    """`labeller_file` is one of `deskbot train`, read in place of the shipped weights."""

    labeller_file: FolderOrNone = None
    opinion: OpinionSettings = OpinionSettings()
    gap: Annotated[Duration, between("0", "5m")] = timedelta(seconds=20)
    limit: Annotated[Duration, between("0", "30m")] = timedelta(minutes=2)


class FilesSettings(Section):
    """What people may send along, in mails, chats and forms."""

    max_megabytes: int = Field(default=20, ge=1, le=2_000)
    max_count: int = Field(default=50, ge=1, le=200)


class LogSettings(Section):
    level: Level = "info"
    format: Literal["console", "json"] = "console"


class RunSettings(Section):
    role: Literal["all", "web", "worker"] = "all"


class Settings(Section):
    """The whole tree. `Settings()` is a working desk: SQLite, the Site on this machine, channels without credentials off."""

    # Made when it is asked for: what is wrong with this very machine (no zone data) is then told like any other mistake.
    desk: DeskSettings = Field(default_factory=DeskSettings)
    storage: StorageSettings = StorageSettings()
    site: SiteSettings = SiteSettings()
    telegram: TelegramSettings = TelegramSettings()
    mail: MailSettings = MailSettings()
    sla: SlaSettings = SlaSettings()
    intake: IntakeSettings = IntakeSettings()
    files: FilesSettings = FilesSettings()
    log: LogSettings = LogSettings()
    run: RunSettings = RunSettings()

    @property
    def database_url(self) -> Secret:
        """Which database: the one that is named, else SQLite in the data folder."""
        return self.storage.url or Secret(f"sqlite:///{self.desk.data_dir / 'deskbot.db'}")
