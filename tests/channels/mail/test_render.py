"""Letters as a client reads them: words, headers, and nothing of what anybody typed escaping its place."""

from __future__ import annotations

import email
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest

from bot.channels.mail import envelope
from bot.channels.mail.layout import as_html, as_text
from bot.channels.mail.options import KYIV, Mailbox, MailOptions
from bot.channels.mail.parse import parse
from bot.channels.mail.quote_words import REPLY_MARKER
from bot.channels.mail.render import KINDS, letter
from bot.channels.mail.smtp import RelayAccess
from bot.channels.mail.tokens import Tokens
from bot.errors import Unreachable
from bot.model import Delivery, Route

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
BOX = Mailbox(name="support", address="support@desk.example", relay=RelayAccess(host="127.0.0.1", security="plain"))
OPTIONS = MailOptions(mailboxes=(BOX,), secret=b"0123456789abcdef", desk_name="Служба «Ромашка»")
TOKENS = Tokens(OPTIONS.secret)


def ticket(number: int = 12, **changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": number,
        "title": "Не проводиться накладна",
        "priority": "medium",
        "is_priority_guessed": True,
        "category": "incident",
        "is_category_guessed": True,
        "turn": "staff",
        "due_at": (NOW + timedelta(hours=24)).isoformat(),
        "reason": None,
        "reason_state": "not_needed",
        "is_call_back": False,
        "lamp": "green",
    }
    return facts | changes


BODIES: dict[str, dict[str, Any]] = {
    "receipt": {"tickets": [ticket()], "act": "one", "offer": [], "hints": [], "opens_at": None, "phones": [], "ask_urgency": []},
    "urgency_question": {"ticket": ticket(), "order": [1, 2, 3], "phones": ["+380 44 000 00 00"]},
    "claimed": {"ticket": ticket(), "agent": "Олена"},
    "answer": {"ticket": ticket(), "text": "Оновіть.", "agent": "Олена", "attachments": []},
    "proposal": {"ticket": ticket(), "text": "Оновіть.", "agent": "Олена", "attachments": [{"name": "a.pdf"}]},
    "question": {"ticket": ticket(), "text": "Яка версія?", "agent": "Олена", "attachments": []},
    "client_reminder": {
        "ticket": ticket(turn="clarification", due_at=None),
        "since": NOW.isoformat(),
        "text": "Яка версія?",
        "closes_at": (NOW + timedelta(days=9)).isoformat(),
    },
    "closed": {"ticket": ticket(lamp="grey", due_at=None), "outcome": "solved", "result": "Оновлено", "agent": "Олена"},
    "reopened": {"ticket": ticket()},
    "priority_changed": {"ticket": ticket(priority="high"), "before": "urgent", "because": "none_of_these"},
    "handed_over": {"ticket": ticket(), "because": ""},
    "new_task_offer": {"ticket": ticket(), "titles": ["Звіт"], "made": [{"id": 13, "title": "Звіт"}]},
    "merged": {"ticket": ticket()},
    "split": {"ticket": ticket(), "made": [ticket(), ticket(13)]},
    "say": {"text": "Вітаємо!"},
    "alert": {"text": "Скринька не читається."},
}
THREAD = {"subject": "Каса", "message_id": "<1@shop.example>", "references": ["<0@shop.example>"], "mailbox": "support"}


