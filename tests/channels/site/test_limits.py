"""The sliding window."""

from __future__ import annotations

from datetime import timedelta

from bot.channels.site import limits
from bot.channels.site.limits import RateLimit
from tests.builders import TUESDAY

MINUTE = timedelta(minutes=1)


def test_the_window_slides() -> None:
    limit = RateLimit(2, MINUTE)
    assert limit.allow("a", TUESDAY)
    assert limit.allow("a", TUESDAY + MINUTE / 2)
    assert not limit.allow("a", TUESDAY + MINUTE / 2)
    assert limit.allow("a", TUESDAY + MINUTE)
    assert not limit.allow("a", TUESDAY + MINUTE)


def test_each_key_has_its_own() -> None:
    limit = RateLimit(1, MINUTE)
    assert limit.allow("a", TUESDAY)
    assert limit.allow("b", TUESDAY)
    assert not limit.allow("a", TUESDAY)


def test_what_was_refused_does_not_count() -> None:
    limit = RateLimit(1, MINUTE)
    limit.allow("a", TUESDAY)
    for _ in range(5):
        assert not limit.allow("a", TUESDAY + MINUTE / 2)
    assert limit.allow("a", TUESDAY + MINUTE)


def test_many_keys_are_forgotten_oldest_first() -> None:
    limit = RateLimit(1, MINUTE)
    limit.allow("first", TUESDAY)
    for number in range(limits._KEYS):
        limit.allow(str(number), TUESDAY)
    assert limit.allow("first", TUESDAY)
    assert not limit.allow(str(limits._KEYS - 1), TUESDAY)
