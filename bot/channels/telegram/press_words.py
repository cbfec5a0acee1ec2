"""Agents' buttons about answers: taking one back before it goes out, and giving one that was written before."""

from __future__ import annotations

from typing import Any

from bot.channels.numbers import ticket_number, whole_number
from bot.channels.telegram.press import AgentPress, Presses, Shown
from bot.channels.telegram.render import inline
from bot.channels.telegram.staff_menus import canned_menu
from bot.channels.telegram.staff_words import StaffWords
from bot.errors import NotFound


class WordPresses(Presses):
    """See the module."""

    def __init__(self, *, words: StaffWords, **parts: Any) -> None:
        super().__init__(**parts)
        self._words = words
        self.verbs = {"unsend": self._unsend, "unword": self._unword, "canned": self._canned}

    async def _unsend(self, p: AgentPress) -> Shown:
        """The id is the message that said it."""
        taken, total = await self._words.take_back(p.uow, p.chat, p.pressed.id, p.agent)
        if total == 1:
            return self._gone()
        return Shown(text=self._say("↩️ Не надіслано: {n} з {total}.", n=taken, total=total), keyboard=inline(()))

    async def _unword(self, p: AgentPress) -> Shown:
        number = whole_number(p.argument)
        if number is None:
            raise NotFound("Цієї відповіді вже немає.")
        await self._desk.take_back(p.uow, p.ticket_id, number, p.agent)
        return self._gone()

    def _gone(self) -> Shown:
        return Shown(text=self._say("↩️ Не надіслано: клієнт цього не побачить. Слова лишилися нотаткою."), keyboard=inline(()))

    async def _canned(self, p: AgentPress) -> Shown:
        """The list, a page of it ("p2"), or one of them."""
        if p.argument and not p.argument.startswith("p"):
            number = ticket_number(p.argument)
            answer = await p.uow.canned.get(number) if number else None
            if answer is None:
                raise NotFound("Такого шаблону вже немає.")
            await self._words.insert(p.uow, p.chat, p.ticket_id, answer, p.item, p.agent)
            return await self._main(p, self._say("№{id}: «{name}».", id=p.ticket_id, name=answer.name))
        answers = await p.uow.canned.all()
        if not answers:
            raise NotFound("Шаблонів ще немає. Керівник може додати: /answers add Назва: текст")
        page = min(whole_number(p.argument.removeprefix("p") or "0") or 0, (len(answers) - 1) // 10)
        return Shown(keyboard=inline(canned_menu(p.ticket_id, answers, page, self._translate)))
