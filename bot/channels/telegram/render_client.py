"""What a client reads in the chat, one function an occasion. Pure; every sentence in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.channels.telegram import render_choices
from bot.channels.telegram.page import (
    Button,
    Facts,
    Keyboard,
    Page,
    Reader,
    button,
    category_words,
    files_of,
    lamp,
    named,
    other_files,
    priority_words,
)
from bot.channels.telegram.text import brief, escape
from bot.left_out import left_out_words
from bot.model import Outcome, Priority, Turn, UrgencyReason
from bot.texts import NONE_OF_THESE, OUTCOME_WORDS, PRIORITY_WORDS, REASON_WORDS, SHORT_REASON_WORDS, TURN_WORDS

Body = dict[str, Any]
_MOST_WITH_FIELDS = 4
"""Of more tickets in one receipt the fields are changed in each one's own message (/my)."""


def receipt(body: Body, reader: Reader) -> Page:
    """R5: what was registered, in one message, with the way to undo it."""
    say, tickets = reader.say, body["tickets"]
    if len(tickets) > 1:
        head = say("✅ У вашому повідомленні кілька питань, тож кожне має своє звернення:")
    elif tickets[0].get("is_call_back"):
        head = say("📞 Добре, ми вам зателефонуємо.")
    else:
        head = say("✅ Дякуємо! Звернення зареєстровано:")
    lines = [head, *(_ticket_lines(facts, reader) for facts in tickets), *_offered(body, reader), *_around(body, reader)]
    if body.get("left_out"):
        lines.append(escape(left_out_words(body["left_out"], say)))
    return Page(head="\n\n".join(lines), keyboard=_receipt_buttons(body, reader))


def urgency_question(body: Body, reader: Reader) -> Page:
    """R11: the three reasons and "none of these"; the clock runs already."""
    say, facts = reader.say, body["ticket"]
    lines = [
        say("❗ {ticket}\nПрийнято як термінове, строк уже визначено. Підкажіть, будь ласка, що саме сталося:").format(ticket=named(facts)),
        *(f"{value}. {escape(say(REASON_WORDS[UrgencyReason(value)]))}" for value in sorted(body["order"])),
        *_phones(body, reader),
    ]
    rows = [(button(f"{value}. {say(SHORT_REASON_WORDS[UrgencyReason(value)])}", "reason", facts["id"], value),) for value in body["order"]]
    return Page(head="\n".join(lines), keyboard=(*rows, (button(say(NONE_OF_THESE), "reason", facts["id"], 0),)))


def claimed(body: Body, reader: Reader) -> Page:
    text = reader.say("👤 {ticket}\nВже в роботі, ним займається {agent}.")
    return Page(head=text.format(ticket=named(body["ticket"]), agent=brief(body.get("agent") or "?")))


def answer(body: Body, reader: Reader) -> Page:
    """A person's answer or proposal: the client approves it or says that it is not done."""
    say, facts = reader.say, body["ticket"]
    keyboard = (
        (button(say("✅ Вирішено, закрити"), "done", facts["id"]), button(say("↩️ Ще не вирішено"), "unsolved", facts["id"])),
        (_more_button(facts, reader),),
    )
    return _word(body, reader, keyboard, say("Щоб продовжити, дайте відповідь на це повідомлення."))


def question(body: Body, reader: Reader) -> Page:
    keyboard = ((_more_button(body["ticket"], reader),),)
    return _word(body, reader, keyboard, reader.say("❓ Дайте, будь ласка, відповідь на це повідомлення."))


def client_reminder(body: Body, reader: Reader) -> Page:
    """R7: their turn for days; what we last said, and what happens without an answer."""
    say, facts = reader.say, body["ticket"]
    keyboard: Keyboard
    if facts["turn"] == Turn.CLIENT_APPROVAL:
        asks = say("⏳ {ticket}\nМи відповіли й чекаємо на ваше слово. Чи все вирішено?")
        keyboard = ((button(say("✅ Вирішено, закрити"), "done", facts["id"]), button(say("↩️ Ще не вирішено"), "unsolved", facts["id"])),)
    else:
        asks = say("⏳ {ticket}\nЩоб продовжити, чекаємо на вашу відповідь.")
        keyboard = ((button(say("✖️ Вже не актуально"), "drop", facts["id"]),),)
    tail = [say("Щоб продовжити, дайте відповідь на це повідомлення.")]
    if body.get("closes_at"):
        tail.append(
            say("Без відповіді звернення закриється: {at}. Його можна буде відкрити знову.").format(at=reader.moment(body["closes_at"]))
        )
    words = f"\n\n<i>{brief(body['text'], 500)}</i>" if body.get("text") else ""
    return Page(head=asks.format(ticket=named(facts)) + words, tail="\n\n" + "\n".join(tail), keyboard=keyboard)


