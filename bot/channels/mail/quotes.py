"""What the sender wrote now, what is quoted, what is a signature: line rules for the mail programs our clients use.

Conservative: a line is taken away only when the form is sure, and nothing is lost, it only changes its field. Quotes with `>` leave
answers between them in the text; where nothing new would remain, everything remains. Lines are looked at in normal form
(no-break spaces, zero-width marks) and handed on as they were.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.mail import quote_words as words
from bot.channels.mail.forwards import read_forwarded
from bot.channels.mail.interleaved import between_quotes, is_interleaved
from bot.channels.mail.quote_lines import Line, filled, has_words, holds_address, join, lines_of
from bot.channels.mail.signatures import split_signature
from bot.channels.mail.values import Forwarded

_MAX_ATTRIBUTION = 6
_MAX_DEPTH = 8
# An answer longer than this is a pasted log: nobody quotes below it.
_MAX_LINES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A body in its three parts; each line of it stands in exactly one. `forwarded` when it passes another mail on."""

    text: str
    quoted: str = ""
    signature: str = ""
    forwarded: Forwarded | None = None


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where the past begins: lines[start:body] introduce it (attribution, headers, separator), lines[body:] are it."""

    start: int
    body: int
    is_forward: bool = False


def divide(text: str, *, subject: str = "", depth: int = 0) -> Division:
    """Splits a plain-text body (LF line ends). Never raises, linear in the length of the text. The subject tells a forward from a reply;
    `depth` counts the introductions that were looked behind because nothing new stood above them."""
    lines = lines_of(text)
    cut = _first_cut(lines)
    if cut is None:
        return _without_quotes(lines)
    above, introduction, below = lines[: cut.start], lines[cut.start : cut.body], lines[cut.body :]
    own, signature = split_signature(above)
    # The first line tells: a ">" further on may be the end of a broken address.
    is_prefixed = _next_is_quoted(lines, cut.body) or (bool(introduction) and introduction[0].is_quoted)
    if is_prefixed:
        answers, quoted, tail = between_quotes(below)
        if answers:
            forwarded = read_forwarded(introduction, quoted) if cut.is_forward else None
            return _division([*own, *answers], [*introduction, *quoted], [*signature, *tail], forwarded)
        signature, below = [*signature, *tail], quoted
    passes_on = cut.is_forward or bool(words.FORWARD_SUBJECT.match(subject))
    forwarded = read_forwarded(introduction, below) if passes_on or not has_words(own) else None
    if has_words(own):
        return _division(own, [*introduction, *below], signature, forwarded)
    return _nothing_new(lines, introduction, below, signature, forwarded, depth)


def _nothing_new(
    lines: list[Line], introduction: list[Line], below: list[Line], signature: list[Line], forwarded: Forwarded | None, depth: int
) -> Division:
    """Nothing stands above the cut: a bare forward, or an answer below an unmarked quote. Then the latest word in there counts."""
    if not has_words(below):
        return _division([*lines], [], [], None)
    is_all_quoted = all(line.is_quoted or line.is_blank for line in below)
    unquoted = [Line.of(line.plain) for line in below] if is_all_quoted else below
    if introduction and depth < _MAX_DEPTH:
        inner = divide("\n".join(line.raw for line in unquoted), depth=depth + 1)
        quoted = "\n".join(part for part in (join(introduction), inner.quoted) if part)
        ending = "\n".join(part for part in (join(signature), inner.signature) if part)
        return Division(text=inner.text, quoted=quoted, signature=ending, forwarded=forwarded)
    return _division(lines, [], [], None)


def _without_quotes(lines: list[Line]) -> Division:
    """No introduction was found. A closing block of `>` lines is a quote all the same, unless the line above announces it; so are
    several blocks with answers between them."""
    if is_interleaved(lines):
        answers, quoted, tail = between_quotes(lines)
        if answers:
            return _division(answers, quoted, tail, None)
    last = len(lines)
    while last and (lines[last - 1].is_blank or lines[last - 1].is_quoted):
        last -= 1
    above, below = lines[:last], lines[last:]
    if not any(line.is_quoted for line in below) or not has_words(above) or above[-1].plain.endswith(":"):
        above, below = lines, []
    own, signature = split_signature(above)
    if not has_words(own):
        own, signature = above, []
    return _division(own, below, signature, None)


def _first_cut(lines: list[Line]) -> _Cut | None:
    tried_to = 0
    for number, line in enumerate(lines[:_MAX_LINES]):
        if line.is_blank:
            continue
        headers_end = _headers_end(lines, number) if number >= tried_to and line.key else 0
        # What is no header block as a whole is none from its second line on.
        tried_to = max(tried_to, headers_end)
        cut = _cut_at(lines, number, headers_end)
        if cut:
            return _Cut(_with_rules_above(lines, cut.start), cut.body, cut.is_forward)
    return None


def _cut_at(lines: list[Line], number: int, headers_end: int) -> _Cut | None:
    plain = lines[number].plain
    if plain[0] in "-–—_=*" or plain[-1] in ":-–—_=" or plain[0].isalpha():
        if words.MARKER.search(plain):
            return _Cut(number, number + 1)
        if words.FORWARD_SEPARATOR.match(plain):
            return _Cut(number, max(number + 1, _headers_end(lines, number + 1)), is_forward=True)
        if words.REPLY_SEPARATOR.match(plain):
            return _Cut(number, max(number + 1, _headers_end(lines, number + 1)))
    if headers_end and _is_header_block(lines[number:headers_end]):
        return _Cut(number, headers_end)
    taken = _attribution(lines, number)
    return _Cut(number, number + taken) if taken else None


def _with_rules_above(lines: list[Line], start: int) -> int:
    """Drawn lines, and the odd header line that Yandex puts above its attribution, belong to what they introduce."""
    place = start
    for number in range(start - 1, max(-1, start - 8), -1):
        line = lines[number]
        if line.is_blank:
            continue
        if words.RULE.match(line.plain):
            return number
        key = words.HEADER_LINE.match(line.plain)
        if not key or key[1].strip().lower() not in words.KEY_OF:
            return place
    return place


def _headers_end(lines: list[Line], start: int) -> int:
    """The line after the block of `Key: value` lines that begins at `start` (blank lines before and single ones within are allowed);
    0 when none begins there."""
    end, number, gap, seen = 0, start, 0, False
    while number < len(lines) and number < start + 40:
        line = lines[number]
        if line.key:
            seen, gap, end = True, 0, number + 1
        elif line.is_blank:
            gap += 1
            if seen and gap > 1:
                break
        elif not seen or gap or not _continues_header(lines, number):
            break
        number += 1
    return end


def _continues_header(lines: list[Line], number: int) -> bool:
    """A long To line, or an address, wrapped onto the next line: another header must follow soon."""
    return any(line.key for line in lines[number + 1 : number + 3])


def _is_header_block(lines: list[Line]) -> bool:
    """Three kinds with a sender, and an address or a date to prove it: "Від: якого числа…" with "Тема: …" is a client's own text."""
    kinds = {kind for line in lines if (kind := line.key)}
    named = [line for line in lines if line.key in ("from", "to", "date")]
    proof = any(holds_address(line.plain) or words.FULL_DATE.search(line.plain) for line in named)
    if "from" in kinds and len(kinds) >= 3 and proof:
        return True
    # Short ones: a sender's address and a full date, which nobody writes as a pair of their own.
    has_sender = any(line.key == "from" and holds_address(line.plain) for line in named)
    return has_sender and any(line.key == "date" and words.FULL_DATE.search(line.plain) for line in named)


