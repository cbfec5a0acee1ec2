"""A delivery's neutral body → what the reader sees in a letter: subject, paragraphs, tickets. Pure; in the reader's language.

A letter is laid out twice from the same blocks, as plain text and as simple HTML (`layout`). Everything somebody typed is data here:
it is escaped there, and line breaks leave the subject.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.lamps import SIGNS
from bot.left_out import left_out_words
from bot.model import Category, Delivery, Lamp, Outcome, Priority, Turn, UrgencyReason
from bot.texts import (
    CATEGORY_WORDS,
    NONE_OF_THESE,
    OUTCOME_WORDS,
    PRIORITY_WORDS,
    REASON_WORDS,
    TURN_WORDS,
    Translator,
    moment,
    told,
    translator,
)

Body = dict[str, Any]
# The catalogue tool finds sentences by this name; they are looked up when they are shown.
_ = str

_ASK = _("прийнято як термінове, строк уже визначено. Підкажіть, будь ласка, що саме сталося, — дайте відповідь однією цифрою:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Our own sentence; lines are kept."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Somebody's own text, as it was written, and who wrote it."""

    text: str
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list. `marks` stand before the entries instead of bullets ("1", "2", "0")."""

    entries: tuple[str, ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """One ticket: its lamp, number, title and what else is told of it."""

    lamp: Lamp
    number: int
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A page of ours to open, and what it is for."""

    label: str
    url: str


