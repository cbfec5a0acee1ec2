"""What the sender wrote now, what is quoted, what is a signature: line rules for the mail programs our clients use.

Conservative: a line is taken away only when the form is sure, and nothing is lost, it only changes its field. Quotes with `>` leave
answers between them in the text; where nothing new would remain, everything remains. Lines are looked at in normal form
(no-break spaces, zero-width marks) and handed on as they were.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.mail import quote_words as words
from bot.channels.mail.addresses import parse
from bot.channels.mail.values import Forwarded

_INVISIBLE = re.compile("[\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069\xad]")
_PREFIX = re.compile(r"^\s{0,3}(?:[>|]\s?)+")
_LIST_ITEM = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s")
_MAX_ATTRIBUTION = 6
_MAX_SIGNATURE = 15
_SIGNATURE_REACH = 80
_WRAPPED = 55


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A body in its three parts; each line of it stands in exactly one. `forwarded` when it passes another mail on."""

    text: str
    quoted: str = ""
    signature: str = ""
    forwarded: Forwarded | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    raw: str
    plain: str
    is_quoted: bool

    @property
    def is_blank(self) -> bool:
        return not self.plain

    @classmethod
    def of(cls, raw: str) -> _Line:
        shown = raw
        if not raw.isascii():
            shown = _INVISIBLE.sub("", raw).replace("\xa0", " ")
        if "&" in shown:
            shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
        prefix = _PREFIX.match(shown) if ">" in shown or "|" in shown else None
        return cls(raw, (shown[prefix.end() :] if prefix else shown).strip(), bool(prefix))


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where the past begins: lines[start:body] introduce it (attribution, headers, separator), lines[body:] are it."""

    start: int
    body: int
    is_forward: bool = False


def divide(text: str) -> Division:
    """Splits a plain-text body (LF line ends). Never raises, linear in the length of the text."""
    lines = [_Line.of(raw) for raw in text.split("\n")]
    cut = _first_cut(lines)
    if cut is None:
        return _without_quotes(lines)
    above, introduction, below = lines[: cut.start], lines[cut.start : cut.body], lines[cut.body :]
    own, signature = _split_signature(above)
    is_prefixed = _next_is_quoted(lines, cut.body) or (bool(introduction) and introduction[-1].is_quoted)
    if is_prefixed:
        answers, quoted, tail = _between_quotes(below)
        if answers:
            return _division([*own, *answers], [*introduction, *quoted], [*signature, *tail], None)
        signature, below = [*signature, *tail], quoted
    forwarded = _forwarded(introduction, below) if cut.is_forward or not _has_words(own) else None
    if _has_words(own):
        return _division(own, [*introduction, *below], signature, forwarded if cut.is_forward else None)
    return _nothing_new(lines, introduction, below, signature, forwarded)


def _nothing_new(
    lines: list[_Line], introduction: list[_Line], below: list[_Line], signature: list[_Line], forwarded: Forwarded | None
) -> Division:
    """Nothing stands above the cut: a bare forward, or an answer below an unmarked quote. Then the latest word in there counts."""
    if not _has_words(below):
        return _division([*lines], [], [], None)
    body = [line for line in below if not line.is_blank]
    unquoted = [_Line.of(line.plain) if all(each.is_quoted for each in body) else line for line in below]
    if introduction and len(below) < len(lines):
        inner = divide("\n".join(line.raw for line in unquoted))
        quoted = "\n".join(part for part in (_join(introduction), inner.quoted) if part)
        ending = "\n".join(part for part in (_join(signature), inner.signature) if part)
        return Division(text=inner.text, quoted=quoted, signature=ending, forwarded=forwarded)
    return _division(lines, [], [], None)


def _without_quotes(lines: list[_Line]) -> Division:
    """No introduction was found. A closing block of `>` lines is a quote all the same, unless the line above announces it."""
    last = len(lines)
    while last and (lines[last - 1].is_blank or lines[last - 1].is_quoted):
        last -= 1
    above, below = lines[:last], lines[last:]
    if not any(line.is_quoted for line in below) or not _has_words(above) or above[-1].plain.endswith(":"):
        above, below = lines, []
    own, signature = _split_signature(above)
    if not _has_words(own):
        own, signature = above, []
    return _division(own, below, signature, None)


# --- where the past begins -------------------------------------------------------------------------------------------------


def _first_cut(lines: list[_Line]) -> _Cut | None:
    for number, line in enumerate(lines):
        if line.is_blank:
            continue
        cut = _cut_at(lines, number)
        if cut:
            return _Cut(_with_rules_above(lines, cut.start), cut.body, cut.is_forward)
    return None


def _cut_at(lines: list[_Line], number: int) -> _Cut | None:
    plain = lines[number].plain
    if plain[0] in "-–—_=*" or plain[-1] in ":-–—_=" or plain[0].isalpha():
        if words.MARKER.search(plain):
            return _Cut(number, number + 1)
        if words.FORWARD_SEPARATOR.match(plain):
            return _Cut(number, max(number + 1, _headers_end(lines, number + 1)), is_forward=True)
        if words.REPLY_SEPARATOR.match(plain):
            return _Cut(number, max(number + 1, _headers_end(lines, number + 1)))
    if ":" in plain and words.HEADER_LINE.match(plain):
        end = _headers_end(lines, number)
        if end and _is_header_block(lines[number:end]):
            return _Cut(number, end)
    taken = _attribution(lines, number)
    return _Cut(number, number + taken) if taken else None


def _with_rules_above(lines: list[_Line], start: int) -> int:
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


def _key(line: _Line) -> str | None:
    found = words.HEADER_LINE.match(line.plain) if ":" in line.plain else None
    return words.KEY_OF.get(found[1].strip().lower()) if found else None


def _headers_end(lines: list[_Line], start: int) -> int:
    """The line after the block of `Key: value` lines that begins at `start` (blank lines before and single ones within are allowed);
    0 when none begins there."""
    end, number, gap, seen = 0, start, 0, False
    while number < len(lines) and number < start + 40:
        line = lines[number]
        if _key(line):
            seen, gap, end = True, 0, number + 1
        elif line.is_blank:
            gap += 1
            if seen and gap > 1:
                break
        elif not seen or gap or not _continues_header(lines, number):
            break
        number += 1
    return end


def _continues_header(lines: list[_Line], number: int) -> bool:
    """A long To line, or an address, wrapped onto the next line: another header must follow soon."""
    return any(_key(line) for line in lines[number + 1 : number + 3])


def _is_header_block(lines: list[_Line]) -> bool:
    """Three kinds with a sender, and an address or a date to prove it: "Від: якого числа…" with "Тема: …" is a client's own text."""
    kinds = {kind for line in lines if (kind := _key(line))}
    named = [line for line in lines if _key(line) in ("from", "to", "date")]
    proof = any(words.ADDRESS.search(line.plain) or words.FULL_DATE.search(line.plain) for line in named)
    return "from" in kinds and len(kinds) >= 3 and proof