def closed(body: Body, reader: Reader) -> Page:
    """R4: the outcome, the one-line result, and the way back."""
    say, facts = reader.say, body["ticket"]
    lines = [say("⚪ {ticket}\nЗакрито: {outcome}.").format(ticket=named(facts), outcome=say(OUTCOME_WORDS[Outcome(body["outcome"])]))]
    if body.get("result"):
        lines.append(say("Результат: {result}").format(result=brief(body["result"], 1000)))
    return Page(head="\n".join(lines), keyboard=((button(say("Відкрити знову"), "reopen", facts["id"]),),))


def reopened(body: Body, reader: Reader) -> Page:
    return Page(head=reader.say("🟢 {ticket}\nЗнову в роботі.").format(ticket=named(body["ticket"])))


def priority_changed(body: Body, reader: Reader) -> Page:
    """When staff lower it the client reads why; "none of these" is answered politely (R11)."""
    say, facts = reader.say, body["ticket"]
    word = say(PRIORITY_WORDS[Priority(facts["priority"])])
    due = [say("Відреагуємо до: {at}").format(at=reader.moment(facts["due_at"]))] if facts.get("due_at") else []
    if body.get("because") == "none_of_these":
        lines = [say("Дякуємо за відповідь! {ticket}\nРозглянемо з критичністю «{word}».").format(ticket=named(facts), word=word)]
    else:
        lines = [say("{ticket}\nКритичність тепер «{word}».").format(ticket=named(facts), word=word)]
        lines += [say("Причина: {why}").format(why=brief(body["because"], 1000))] if body.get("because") else []
    return Page(head="\n".join(lines + due))


def handed_over(body: Body, reader: Reader) -> Page:
    """R13: agreed with the client beforehand."""
    text = reader.say("🛠 {ticket}\nПередано у відділ розробки. Оцінку робіт погодимо з вами заздалегідь.")
    return Page(head=text.format(ticket=named(body["ticket"])))


def new_task_offer(body: Body, reader: Reader) -> Page:
    """R6: a new task in an answer has a ticket of its own; one press puts it back."""
    say, made = reader.say, body["made"]
    lines = [say("Нове завдання з вашої відповіді має власне звернення:"), *(named(new) for new in made)]
    rows = tuple((button(say("№{id} — це те саме питання").format(id=new["id"]), "join", new["id"], body["ticket"]["id"]),) for new in made)
    return Page(head="\n".join(lines), keyboard=rows)


def merged(body: Body, reader: Reader) -> Page:
    return Page(head=reader.say("Гаразд, це одне звернення: {ticket}").format(ticket=named(body["ticket"])))


def my(body: Body, reader: Reader) -> Page:
    """R4: the whole list with lamps; a press opens one."""
    say, tickets = reader.say, body["tickets"]
    if not tickets:
        empty = say("Відкритих звернень немає. Щоб створити звернення, просто напишіть, що сталося.")
        return Page(head=empty, keyboard=_pages(body, reader), is_one_message=True)
    lines = [say("<b>Ваші звернення</b>"), *(f"{lamp(facts)} {named(facts)} — {_state(facts, reader)}" for facts in tickets)]
    numbers = [button(f"№{facts['id']}", "open", facts["id"]) for facts in tickets]
    rows = [tuple(numbers[at : at + 4]) for at in range(0, len(numbers), 4)]
    return Page(head="\n".join(lines), keyboard=(*rows, *_pages(body, reader)), is_one_message=True)


def my_ticket(body: Body, reader: Reader) -> Page:
    """One ticket as its client sees it: the words both sides said, never the notes."""
    say, facts = reader.say, body["ticket"]
    head = f"{lamp(facts)} {_ticket_lines(facts, reader)}\n{_state(facts, reader)}\n\n"
    words = "\n\n".join(f"{reader.moment(word['at'])} · {word['author']}:\n{word['text']}" for word in body["words"])
    if facts["lamp"] == "grey":
        return Page(head=head, text=words, keyboard=((button(say("Відкрити знову"), "reopen", facts["id"]),),))
    keyboard = ((button(say("✅ Вирішено, закрити"), "done", facts["id"]), button(say("✖️ Вже не актуально"), "drop", facts["id"])),)
    return Page(head=head, text=words, tail=say("\n\nЩоб написати в це звернення, дайте відповідь на це повідомлення."), keyboard=keyboard)


