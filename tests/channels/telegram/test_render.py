"""Whatever is in a delivery, what is sent can be parsed by Telegram, fits, and has buttons that Telegram takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import notices
from bot.channels.telegram import render, render_client, render_staff
from bot.channels.telegram.page import Reader
from bot.channels.telegram.sandbox.markup import check_keyboard, parse_html, utf16_length
from bot.errors import BotError, Permanent
from bot.model import (
    Actor,
    ActorKind,
    Attachment,
    Contact,
    Delivery,
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
from bot.notices import Facts, StaffRoutes

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
READER = Reader(language="uk", zone=ZoneInfo("Europe/Kyiv"), now=NOW)
CLIENT, STAFF = Route(channel="telegram", recipient="501"), Route(channel="telegram", recipient="-1001")
HOSTILE = "</b><script>&\x00 <a href='x'>RTL \u202e zalgo Z\u0351\u034c 🙂"


def facts(text: str = "Не друкує", **fields: Any) -> Facts:
    ticket = Ticket(
        id=7,
        **{
            "title": "Не друкує принтер",
            "contact_id": 1,
            "received_at": NOW - timedelta(minutes=5),
            "created_at": NOW,
            "channel": "telegram",
            "route": CLIENT,
            **fields,
        },
    )
    return Facts(
        ticket=ticket,
        contact=Contact(id=1, name=HOSTILE),
        client_name="ТОВ «Приклад» & Ко",
        assignee_name=HOSTILE if ticket.assignee_id else "",
        due_at=NOW + timedelta(hours=1),
        text=text,
        attachments=(Attachment(name="знімок", kind="photo", ref="telegram:f1"),),
    )


def word(kind: MessageKind, text: str) -> Message:
    author = Actor(kind=ActorKind.AGENT, id=1, name=HOSTILE)
    return Message(id=1, ticket_id=7, kind=kind, author=author, text=text, at=NOW)


def everything(text: str) -> list[Delivery]:
    """One delivery of every kind that the desk makes."""
    staff, one = StaffRoutes(desk=(STAFF,)), facts(text)
    urgent = facts(text, priority=Priority.URGENT, reason_state=ReasonState.ASKED, reason_guess=UrgencyReason.MOST_USERS)
    closed = facts(text, closed_at=NOW, outcome=Outcome.DECLINED, result=text[:500])
    told = [
        ("claimed", {"agent": HOSTILE}),
        ("closed", {"outcome": "solved", "result": text[:3000], "agent": ""}),
        ("reopened", {}),
        ("priority_changed", {"before": "urgent", "because": text[:3000]}),
        ("priority_changed", {"before": "urgent", "because": "none_of_these"}),
        ("handed_over", {"because": text[:100]}),
    ]
    return [
        *notices.receipt([one], cause="a", now=NOW, act="one", because="", hints=[one.ticket], opens_at=NOW, phones=("+380 44",)),
        *notices.receipt([one, urgent], cause="b", now=NOW, act="split", because=""),
        *notices.receipt([one], cause="c", now=NOW, act="ask", because="", offer=[text[:60], HOSTILE]),
        *notices.receipt([facts(text, is_call_back=True)], cause="d", now=NOW, act="one", because=""),
        *notices.urgency_question(urgent, cause="e", now=NOW, phones=("+380 44",)),
        *(row for kind in ("answer", "question", "proposal") for row in notices.word_to_client(one, word(MessageKind(kind), text))),
        *(row for kind, body in told for row in notices.told_client(one, kind, now=NOW, **body)),
        *notices.new_task_offer(one, cause="f", titles=[text[:60]], made=[one.ticket], now=NOW),
        *notices.client_reminder(facts(turn=Turn.CLIENT_APPROVAL), since=NOW, text=text, closes_at=NOW, now=NOW),
        *notices.client_reminder(facts(turn=Turn.CLIENT_CLARIFICATION), since=NOW, text=text, closes_at=None, now=NOW),
        notices.say(CLIENT, text or "так", cause="g", language="uk", now=NOW),
        *(row for each in (one, urgent, closed, facts(text, assignee_id=3)) for row in notices.card(each, staff, now=NOW)),
        *notices.client_word(one, word(MessageKind.INBOUND, text), staff, verdict="solved"),
        *notices.client_word(one, word(MessageKind.THIRD_PERSON, text), staff, verdict="third_person"),
        *notices.alert([STAFF], BotError("{what}", what=text or "так"), cause="h", now=NOW),
    ]


def of_the_chat(text: str) -> list[Delivery]:
    """One delivery of every kind that the staff chat's own conversation makes."""
    shown = facts(text, priority=Priority.URGENT).for_staff() | {"title": HOSTILE[:60], "client": text[:300], "contact": text[:300]}
    row = {**shown, "assignee": text[:200]}
    listing = {"name": "mine.7", "page": 1, "owner": text, "rows": [row] * 10, "has_more": True, "total": 30}
    there = {"name": text[:200], "open": 3, "until": NOW.isoformat(), "instead_of": [HOSTILE]}
    numbers = dict.fromkeys(("open", "nobodys", "urgent", "overdue", "waiting", "development", "opened", "closed"), 7)
    held = {"tickets": [{"id": 7, "title": text[:60]}], "total": 1, "contact": text, "text": text[:200], "until": NOW.isoformat()}
    bodies: list[tuple[str, dict[str, object]]] = [
        ("queue", listing),
        ("queue", {**listing, "rows": [], "page": 0, "has_more": False}),
        ("who", {"is_kept": True, "there": [there], "away": [{"name": HOSTILE, "open": 0}], "nobodys": 2}),
        ("stats", numbers | {"opened_week": 9, "closed_week": 8}),
        ("answers", {"answers": [{"name": text[:40], "text": text}] * 60}),
        ("answers", {"answers": []}),
        ("backlog", {"tickets": [shown] * 20}),
        ("held", {**held, "undo": ["unword", 7, 123456789]}),
        ("held", {**held, "total": 60, "tickets": [{"id": n, "title": ""} for n in range(10**12, 10**12 + 10)], "undo": ["unsend", 5]}),
        ("cut", {"ticket_id": 7, "pieces": [text[:500] or "х"] * 40}),
        ("prompt_replyall", {"what": "replyall", "ticket_id": 7, "title": text[:60], "person": "901", "agent": text[:200]}),
        ("prompt_handover", {"what": "handover", "ticket_id": 7, "title": text[:60], "person": "901", "agent": text[:200]}),
    ]
    return [Delivery(key=f"{at}", route=STAFF, kind=kind, body=body, created_at=NOW) for at, (kind, body) in enumerate(bodies)]