def _attribution(lines: list[_Line], number: int) -> int:
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
        if len(text) > 400:
            return 0
        if _is_attribution(text, is_wrapped=taken > 1, quote_follows=_next_is_quoted(lines, number + taken)):
            return taken
        if taken == 1 and not words.FULL_DATE.search(text):
            return 0
    return 0


def _next_starts(lines: list[_Line], number: int, sign: str) -> bool:
    return number < len(lines) and lines[number].plain.startswith(sign)


def _may_open(first: str) -> bool:
    return any(sign.isdigit() for sign in first) or bool(words.VERB.search(first))


_GMAIL_OLD = re.compile(r"^\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d .{1,80}$")


def _is_attribution(text: str, *, is_wrapped: bool, quote_follows: bool) -> bool:
    bare = text.strip("-–— ")
    has_date, has_address, has_verb = (
        bool(words.FULL_DATE.search(bare)),
        bool(words.ADDRESS.search(bare)),
        bool(words.VERB.search(bare)),
    )
    is_closed = bare.endswith(":")
    if _GMAIL_OLD.match(bare):
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
    return has_date and has_address and opens and bare.endswith(">")


def _verb_ends(bare: str) -> bool:
    """ "On Monday … he wrote:" — the verb closes the line, or the name after a German one does."""
    *_, last = words.VERB.finditer(bare)
    return len(bare) - last.end() <= 60


def _next_is_quoted(lines: list[_Line], number: int) -> bool:
    following = next((line for line in lines[number : number + 4] if not line.is_blank or line.is_quoted), None)
    return following is not None and following.is_quoted


# --- between and below quotes ----------------------------------------------------------------------------------------------


