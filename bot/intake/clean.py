"""What in a text is not the request itself: labelled zones, and what kind of message is left.

Zones are spans of the original text; nothing is removed, the request is simply looked for outside of them. Cutting
is conservative: a line is a quotation or a signature only when a rule below is sure. Quotation in mails has more
signs (HTML, headers); the mail channel cuts those before the text comes here, so these rules serve any channel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from bot.intake.lexicon import noise as words_of
from bot.intake.signals import fails
from bot.intake.text import WORD, fold, whole

LIMIT = 12_000  # beyond this nothing is looked at; the rest of the text keeps the label of the place it stands in


class ZoneKind(StrEnum):
    """What a labelled stretch of text is."""

    GREETING = "greeting"
    THANKS = "thanks"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"
    MOBILE_FOOTER = "mobile_footer"
    QUOTE = "quote"
    FORWARD_HEAD = "forward_head"
    FORWARDED = "forwarded"
    SUBJECT = "subject"
    ERROR_TEXT = "error_text"
    CALLER = "caller"
    CALL_BACK = "call_back"
    WITHDRAWN = "withdrawn"


# Zones that never hold a request. A forwarded letter may, a pasted error belongs to the request beside it.
SILENT = frozenset(ZoneKind) - {ZoneKind.FORWARDED, ZoneKind.ERROR_TEXT, ZoneKind.SUBJECT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Characters `start` to `end` of the text are of this kind."""

    start: int
    end: int
    kind: ZoneKind


_GREETING = re.compile(r"(?:" + "|".join(words_of.GREETINGS) + r")(?![^\W_])")
_GREETING_COMPANY = re.compile(r"(?:" + words_of.GREETING_COMPANY + r")$")
_THANKS = re.compile(r"(?:" + "|".join(words_of.THANKS) + r")(?![^\W_])")
_PLEASANT = re.compile(r"(?<![^\W_])(?:" + words_of.PLEASANTRIES + r"|" + "|".join(words_of.THANKS) + r")(?![^\W_])")
_FAREWELL = re.compile(r"(?:" + words_of.FAREWELLS + r")(?![^\W_])")
_FOOTER = re.compile(r"(?:" + words_of.MOBILE_FOOTERS + r")")
_DISCLAIMER = re.compile(words_of.DISCLAIMERS)
_QUOTE_HEAD = re.compile(words_of.QUOTE_HEADS)
_QUOTE_LINE = re.compile(words_of.QUOTE_LINE + r"$")
_HEADER = re.compile(r"[>\s*]{0,6}(?:" + words_of.HEADER_NAMES + r")\*?\s?:")
_SUBJECT = re.compile(r"(?:" + words_of.SUBJECT_NAMES + r")\s?:")
_FORWARD = re.compile(words_of.FORWARD_WORDS)
_CALL_BACK = whole(words_of.CALL_BACK)
_CALL_COMPANY = re.compile(r"(?:" + words_of.CALL_COMPANY + r"|[\d()+-]{1,16})$")
_CALLER = re.compile(r"(?:" + words_of.CALLER + r")")
_INTRODUCTION = re.compile(words_of.INTRODUCTION)
_WITHDRAWN = whole(words_of.WITHDRAWN)
_NEWS = whole(words_of.NEWS)
_SETTLED = whole(words_of.SETTLED)
_BUT = whole(words_of.BUT)
_STILL_ASKS = re.compile(r"\?|(?<![^\W_])(?:" + words_of.STILL_ASKS + r")(?![^\W_])")
_STACK = re.compile(
    r"\s*(?:at [\w.$<>]+\(|file \"|traceback|\{[\w. ]{1,80}\(\d+\)\}|caused by:|\w+(?:exception|error)\b\s*:|по причине:|з причини:)"
)
_RULE_LINE = re.compile(r"\s*(?:--|—|__+|==+|\*\*+)\s*$")
_PHONE = re.compile(r"(?:\+?\d[\s()-]{0,2}){9,13}")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,80}")


