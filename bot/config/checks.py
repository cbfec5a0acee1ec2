"""What no single key can tell: settings that contradict one another, and those that are allowed but surely not meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.config.tree import TELEGRAM_API, MailboxSettings, MailSettings, OAuthSettings, Settings, SiteSettings
from bot.errors import Misconfigured
from bot.texts import translator

# Marks sentences for the catalogue; they are looked up when they are told.
_ = translator("uk")
WEBHOOK_PATH = "/telegram/webhook"
_WEBHOOK_PORTS = (443, 80, 88, 8443)


def contradictions(settings: Settings) -> Iterator[Misconfigured]:
    """What makes a tree unusable although each key is right."""
    yield from _mailboxes(settings.mail)
    yield from _webhook(settings)
    if settings.intake.limit < settings.intake.gap:
        yield Misconfigured("intake.limit: має бути не менше за intake.gap. Збільште limit або зменште gap.")
    opinion = settings.intake.opinion
    if opinion.is_on and not opinion.model:
        yield Misconfigured("intake.opinion.model: не вказано. Впишіть назву моделі, як її знає служба за адресою url.")
    waiting = settings.sla.waiting
    if waiting.close_after and not timedelta(0) < waiting.remind_after < waiting.close_after:
        yield Misconfigured("sla.waiting.close_after: перед закриттям має бути нагадування. Впишіть remind_after, менший за close_after.")
    if settings.run.role != "all" and not settings.storage.url.reveal().startswith("postgresql://"):
        yield Misconfigured('run.role: кілька процесів можливі лише з PostgreSQL. Впишіть storage.url або залиште role = "all".')


def _webhook(settings: Settings) -> Iterator[Misconfigured]:
    """Telegram delivers to HTTPS on four ports; a Bot API server of one's own to any address."""
    url, is_public = settings.telegram.webhook_url, settings.telegram.api_base == TELEGRAM_API
    if not url:
        return
    parts = urlsplit(url)
    if not settings.site.enabled:
        yield Misconfigured("telegram.webhook_url: вебхук приймає Сайт, а його вимкнено. Увімкніть [site] або приберіть webhook_url.")
    if parts.path != WEBHOOK_PATH:
        yield Misconfigured("telegram.webhook_url: адреса має закінчуватися на {path}.", path=WEBHOOK_PATH)
    if is_public and (parts.scheme != "https" or (parts.port or 443) not in _WEBHOOK_PORTS):
        yield Misconfigured("telegram.webhook_url: Telegram доставляє лише на https і порти 443, 80, 88 або 8443. Змініть адресу.")


def _mailboxes(mail: MailSettings) -> Iterator[Misconfigured]:
    names: set[str] = set()
    owners: dict[str, str] = {}
    for number, box in enumerate(mail.mailboxes):
        where = f"mail.mailboxes[{number}]"
        if box.name in names:
            yield Misconfigured("{key}.name: назва «{name}» уже зайнята. Дайте кожній скриньці свою.", key=where, name=box.name)
        names.add(box.name)
        for address in (box.address, *box.aliases):
            if owners.setdefault(address, where) != where:
                yield Misconfigured("{key}: адреса {address} вже є в іншій скриньці. Залиште її в одній.", key=where, address=address)
        for name, server in (("imap", box.imap), ("smtp", box.smtp)):
            if server.security == "plain" and not is_this_machine(server.host):
                sentence = _(
                    "{key}.security: plain можна лише для сервера на цьому ж комп'ютері: пароль ішов би мережею відкрито. Впишіть tls."
                )
                yield Misconfigured(sentence, key=f"{where}.{name}")
        yield from _passwords(box, where)


def _passwords(box: MailboxSettings, where: str) -> Iterator[Misconfigured]:
    sentence = _("{key}: немає пароля. Впишіть password_file (файл з одним рядком) або змінну {variable}.")
    variable = "DESKBOT_" + where.replace("[", "__").replace("]", "").replace(".", "__").upper()
    if box.oauth is not None:
        yield from _oauth(box.oauth, f"{where}.oauth", variable)
    elif not box.imap.password:
        yield Misconfigured(sentence, key=f"{where}.imap", variable=f"{variable}__IMAP__PASSWORD")
    if box.oauth is None and box.smtp.auth and box.smtp.user not in ("", box.imap.user) and not box.smtp.password:
        yield Misconfigured(sentence, key=f"{where}.smtp", variable=f"{variable}__SMTP__PASSWORD")


def _oauth(oauth: OAuthSettings, where: str, variable: str) -> Iterator[Misconfigured]:
    is_application = oauth.provider == "microsoft365" and oauth.grant == "application"
    if oauth.provider == "microsoft365" and not oauth.tenant:
        yield Misconfigured(
            "{key}.tenant: немає. Впишіть номер або домен каталогу Microsoft 365, наприклад example.onmicrosoft.com.", key=where
        )
    if oauth.authority.startswith("http://") and not is_this_machine(urlsplit(oauth.authority).hostname or ""):
        yield Misconfigured("{key}.authority: токени без TLS можна брати лише на цьому ж комп'ютері. Впишіть https://….", key=where)
    if (is_application or oauth.provider == "gmail") and not oauth.client_secret:
        sentence = _("{key}.client_secret: немає. Впишіть client_secret_file (файл з одним рядком) або змінну {variable}.")
        yield Misconfigured(sentence, key=where, variable=f"{variable}__OAUTH__CLIENT_SECRET")


def warnings(settings: Settings) -> Iterator[Misconfigured]:
    """What works and is probably not meant. `deskbot check` and the start of `deskbot run` say these."""
    telegram = settings.telegram
    if telegram.is_on and not telegram.staff_chat:
        yield Misconfigured("telegram.staff_chat: не вказано, тож картки й нагадування побачать лише на Сайті.")
    if not telegram.is_on and (telegram.staff_chat or telegram.lead_chat or telegram.development_chat):
        yield Misconfigured("telegram.token: немає, тож Telegram вимкнено, хоча чати вказано. Додайте token_file.")
    opinion = settings.intake.opinion
    if opinion.url.startswith("http://") and not is_this_machine(urlsplit(opinion.url).hostname or ""):
        yield Misconfigured("intake.opinion.url: слова клієнтів і ключ ідуть мережею відкрито. Впишіть адресу з https://.")
    yield from _site(settings.site)


def _site(site: SiteSettings) -> Iterator[Misconfigured]:
    if site.enabled and not is_this_machine(site.host) and site.base_url.startswith("http://"):
        yield Misconfigured("site.base_url: Сайт видно з мережі без шифрування. Поставте перед ним проксі з HTTPS і впишіть https://….")


def is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
