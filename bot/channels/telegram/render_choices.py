"""What a client is asked to choose, send or write, one function an occasion. Pure; every sentence in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bot.channels.telegram import cuts
from bot.channels.telegram.page import Page, Reader, button, named
from bot.channels.telegram.text import brief, escape
from bot.model import Category, Priority
from bot.texts import CATEGORY_WORDS, PRIORITY_WORDS

Body = dict[str, Any]
_OWN_MARK = re.compile(r"^(?:\(?\d{1,2}[.)]|[-–—*•])\s+")
"""The piece's own list mark, which beside our numbers would be two."""


def prompt_more(body: Body, reader: Reader) -> Page:
    """The next words belong to this ticket: they are a reply to this message."""
    text = reader.say("✍️ {ticket}\nНапишіть відповіддю на це повідомлення, і ми допишемо до звернення.")
    return Page(head=text.format(ticket=named(body["ticket"])), answer_from=body["person"])


def choose_level(body: Body, reader: Reader) -> Page:
    """R9."""
    say, facts = reader.say, body["ticket"]
    rows = tuple(
        (button(f"{'● ' if priority == facts['priority'] else ''}{say(PRIORITY_WORDS[priority])}", "level", facts["id"], priority.value),)
        for priority in sorted(Priority, key=lambda one: -one.rank)
    )
    return Page(head=say("{ticket}\nНаскільки це терміново?").format(ticket=named(facts)), keyboard=rows)


def choose_kind(body: Body, reader: Reader) -> Page:
    """R9, R12, R13."""
    say, facts = reader.say, body["ticket"]
    rows = tuple(
        (button(f"{'● ' if kind == facts['category'] else ''}{say(CATEGORY_WORDS[kind])}", "kind", facts["id"], kind.value),)
        for kind in Category
    )
    return Page(
        head=say("{ticket}\nЩо це: те, що треба полагодити чи пояснити, чи нова можливість?").format(ticket=named(facts)), keyboard=rows
    )


def divide(body: Body, reader: Reader) -> Page:
    """The client's own words in pieces, a button for each place where a new question may begin, and what would be made of it now."""
    say, origin, chosen = reader.say, body["origin"], frozenset(body["cuts"])
    lines, number = [say("✂️ Натисніть номер, з якого починається інше питання. Зараз вийде звернень: {n}").format(n=len(chosen) + 1)], 1
    for at, piece in enumerate(body["pieces"]):
        if at == 0 or at in chosen:
            lines.append("\n" + say("<b>Питання {n}</b>").format(n=number))
            number += 1
        lines.append(f"<b>{at + 1}</b> · {brief(_OWN_MARK.sub('', piece), 160)}")
    toggles = [
        button(f"{'✂️ ' if at in chosen else ''}{at + 1}", "divide", origin, cuts.written(chosen ^ {at}))
        for at in range(1, len(body["pieces"]))
    ]
    rows = [tuple(toggles[at : at + 5]) for at in range(0, len(toggles), 5)]
    rows.append((button(say("✅ Готово"), "dodivide", origin, cuts.written(chosen)), button(say("✍️ Поясню словами"), "byhand", origin)))
    return Page(head="\n".join(lines), keyboard=tuple(rows), is_one_message=True)


def welcome(body: Body, reader: Reader) -> Page:
    """The first words; who is not known yet can send their number with one press."""
    return Page(head="", text=body["text"], contact_button=reader.say("📱 Надіслати мій номер") if body.get("asks_contact") else "")


def contact_known(body: Body, reader: Reader) -> Page:
    return Page(head="", text=body["text"], hides_button=True)


def choose_language(body: Body, reader: Reader) -> Page:
    row = (button("Українська", "language", 0, "uk"), button("English", "language", 0, "en"))
    return Page(head="Якою мовою вам зручніше? / Which language do you prefer?", keyboard=(row,))


def login_link(body: Body, reader: Reader) -> Page:
    """The address stands in the text, not in a button: Telegram refuses buttons to addresses of one's own machine."""
    text = reader.say("🔑 Вхід на сайт (посилання одноразове, діє 30 хвилин, нікому його не пересилайте):")
    return Page(head=f"{text}\n{escape(body['url'])}")


KINDS: dict[str, Callable[[Body, Reader], Page]] = {
    "prompt_more": prompt_more,
    "choose_level": choose_level,
    "choose_kind": choose_kind,
    "divide": divide,
    "welcome": welcome,
    "contact_known": contact_known,
    "choose_language": choose_language,
    "login_link": login_link,
}
