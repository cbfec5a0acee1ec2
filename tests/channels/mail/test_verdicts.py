"""What our own server says of a mail: spam, and whether the sender is proved. Real headers of real servers, and forged ones."""

from __future__ import annotations

import pytest

from bot.channels.mail import verdicts
from bot.channels.mail.identity import peek
from bot.channels.mail.verdicts import FAILED, MICROSOFT, PASSED, UNPROVED, ServerWord
from bot.config.tree import SPAM_HEADERS


def read(*headers: str, authserv_id: str = "mx.desk.example", sender: str = "Ірина <iryna@shop.example>") -> ServerWord:
    raw = "\r\n".join([*headers, f"From: {sender}", "Subject: x", "", "текст"]).encode()
    return verdicts.read(peek(raw)[0], authserv_id=authserv_id, spam_headers=SPAM_HEADERS)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("X-Spam-Flag: YES", "X-Spam-Flag"),
        ("X-Spam: Yes", "X-Spam"),
        ("X-Spam-Status: Yes, score=8.1 required=5.0 tests=BAYES_99", "X-Spam-Status"),
        ("X-MS-Exchange-Organization-SCL: 5", "X-MS-Exchange-Organization-SCL"),
        ("X-MS-Exchange-Organization-SCL: 9", "X-MS-Exchange-Organization-SCL"),
        ("X-MS-Exchange-Organization-SCL: 4", ""),
        ("X-MS-Exchange-Organization-SCL: -1", ""),
        ("X-Spam-Status: No, score=-1.9 required=5.0 tests=yes", ""),
        ("X-Spam-Flag: no", ""),
        ("X-Spam: yesterday", ""),
        ("X-Spam:", ""),
        ("X-Spam-Flag: \xff\x00", ""),
    ],
)
def test_spam_is_what_the_server_calls_so(header: str, name: str) -> None:
    assert read(header).spam == name


GMAIL = (
    "Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@shop.example header.s=google header.b=abc;\r\n"
    "       spf=pass (google.com: domain of iryna@shop.example designates 192.0.2.1 as a sender) smtp.mailfrom=iryna@shop.example;\r\n"
    "       dmarc=pass (p=QUARANTINE sp=QUARANTINE dis=NONE) header.from=shop.example"
)
OFFICE = (
    "Authentication-Results: spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=shop.example; dkim=pass (signature was verified)\r\n"
    " header.d=shop.example;dmarc=pass action=none header.from=shop.example;compauth=pass reason=100"
)


def test_servers_are_understood_as_they_write() -> None:
    assert read(GMAIL.replace("mx.google.com", "MX.Google.com"), authserv_id="mx.google.com").sender == PASSED
    word = read(GMAIL, authserv_id="mx.google.com")
    assert word == ServerWord(sender=PASSED, results={"dkim": "pass", "spf": "pass", "dmarc": "pass"})
    assert read(OFFICE, authserv_id=MICROSOFT).sender == PASSED


@pytest.mark.parametrize(
    ("results", "sender"),
    [
        ("spf=fail smtp.mailfrom=x; dkim=none; dmarc=fail header.from=shop.example", FAILED),
        ("spf=softfail smtp.mailfrom=x; dkim=fail", FAILED),
        ("spf=pass smtp.mailfrom=shop.example; dkim=none", UNPROVED),
        ("spf=none; dkim=none; dmarc=none", UNPROVED),
        ("dkim=pass header.d=shop.example", PASSED),
        ("dkim=fail header.d=other.example; dkim=pass header.d=shop.example", PASSED),
        ("dkim=pass header.d=mailer.example; spf=pass", UNPROVED),
        ("dkim=pass header.d=evilshop.example", UNPROVED),
        ("(dmarc=pass) spf=fail; dkim=fail", FAILED),
    ],
)
def test_what_proves_a_sender(results: str, sender: str) -> None:
    assert read(f"Authentication-Results: mx.desk.example; {results}").sender == sender


def test_somebody_elses_word_is_nothing() -> None:
    forged = "Authentication-Results: mx.evil.example; dmarc=pass header.from=shop.example"
    assert read(forged).sender == ""
    assert read(forged, authserv_id="").sender == ""
    # What stands below our server's own was there when the mail came.
    ours = "Authentication-Results: mx.desk.example; dmarc=fail header.from=shop.example"
    assert read(ours, forged.replace("evil", "desk").replace("mx.desk", "mx.desk")).sender == FAILED
    assert read("Authentication-Results: mx.desk.example.evil.example; dmarc=pass").sender == ""
    # Microsoft's own stands on top and carries no name.
    assert read(forged, OFFICE, authserv_id=MICROSOFT).sender == ""


def test_two_senders_are_nobody() -> None:
    passed = "Authentication-Results: mx.desk.example; dkim=pass header.d=shop.example"
    assert read(passed, sender="a@shop.example, b@evil.example").sender == UNPROVED
    assert read(passed, "From: b@evil.example").sender == UNPROVED


@pytest.mark.parametrize(
    "forged",
    [
        'spf=pass smtp.mailfrom="x;dmarc=pass header.from=shop.example "@evil.example; dkim=none; dmarc=fail',
        'spf=pass (envelope-from="x);dmarc=pass("@evil.example); dmarc=fail header.from=shop.example',
        'dkim=pass header.i="x header.d=shop.example y"@evil.example header.d=evil.example; dmarc=fail',
        'spf=pass smtp.mailfrom="x\\";dmarc=pass "@evil.example; dmarc=fail',
    ],
)
def test_what_a_sender_put_into_quotes_is_no_word_of_the_server(forged: str) -> None:
    assert read(f"Authentication-Results: mx.desk.example; {forged}").sender == FAILED