def check(calls: list[render.Call]) -> list[str]:
    """The texts as a reader sees them; everything as strict as Telegram."""
    shown = []
    for call in calls:
        if call.method in ("sendMessage", "editMessageText"):
            text, _ = parse_html(call.parameters["text"])
            assert text.strip()
            assert utf16_length(text) <= 4096
            shown.append(text)
        if markup := call.parameters.get("reply_markup"):
            check_keyboard(markup)
    return shown


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.text(st.characters(), max_size=80), st.sampled_from(["", HOSTILE, "ї" * 4096, "🙂" * 3000, "a\n\n" * 5000])))
def test_every_kind_is_something_telegram_takes(text: str) -> None:
    for delivery in (*everything(text), *of_the_chat(text)):
        check(render.calls(delivery, READER, is_staff=delivery.route == STAFF))
        if delivery.edit_key and (edited := render.edit(delivery, READER, 5, is_staff=delivery.route == STAFF)):
            check([edited])


def test_the_clients_words_reach_staff_whole_however_long() -> None:
    text = "\n\n".join(f"Абзац {number}: " + "слово " * 50 for number in range(20))
    [row] = notices.client_word(facts(), word(MessageKind.INBOUND, text), StaffRoutes(desk=(STAFF,)), verdict="answer")
    shown = check(render.calls(row, READER, is_staff=True))
    assert len(shown) == 2
    assert "".join("".join(shown).split()).endswith("".join(text.split()))