def _between_quotes(lines: list[_Line]) -> tuple[list[_Line], list[_Line], list[_Line]]:
    """Answers given between or below `>` lines; the quoted lines; a signature that stands below them."""
    answers: list[_Line] = []
    quoted: list[_Line] = []
    tail: list[_Line] = []
    for number, line in enumerate(lines):
        previous = lines[number - 1] if number else None
        if line.is_quoted or _is_wrap(lines, number, previous):
            quoted.append(line)
        elif words.DELIMITER.match(line.plain) or words.RULE.match(line.plain):
            tail = lines[number:]
            break
        else:
            answers.append(line)
    own, signature = _split_signature(answers)
    ending = [*signature, *tail]
    if not _has_words(own):
        return [], [*quoted, *own], ending
    if all(line.is_blank or words.MOBILE.match(line.plain) for line in own):
        return [], quoted, [*own, *ending]
    return own, quoted, ending


def _is_wrap(lines: list[_Line], number: int, previous: _Line | None) -> bool:
    """The end of a quoted line that the mail program broke without repeating the `>`."""
    line = lines[number]
    if previous is None or not previous.is_quoted or line.is_blank or len(previous.plain) < _WRAPPED:
        return False
    follower = lines[number + 1] if number + 1 < len(lines) else None
    return line.plain[:1].islower() or (follower is not None and follower.is_quoted and not line.plain[:1].isupper())


# --- signatures ------------------------------------------------------------------------------------------------------------


def _split_signature(lines: list[_Line]) -> tuple[list[_Line], list[_Line]]:
    """Own lines and signature lines. The signature stands at the end; a postscript below it is the sender's word again."""
    for number in range(max(0, len(lines) - _SIGNATURE_REACH), len(lines)):
        line = lines[number]
        if words.DELIMITER.match(line.plain) and len(_filled(lines, number + 1)) <= _MAX_SIGNATURE:
            return _trim_mobile(lines[:number], lines[number:])
        closing = words.CLOSING.match(line.plain)
        if closing and _is_signature(closing["rest"], _filled(lines, number + 1)):
            end = next((place for place in range(number, len(lines)) if words.POSTSCRIPT.match(lines[place].plain)), len(lines))
            return _trim_mobile([*lines[:number], *lines[end:]], lines[number:end])
    return _trim_mobile(lines, [])


def _filled(lines: list[_Line], start: int) -> list[_Line]:
    return [line for line in lines[start:] if not line.is_blank]


def _is_signature(same_line: str, rest: list[_Line]) -> bool:
    """A closing with a name behind or below it; alone it may well be followed by nothing else worth taking away."""
    below = [line.plain for line in rest]
    for place, plain in enumerate(below):
        if words.POSTSCRIPT.match(plain):
            below = below[:place]
            break
    name = same_line.strip(" ,.!*–—-")
    if len(name) > 60 or len(below) > _MAX_SIGNATURE or not (name or below):
        return False
    return not any(len(plain) > 100 or plain.endswith("?") or _LIST_ITEM.match(plain) for plain in [name, *below])


def _trim_mobile(own: list[_Line], signature: list[_Line]) -> tuple[list[_Line], list[_Line]]:
    """ "Надіслано з iPhone" at the end of the own text, and drawn lines left hanging there."""
    last = len(own)
    while last:
        line = own[last - 1]
        if not (line.is_blank or words.MOBILE.match(line.plain) or words.RULE.match(line.plain) or words.DELIMITER.match(line.plain)):
            break
        last -= 1
    if not any(not line.is_blank for line in own[last:]):
        return own, signature
    return own[:last], [*own[last:], *signature]


# --- putting together ------------------------------------------------------------------------------------------------------


def _has_words(lines: list[_Line]) -> bool:
    return any(any(sign.isalnum() for sign in line.plain) for line in lines)


def _join(lines: list[_Line]) -> str:
    return "\n".join(line.raw.rstrip() for line in lines).strip("\n")


def _division(own: list[_Line], quoted: list[_Line], signature: list[_Line], forwarded: Forwarded | None) -> Division:
    return Division(text=_join(own), quoted=_join(quoted), signature=_join(signature), forwarded=forwarded)


def _forwarded(introduction: list[_Line], below: list[_Line]) -> Forwarded | None:
    fields: dict[str, str] = {}
    for line in introduction:
        found = words.HEADER_LINE.match(line.plain)
        if found and (kind := _key(line)):
            fields.setdefault(kind, found[2].strip())
    if "from" not in fields:
        return None
    mailto = re.sub(r"\[mailto:([^\]]+)\]", r"<\1>", fields["from"])
    sender = parse(mailto.encode("utf-8"))
    plain = [line.plain if line.is_quoted else line.raw for line in below]
    return Forwarded(sender=sender[0] if sender else None, subject=fields.get("subject", ""), text="\n".join(plain).strip())