def find_zones(text: str) -> tuple[Zone, ...]:
    """The line-wise zones of a text: sorted, disjoint. Sentences inside the request are judged by `sentence_kind`."""
    head = text[:LIMIT]
    folded = fold(head)
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\r\n]+", folded)]
    kinds = _line_kinds(folded, lines)
    zones: list[Zone] = []
    for (start, end), kind in zip(lines, kinds, strict=True):
        if kind is None:
            continue
        if zones and zones[-1].kind is kind and not folded[zones[-1].end : start].strip():
            zones[-1] = Zone(start=zones[-1].start, end=end, kind=kind)
        else:
            zones.append(Zone(start=start, end=end, kind=kind))
    if zones and len(text) > LIMIT and zones[-1].end >= len(head.rstrip()):
        zones[-1] = Zone(start=zones[-1].start, end=len(text), kind=zones[-1].kind)
    return tuple(zones)


def _line_kinds(folded: str, lines: list[tuple[int, int]]) -> list[ZoneKind | None]:
    """One kind or None for each non-empty line."""
    said = [folded[start:end].strip() for start, end in lines]
    kinds: list[ZoneKind | None] = [None] * len(lines)
    cut = _quoted_tail(said)
    forwarded = cut is not None and _is_forward(said, cut)
    for number, line in enumerate(said):
        if cut is not None and number >= cut:
            if forwarded:
                kinds[number] = (
                    ZoneKind.FORWARD_HEAD if number == cut or _HEADER.match(line) or _QUOTE_HEAD.match(line) else ZoneKind.FORWARDED
                )
            else:
                kinds[number] = ZoneKind.QUOTE
        elif line.startswith(">"):
            kinds[number] = ZoneKind.QUOTE
        elif number == 0 and _SUBJECT.match(line):
            kinds[number] = ZoneKind.SUBJECT
        elif _FOOTER.match(line) and len(line) < 90:
            kinds[number] = ZoneKind.MOBILE_FOOTER
        elif _STACK.match(line):
            kinds[number] = ZoneKind.ERROR_TEXT
        elif number and _DISCLAIMER.match(line):
            kinds[number] = ZoneKind.DISCLAIMER
    _mark_signature(folded, lines, said, kinds)
    return kinds


def _quoted_tail(said: list[str]) -> int | None:
    """The line at which an older letter begins and lasts to the end, or None."""
    for number, line in enumerate(said):
        if _QUOTE_HEAD.match(line) or (number and len(line) < 200 and _QUOTE_LINE.match(line) and any(map(str.isdigit, line))):
            rest = said[number + 1 :]
            interleaved = any(line.startswith(">") for line in rest) and not all(line.startswith(">") for line in rest[-1:])
            return None if interleaved and rest[0].startswith(">") else number
        heads = 0
        while number + heads < len(said) and _HEADER.match(said[number + heads]) and not line.startswith(">"):
            heads += 1
        if heads >= (2 if number > 1 else 3):
            return number
    return None


def _is_forward(said: list[str], cut: int) -> bool:
    """Whether the tail is a letter that the sender passes on, rather than the history of this conversation."""
    above = " ".join(said[:cut])
    return bool(
        _FORWARD.search(said[cut])
        or re.match(r"(?:тема|subject)\s?:\s*(?:fwd?|пересл)", above)
        or re.search(r"(?:пересила|пересыла|нижче|ниже|below|forward|див(?:іться|\.)|перешл|лист від|письмо от)", above)
    ) and not re.search(r"(?:відповідати|отвечать) не (?:треба|надо|нужно)|може, комусь|fyi|до відома|для інформації", above)


def _mark_signature(folded: str, lines: list[tuple[int, int]], said: list[str], kinds: list[ZoneKind | None]) -> None:
    """Labels farewell, name, post and phone lines at the end of the letter proper."""
    body = [number for number, kind in enumerate(kinds) if kind is None]
    if len(body) < 2:
        return
    for position, number in enumerate(body):
        rest = len(body) - position
        if position and rest <= 10 and (_RULE_LINE.match(said[number]) or (_FAREWELL.match(said[number]) and len(said[number]) < 90)):
            for later in body[position:]:
                kinds[later] = ZoneKind.SIGNATURE
            # A name that stands above a farewell is what it would be without it.
            body = body[:position]
            break
    for number in reversed(body[1:]):
        blank_before = folded[lines[number - 1][1] : lines[number][0]].count("\n") > 1 if number else False
        if not looks_like_name(said[number]):
            return
        if blank_before:
            if _is_all_that_is_said(said, body, number):
                return
            for later in body:
                if later >= number:
                    kinds[later] = ZoneKind.SIGNATURE
            return