def test_a_hundred_thousand_characters_go_along_as_a_file() -> None:
    text = "а" * 100_000
    [row] = notices.word_to_client(facts(), word(MessageKind.ANSWER, text))
    calls = render.calls(row, READER, is_staff=False)
    assert [call.method for call in calls] == ["sendMessage", "sendDocument"]
    assert calls[1].text_file == text


def test_a_receipt_for_a_hundred_tickets_is_cut_between_lines() -> None:
    rows = notices.receipt([facts() for _ in range(100)], cause="a", now=NOW, act="split", because="")
    shown = check(render.calls(rows[0], READER, is_staff=False))
    assert len(shown) > 2
    assert "".join(shown).count("№7") == 100


def test_a_card_says_what_the_staff_need_and_mirrors_the_lamp() -> None:
    staff = StaffRoutes(desk=(STAFF,))
    [fresh] = notices.card(facts(), staff, now=NOW)
    [taken] = notices.card(facts(assignee_id=3), staff, now=NOW)
    [waiting] = notices.card(facts(turn=Turn.CLIENT_APPROVAL), staff, now=NOW)
    [closed] = notices.card(facts(closed_at=NOW, outcome=Outcome.SOLVED, result="замінили"), staff, now=NOW)
    shown = [check(render.calls(row, READER, is_staff=True))[0] for row in (fresh, taken, waiting, closed)]
    assert [text[0] for text in shown] == ["🔴", "🟡", "🟢", "⚪"]
    assert "№7 Не друкує принтер" in shown[0]
    assert "Telegram" in shown[0]
    assert "до сьогодні 11:00, отримано сьогодні 09:55" in shown[0]
    assert "ймовірно середня · ймовірно інцидент" in shown[0]
    assert shown[3].endswith("⚪ закрито: вирішено замінили")
    assert [call.method for call in render.calls(fresh, READER, is_staff=True)] == ["sendMessage", "sendPhoto"]


def test_files_of_the_shelf_go_up_and_what_nobody_has_or_is_too_many_is_named() -> None:
    kept = Attachment(name="акт <1>.pdf", kind="document", ref="sha256:aa")
    lost = Attachment(name="відео <1>.mp4", kind="video", size=10**8)
    [row] = notices.card(replace(facts(), attachments=(kept, lost)), StaffRoutes(desk=(STAFF,)), now=NOW)
    calls = render.calls(row, READER, is_staff=True)
    assert [call.method for call in calls] == ["sendMessage", "sendDocument"]
    assert check(calls[:1])[0].endswith("📎 відео <1>.mp4")
    assert calls[1].kept_file is not None
    assert (calls[1].kept_file.name, calls[1].kept_file.ref) == ("акт <1>.pdf", "sha256:aa")
    [answer] = notices.word_to_client(facts(), replace(word(MessageKind.ANSWER, "ось"), attachments=(kept,) * 7))
    calls = render.calls(answer, READER, is_staff=False)
    assert [call.method for call in calls] == ["sendMessage", *["sendDocument"] * 5]


def test_a_kind_of_tomorrow_shows_its_text_and_one_without_is_given_up() -> None:
    row = Delivery(key="k", route=CLIENT, kind="hologram", body={"text": "новина"}, created_at=NOW)
    assert check(render.calls(row, READER, is_staff=False)) == ["новина"]
    with pytest.raises(Permanent):
        render.calls(Delivery(key="k", route=CLIENT, kind="hologram", body={}, created_at=NOW), READER, is_staff=False)


def test_no_client_kind_is_missing() -> None:
    told = {row.kind for row in everything("x")}
    assert told <= render_client.KINDS.keys() | render_staff.KINDS.keys()
