"""Lists for staff: a page of the queue, who is there, how the desk stands, canned answers, cards by the dozen. Pure."""

from __future__ import annotations

from typing import Any

from bot.channels.telegram.page import Page, Reader, button, lamp, named
from bot.channels.telegram.staff_menus import turn_buttons
from bot.channels.telegram.text import brief
from bot.texts import Translator

Body = dict[str, Any]
_IN_A_ROW = 5


def queue(body: Body, reader: Reader) -> Page:
    """Open tickets by nearest deadline."""
    say, rows = reader.say, body["rows"]
    title = f"<b>{brief(_title(body, say))}</b>"
    turns = turn_buttons("queue", 0, body["page"], has_more=body["has_more"])
    # The page is the id here, the list's name the argument.
    turning = tuple(button(each.text, "queue", int(each.data.rpartition(":")[2]), body["name"]) for each in turns)
    if not rows:
        return Page(head=f"{title}\n{say('Відкритих звернень немає.')}", keyboard=(turning,) if turning else ())
    lines = [title, *(_queue_line(row, reader) for row in rows)]
    if body["total"] is not None and body["total"] > len(rows):
        lines.append(say("… усього {n}").format(n=body["total"]))
    numbers = [button(f"№{row['id']}", "show", row["id"]) for row in rows]
    keyboard = [tuple(numbers[at : at + _IN_A_ROW]) for at in range(0, len(numbers), _IN_A_ROW)]
    return Page(head="\n".join(lines), keyboard=(*keyboard, *((turning,) if turning else ())))


def who(body: Body, reader: Reader) -> Page:
    """Who is there and how much each has; who is away."""
    say = reader.say
    lines = [f"<b>{say('На місці') if body['is_kept'] else say('Співробітники')}</b>"]
    lines += [_present(each, reader) for each in body["there"]] or [say("нікого")]
    if body["away"]:
        lines += ["", f"<b>{say('Немає')}</b>", *(f"{brief(each['name'])}{_has(each, say)}" for each in body["away"])]
    lines += ["", say("Ще ніхто не взяв: {n}").format(n=body["nobodys"])]
    return Page(head="\n".join(lines))


def stats(body: Body, reader: Reader) -> Page:
    """The desk in numbers."""
    say = reader.say
    lines = [
        say("<b>Зараз відкрито: {open}</b>"),
        say("нічиї {nobodys} · термінові {urgent} · прострочені {overdue}"),
        say("чекають на клієнта {waiting} · у розробці {development}"),
        say("Сьогодні: нових {opened}, закрито {closed}"),
        say("За тиждень: нових {opened_week}, закрито {closed_week}"),
        say("Хто що веде: /who · прострочені: /queue прострочені"),
    ]
    return Page(head="\n".join(lines).format(**{name: value for name, value in body.items() if isinstance(value, int)}))


def backlog(body: Body, reader: Reader) -> Page:
    """New tickets that came faster than a chat can be told: one message for all of them, urgent ones first."""
    say, rows = reader.say, body["tickets"]
    head = say("📥 Нових звернень надійшло багато; ось {n}:").format(n=len(rows))
    lines = [
        f"{lamp(facts)}{'🔥' if facts['priority'] == 'urgent' else ''} {named(facts)} · {_who(facts)}{_due(facts, reader)}"
        for facts in rows
    ]
    numbers = [button(f"№{facts['id']}", "show", facts["id"]) for facts in rows]
    keyboard = tuple(tuple(numbers[at : at + _IN_A_ROW]) for at in range(0, len(numbers), _IN_A_ROW))
    return Page(head="\n".join([head, *lines]), keyboard=keyboard, is_one_message=True)


def answers(body: Body, reader: Reader) -> Page:
    """The canned answers by name, with their first words."""
    say = reader.say
    if not body["answers"]:
        return Page(head=say("Шаблонів ще немає. Керівник може додати: /answers add Назва: текст"))
    lines = [f"<b>{brief(each['name'])}</b> — {brief(each['text'], 80)}" for each in body["answers"]]
    hint = say("Вставити у відповідь: кнопка «📋 Шаблон» під карткою. Керівникам: /answers add Назва: текст, /answers delete Назва")
    return Page(head="\n".join([f"<b>{say('Шаблони відповідей')}</b>", *lines, "", brief(hint, 400)]))


def _title(body: Body, say: Translator) -> str:
    match body["name"].partition(".")[0]:
        case "mine":
            return say("Мої звернення: {name}").format(name=body["owner"])
        case "nobodys":
            return say("Черга: ще ніхто не взяв")
        case "urgent":
            return say("Черга: термінові")
        case "overdue":
            return say("Черга: прострочені")
        case "development":
            return say("Черга: у розробці")
        case _:
            return say("Черга")


def _queue_line(row: Body, reader: Reader) -> str:
    say = reader.say
    due = say("до {at}").format(at=reader.moment(row["due_at"])) if row.get("due_at") else say("без строку")
    owner = f" · {brief(row['assignee'], 50)}" if row.get("assignee") else ""
    return f"{lamp(row)} {named(row)} — {due}{owner} · {_who(row)}"


def _who(row: Body) -> str:
    return brief(row["client"] or row["contact"], 50)


def _due(facts: Body, reader: Reader) -> str:
    return " · " + reader.say("до {at}").format(at=reader.moment(facts["due_at"])) if facts.get("due_at") else ""


def _present(each: Body, reader: Reader) -> str:
    say = reader.say
    until = " · " + say("до {at}").format(at=reader.moment(each["until"])) if each["until"] else ""
    instead = " · " + say("замість: {names}").format(names=brief(", ".join(each["instead_of"]))) if each["instead_of"] else ""
    return f"🧑‍💻 {brief(each['name'])}{_has(each, say)}{until}{instead}"


def _has(each: Body, say: Translator) -> str:
    return " · " + say("звернень: {n}").format(n=each["open"]) if each["open"] else ""
