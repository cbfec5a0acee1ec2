"""What a button says when it is pressed: a verb and its arguments in Telegram's 64 bytes.

The data is never trusted: it names a thing, what the presser may do with it is asked of the desk each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.numbers import whole_number

_LIMIT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """One press, taken apart. `id` is a ticket's number, or an inbox row's for the verbs about a whole message."""

    verb: str
    id: int
    argument: str = ""


def data(verb: str, number: int, argument: object = "") -> str:
    """The callback data of a button: "claim:7" or "reason:7:1". ValueError when Telegram would refuse its length."""
    text = f"{verb}:{number}:{argument}" if argument != "" else f"{verb}:{number}"
    if len(text.encode()) > _LIMIT:
        raise ValueError(f"callback data is over {_LIMIT} bytes: {text!r}")
    return text


def read(text: str) -> Pressed | None:
    """The press, or None for data that no button of ours holds."""
    verb, _, rest = text.partition(":")
    digits, _, argument = rest.partition(":")
    number = whole_number(digits)
    return Pressed(verb=verb, id=number, argument=argument) if verb.isidentifier() and number is not None else None