Block = Paragraph | Words | Items | TicketLine | Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is said; `topic` is the subject of a letter that answers nothing."""

    topic: str
    blocks: tuple[Block, ...]
    language: str
    ticket_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    say: Translator
    language: str
    zone: ZoneInfo
    now: datetime
    reason_link: Callable[[int], str] | None = None

    def moment(self, value: str) -> str:
        return moment(datetime.fromisoformat(value), zone=self.zone, language=self.language, now=self.now)


def letter(delivery: Delivery, *, zone: ZoneInfo, now: datetime, reason_link: Callable[[int], str] | None = None) -> Letter:
    """The letter for a delivery of any kind that clients or staff can get by mail. KeyError for a kind that has no words here.

    `reason_link`: where the urgency question about a ticket can be answered with a press, if there are such pages.
    """
    body = delivery.body
    language = str(body.get("language") or "uk")
    reader = _Reader(say=translator(language), language=language, zone=zone, now=now, reason_link=reason_link)
    topic, blocks = KINDS[delivery.kind](body, reader)
    return Letter(topic=topic, blocks=tuple(blocks), language=language, ticket_ids=delivery.ticket_ids)


def _receipt(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    say, tickets = reader.say, body["tickets"]
    if len(tickets) > 1:
        head = say("У вашому листі кілька питань, тож кожне має своє звернення:")
    elif tickets[0].get("is_call_back"):
        head = say("Добре, ми вам зателефонуємо.")
    else:
        head = say("Дякуємо! Звернення зареєстровано:")
    blocks: list[Block] = [Paragraph(text=head), *(_ticket(facts, reader) for facts in tickets)]
    blocks += _urgency_questions(body, reader)
    blocks += _offer(body, reader)
    if body.get("opens_at"):
        blocks.append(Paragraph(text=say("Зараз неробочий час. Почнемо працювати: {at}.").format(at=reader.moment(body["opens_at"]))))
    blocks += _phones(body, reader)
    if body.get("left_out"):
        blocks.append(Paragraph(text=left_out_words(body["left_out"], say)))
    blocks.append(Paragraph(text=say("Щоб щось додати, дайте відповідь на цей лист.")))
    return say("Звернення {numbers}").format(numbers=", ".join(f"№{facts['id']}" for facts in tickets)), blocks


def _urgency_questions(body: Body, reader: _Reader) -> list[Block]:
    """R11, in the receipt itself: the clock runs already, one digit answers."""
    say, asked = reader.say, body.get("ask_urgency") or []
    if not asked:
        return []
    numbers = ", ".join(f"№{each['id']}" for each in asked)
    blocks: list[Block] = [Paragraph(text=f"{numbers}: {say(_ASK)}"), _reasons(reader)]
    if len(asked) > 1:
        example = f"№{asked[0]['id']}: 1"
        text = say("Якщо причини різні, напишіть кожну окремим рядком, наприклад «{example}».")
        blocks.append(Paragraph(text=text.format(example=example)))
    return [*blocks, *_links([each["id"] for each in asked], reader)]


def _links(numbers: Sequence[int], reader: _Reader) -> list[Block]:
    """The same answer with a press instead of a letter."""
    if reader.reason_link is None:
        return []
    say = reader.say
    label = say("Відповісти на сторінці") if len(numbers) == 1 else say("Відповісти на сторінці: №{id}")
    return [Link(label=label.format(id=number), url=reader.reason_link(number)) for number in numbers]


def _reasons(reader: _Reader) -> Items:
    say = reader.say
    entries = (*(say(REASON_WORDS[reason]) for reason in UrgencyReason), say(NONE_OF_THESE).lower())
    return Items(entries=entries, marks=(*(str(reason.value) for reason in UrgencyReason), "0"))


def _offer(body: Body, reader: _Reader) -> list[Block]:
    say = reader.say
    if body.get("act") == "split":
        text = [say("Якщо це одне питання, дайте відповідь «одне питання», і ми об'єднаємо звернення.")]
        if len(body.get("tickets", ())) > 2:
            text.append(say("Розділити інакше можна номерами за порядком: «1 / 2-3» — перше окремо, друге й третє разом."))
        return [Paragraph(text=" ".join(text))]
    if body.get("act") == "ask" and body.get("offer"):
        head = say("Схоже, тут кілька питань. Якщо їх треба розділити на окремі звернення, дайте відповідь «розділити»:")
        marks = tuple(str(number) for number, _ in enumerate(body["offer"], start=1))
        tail = say("Розділити інакше можна номерами: «1 / 2-3» — перше окремо, друге й третє разом.")
        return [Paragraph(text=head), Items(entries=tuple(body["offer"]), marks=marks), *([Paragraph(text=tail)] if len(marks) > 2 else [])]
    return []


def _phones(body: Body, reader: _Reader) -> list[Block]:
    phones = body.get("phones") or ()
    return [Paragraph(text=reader.say("Можна й зателефонувати: {phones}").format(phones=", ".join(phones)))] if phones else []


def _urgency_question(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    """Asked apart from a receipt (a priority raised later)."""
    facts, say = body["ticket"], reader.say
    blocks: list[Block] = [_ticket(facts, reader), Paragraph(text=f"№{facts['id']}: {say(_ASK)}"), _reasons(reader)]
    blocks += [*_links([facts["id"]], reader), *_phones(body, reader)]
    return say("Звернення №{id}: підкажіть причину терміновості").format(id=facts["id"]), blocks


def _claimed(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    text = reader.say("Вже в роботі, ним займається {agent}.").format(agent=body.get("agent") or "?")
    return _about(body, reader), [_ticket(body["ticket"], reader), Paragraph(text=text)]


def _answer(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    hint = reader.say("Якщо питання вирішено, дайте відповідь «вирішено», і ми закриємо звернення. Якщо ні — просто напишіть, що не так.")
    return _about(body, reader), [*_word(body, reader), Paragraph(text=hint)]


def _question(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    return _about(body, reader), [*_word(body, reader), Paragraph(text=reader.say("Дайте, будь ласка, відповідь на цей лист."))]


def _word(body: Body, reader: _Reader) -> list[Block]:
    say = reader.say
    blocks: list[Block] = [Words(text=body["text"], author=body.get("agent") or ""), _ticket(body["ticket"], reader)]
    names = [file["name"] for file in body.get("attachments", ()) if file.get("name")]
    if names:
        blocks.insert(1, Paragraph(text=say("Файли до відповіді: {names}").format(names=", ".join(names))))
    return blocks


def without_files(letter: Letter, names: Sequence[str]) -> Letter:
    """The same letter, which says that these files are on the Site: together they are too large for a mail, or could not be had."""
    text = translator(letter.language)("Ці файли не вмістилися в лист, вони чекають на сторінці звернення на Сайті: {names}")
    return replace(letter, blocks=(*letter.blocks, Paragraph(text=text.format(names=", ".join(names)))))


def _client_reminder(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    """R7: their turn for days; what we last said, and what happens without an answer."""
    say, facts = reader.say, body["ticket"]
    if facts["turn"] == Turn.CLIENT_APPROVAL:
        head = say("Ми відповіли й чекаємо на ваше слово. Якщо все вирішено, дайте відповідь «вирішено»; якщо ні — напишіть, що не так.")
    else:
        head = say("Щоб продовжити, чекаємо на вашу відповідь на цей лист.")
    blocks: list[Block] = [Paragraph(text=head), _ticket(facts, reader)]
    if body.get("text"):
        blocks.append(Words(text=body["text"], author=say("Наші останні слова")))
    if body.get("closes_at"):
        closes = say("Без відповіді звернення закриється: {at}. Його можна буде відкрити знову.")
        blocks.append(Paragraph(text=closes.format(at=reader.moment(body["closes_at"]))))
    return _about(body, reader), blocks


def _closed(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    """R4: the outcome, the one-line result, and the way back."""
    say = reader.say
    blocks: list[Block] = [_ticket(body["ticket"], reader)]
    blocks.append(Paragraph(text=say("Закрито: {outcome}.").format(outcome=say(OUTCOME_WORDS[Outcome(body["outcome"])]))))
    if body.get("result"):
        blocks.append(Words(text=body["result"], author=say("Результат")))
    blocks.append(Paragraph(text=say("Якщо питання ще не вирішене, дайте відповідь на цей лист — і ми відкриємо звернення знову.")))
    return _about(body, reader), blocks


def _reopened(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    return _about(body, reader), [_ticket(body["ticket"], reader), Paragraph(text=reader.say("Знову в роботі."))]


def _priority_changed(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    """When staff lower it the client reads why; "none of these" is answered politely (R11)."""
    say, facts = reader.say, body["ticket"]
    word = say(PRIORITY_WORDS[Priority(facts["priority"])])
    if body.get("because") == "none_of_these":
        text = say("Дякуємо за відповідь! Розглянемо з критичністю «{word}».").format(word=word)
    else:
        text = say("Критичність тепер «{word}».").format(word=word)
    blocks: list[Block] = [Paragraph(text=text), _ticket(facts, reader)]
    if body.get("because") not in (None, "", "none_of_these"):
        blocks.append(Words(text=body["because"], author=say("Причина")))
    return _about(body, reader), blocks


def _handed_over(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    """R13: agreed with the client beforehand."""
    text = reader.say("Передано у відділ розробки. Оцінку робіт погодимо з вами заздалегідь.")
    return _about(body, reader), [_ticket(body["ticket"], reader), Paragraph(text=text)]


def _new_task_offer(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    """R6: a new task in an answer has a ticket of its own."""
    text = reader.say("Нове завдання з вашої відповіді має власне звернення:")
    made = [TicketLine(lamp=Lamp.GREEN, number=new["id"], title=new["title"]) for new in body["made"]]
    return _about(body, reader), [Paragraph(text=text), *made]


def _merged(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    return _about(body, reader), [Paragraph(text=reader.say("Гаразд, це одне звернення:")), _ticket(body["ticket"], reader)]


def _split(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    made = [_ticket(facts, reader) for facts in body["made"]]
    return _about(body, reader), [Paragraph(text=reader.say("Розділено на окремі звернення:")), *made]


def _say(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    return str(body.get("topic") or reader.say("Служба підтримки")), [Paragraph(text=body["text"])]


def _alert(body: Body, reader: _Reader) -> tuple[str, list[Block]]:
    return reader.say("Служба підтримки"), [Paragraph(text=told(body["news"], reader.language) if "news" in body else body["text"])]


KINDS: dict[str, Callable[[Body, _Reader], tuple[str, list[Block]]]] = {
    "receipt": _receipt,
    "urgency_question": _urgency_question,
    "claimed": _claimed,
    "answer": _answer,
    "proposal": _answer,
    "question": _question,
    "client_reminder": _client_reminder,
    "closed": _closed,
    "reopened": _reopened,
    "priority_changed": _priority_changed,
    "handed_over": _handed_over,
    "new_task_offer": _new_task_offer,
    "merged": _merged,
    "split": _split,
    "say": _say,
    "alert": _alert,
}


def _about(body: Body, reader: _Reader) -> str:
    facts = body["ticket"]
    return reader.say("Звернення №{id}: {title}").format(id=facts["id"], title=facts["title"])


def _ticket(facts: Body, reader: _Reader) -> TicketLine:
    """Lamp, number and title, then the words beside them: colour never stands alone (R8)."""
    say, details = reader.say, []
    if facts.get("due_at"):
        details.append(say("відреагуємо до: {at}").format(at=reader.moment(facts["due_at"])))
    priority = say("критичність: {word}").format(word=say(PRIORITY_WORDS[Priority(facts["priority"])]))
    category, guessed = say(CATEGORY_WORDS[Category(facts["category"])]), say(" (визначено автоматично)")
    if facts.get("is_priority_guessed") and facts.get("is_category_guessed"):
        details.append(f"{priority}, {category}{guessed}")
    else:
        details.append(priority + (guessed if facts.get("is_priority_guessed") else ""))
        details.append(category + (guessed if facts.get("is_category_guessed") else ""))
    if Lamp(facts["lamp"]) is not Lamp.GREY:
        details.append(say(TURN_WORDS[Turn(facts["turn"])]))
    return TicketLine(lamp=Lamp(facts["lamp"]), number=facts["id"], title=facts["title"], details=tuple(details))


__all__ = ["KINDS", "SIGNS", "Block", "Items", "Letter", "Link", "Paragraph", "TicketLine", "Words", "letter"]
