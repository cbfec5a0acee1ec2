"""The staff feed: what a staff chat would show, with buttons that work. Pure.

A card is shown once, in its newest state; a client's words, nudges and alerts are lines of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.site.render import Button, Reader
from bot.channels.site.words import CHANNEL_WORDS, card_words, category_words, priority_words, reason_words
from bot.model import Delivery, Lamp
from bot.texts import Translator

# A card shows this much of the text; the whole of it is one click away.
EXCERPT = 600
SNOOZES = (("30", "30 хв"), ("60", "1 год"), ("180", "3 год"))

_VERDICTS = {
    "answer": "відповідь клієнта",
    "thanks": "подяка",
    "solved": "клієнт каже, що вирішено",
    "not_solved": "клієнт каже, що не вирішено",
    "new_task": "нове завдання",
    "answer_and_new": "відповідь і нове завдання",
    "third_person": "стороння особа",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A ticket on the feed."""

    id: int
    title: str
    lamp: Lamp
    words: str
    who: str
    facts: tuple[str, ...]
    due: str
    excerpt: str
    files: tuple[str, ...]
    result: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of the feed. `slot` is the place it takes: an entry with the same slot replaces the older one. `tone` is calm or loud."""

    id: int
    slot: str
    kind: str
    when: str
    heading: str
    tone: str = "calm"
    lines: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    buttons: tuple[Button, ...] = ()
    reply_to: int | None = None
    files: tuple[str, ...] = ()


def feed(deliveries: Iterable[Delivery], reader: Reader) -> list[Item]:
    """The feed, newest first; of each slot only the newest."""
    newest: dict[str, Item] = {}
    for delivery in deliveries:
        item = entry(delivery, reader)
        newest.pop(item.slot, None)
        newest[item.slot] = item
    return list(reversed(newest.values()))


def entry(delivery: Delivery, reader: Reader) -> Item:
    """One delivery to staff as an entry. A kind this version does not know still shows its text."""
    body = delivery.body
    tickets = _tickets(body)
    item: dict[str, Any] = {
        "id": delivery.id,
        "slot": delivery.edit_key or f"row:{delivery.id}",
        "kind": delivery.kind,
        "when": reader.moment(delivery.created_at),
        "cards": tuple(_card(facts, reader) for facts in tickets),
        "lines": _lines(body),
    }
    item |= _particulars(delivery.kind, body, tickets, reader)
    return Item(**item)


def _particulars(kind: str, body: dict[str, Any], tickets: Sequence[dict[str, Any]], reader: Reader) -> dict[str, Any]:
    say = reader.say
    number = tickets[0]["id"] if tickets else None
    match kind:
        case "card":
            return {"heading": say("Звернення №{id}").format(id=number), "lines": (), "buttons": _buttons(tickets, say), "reply_to": number}
        case "client_word":
            return {
                "heading": say("{author}: №{id} {title}").format(author=body.get("author") or "?", id=number, title=tickets[0]["title"]),
                "lines": (*_lines(body), *_verdict(body, say)),
                "cards": (),
                "files": tuple(file["name"] for file in body.get("attachments", ())),
                "buttons": _buttons(tickets, say),
                "reply_to": number,
            }
        case "nudge":
            return {"heading": say("Нагадування"), "tone": "loud", "buttons": _buttons(tickets, say, snooze=True), "reply_to": number}
        case "alert":
            return {"heading": say("Увага"), "tone": "loud"}
        case _:
            return {"heading": say("Повідомлення")}


def _tickets(body: dict[str, Any]) -> list[dict[str, Any]]:
    if "tickets" in body:
        return list(body["tickets"])
    return [body["ticket"]] if "ticket" in body else []


def _lines(body: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(body.get("text", "")).split("\n")) if body.get("text") else ()


def _verdict(body: dict[str, Any], say: Translator) -> tuple[str, ...]:
    word = _VERDICTS.get(body.get("verdict", ""))
    return (f"({say(word)})",) if word and body.get("verdict") != "answer" else ()


def _card(facts: dict[str, Any], reader: Reader) -> Card:
    say = reader.say
    lamp, words = card_words(facts, reader.language)
    told = [
        priority_words(facts["priority"], facts.get("is_priority_guessed", False), say),
        category_words(facts["category"], facts.get("is_category_guessed", False), say),
        reason_words(facts.get("reason"), facts.get("reason_state", "not_needed"), facts.get("reason_guess"), say),
        say(CHANNEL_WORDS.get(facts.get("channel", ""), facts.get("channel", ""))),
    ]
    if facts.get("snoozed_until_at"):
        told.append(say("нагадування відкладено до {at}").format(at=reader.moment(facts["snoozed_until_at"])))
    text = facts.get("text", "")
    return Card(
        id=facts["id"],
        title=facts["title"],
        lamp=lamp,
        words=words,
        who=" · ".join(name for name in (facts.get("contact"), facts.get("client")) if name),
        facts=tuple(part for part in told if part),
        due=reader.moment(facts["due_at"]) if facts.get("due_at") else "",
        excerpt=text if len(text) <= EXCERPT else text[:EXCERPT].rstrip() + " …",
        files=tuple(file["name"] for file in facts.get("attachments", ())),
        result=facts.get("result") or "",
        is_open=facts.get("is_open", True),
    )


def _buttons(tickets: Sequence[dict[str, Any]], say: Translator, *, snooze: bool = False) -> tuple[Button, ...]:
    """Claim while nobody has it; snooze where a nudge asks for it. Several tickets in one nudge are opened from their cards."""
    open_ones = [facts for facts in tickets if facts.get("is_open", True)]
    if len(open_ones) != 1:
        return ()
    facts = open_ones[0]
    path = f"/staff/tickets/{facts['id']}"
    buttons = [] if facts.get("assignee_id") else [Button(label=say("Беру"), action=f"{path}/claim", look="main")]
    if snooze:
        buttons += [
            Button(label=say("Відкласти на {span}").format(span=say(span)), action=f"{path}/snooze", fields=(("minutes", minutes),))
            for minutes, span in SNOOZES
        ]
    return tuple(buttons)
