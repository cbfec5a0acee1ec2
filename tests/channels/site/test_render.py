"""Bodies of deliveries as bubbles and feed entries: every kind has its words, an unknown one still shows its text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot import notices
from bot.channels.site import render
from bot.channels.site.render import Reader, bubble
from bot.channels.site.render_staff import EXCERPT, entry, feed
from bot.model import (
    Actor,
    ActorKind,
    Contact,
    Delivery,
    Lamp,
    Message,
    MessageKind,
    Outcome,
    Priority,
    ReasonState,
    Route,
    Ticket,
    Turn,
    UrgencyReason,
)
from bot.notices import Facts, Reminder, StaffRoutes
from bot.sla.explain import account
from bot.sla.policy import Policy
from tests.builders import TUESDAY
from tests.channels.site.house import FEED, KYIV

READER = Reader(language="uk", zone=KYIV, now=TUESDAY)
ROUTE = Route(channel="site", recipient="contact:7")
CONTACT = Contact(id=7, name="Ірина", client_id=1)


def facts(**fields: Any) -> Facts:
    defaults: dict[str, Any] = {"id": 3, "title": "Не друкує чек", "contact_id": 7, "received_at": TUESDAY, "created_at": TUESDAY}
    ticket = Ticket(**(defaults | {"channel": "site", "route": ROUTE, "client_id": 1} | fields))
    due_at = TUESDAY + timedelta(hours=1)
    return Facts(ticket=ticket, contact=CONTACT, client_name="Крамниця", due_at=due_at, text="Не друкує чек на касі")


def shown(rows: list[Delivery]) -> render.Bubble:
    [row] = rows
    return bubble(row, READER)


def test_a_receipt_tells_number_title_lamp_and_deadline() -> None:
    made = shown(notices.receipt([facts()], cause="c", now=TUESDAY, act="one", because=""))
    [line] = made.tickets
    assert (line.id, line.title, line.lamp, line.words) == (3, "Не друкує чек", Lamp.GREEN, "у роботі")
    assert line.facts == "критичність: середня (визначено автоматично) · відреагуємо до: сьогодні 11:00"
    assert made.reply_to == 3
    assert made.buttons == ()


def test_a_split_can_be_undone_and_an_offer_taken_or_left() -> None:
    made = shown(notices.receipt([facts(origin_id=9), facts(id=4, origin_id=9)], cause="c", now=TUESDAY, act="split", because=""))
    assert [button.action for button in made.buttons] == ["/origins/9/one"]
    offered = shown(notices.receipt([facts()], cause="c", now=TUESDAY, act="ask", because="", offer=("Перше", "Друге")))
    assert [button.action for button in offered.buttons] == ["/tickets/3/split", "/tickets/3/keep"]
    assert offered.afterwards[1:] == ("1. Перше", "2. Друге")


def test_a_call_back_and_a_closed_desk_are_said() -> None:
    rows = notices.receipt([facts(is_call_back=True)], cause="c", now=TUESDAY, act="one", because="", opens_at=TUESDAY + timedelta(days=1))
    made = shown(rows)
    assert made.lines == ("Добре, ми вам зателефонуємо.",)
    assert made.afterwards == ("Зараз неробочий час. Почнемо працювати: завтра 10:00.",)


def test_the_likely_reason_comes_first_and_none_of_them_last() -> None:
    made = shown(notices.urgency_question(facts(priority=Priority.URGENT, reason_guess=UrgencyReason.MOST_USERS), cause="c", now=TUESDAY))
    assert [button.fields for button in made.buttons] == [(("reason", n),) for n in "2130"]
    assert all(button.label[0].isupper() for button in made.buttons)


def word(kind: MessageKind) -> Message:
    author = Actor(kind=ActorKind.AGENT, id=1, name="Олена")
    return Message(id=5, ticket_id=3, kind=kind, author=author, text="Перший\nдругий", at=TUESDAY)


@pytest.mark.parametrize(("kind", "buttons"), [(MessageKind.ANSWER, 2), (MessageKind.PROPOSAL, 2), (MessageKind.QUESTION, 0)])
def test_a_persons_word_is_a_persons(kind: MessageKind, buttons: int) -> None:
    made = shown(notices.word_to_client(facts(turn=Turn.CLIENT_APPROVAL), word(kind)))
    assert (made.side, made.author, made.lines, made.reply_to) == ("agent", "Олена", ("Перший", "другий"), 3)
    assert len(made.buttons) == buttons


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("claimed", {"agent": "Олена"}, "Звернення №3 вже в роботі, ним займається Олена."),
        ("closed", {"outcome": "solved", "result": "Оновлено драйвер", "agent": "Олена"}, "Результат: Оновлено драйвер"),
        ("reopened", {}, "Звернення №3 знову в роботі."),
        ("priority_changed", {"before": "urgent", "because": "друга каса працює"}, "Причина: друга каса працює"),
        ("priority_changed", {"before": "urgent", "because": "none_of_these"}, "Дякуємо за відповідь."),
        ("handed_over", {"because": ""}, "передано у відділ розробки"),
    ],
)
def test_changes_are_told_in_a_sentence(kind: str, body: dict[str, Any], said: str) -> None:
    made = shown(notices.told_client(facts(outcome=Outcome.SOLVED), kind, now=TUESDAY, **body))
    assert said in " ".join(made.lines)


@pytest.mark.parametrize(
    ("turn", "outcome", "said"),
    [(Turn.CLIENT_APPROVAL, "solved", "Чи все вирішено?"), (Turn.CLIENT_CLARIFICATION, "not_relevant", "чекаємо на вашу відповідь")],
)
def test_a_reminder_of_their_turn_can_be_answered_or_pressed(turn: Turn, outcome: str, said: str) -> None:
    made = shown(notices.client_reminder(facts(turn=turn), since=TUESDAY, text="", closes_at=TUESDAY, now=TUESDAY))
    assert said in made.lines[0]
    assert (made.reply_to, [button.fields for button in made.buttons]) == (3, [(("outcome", outcome),)])
    assert made.afterwards[0].startswith("Без відповіді звернення закриється: сьогодні")


def test_a_new_task_can_be_put_back() -> None:
    rows = notices.new_task_offer(facts(), cause="c", titles=["Звіт"], made=[facts(id=8, title="Звіт").ticket], now=TUESDAY)
    [button] = shown(rows).buttons
    assert (button.action, button.fields) == ("/tickets/3/merge", (("other", "8"),))


def test_what_this_version_does_not_know_still_shows_its_text() -> None:
    row = Delivery(key="k", route=ROUTE, kind="from_the_future", body={"text": "Слово"}, created_at=TUESDAY)
    assert bubble(row, READER).lines == ("Слово",)
    assert entry(row, READER).lines == ("Слово",)
    assert bubble(Delivery(key="k", route=ROUTE, kind="bare", body={}, created_at=TUESDAY), READER).lines == ("",)


def card(**fields: Any) -> Delivery:
    [row] = notices.card(facts(**fields), StaffRoutes(desk=(FEED,)), now=TUESDAY)
    return row


def test_a_card_shows_who_has_it_and_offers_it_to_whoever_has_not() -> None:
    [nobodys] = entry(card(), READER).cards
    assert (nobodys.lamp, nobodys.words, len(nobodys.buttons)) == (Lamp.RED, "ніхто не взяв", 1)
    [taken] = entry(card(assignee_id=1), READER).cards
    assert (taken.lamp, taken.buttons) == (Lamp.YELLOW, ())
    [closed] = entry(card(closed_at=TUESDAY, outcome=Outcome.SOLVED), READER).cards
    assert (closed.lamp, closed.words, closed.buttons) == (Lamp.GREY, "закрито: вирішено", ())


def test_a_guessed_reason_is_shown_as_a_guess() -> None:
    [urgent] = entry(
        card(priority=Priority.URGENT, reason_state=ReasonState.ASKED, reason_guess=UrgencyReason.OPERATIONAL_WORK), READER
    ).cards
    assert "причину не вказано, схоже: стоїть термінова робота" in urgent.facts


def test_a_long_text_is_one_click_away() -> None:
    made = facts()
    long = Facts(ticket=made.ticket, contact=CONTACT, text="ж" * 5_000)
    [row] = notices.card(long, StaffRoutes(desk=(FEED,)), now=TUESDAY)
    [shown_card] = entry(row, READER).cards
    assert len(shown_card.excerpt) == EXCERPT + 2


def test_the_feed_is_newest_first_and_each_card_once() -> None:
    rows = [card(), card(id=4), card(assignee_id=1, version=2)]
    numbered = [Delivery(**{**_fields(row), "id": number}) for number, row in enumerate(rows, start=1)]
    assert [(item.id, item.slot) for item in feed(numbered, READER)] == [(3, "card:3"), (2, "card:4")]


def _fields(row: Delivery) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Delivery.__dataclass_fields__}


def nudge(rung: str, due_in: timedelta, total: int = 1) -> Delivery:
    calendar = Policy().desk_calendar
    reminder = Reminder(
        facts=facts(priority=Priority.URGENT),
        rung=rung,
        kind="reaction",
        due_at=TUESDAY + due_in,
        effective_due_at=TUESDAY + due_in,
        planned_at=TUESDAY,
        account=account(calendar, TUESDAY - timedelta(hours=20), TUESDAY + max(due_in, timedelta(minutes=1))),
    )
    return notices.nudge(FEED, [reminder], cause="clock:1:g1:s0", total=total, now=TUESDAY)


@pytest.mark.parametrize(
    ("rung", "due_in", "said"),
    [
        ("before", timedelta(minutes=30), "Лишилося 30 хв, до сьогодні 10:30."),
        ("due", timedelta(0), "Строк настав."),
        ("after", timedelta(minutes=-90), "Прострочено на 1 год 30 хв."),
        ("claimed", timedelta(minutes=30), "Взято в роботу, а клієнт ще чекає на перше слово."),
        ("snoozed", timedelta(minutes=30), "Час повернутися: нагадування було відкладено."),
    ],
)
def test_a_nudge_says_how_it_stands_and_what_was_not_counted(rung: str, due_in: timedelta, said: str) -> None:
    item = entry(nudge(rung, due_in), READER)
    [ticket] = item.cards
    assert ticket.promise[0] == said
    assert "не рахували: ніч" in ticket.promise[1]
    assert ticket.may_lower
    assert [button.action.rpartition("/")[2] for button in ticket.buttons] == ["claim", "phoned", "snooze", "snooze", "snooze"]


def test_a_nudge_for_many_counts_the_rest() -> None:
    assert "є ще 4" in entry(nudge("due", timedelta(0), total=5), READER).lines[0]