def _is_all_that_is_said(said: list[str], body: list[int], number: int) -> bool:
    """Whether nothing but greetings stands above: then a line longer than a name is the request ("Добрий день! / Білий екран у касира")."""
    above = (said[each] for each in body if each < number)
    return len(WORD.findall(said[number])) > 2 and all(sentence_kind(each) in (ZoneKind.GREETING, ZoneKind.THANKS) for each in above)


def looks_like_name(line: str) -> bool:
    """Whether a folded last line can be a name, a post, a firm, a phone number or a mail address, but no sentence."""
    if _PHONE.search(line) or _MAIL.search(line) or line.startswith(("тел", "моб", "+38")):
        return len(line) < 120
    count = len(WORD.findall(line))
    return 0 < count <= 8 and line[-1] not in "?;:" and not _VERB.search(line) and not fails(line)


# A signature names people and firms: a verb of asking, failing or doing means that the line says something.
_VERB = re.compile(
    r"(?<![^\W_])(?:не|нема|немає|нет|треба|надо|нада|потріб\w+|нужн\w+|прош\w+|хо[чт]\w+|можн\w+|чи|як|как|де|где|коли|чому|чого|"
    r"почему|що|шо|що|please|can|need|how|why|is|are|the|do|does|it|[а-яіїєґ']{1,40}(?:йте|іть|ить|ать|ите|ує|ють|ется|еться|ється|ла|ло|"
    r"ли|ло|али|ило|ути|ати|ити))(?![^\W_])"
)


@lru_cache(maxsize=512)  # rules, features, titles and heads ask about the same clauses of one message
def sentence_kind(folded: str) -> ZoneKind | None:
    """Whether one sentence of a folded text is a greeting, thanks, a wish to be called, a withdrawal; None: it says something."""
    said = folded.strip(" \t\r\n,.!?:;()-–—*\ufe0f")
    if not said:
        return None
    if _is_greeting(said):
        return ZoneKind.GREETING
    if _is_pleasant(said):
        return ZoneKind.THANKS
    count = len(WORD.findall(said))
    if count <= 16 and _is_call_back(said):
        return ZoneKind.CALL_BACK
    if count <= 14 and _CALLER.match(said) and not _VERB.search(_CALLER.sub("", said, count=1)):
        return ZoneKind.CALLER
    if count <= 8 and _INTRODUCTION.match(said) and not _VERB.search(said):
        return ZoneKind.CALLER
    if count <= 10 and _WITHDRAWN.search(said) and "?" not in folded:
        return ZoneKind.WITHDRAWN
    return None


def is_closing(sentences: Sequence[str]) -> bool:
    """Whether the folded sentences that are left after greetings and thanks tell news, not a request.

    True when nothing is left, or when one of them takes a question back, tells that all works now, congratulates or
    informs, and none of them asks for anything.
    """
    if not sentences:
        return True
    whole = " ".join(sentences)
    if len(whole) > 500 or _STILL_ASKS.search(whole):
        return False
    if _SETTLED.search(whole) or all(map(_WITHDRAWN.search, sentences)):
        return not _BUT.search(whole)
    return bool(_NEWS.search(whole)) and not fails(whole)


def _is_greeting(said: str) -> bool:
    match = _GREETING.match(said)
    if not match:
        return False
    rest = WORD.findall(said[match.end() :])
    # "Доброго дня, пані Світлано": a name or two may follow, a sentence may not.
    strangers = [word for word in rest if not _GREETING_COMPANY.match(word) and not _GREETING.match(word)]
    return len(strangers) <= 2 and not _VERB.search(" ".join(strangers))


def _is_pleasant(said: str) -> bool:
    rest, found = _PLEASANT.subn(" ", said)
    strangers = WORD.findall(rest)
    if not found:
        return False
    if _THANKS.match(said):
        # "дякую за вчорашнє оновлення", "дякую, Олено": thanks take a reason or a name with them.
        return len(strangers) <= 6 and not _VERB.search(rest.replace("що", " "))
    return not strangers


def _is_call_back(said: str) -> bool:
    rest, found = _CALL_BACK.subn(" ", said)
    if not found:
        return False
    strangers = [word for word in WORD.findall(rest) if not _CALL_COMPANY.match(word)]
    return len(strangers) <= 2
