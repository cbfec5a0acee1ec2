"""What a newcomer is told: who we are, when we work, where to phone, what the bot can do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from bot.sla.hours import Calendar
from bot.texts import translator

_DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "нд")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """The desk as clients know it. `hours` is the desk's own calendar."""

    name: str
    phones: tuple[str, ...]
    hours: Calendar

    def greeting(self, language: str, *, account: int) -> str:
        """The answer to /start: plain text. `account` is the reader's own number, which agents are added by."""
        say = translator(language)
        lines = [
            say("Вітаємо! Це {name}.").format(name=self.name),
            say("Просто напишіть, що сталося, можна кількома повідомленнями: ми зареєструємо звернення й відповімо тут."),
            *self._around(language),
            say("Щоб ми знали, з якої ви компанії, надішліть свій номер: кнопкою внизу або скріпка → Контакт."),
            say("Що вміє бот: /help. Ваш номер у Telegram: {number}").format(number=account),
        ]
        return "\n\n".join(lines)

    def help(self, language: str) -> str:
        say = translator(language)
        commands = [
            say("/my — мої звернення"),
            say("/close — закрити звернення (наприклад, /close 7)"),
            say("/site — увійти на сайт"),
            say("/language — мова / language"),
            say("Щоб дописати до звернення, дайте відповідь на будь-яке повідомлення бота про нього."),
            *self._around(language),
        ]
        return "\n".join(commands)

    def _around(self, language: str) -> list[str]:
        say = translator(language)
        lines = [say("Працюємо: {hours}.").format(hours=self.hours_words(language))] if not self.hours.is_empty else []
        if self.phones:
            lines.append(say("Телефони: {phones}").format(phones=", ".join(self.phones)))
        return lines

    def hours_words(self, language: str) -> str:
        """The week as people say it: "пн–пт 08:00-12:30, 13:30-17:00"."""
        say, parts = translator(language), []
        for intervals, days in groupby(range(7), key=lambda day: self.hours.weekly[day]):
            numbers = list(days)
            if not intervals:
                continue
            first, last = say(_DAYS[numbers[0]]), say(_DAYS[numbers[-1]])
            name = first if len(numbers) == 1 else f"{first}–{last}"
            parts.append(f"{name} {', '.join(map(str, intervals))}")
        return "; ".join(parts)
