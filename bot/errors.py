"""What can go wrong, sorted by what to do about it.

    BotError
    ├── Rejected        their side: explain it to them and go on
    │   ├── NotFound        no such thing, or not theirs to see
    │   ├── Forbidden       they may not
    │   └── Conflict        somebody was first; look again
    ├── Transient       retry later; may know when
    │   ├── RateLimited     the other side asked us to slow down: does not count as an attempt
    │   └── Unsure          it may have happened: repeat at most once
    ├── Permanent       give up and tell an agent
    │   └── Unreachable     this person cannot be reached on this channel any more
    └── Misconfigured   stop at start with a sentence that says what to change

Anything else is a bug. A message is a Ukrainian sentence for people (the catalogue has the English one); `args` fill its braces.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any


class BotError(Exception):
    """Something went wrong."""

    def __init__(self, sentence: str = "", /, **values: Any) -> None:
        self.sentence = sentence or type(self).__doc__ or ""
        self.values = values
        super().__init__(self.sentence.format(**values) if values else self.sentence)


class Rejected(BotError):
    """Це неможливо виконати."""


class NotFound(Rejected):
    """Такого немає."""


class Forbidden(Rejected):
    """На це немає прав."""


class Conflict(Rejected):
    """Хтось уже змінив це звернення: подивіться ще раз."""


class Transient(BotError):
    """Тимчасова перешкода: буде повторено."""

    def __init__(self, sentence: str = "", /, *, retry_after: timedelta | None = None, **values: Any) -> None:
        super().__init__(sentence, **values)
        self.retry_after = retry_after


class RateLimited(Transient):
    """Забагато запитів: треба зачекати."""


class Unsure(Transient):
    """Невідомо, чи дійшло."""


class Permanent(BotError):
    """Доставити неможливо."""


class Unreachable(Permanent):
    """Адресат недоступний у цьому каналі."""


class Misconfigured(BotError):
    """Помилка в налаштуваннях."""
