"""The staff feed: what a staff chat would show, with buttons that work. Pure.

A card is shown once, in its newest state; a client's words, nudges and alerts are lines of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot import summary_words
from bot.channels.site.file_links import FileLink, named
from bot.channels.site.render import Button, Reader
from bot.channels.site.render_nudge import is_lowerable, nudge_buttons, once, promise_lines
from bot.channels.site.words import CHANNEL_WORDS, card_words, category_words, priority_words, reason_words
from bot.lamps import card_lamp
from bot.model import Delivery, Lamp, Turn
from bot.texts import SENDER_WORDS, Translator, told

# A card shows this much of the text; the whole of it is one click away.
EXCERPT = 600

# The catalogue tool finds sentences by this name; they are looked up when they are shown.
_ = str

_VERDICTS = {
    "answer": _("відповідь клієнта"),
    "thanks": _("подяка"),
    "solved": _("клієнт каже, що вирішено"),
    "not_solved": _("клієнт каже, що не вирішено"),
    "new_task": _("нове завдання"),
    "answer_and_new": _("відповідь і нове завдання"),
    "third_person": _("стороння особа"),
    "edited": _("клієнт виправив написане"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A ticket on the feed. `promise` says, in a nudge, why this minute."""

    id: int
    title: str
    lamp: Lamp
    words: str
    who: str
    facts: tuple[str, ...]
    due: str
    excerpt: str
    files: tuple[FileLink, ...]
    result: str
    is_open: bool
    promise: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    may_lower: bool = False


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
    files: tuple[FileLink, ...] = ()


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
    tickets = [_as_it_is(facts, reader) for facts in _tickets(body)]
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
    match kind:
        case "card":
            return {"heading": say("Звернення №{id}").format(id=tickets[0]["id"]), "lines": ()}
        case "client_word":
            heading = say("{author}: №{id} {title}").format(
                author=body.get("author") or "?", id=tickets[0]["id"], title=tickets[0]["title"]
            )
            return {
                "heading": heading,
                "lines": (*_lines(body), *_verdict(body, say)),
                "cards": (),
                "files": named(body, f"/staff/tickets/{tickets[0]['id']}"),
                "buttons": _claim(tickets[0], say),
                "reply_to": tickets[0]["id"],
            }
        case "nudge":
            tone = "loud" if any(_waits(facts) for facts in tickets) else "calm"
            return {"heading": say("Нагадування"), "tone": tone, "lines": _about_all(body, len(tickets), reader)}
        case "summary":
            words = summary_words.lines(body, say=say, at=reader.moment, language=reader.language)
            return {"heading": summary_words.heading(body, say), "tone": "calm", "lines": tuple(words)}
        case "alert":
            return {
                "heading": say("Увага"),
                "tone": "loud",
                "lines": (told(body["news"], reader.language),) if "news" in body else _lines(body),
            }
        case _:
            return {"heading": say("Повідомлення")}


def _as_it_is(facts: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """The facts of a notice with what has changed since: an old nudge must not offer a ticket that a colleague has."""
    ticket = reader.tickets.get(facts["id"])
    if ticket is None:
        return facts
    return facts | {
        "lamp": card_lamp(ticket).value,
        "turn": ticket.turn.value,
        "is_open": ticket.is_open,
        "outcome": ticket.outcome.value if ticket.outcome else None,
        "result": ticket.result,
        "assignee_id": ticket.assignee_id,
        "assignee": reader.agents.get(ticket.assignee_id or 0, ""),
        "priority": ticket.priority.value,
        "version": ticket.version,
    }


def _waits(facts: dict[str, Any]) -> bool:
    """Whether the client still waits for us."""
    return bool(facts.get("is_open", True) and facts.get("turn") == Turn.STAFF)


def _about_all(body: dict[str, Any], shown: int, reader: Reader) -> tuple[str, ...]:
    """What a nudge says of all its tickets together."""
    say, lines = reader.say, []
    if body.get("silent_since"):
        lines.append(say("Служба не працювала з {at}; ось що настало за цей час.").format(at=reader.moment(body["silent_since"])))
    if body.get("total", shown) > shown:
        lines.append(say("Це найнагальніші; є ще {n}, усі в черзі.").format(n=body["total"] - shown))
    return tuple(lines)


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
    if facts.get("sender") == "failed":
        told.append(f"⚠ {say(SENDER_WORDS['failed'])}")
    if facts.get("snoozed_until_at"):
        told.append(say("нагадування відкладено до {at}").format(at=reader.moment(facts["snoozed_until_at"])))
    text, is_open = facts.get("text", ""), facts.get("is_open", True)
    return Card(
        id=facts["id"],
        title=facts["title"],
        lamp=lamp,
        words=words,
        who=" · ".join(name for name in (facts.get("contact"), facts.get("client")) if name),
        facts=tuple(part for part in told if part),
        due=reader.moment(facts["due_at"]) if facts.get("due_at") else "",
        excerpt=text if len(text) <= EXCERPT else text[:EXCERPT].rstrip() + " …",
        files=named(facts),
        result=facts.get("result") or "",
        is_open=is_open,
        promise=promise_lines(facts, reader) if "nudge" in facts and _waits(facts) else (),
        buttons=nudge_buttons(facts, reader) if "nudge" in facts and _waits(facts) else _claim(facts, say),
        may_lower="nudge" in facts and _waits(facts) and is_lowerable(facts),
    )


def _claim(facts: dict[str, Any], say: Translator) -> tuple[Button, ...]:
    if not facts.get("is_open", True) or facts.get("assignee_id"):
        return ()
    return (Button(label=say("Беру"), action=f"/staff/tickets/{facts['id']}/claim", fields=once(facts), look="main"),)