def mail(
    kind: str, *, language: str = "uk", thread: dict[str, Any] | None = None, ids: tuple[int, ...] = (12,), **body: Any
) -> EmailMessage:
    delivery = Delivery(
        key=f"message:7:{kind}",
        route=Route(channel="mail", recipient=body.pop("recipient", "iryna@shop.example")),
        kind=kind,
        body={"language": language, "letter": THREAD if thread is None else thread, **BODIES[kind], **body},
        created_at=NOW,
        ticket_ids=ids,
        is_automatic=kind not in ("answer", "question", "proposal"),
    )
    written = letter(delivery, zone=KYIV, now=NOW)
    built = envelope.build(delivery, written, mailbox=BOX, options=OPTIONS, tokens=TOKENS, now=NOW)
    read = email.message_from_bytes(built.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def text(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["uk", "en"])
def test_every_kind_makes_a_letter_that_our_own_reader_understands(kind: str, language: str) -> None:
    message = mail(kind, language=language)
    assert text(message).startswith(REPLY_MARKER)
    assert "Служба «Ромашка»" in text(message)
    assert text(message, "html").startswith("<!doctype html>")
    read = parse(message.as_bytes())
    assert read.sender is not None
    assert read.sender.address == "support@desk.example"
    assert not read.may_be_answered


def test_no_kind_is_without_a_case() -> None:
    assert set(BODIES) == set(KINDS)


def test_a_receipt_tells_numbers_deadlines_and_lamps() -> None:
    words = text(mail("receipt", tickets=[ticket(), ticket(13, title="Звіт", priority="urgent", lamp="yellow")], act="split", ids=(12, 13)))
    assert "🟢 №12 Не проводиться накладна" in words
    assert "🟡 №13 Звіт" in words
    assert "відреагуємо до: завтра 10:00" in words
    assert "критичність: термінова" in words
    assert "одне питання" in words


def test_the_urgency_question_stands_in_the_receipt_with_its_digits() -> None:
    words = text(mail("receipt", ask_urgency=[{"id": 12, "order": [2, 1, 3]}], phones=["+380 44 000 00 00"]))
    lines = [line.strip() for line in words.split("\n")]
    assert [line[:3] for line in lines if line[:3] in ("1 —", "2 —", "3 —", "0 —")] == ["1 —", "2 —", "3 —", "0 —"]
    assert "+380 44 000 00 00" in words


def test_the_urgency_question_can_be_answered_with_a_press() -> None:
    body = BODIES["receipt"] | {"language": "uk", "ask_urgency": [{"id": 12, "order": [1]}], "tickets": [ticket()]}
    row = Delivery(key="k", route=Route(channel="mail", recipient="a@b.example"), kind="receipt", body=body, created_at=NOW)

    def link(number: int) -> str:
        return f'https://desk.example.com/urgency/{number}?a=1&b="'

    written = letter(row, zone=KYIV, now=NOW, reason_link=link)
    assert 'https://desk.example.com/urgency/12?a=1&b="' in as_text(written, signed="Служба")
    assert 'href="https://desk.example.com/urgency/12?a=1&amp;b=&quot;"' in as_html(written, signed="Служба")
    assert "/urgency/" not in as_text(letter(row, zone=KYIV, now=NOW), signed="Служба")


@pytest.mark.parametrize(
    ("turn", "closes_at", "said", "not_said"),
    [
        ("approval", None, ["дайте відповідь «вирішено»", "Яка версія?"], "закриється"),
        ("clarification", NOW, ["чекаємо на вашу відповідь", "Яка версія?", "звернення закриється: сьогодні"], "вирішено"),
    ],
)
def test_a_reminder_says_what_is_awaited_and_what_happens_without_it(
    turn: str, closes_at: datetime | None, said: list[str], not_said: str
) -> None:
    body = {"ticket": ticket(turn=turn, due_at=None), "text": "Яка версія?", "closes_at": closes_at.isoformat() if closes_at else None}
    shown = text(mail("client_reminder", **body))
    assert all(words in shown for words in said)
    assert not_said not in shown


def test_it_threads_in_the_program_of_the_client() -> None:
    message = mail("answer")
    assert message["Subject"] == f"Re: Каса {TOKENS.subject_tag(12)}"
    assert message["In-Reply-To"] == "<1@shop.example>"
    assert message["References"] == "<0@shop.example> <1@shop.example>"
    assert TOKENS.ticket_of(recipients=[], message_ids=[message["Message-ID"]], subject="") == 12


def test_a_long_thread_keeps_its_beginning_and_its_end() -> None:
    chain = [f"<{number}@shop.example>" for number in range(100)]
    references = mail("answer", thread=THREAD | {"references": chain})["References"].split()
    assert len(references) == envelope.MAX_REFERENCES
    assert references[0] == "<0@shop.example>"
    assert references[-2:] == ["<99@shop.example>", "<1@shop.example>"]


def test_our_tag_is_not_repeated_and_re_neither() -> None:
    assert (
        mail("answer", thread=THREAD | {"subject": f"RE: Каса {TOKENS.subject_tag(12)}"})["Subject"] == f"RE: Каса {TOKENS.subject_tag(12)}"
    )


def test_without_a_subject_the_ticket_is_the_subject() -> None:
    assert mail("claimed", thread={})["Subject"].startswith("Звернення №12: Не проводиться накладна")


def test_only_what_a_machine_wrote_says_so() -> None:
    assert mail("receipt")["Auto-Submitted"] == "auto-replied"
    assert mail("answer")["Auto-Submitted"] is None
    assert mail("answer")["X-Loop"] == "support@desk.example"


def test_nothing_typed_escapes_its_place() -> None:
    evil = "<script>alert(1)</script>\r\nBcc: all@shop.example"
    message = mail("answer", ticket=ticket(title=evil), text=evil, agent=evil, thread=THREAD | {"subject": evil, "message_id": evil})
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]
    assert message["In-Reply-To"] is None
    assert "<script>" not in text(message, "html")
    assert "&lt;script&gt;" in text(message, "html")


@pytest.mark.parametrize("recipient", ["nobody", "", "a b@c.example", "a@b\r\nRCPT TO:<z@z.example>"])
def test_what_is_no_address_is_unreachable(recipient: str) -> None:
    with pytest.raises(Unreachable):
        mail("answer", recipient=recipient)
