"""The letters of the demo, as a real mail program writes them: windows-1251, a signature, a quoted tail."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

SUPPORT = "support@desk.example"

_THREE_QUESTIONS = """Добрий день!

1. Не друкується видаткова накладна: принтер мовчить, хоча в списку він є.
2. Додайте, будь ласка, нового користувача Сидоренко Оксана з правами комірника.
3. Підкажіть, як виправити дату в уже проведеному прибутковому ордері.

З повагою,
Ірина Бондар
бухгалтер, ТОВ «Вітряк»
тел. +380 44 000 00 10

02.11.2026 10:15, Служба підтримки пише:
> Доброго дня! Оновлення встановлено, перевірте, будь ласка.
> З повагою, служба підтримки
"""


def three_questions(*, at: datetime) -> bytes:
    """A letter of one thanks-free greeting, three questions, a signature and an old quotation."""
    letter = _letter("Кілька питань по базі", "<three@vitriak.example>", at)
    letter.set_content(_THREE_QUESTIONS, charset="windows-1251")
    return letter.as_bytes()


def answer_to(original: bytes, text: str, *, at: datetime) -> bytes:
    """Iryna's answer to one of our letters, threaded as her program threads it."""
    from email import message_from_bytes, policy

    ours = message_from_bytes(original, policy=policy.default)
    letter = _letter(f"Re: {ours['Subject']}", f"<answer{int(at.timestamp())}@vitriak.example>", at)
    letter["In-Reply-To"] = str(ours["Message-ID"])
    letter["References"] = f"{ours.get('References', '')} {ours['Message-ID']}".strip()
    if ours["Reply-To"]:
        letter.replace_header("To", str(ours["Reply-To"]))
    body = ours.get_body(("plain",))
    quoted = "".join(f"> {line}\n" for line in (body.get_content() if body else "").splitlines())
    letter.set_content(f"{text}\n\nвт, 24 лист. 2026 р. о 10:15 Служба підтримки <{SUPPORT}> пише:\n{quoted}", charset="utf-8")
    return letter.as_bytes()


def _letter(subject: str, message_id: str, at: datetime) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = formataddr(("Ірина Бондар", "iryna@vitriak.example"))
    letter["To"] = SUPPORT
    letter["Subject"] = subject
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = message_id
    return letter
