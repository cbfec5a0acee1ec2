"""What the bot says in the web chat: a delivery's neutral body as a bubble with text, tickets and buttons. Pure.

Nothing here is markup: templates escape every word. The reader's language is the reader's, whatever language the body was made for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels.site.file_links import FileLink, named
from bot.channels.site.words import client_words, priority_words
from bot.left_out import left_out_words
from bot.model import Delivery, Lamp, Outcome, Priority, ReasonState, Ticket, Turn, UrgencyReason
from bot.texts import (
    NONE_OF_THESE,
    OUTCOME_WORDS,
    PRIORITY_WORDS,
    REASON_WORDS,
    SHORT_REASON_WORDS,
    TURN_WORDS,
    Translator,
    moment,
    translator,
)

# A person's own line, kept in the same log as the bot's words so that the chat has one order on every device.
OWN_LINE = "own_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A form with one button: where it posts, what it carries, how much it stands out (main, plain)."""

    label: str
    action: str
    fields: tuple[tuple[str, str], ...] = ()
    look: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """A ticket inside a bubble."""

    id: int
    title: str
    lamp: Lamp
    words: str
    facts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One word in the chat. `side` is mine, bot or agent; `reply_to` is a ticket to write to, `hints` are older ones."""

    id: int
    side: str
    author: str
    at: datetime
    when: str
    lines: tuple[str, ...] = ()
    quote: str = ""
    tickets: tuple[TicketLine, ...] = ()
    afterwards: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    reply_to: int | None = None
    hints: tuple[tuple[int, str], ...] = ()
    files: tuple[FileLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who looks, and when. `tickets` are those spoken of as they are now: what was said stays, lamps and buttons follow the present."""

    language: str
    zone: ZoneInfo
    now: datetime
    viewer_id: int = 0
    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    agents: Mapping[int, str] = field(default_factory=dict)

    @property
    def say(self) -> Translator:
        return translator(self.language)

    def moment(self, at: datetime | str | None) -> str:
        if at is None:
            return ""
        instant = datetime.fromisoformat(at) if isinstance(at, str) else at
        return moment(instant, zone=self.zone, language=self.language, now=self.now)


def bubble(delivery: Delivery, reader: Reader) -> Bubble:
    """The delivery as a bubble. A kind this version does not know still shows its text."""
    make = _KINDS.get(delivery.kind, _plain)
    parts: dict[str, Any] = {"side": "bot", "author": reader.say("Помічник")}
    parts |= make(delivery.body, reader)
    return Bubble(id=delivery.id, at=delivery.created_at, when=reader.moment(delivery.created_at), **parts)


def ticket_line(facts: dict[str, Any], reader: Reader) -> TicketLine:
    say = reader.say
    told = [say("критичність: {word}").format(word=priority_words(facts["priority"], facts.get("is_priority_guessed", False), say))]
    lamp, words = _state(facts, reader)
    if facts.get("due_at") and lamp is Lamp.GREEN:
        told.append(say("відреагуємо до: {at}").format(at=reader.moment(facts["due_at"])))
    return TicketLine(id=facts["id"], title=facts["title"], lamp=lamp, words=words, facts=" · ".join(told))


def _state(facts: dict[str, Any], reader: Reader) -> tuple[Lamp, str]:
    """The lamp and its words: of the present where it is known."""
    if ticket := reader.tickets.get(facts["id"]):
        return client_words(ticket, viewer_id=reader.viewer_id, language=reader.language)
    lamp = Lamp(facts["lamp"])
    return lamp, reader.say("закрито") if lamp is Lamp.GREY else reader.say(TURN_WORDS[Turn(facts["turn"])])


