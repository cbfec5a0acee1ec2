"""What happens in the demo, scene by scene, in minutes of the desk's own morning. People act through Site, Telegram, mail and phone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.demo import letters
from bot.demo.chatroom import OKSANA, OLENA, STAFF_CHAT
from bot.demo.stage import Stage
from bot.model import UrgencyReason

CALL = "Питає, як сформувати відомість на зарплату за листопад"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """At `minute` after nine, `play` it; `says` tells the audience what they are about to see."""

    minute: float
    says: str
    play: Callable[[Stage], Awaitable[None]]


async def _letter(stage: Stage) -> None:
    await stage.mail(letters.three_questions(at=stage.now()))


async def _till(stage: Stage) -> None:
    for line in ("Добрий день!", "каса не пробиває чеки,", "люди стоять у черзі, терміново!"):
        await stage.petro.write(line)


async def _reason(stage: Stage) -> None:
    number = await stage.newest_of(stage.cast.petro)
    await stage.petro.press("/chat", f"/tickets/{number}/reason", reason=str(UrgencyReason.OPERATIONAL_WORK.value))


async def _call(stage: Stage) -> None:
    await stage.call(stage.cast.nina, text=CALL, agent=stage.cast.taras)


async def _claim_letter(stage: Stage) -> None:
    number = await stage.oldest_of(stage.cast.iryna)
    await stage.olena.press(f"/staff/tickets/{number}", f"/staff/tickets/{number}/claim")


async def _answer_letter(stage: Stage) -> None:
    number = await stage.oldest_of(stage.cast.iryna)
    text = "Перевстановили драйвер принтера, роздрукуйте, будь ласка, накладну ще раз."
    await stage.olena.press(f"/staff/tickets/{number}", f"/staff/tickets/{number}/word", **{"text": text, "as": "propose"})


async def _thanks(stage: Stage) -> None:
    ours = await stage.last_letter_about(await stage.oldest_of(stage.cast.iryna))
    await stage.mail(letters.answer_to(ours, "Все надрукувалося, працює. Дякую!", at=stage.now()))


async def _nudge(stage: Stage) -> None:
    """Nobody does anything: the desk's own clock does."""
    await stage.nudge_about(await stage.newest_of(stage.cast.petro))


async def _claim_till(stage: Stage) -> None:
    number = await stage.newest_of(stage.cast.petro)
    await stage.taras.press(f"/staff/tickets/{number}", f"/staff/tickets/{number}/claim")


async def _answer_till(stage: Stage) -> None:
    number = await stage.newest_of(stage.cast.petro)
    text = "Перезапустили службу фіскального реєстратора. Спробуйте, будь ласка, пробити чек."
    await stage.taras.press(f"/staff/tickets/{number}", f"/staff/tickets/{number}/word", **{"text": text, "as": "reply"})


async def _burst(stage: Stage) -> None:
    for line in ("Вітаю!", "після оновлення не друкується накладна", "і ще додайте, будь ласка, права новому комірнику"):
        stage.chatroom.say(OKSANA, OKSANA, line)


async def _claim_burst(stage: Stage) -> None:
    number = await stage.oldest_of(stage.cast.oksana)
    card = await stage.chatroom.gets(STAFF_CHAT, f"№{number} ")
    stage.chatroom.press(card, OLENA, "Беру")
    await stage.chatroom.gets(OKSANA, f"№{number} ", "ним займається")


async def _answer_burst(stage: Stage) -> None:
    number = await stage.oldest_of(stage.cast.oksana)
    card = await stage.chatroom.gets(STAFF_CHAT, f"№{number} ")
    stage.chatroom.say(STAFF_CHAT, OLENA, "Відновили друковану форму, спробуйте ще раз.", reply_to=card["message_id"])


async def _solved_burst(stage: Stage) -> None:
    number = await stage.oldest_of(stage.cast.oksana)
    answer = await stage.chatroom.gets(OKSANA, f"№{number} ", "спробуйте ще раз")
    stage.chatroom.press(answer, OKSANA, "Вирішено")
    await stage.chatroom.gets(OKSANA, f"№{number} ", "Закрито")


async def _close_till(stage: Stage) -> None:
    number = await stage.newest_of(stage.cast.petro)
    await stage.petro.press(f"/tickets/{number}", f"/tickets/{number}/close", outcome="solved")


SCENES: tuple[Scene, ...] = (
    Scene(minute=2, says="Ірина пише листа з трьома питаннями: стане три звернення.", play=_letter),
    Scene(minute=5, says="Петро пише в чат трьома рядками, що каса стоїть: бот питає причину терміновості.", play=_till),
    Scene(minute=8, says="Петро вибирає причину кнопкою.", play=_reason),
    Scene(minute=9, says="Оксана пише в Telegram трьома рядками: бот каже, що саме записав, і дає кнопки.", play=_burst),
    Scene(minute=10, says="Ніна дзвонить: дзвінок прийнято, реакцію зараховано.", play=_call),
    Scene(minute=13, says="Олена бере перше питання Ірини.", play=_claim_letter),
    Scene(minute=17, says="Олена пропонує рішення: відповідь іде поштою.", play=_answer_letter),
    Scene(minute=19, says="Олена бере звернення Оксани кнопкою в чаті служби.", play=_claim_burst),
    Scene(minute=21, says="Олена відповідає на картку: Оксана отримує відповідь.", play=_answer_burst),
    Scene(minute=25, says="Ірина відповідає на лист: «працює, дякую» — звернення закрите.", play=_thanks),
    Scene(minute=30, says="Оксана натискає «Вирішено».", play=_solved_burst),
    Scene(minute=35.5, says="Касу ще ніхто не взяв: бот нагадав черговим за 30 хвилин до строку.", play=_nudge),
    Scene(minute=39, says="Тарас бере касу за нагадуванням.", play=_claim_till),
    Scene(minute=43, says="Тарас відповідає Петрові.", play=_answer_till),
    Scene(minute=50, says="Петро закриває звернення.", play=_close_till),
)
