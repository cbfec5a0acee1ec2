"""A short title for a ticket, taken from its own words: the ask without greeting and filler, at most 60 characters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.intake.clean import sentence_kind
from bot.intake.signals import fails, read_signals
from bot.intake.text import WORD
from bot.intake.units import Unit

LONGEST = 60

_FILLER = re.compile(
    r"(?:[^\w«\"(]|(?:і|й|та|а|и|ну|ой|о|oh|so|and|але|но|ще|ше|еще|also|також|также|теж|тоже|плюс|заодно|кстати|до речі|потім|потом|"
    r"далі|btw|by the way|please|pls|крім того|кроме того|по-друге|по-третє|во-вторых|друге|третє|друге питання|інше питання|окремо|"
    r"короче|кароче|коротше|слухайте|слушайте|дивіться|підкажіть|подскажите|скажіть|скажите|будь ласка|будьласка|пожалуйста|пожалуста|"
    r"прошу|просимо|хотіла б (?:ще )?запитати|таке питання|питання|вопрос|привіт|привет|вітаю|доброго дня|добрий день|добрый день|hi|"
    r"hello|тема)(?![^\W_]))+"
)


_POLITE = re.compile(
    r"(?P<before>,)?\s*(?<![^\W_])(?<![«\"])(?:будь[ -]?ласка|пожалуйста|пожалуста|please|pls|(?<=, )прошу(?=\s?,))(?![^\W_])"
    r"(?P<after>\s*,)?\s*"
)


def make_title(text: str, folded: str, units: Sequence[Unit]) -> str:
    """The title of the ticket that consists of these units of the text; one line, never longer than LONGEST."""
    best, best_score = None, -1.0
    for place, unit in enumerate(units):
        said = folded[unit.body_start : unit.body_end]
        if sentence_kind(said) is not None:
            continue
        signals = read_signals(said)
        score = 2.0 * signals.asks + 2.0 * signals.fails + 1.0 * signals.question + min(signals.words, 6) / 3 - 0.25 * min(place, 12)
        if score > best_score:
            best, best_score = place, score
    title = "" if best is None else _candidate(text, folded, units[best], units[best + 1 :])
    return title or _cut(text[units[0].start : units[-1].end] if units else text)


def _candidate(text: str, folded: str, unit: Unit, following: Sequence[Unit]) -> str:
    """The unit's words after the filler, with the clauses that follow it as long as they fit."""
    start = unit.body_start
    match = _FILLER.match(folded, start, unit.body_end)
    if match and unit.body_end - match.end() > 8:
        start = match.end()
    end = unit.body_end
    title = _plain(text[start:end], folded[start:end])
    for later in following:
        if later.start != end and text[end : later.start].strip():
            break
        longer = _plain(text[start : later.body_end], folded[start : later.body_end])
        # A single word ("Додайте, будь ласка, …") is no title: then the next clause is taken even if it must be cut.
        if later.joint.value not in ("comma", "dash", "word", "colon") or (len(longer) > LONGEST and len(WORD.findall(title)) > 2):
            break
        end, title = later.body_end, longer
    return _cut(title)


def _plain(words: str, folded: str) -> str:
    """The words without politeness; its commas go with it, but one stays behind a failure ("Не друкує, будь ласка, гляньте")."""
    kept, at = "", 0
    for match in _POLITE.finditer(folded):
        kept += words[at : match.start()].rstrip()
        kept += ", " if match["before"] and match["after"] and fails(folded[: match.start()]) else " "
        at = match.end()
    return (kept + words[at:]).strip()


def _cut(words: str) -> str:
    """One line of at most LONGEST characters, cut at a word, with a capital letter first."""
    words = words[: LONGEST * 8]
    if not words.isprintable():
        words = "".join(sign if sign.isprintable() else " " for sign in words)
    line = " ".join(words.split())
    line = line.strip(" ,;:.-–—/|+*•")
    if len(line) > LONGEST:
        head = line[: LONGEST - 1]
        line = (head.rsplit(" ", 1)[0] if " " in head[LONGEST // 2 :] else head).rstrip(' ,;:.-–—(«"') + "…"
    return line[:1].upper() + line[1:] if len(line[:1].upper()) == 1 else line
