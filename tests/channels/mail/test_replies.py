"""Short answers that are an act, and the sentences that only look like one."""

from __future__ import annotations

import pytest

from bot.channels.mail.replies import ReasonAnswer, ShortReply, read
from bot.model import UrgencyReason

FIRST, SECOND = UrgencyReason.OPERATIONAL_WORK, UrgencyReason.MOST_USERS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", ShortReply(reasons=(ReasonAnswer(reason=FIRST),))),
        (" 2. ", ShortReply(reasons=(ReasonAnswer(reason=SECOND),))),
        ("0", ShortReply(reasons=(ReasonAnswer(reason=None),))),
        ("Жодна з цих", ShortReply(reasons=(ReasonAnswer(reason=None),))),
        ("None of these.", ShortReply(reasons=(ReasonAnswer(reason=None),))),
        ("№12: 1\n№13 - 0", ShortReply(reasons=(ReasonAnswer(reason=FIRST, ticket_id=12), ReasonAnswer(reason=None, ticket_id=13)))),
        ("1\n\nЧерга стоїть.", ShortReply(reasons=(ReasonAnswer(reason=FIRST),), rest="Черга стоїть.")),
        ("Одне питання", ShortReply(one_question=True)),
        ("Ні, це одне питання!", ShortReply(one_question=True)),
        ("розділити", ShortReply(split=True)),
        ("1 / 2-3", ShortReply(cut="1 / 2-3")),
        ("1,3 | 2.\n", ShortReply(cut="1,3 | 2.")),
        ("Yes, split it", ShortReply(split=True)),
    ],
)
def test_acts(text: str, expected: ShortReply) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "1 каса не працює", "1. Каса не працює\n2. Звіт", "4", "12", "У мене одне питання: як?", "Розділити рахунок на два?", "Дякую"],
)
def test_words_like_any_other(text: str) -> None:
    assert read(text) is None
