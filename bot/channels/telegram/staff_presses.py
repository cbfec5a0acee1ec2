"""An agent's buttons, each carried out through the desk. The chat and the account are checked each time, the data is only a wish."""

from __future__ import annotations

from bot.channels.telegram.acts import Done, Effect, toast
from bot.channels.telegram.buttons import Pressed
from bot.channels.telegram.parse import Press
from bot.channels.telegram.press import AgentPress, Shown, Verb
from bot.channels.telegram.press_basics import BasicPresses
from bot.channels.telegram.press_grouping import GroupingPresses
from bot.channels.telegram.press_triage import TriagePresses
from bot.channels.telegram.press_words import WordPresses
from bot.channels.telegram.staff_lists import StaffLists
from bot.channels.telegram.staff_view import StaffView, agent_of
from bot.channels.telegram.staff_words import StaffWords
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import Rejected
from bot.ports import InboxItem, UnitOfWork
from bot.texts import explain


class StaffPresses:
    """See the module."""

    def __init__(self, *, desk: Desk, view: StaffView, lists: StaffLists, words: StaffWords, clock: Clock) -> None:
        self._view = view
        self._verbs: dict[str, Verb] = {
            **BasicPresses(lists=lists, desk=desk, view=view, clock=clock).verbs,
            **TriagePresses(desk=desk, view=view, clock=clock).verbs,
            **GroupingPresses(desk=desk, view=view, clock=clock).verbs,
            **WordPresses(words=words, desk=desk, view=view, clock=clock).verbs,
        }

    def knows(self, verb: str) -> bool:
        return verb in self._verbs

    async def press(self, uow: UnitOfWork, press: Press, pressed: Pressed, item: InboxItem) -> Done:
        """Carry a press out; others' presses are refused politely, with the reason."""
        language = self._view.language
        try:
            agent = await agent_of(uow, press.person)
            shown = await self._verbs[pressed.verb](AgentPress(uow=uow, press=press, pressed=pressed, item=item, agent=agent))
        except Rejected as refusal:
            return Done(because="button_refused", effects=(toast(press.callback_id, explain(refusal, language), loud=True),))
        return Done(because="button", effects=(toast(press.callback_id, shown.words, loud=shown.is_loud), *_changes(press, shown)))


def _changes(press: Press, shown: Shown) -> tuple[Effect, ...]:
    """Other words or other buttons in the message that was pressed."""
    if shown.keyboard is None or press.message_id is None:
        return ()
    parameters = {"chat_id": press.place.id, "message_id": press.message_id, "reply_markup": shown.keyboard}
    if not shown.text:
        return (Effect(method="editMessageReplyMarkup", parameters=parameters),)
    return (Effect(method="editMessageText", parameters={**parameters, "text": shown.text, "parse_mode": "HTML"}),)