def _attribution(lines: list[Line], number: int) -> int:
    """How many lines from `number` on say "on that day that person wrote"; 0 when they do not."""
    first = lines[number].plain
    if len(first) > 250 or (len(first) < 200 and not _may_open(first)):
        return 0
    text = ""
    for taken in range(1, _MAX_ATTRIBUTION + 1):
        if number + taken > len(lines):
            return 0
        line = lines[number + taken - 1]
        is_open = text.count("<") > text.count(">")
        if line.is_blank and (is_open or _next_starts(lines, number + taken, "<")):
            continue
        if line.is_blank or (line.is_quoted != lines[number].is_quoted and not is_open):
            return 0
        text = f"{text} {'>' if is_open and line.is_quoted else ''}{line.plain}".strip()
        if len(text) > 400 or (taken > 1 and words.FULL_DATE.search(line.plain)):
            return 0  # one date is enough for one attribution
        if _is_attribution(text, is_wrapped=taken > 1, quote_follows=_next_is_quoted(lines, number + taken)):
            return taken
        if taken == 1 and words.PAST_VERB.search(text) and len(text.split()) <= 8 and _is_quoted_to_the_end(lines, number + 1):
            return taken
        if taken == 1 and not words.FULL_DATE.search(text):
            return 0
    return 0


def _is_quoted_to_the_end(lines: list[Line], number: int) -> bool:
    """Two quoted lines or more, and nothing else below."""
    below = filled(lines, number)
    return len(below) >= 2 and all(line.is_quoted for line in below)


def _next_starts(lines: list[Line], number: int, sign: str) -> bool:
    return number < len(lines) and lines[number].plain.startswith(sign)


def _may_open(first: str) -> bool:
    return any(sign.isdigit() for sign in first) or bool(words.VERB.search(first))


_GMAIL_OLD = re.compile(r"^\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d .{1,80}$")


def _is_attribution(text: str, *, is_wrapped: bool, quote_follows: bool) -> bool:
    bare = text.strip("-–— ")
    has_date, has_address, has_verb = (
        bool(words.FULL_DATE.search(bare)),
        holds_address(bare),
        bool(words.VERB.search(bare)),
    )
    is_closed = bare.endswith(":")
    if _GMAIL_OLD.match(bare):
        return True
    if words.WHOLE_ATTRIBUTION.match(bare):
        return True
    opens = bool(words.OPENING.match(bare))
    if has_date and has_address and opens and (is_closed or has_verb):
        return True
    if has_date and has_verb and is_closed and opens and bare.lower().startswith(("on ", "am ", "le ", "в ")) and _verb_ends(bare):
        return True
    if not quote_follows:
        return False
    if has_verb and is_closed and (has_date or (has_address and not is_wrapped)):
        return True
    return has_date and has_address and opens and bare.endswith(">") and bare.count("<") <= bare.count(">")


def _verb_ends(bare: str) -> bool:
    """ "On Monday … he wrote:" — the verb closes the line, or the name after a German one does."""
    *_, last = words.VERB.finditer(bare)
    return len(bare) - last.end() <= 60


def _next_is_quoted(lines: list[Line], number: int) -> bool:
    following = next((line for line in lines[number : number + 4] if not line.is_blank or line.is_quoted), None)
    return following is not None and following.is_quoted


def _division(own: list[Line], quoted: list[Line], signature: list[Line], forwarded: Forwarded | None) -> Division:
    return Division(text=join(own), quoted=join(quoted), signature=join(signature), forwarded=forwarded)