def _own_line(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    ticket_id = body.get("ticket_id")
    quote = reader.say("до звернення №{id}").format(id=ticket_id) if ticket_id else ""
    return {"side": "mine", "author": reader.say("Ви"), "lines": _lines(body.get("text", "")), "quote": quote}


def _receipt(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    say, tickets = reader.say, body["tickets"]
    first = tickets[0]
    buttons: list[Button] = []
    after: list[str] = []
    if len(tickets) > 1:
        lines = [say("Дякуємо! Тут кілька питань, тож кожне має своє звернення ({n}):").format(n=len(tickets))]
        if body.get("act") == "split" and body.get("origin_id") and _open_ones(tickets, reader) > 1:
            buttons.append(Button(label=say("Це одне питання"), action=f"/origins/{body['origin_id']}/one"))
    elif first.get("is_call_back"):
        lines = [say("Добре, ми вам зателефонуємо.")]
    else:
        lines = [say("Дякуємо! Звернення зареєстровано:")]
    if body.get("act") == "ask" and body.get("offer") and _open_ones(tickets, reader):
        after.append(say("Схоже, тут кілька питань. Розділити їх на окремі звернення?"))
        after += [f"{number}. {title}" for number, title in enumerate(body["offer"], start=1)]
        buttons.append(Button(label=say("Так, розділити"), action=f"/tickets/{first['id']}/split", look="main"))
        buttons.append(Button(label=say("Ні, це одне питання"), action=f"/tickets/{first['id']}/keep"))
    if body.get("opens_at"):
        after.append(say("Зараз неробочий час. Почнемо працювати: {at}.").format(at=reader.moment(body["opens_at"])))
    if body.get("left_out"):
        after.append(left_out_words(body["left_out"], say))
    return {
        "lines": tuple(lines),
        "tickets": tuple(ticket_line(facts, reader) for facts in tickets),
        "afterwards": tuple(after),
        "buttons": tuple(buttons),
        "hints": tuple((hint["id"], hint["title"]) for hint in body.get("hints", ())),
        "reply_to": first["id"] if len(tickets) == 1 else None,
    }


def _open_ones(tickets: Sequence[dict[str, Any]], reader: Reader) -> int:
    """How many of these are still open, as far as we know."""
    known = [reader.tickets.get(facts["id"]) for facts in tickets]
    return sum(ticket is None or ticket.is_open for ticket in known)


def _urgency_question(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    say, facts = reader.say, body["ticket"]
    lines = [
        say("Звернення №{id} прийнято як термінове, строк уже визначено. Підкажіть, будь ласка, що саме сталося:").format(id=facts["id"])
    ]
    present = reader.tickets.get(facts["id"])
    if present is not None and (not present.is_open or present.reason_state is not ReasonState.ASKED):
        answer = (say("Ваша відповідь: {reason}.").format(reason=say(SHORT_REASON_WORDS[present.reason])),) if present.reason else ()
        return {"lines": tuple(lines), "afterwards": answer}
    buttons = [
        Button(
            label=sentence(say(REASON_WORDS[UrgencyReason(value)])),
            action=f"/tickets/{facts['id']}/reason",
            fields=(("reason", str(value)),),
        )
        for value in body["order"]
    ]
    buttons.append(Button(label=say(NONE_OF_THESE), action=f"/tickets/{facts['id']}/reason", fields=(("reason", "0"),)))
    return {"lines": tuple(lines), "buttons": tuple(buttons), "afterwards": _phones(body, say)}


def _claimed(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    text = reader.say("Звернення №{id} вже в роботі, ним займається {agent}.")
    return _about(body, text.format(id=body["ticket"]["id"], agent=body.get("agent") or "?"))


def _staff_word(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    say, facts = reader.say, body["ticket"]
    number = facts["id"]
    return {
        "side": "agent",
        "author": body.get("agent") or say("Служба підтримки"),
        "quote": f"№{number} {facts['title']}",
        "lines": _lines(body["text"]),
        "files": named(body, f"/tickets/{number}"),
        "reply_to": number,
    }


def _answer(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    say, number = reader.say, body["ticket"]["id"]
    buttons = (
        Button(label=say("Вирішено, закрити"), action=f"/tickets/{number}/close", fields=(("outcome", Outcome.SOLVED.value),), look="main"),
        Button(label=say("Ще не вирішено"), action=f"/tickets/{number}/unsolved"),
    )
    present = reader.tickets.get(number)
    waits_for_client = present is None or (present.is_open and present.turn is not Turn.STAFF)
    return _staff_word(body, reader) | {"buttons": buttons if waits_for_client else ()}


def _client_reminder(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """R7: their turn for days; what happens without an answer."""
    say, facts = reader.say, body["ticket"]
    number, is_approval = facts["id"], facts["turn"] == Turn.CLIENT_APPROVAL
    asks = (
        say("Ми відповіли й чекаємо на ваше слово. Чи все вирішено?") if is_approval else say("Щоб продовжити, чекаємо на вашу відповідь.")
    )
    closes = say("Без відповіді звернення закриється: {at}. Його можна буде відкрити знову.")
    outcome = Outcome.SOLVED if is_approval else Outcome.NOT_RELEVANT
    label = say("Вирішено, закрити") if is_approval else say("Вже не актуально")
    close = Button(label=label, action=f"/tickets/{number}/close", fields=(("outcome", outcome.value),), look="main")
    present = reader.tickets.get(number)
    waits = present is None or (present.is_open and present.turn is not Turn.STAFF)
    return {
        "quote": f"№{number} {facts['title']}",
        "lines": (asks,),
        "afterwards": (closes.format(at=reader.moment(body["closes_at"])),) if body.get("closes_at") else (),
        "buttons": (close,) if waits else (),
        "reply_to": number,
    }


def _closed(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    say, facts = reader.say, body["ticket"]
    lines = [
        say("Звернення №{id} «{title}» закрито: {outcome}.").format(
            id=facts["id"], title=facts["title"], outcome=say(OUTCOME_WORDS[Outcome(body["outcome"])])
        )
    ]
    if body.get("result"):
        lines.append(say("Результат: {result}").format(result=body["result"]))
    present = reader.tickets.get(facts["id"])
    reopen = Button(label=say("Відкрити знову"), action=f"/tickets/{facts['id']}/reopen")
    return {"lines": tuple(lines), "buttons": (reopen,) if present is None or not present.is_open else ()}


def _reopened(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    return _about(body, reader.say("Звернення №{id} знову в роботі.").format(id=body["ticket"]["id"]))


def _priority_changed(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    say, facts = reader.say, body["ticket"]
    word = say(PRIORITY_WORDS[Priority(facts["priority"])])
    if body.get("because") == "none_of_these":
        text = say("Дякуємо за відповідь. Звернення №{id} розглянемо з критичністю «{word}».").format(id=facts["id"], word=word)
    else:
        text = say("Критичність звернення №{id} тепер «{word}».").format(id=facts["id"], word=word)
        if body.get("because"):
            text += " " + say("Причина: {why}").format(why=body["because"])
    return _about(body, text)


def _handed_over(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    text = reader.say("Звернення №{id} передано у відділ розробки. Оцінку робіт погодимо з вами заздалегідь.")
    return _about(body, text.format(id=body["ticket"]["id"]))


def _new_task_offer(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    say, made = reader.say, body["made"]
    lines = [say("Нове завдання з вашої відповіді має власне звернення:"), *(f"№{new['id']} {new['title']}" for new in made)]
    together = Button(
        label=say("Це те саме питання"),
        action=f"/tickets/{body['ticket']['id']}/merge",
        fields=tuple(("other", str(new["id"])) for new in made),
    )
    return {"lines": tuple(lines), "buttons": (together,) if _open_ones(made, reader) else ()}


def _plain(body: dict[str, Any], reader: Reader) -> dict[str, Any]:
    facts = body.get("ticket")
    parts: dict[str, Any] = {"lines": _lines(str(body.get("text", "")))}
    return parts | ({"tickets": (ticket_line(facts, reader),)} if facts else {})


def spoken_of(deliveries: Sequence[Delivery]) -> list[int]:
    """The numbers of all tickets that these speak of."""
    numbers = [number for delivery in deliveries for number in delivery.ticket_ids]
    numbers += [new["id"] for delivery in deliveries for new in delivery.body.get("made", ())]
    return list(dict.fromkeys(numbers))


def sentence(words: str) -> str:
    """With a capital at the beginning: the model's words stand inside sentences, a button is one."""
    return words[:1].upper() + words[1:]


def _about(body: dict[str, Any], text: str) -> dict[str, Any]:
    return {"lines": (text,), "reply_to": body["ticket"]["id"]}


def _phones(body: dict[str, Any], say: Translator) -> tuple[str, ...]:
    phones = body.get("phones") or ()
    return (say("Можна й зателефонувати: {phones}").format(phones=", ".join(phones)),) if phones else ()


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n"))


_KINDS: dict[str, Callable[[dict[str, Any], Reader], dict[str, Any]]] = {
    OWN_LINE: _own_line,
    "receipt": _receipt,
    "urgency_question": _urgency_question,
    "claimed": _claimed,
    "answer": _answer,
    "proposal": _answer,
    "question": _staff_word,
    "client_reminder": _client_reminder,
    "closed": _closed,
    "reopened": _reopened,
    "priority_changed": _priority_changed,
    "handed_over": _handed_over,
    "new_task_offer": _new_task_offer,
}