KINDS: dict[str, Callable[[Body, Reader], Page]] = {
    **render_choices.KINDS,
    "receipt": receipt,
    "urgency_question": urgency_question,
    "claimed": claimed,
    "answer": answer,
    "proposal": answer,
    "question": question,
    "client_reminder": client_reminder,
    "closed": closed,
    "reopened": reopened,
    "priority_changed": priority_changed,
    "handed_over": handed_over,
    "new_task_offer": new_task_offer,
    "merged": merged,
    "my": my,
    "my_ticket": my_ticket,
}


def _pages(body: Body, reader: Reader) -> Keyboard:
    """Back, forth, and with or without the closed ones; a list to choose from (`/close`) has none of it."""
    if "page" not in body:
        return ()
    say, number, scope = reader.say, body["page"], "all" if body["with_closed"] else "open"
    turns = [button("◀️", "page", number - 1, scope)] if number else []
    turns += [button("▶️", "page", number + 1, scope)] if body["has_more"] else []
    other = button(say("Лише відкриті"), "page", 0, "open") if body["with_closed"] else button(say("Показати й закриті"), "page", 0, "all")
    return (tuple(turns), (other,)) if turns else ((other,),)


def _more_button(facts: Facts, reader: Reader) -> Button:
    return button(reader.say("✍️ Дописати"), "add", facts["id"])


def _ticket_lines(facts: Facts, reader: Reader) -> str:
    say = reader.say
    told = [say("критичність: {word}").format(word=priority_words(facts, say)), category_words(facts, say)]
    due = say("⏰ відреагуємо до: {at}").format(at=reader.moment(facts["due_at"])) if facts.get("due_at") else ""
    return "\n".join(filter(None, (named(facts), due, " · ".join(told))))


def _offered(body: Body, reader: Reader) -> list[str]:
    if body.get("act") != "ask" or not body.get("offer"):
        return []
    titles = [f"{number}. {brief(title)}" for number, title in enumerate(body["offer"], start=1)]
    return ["\n".join([reader.say("Схоже, тут кілька питань. Розділити їх на окремі звернення?"), *titles])]


def _around(body: Body, reader: Reader) -> list[str]:
    say, lines = reader.say, []
    if body.get("opens_at"):
        lines.append(say("🌙 Зараз неробочий час. Почнемо працювати: {at}.").format(at=reader.moment(body["opens_at"])))
    return lines + _phones(body, reader)


def _phones(body: Body, reader: Reader) -> list[str]:
    phones = body.get("phones") or ()
    return [reader.say("Можна й зателефонувати: {phones}").format(phones=escape(", ".join(phones)))] if phones else []


def _receipt_buttons(body: Body, reader: Reader) -> Keyboard:
    say, first, origin = reader.say, body["tickets"][0], body.get("origin_id") or 0
    rows: list[tuple[Button, ...]] = []
    if body.get("act") == "split":
        rows.append((button(say("👌 Усе правильно"), "right", origin), button(say("Це одне питання"), "one", origin)))
        rows.append((button(say("Розділити інакше"), "otherwise", origin),))
    elif body.get("act") == "ask" and body.get("offer"):
        rows.append((button(say("Так, розділити"), "split", first["id"]), button(say("Ні, це одне питання"), "right", origin)))
        rows.append((button(say("Розділити інакше"), "otherwise", origin),))
    hints = body.get("hints", ()) if len(body["tickets"]) == 1 else ()
    if hints:
        rows.append(tuple(button(say("Це до №{id}").format(id=hint["id"]), "join", first["id"], hint["id"]) for hint in hints))
    if len(body["tickets"]) == 1 and first["priority"] != Priority.URGENT:
        rows.append((button(say("❗ Це терміново"), "urgent", first["id"]),))
    several = len(body["tickets"]) > 1
    for facts in body["tickets"][:_MOST_WITH_FIELDS]:
        name = f"№{facts['id']}: " if several else ""
        rows.append((button(name + say("критичність"), "level", facts["id"]), button(name + say("категорія"), "kind", facts["id"])))
    return tuple(rows)


def _word(body: Body, reader: Reader, keyboard: Keyboard, hint: str) -> Page:
    agent = brief(body.get("agent") or reader.say("Служба підтримки"))
    head = f"💬 {named(body['ticket'])}\n<i>{agent}:</i>\n"
    tail = "\n\n".join(filter(None, ("", other_files(body), f"<i>{hint}</i>")))
    return Page(head=head, text=body["text"], tail=f"\n\n{tail}", keyboard=keyboard, files=files_of(body))


def _state(facts: Facts, reader: Reader) -> str:
    if facts["lamp"] == "grey":
        return reader.say("закрито")
    return reader.say(TURN_WORDS[Turn(facts["turn"])])
