"""Answers that stand between the lines they answer: what is whose, and whether a body is of that kind at all. Pure."""

from __future__ import annotations

from bot.channels.mail import quote_words as words
from bot.channels.mail.quote_lines import Line, has_words
from bot.channels.mail.signatures import is_mobile, split_signature

_WRAPPED = 55


def is_interleaved(lines: list[Line]) -> bool:
    """Two blocks of `>` lines or more, own words before, between or behind them, and not each block announced: a pasted log mostly is."""
    blocks = announced = 0
    said = False
    last: Line | None = None
    for line in lines:
        if line.is_blank and not line.is_quoted:
            continue
        if line.is_quoted and not (last is not None and last.is_quoted):
            blocks += 1
            announced += last is not None and last.plain.endswith(":")
        said = said or (not line.is_quoted and blocks > 0)
        last = line
    return blocks > 1 and announced < blocks and said


def between_quotes(lines: list[Line]) -> tuple[list[Line], list[Line], list[Line]]:
    """Answers given between or below `>` lines; the quoted lines; a signature that stands below them."""
    answers: list[Line] = []
    quoted: list[Line] = []
    tail: list[Line] = []
    for number, line in enumerate(lines):
        previous = lines[number - 1] if number else None
        if line.is_quoted or _is_wrap(lines, number, previous):
            quoted.append(line)
        elif words.DELIMITER.match(line.plain) or words.RULE.match(line.plain):
            tail = lines[number:]
            break
        else:
            answers.append(line)
    own, signature = split_signature(answers)
    ending = [*signature, *tail]
    if not has_words(own):
        return [], [*quoted, *own], ending
    if all(line.is_blank or is_mobile(line) for line in own):
        return [], quoted, [*own, *ending]
    return own, quoted, ending


def _is_wrap(lines: list[Line], number: int, previous: Line | None) -> bool:
    """The end of a quoted line that the mail program broke without repeating the `>`."""
    line = lines[number]
    if previous is None or not previous.is_quoted or line.is_blank or len(previous.plain) < _WRAPPED:
        return False
    follower = lines[number + 1] if number + 1 < len(lines) else None
    return line.plain[:1].islower() or (follower is not None and follower.is_quoted and not line.plain[:1].isupper())
