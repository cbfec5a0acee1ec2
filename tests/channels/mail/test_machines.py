"""Who is behind a mail: one case a rule, and the ordinary mails that look like it."""

from __future__ import annotations

import pytest

from bot.channels.mail.parse import parse
from bot.channels.mail.values import MailKind

FROM = "From: iryna@shop.example\r\n"


def kind(head: str, body: str = "Не працює каса.") -> MailKind:
    return parse(f"{head}\r\n\r\n{body}".encode()).kind


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (FROM + "Auto-Submitted: auto-replied", MailKind.AUTO_REPLY),
        (FROM + "Auto-Submitted: no", MailKind.MESSAGE),
        (FROM + 'Auto-Submitted: auto-generated; type="x"', MailKind.AUTO_REPLY),
        (FROM + "X-Autoreply: yes", MailKind.AUTO_REPLY),
        (FROM + "Precedence: auto_reply", MailKind.AUTO_REPLY),
        (FROM + "Subject: Автоматична відповідь: Каса", MailKind.AUTO_REPLY),
        (FROM + "Subject: Automatic reply: Каса", MailKind.AUTO_REPLY),
        (FROM + "Subject: Автоответ", MailKind.AUTO_REPLY),
        (FROM + "Subject: Автоматичний обмін не працює", MailKind.MESSAGE),
        (FROM + "Subject: Налаштувати автоматичну відповідь у пошті", MailKind.MESSAGE),
        (FROM + "Precedence: bulk", MailKind.BULK),
        (FROM + "List-Unsubscribe: <https://news.example.org/u>", MailKind.BULK),
        ("From: MAILER-DAEMON@mx.example.org\r\nSubject: failure notice", MailKind.BOUNCE),
        ("From: postmaster@mx.example.org\r\nSubject: Undeliverable: x", MailKind.BOUNCE),
        (FROM + "Subject: Undeliverable mail, why?", MailKind.MESSAGE),
        (FROM + "Subject: Не доставлено товар, накладна 5", MailKind.MESSAGE),
        (FROM + "X-Failed-Recipients: a@b.example", MailKind.BOUNCE),
        ("Return-Path: <>\r\n" + FROM + "Subject: x", MailKind.AUTO_REPLY),
        (FROM + "Content-Type: multipart/report; report-type=disposition-notification; boundary=b", MailKind.AUTO_REPLY),
        (FROM + "X-Loop: support@desk.example", MailKind.LOOP),
        (FROM + "Feedback-ID: 1:2:3", MailKind.MESSAGE),
        ("From: no-reply@bank.example\r\nSubject: Виписка", MailKind.MESSAGE),
        (FROM + "X-Auto-Response-Suppress: All", MailKind.MESSAGE),
    ],
)
def test_kinds(head: str, expected: MailKind) -> None:
    assert kind(head) is expected


@pytest.mark.parametrize(
    ("head", "may"),
    [
        (FROM, True),
        (FROM + "X-Auto-Response-Suppress: DR, RN, NRN\r\n", True),
        (FROM + "X-Auto-Response-Suppress: OOF, AutoReply\r\n", False),
        (FROM + "Feedback-ID: 1:2:3\r\n", False),
        (FROM + "Auto-Submitted: auto-replied\r\n", False),
        ("From: noreply@bank.example\r\n", False),
        ("From: do-not-reply+7@bank.example\r\n", False),
        ("From: nobody\r\n", False),
        ("From: norbert@bank.example\r\n", True),
        ("From: robot.petrenko@bank.example\r\n", False),
    ],
)
def test_who_may_be_answered_automatically(head: str, may: bool) -> None:
    assert parse(f"{head}Subject: x\r\n\r\nx".encode()).may_be_answered is may


def test_a_bounce_names_whom_and_which_mail() -> None:
    raw = (
        "From: MAILER-DAEMON@mx.example.org\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        "Final-Recipient: RFC822; <gone@shop.example>\r\nStatus: 5.1.1\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <ours@desk.example>\r\nSubject: Re: x\r\n\r\nText\r\n--b--\r\n"
    )
    bounced = parse(raw.encode()).bounced
    assert bounced is not None
    assert (bounced.recipient, bounced.status, bounced.message_id) == ("gone@shop.example", "5.1.1", "<ours@desk.example>")


def test_an_old_bounce_that_pastes_the_mail_is_read_too() -> None:
    text = "I could not deliver your mail.\r\n\r\n--- Below this line is a copy ---\r\nMessage-ID: <ours@desk.example>\r\nSubject: x\r\n"
    bounced = parse(f"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.org\r\nSubject: failure notice\r\n\r\n{text}".encode()).bounced
    assert bounced is not None
    assert bounced.message_id == "<ours@desk.example>"
