"""Telegram's measure of text, buttons' data, and the pace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram import buttons
from bot.channels.telegram.budget import FOR_GROUPS, GROUP, OVERALL, Budget
from bot.channels.telegram.sandbox.markup import parse_html
from bot.channels.telegram.text import brief, escape, markup_pieces, pieces, safe, shortened, utf16_length, visible_length

texts = st.text(st.characters(), max_size=300)


@given(texts, st.integers(2, 60))
def test_pieces_lose_nothing_and_fit(text: str, limit: int) -> None:
    cut = pieces(text, limit)
    assert "".join(cut) == text
    assert all(utf16_length(piece) <= limit for piece in cut)
    assert cut


def test_pieces_are_cut_between_paragraphs_before_lines_before_words() -> None:
    assert pieces("перший абзац\n\nдругий абзац", 20) == ["перший абзац\n\n", "другий абзац"]
    assert pieces("перший рядок\nдругий рядок", 20) == ["перший рядок\n", "другий рядок"]
    assert pieces("слова слова слова", 12) == ["слова слова ", "слова"]
    assert pieces("🙂" * 5, 4) == ["🙂🙂", "🙂🙂", "🙂"]


@given(texts)
def test_whatever_people_write_stays_text_inside_our_html(text: str) -> None:
    shown, entities = parse_html(f"<b>{escape(text)}</b>")
    assert shown == safe(text)
    assert [entity["type"] for entity in entities] == (["bold"] if text else [])


@given(texts, st.integers(2, 100))
def test_shortened_fits(text: str, limit: int) -> None:
    assert utf16_length(shortened(text, limit)) <= limit


@given(st.lists(st.text("aїb<>& ", max_size=40), max_size=30), st.integers(60, 200))
def test_markup_is_cut_between_lines_only(lines: list[str], limit: int) -> None:
    markup = "\n".join(f"<b>{escape(line)}</b>" for line in lines)
    cut = markup_pieces(markup, limit)
    assert "\n".join(cut) == markup
    for piece in cut:
        parse_html(piece)
        assert "\n" not in piece or visible_length(piece) <= limit


def test_brief_is_one_line() -> None:
    assert brief("a\nb   <c>") == "a b &lt;c&gt;"
    assert len(brief("ї" * 500)) == 200


def test_button_data_is_read_back_and_never_too_long() -> None:
    assert buttons.read(buttons.data("reason", 7, 1)) == buttons.Pressed(verb="reason", id=7, argument="1")
    assert buttons.read(buttons.data("claim", 7)) == buttons.Pressed(verb="claim", id=7)
    with pytest.raises(ValueError, match="64 bytes"):
        buttons.data("close", 7, "ї" * 40)


@pytest.mark.parametrize(
    "forged", ["", "x", "claim", "claim:", "claim:x", "claim:-1", ":7", "a b:7", "claim:٧", "claim:99999999999999999999"]
)
def test_forged_data_is_nothing(forged: str) -> None:
    assert buttons.read(forged) is None


@given(st.text())
def test_no_data_raises(forged: str) -> None:
    buttons.read(forged)


def test_a_chat_gets_a_burst_and_then_one_a_second() -> None:
    budget = Budget()
    assert [budget.take(501, 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]
    assert budget.take(502, 0.0) == 0.0
    assert budget.take(501, 1.0) == 0.0
    assert budget.take(501, 1.0) == pytest.approx(1.0)
    assert budget.take(501, 100.0) == 0.0


@given(st.lists(st.floats(0, 5), max_size=200))
def test_a_group_never_gets_more_than_20_in_any_minute(pauses: list[float]) -> None:
    budget, now, sent = Budget(), 0.0, []
    for pause in pauses:
        now += pause
        wait = budget.take(-1, now)
        if wait > 0:
            now += wait + 1e-9
            assert budget.take(-1, now) == 0.0
        sent.append(now)
    for number, at in enumerate(sent):
        assert sum(1 for other in sent[: number + 1] if other > at - GROUP[1]) <= GROUP[0]


def test_all_chats_together_stay_under_the_overall_limit() -> None:
    budget = Budget()
    waits = [budget.take(chat, 0.0) for chat in range(1, 41)]
    assert waits.count(0.0) == OVERALL[0]
    assert max(waits) == 1.0


def test_cards_leave_room_for_receipts() -> None:
    budget = Budget()
    assert [budget.take(-chat, 0.0) for chat in range(1, 41)].count(0.0) == FOR_GROUPS[0]
    assert [budget.take(chat, 0.0) for chat in range(1, 41)].count(0.0) == OVERALL[0] - FOR_GROUPS[0]
    assert budget.take(-50, 0.5) == pytest.approx(0.5)


def test_a_429_closes_one_chat_and_a_press_counts_without_waiting() -> None:
    budget = Budget()
    budget.close(-1, 10.0)
    assert budget.take(-1, 4.0) == 6.0
    assert budget.take(-2, 4.0) == 0.0
    for _ in range(20):
        budget.count(-3, 4.0)
    assert budget.take(-3, 4.0) == 60.0


def test_idle_chats_are_forgotten() -> None:
    budget = Budget()
    for chat in range(1, 12_001):
        budget.count(chat, float(chat))
    assert len(budget._paid_until) < 10_100
