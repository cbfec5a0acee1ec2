"""What the trained reading of an answer sees: hashed words and a row of plain numbers, for a sentence and for what it says of the ticket.

The row ends with what the words mean (meaning.py). Training and running both read this module, so a change here, or another
reader, needs `make train`. Hashing is CRC-32: the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING
from zlib import crc32

from bot.intake import answer_rules as rules
from bot.intake import meaning
from bot.intake.answer_rules import LIMIT, Sentence, Verdict
from bot.intake.clean import ZoneKind, sentence_kind
from bot.intake.lexicon import answers as words_of
from bot.intake.lexicon.followups import BUT, DOUBT, IF, PROMISE, SOLVED, STILL_BROKEN
from bot.intake.settled import Outcome, outcome_of
from bot.intake.signals import TOKEN, opening_of, read_signals
from bot.intake.text import WORD, whole
from bot.intake.units import STRENGTH, Joint

if TYPE_CHECKING:
    from bot.intake.meaning import Array

BUCKETS = 1 << 14
LONGEST = 600  # characters of one sentence that are read
MOST_TOKENS = 60
STATES = (Verdict.ANSWER, Verdict.THANKS, Verdict.SOLVED, Verdict.NOT_SOLVED)
# What the staff's last message does: still broken? approve? may we close? solved? a question; done; a promise; other.
MOVES = "BPCSQDFO"

_CLASSES = {name: whole(pattern) for name, pattern in words_of.CLASSES.items()}
_NOTHING_COUNTED = [0.0] * len(_CLASSES)
_REQUESTS = whole(words_of.STAFF_REQUESTS)
_APPROVAL = whole(words_of.STAFF_ASKS_APPROVAL)
_PROMISES = whole(words_of.STAFF_PROMISES)
_CLOSES = whole(words_of.STAFF_CLOSES)
_A_TRY = whole(words_of.STAFF_WANTS_A_TRY)
_SOLVED, _BROKEN, _PROMISED = whole(SOLVED), whole(STILL_BROKEN), whole(PROMISE)
_BUT, _DOUBT, _IF = whole(BUT), whole(DOUBT), whole(IF)
_CLAUSES = re.compile(r"[,.;:!?—-]")
_GAPS = re.compile(r"\W+")

Row = list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What an answer answers to: the folded title and the staff's last message, and what the latter does."""

    title: str
    staff: str
    signs: tuple[bool, ...]
    move: str
    title_stems: frozenset[str]
    known: frozenset[str]
    title_runs: frozenset[str]
    staff_runs: frozenset[str]


def make_talk(title: str, staff: str) -> Talk:
    """Reads the folded title and the folded last message of the staff."""
    title, staff = title[:LIMIT], staff[:LIMIT]
    asks = "?" in staff
    solved, broken, done = asks and rules.asks_solved(staff), rules.asks_broken(staff), rules.tells_done(staff)
    found = [bool(each.search(staff)) for each in (_REQUESTS, _APPROVAL, _PROMISES, _CLOSES, _A_TRY)]
    requests, approval, promises, closes, wants_a_try = found
    moves = (broken, approval and asks, closes, solved, asks or requests, done or wants_a_try, promises, True)
    return Talk(
        title=title,
        staff=staff,
        signs=(asks, solved, broken, done, *found),
        move=MOVES[moves.index(True)],
        title_stems=read_signals(title).stems,
        known=read_signals(title + " " + staff).stems,
        title_runs=_runs(title),
        staff_runs=_runs(staff),
    )


def sentence_features(sentences: Sequence[Sentence], talk: Talk) -> tuple[list[list[int]], list[Row]]:
    """For each sentence the buckets of its words and its row: does it begin or go on with something new?"""
    by_rules = rules.new_from(sentences, talk.title, talk.staff)
    ids, rows = [], []
    stems: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    for place, sentence in enumerate(sentences):
        before = sentences[place - 1] if place else None
        mine = _runs(sentence.words[:400])
        rows.append(
            [
                *_place_row(sentences, place, by_rules),
                *_sentence_row(sentence),
                *_likeness_row(sentence, talk, mine, stems, runs),
                *_before_row(before),
                *_talk_row(talk),
                talk.move in "QP" and place == 0,
                talk.move == "D" and place == 0,
                *_counts(sentence.words),
                *_meaning_row(sentence, before, talk),
            ]
        )
        ids.append(_sentence_ids(sentence, before, place, talk.move))
        stems |= sentence.signals.stems
        runs |= mine
    return ids, [list(map(float, row)) for row in rows]


def state_features(own: Sequence[Sentence], talk: Talk) -> tuple[list[int], Row]:
    """The buckets and the row of all that an answer says about its ticket."""
    words = " ".join(one.words for one in own)[:LIMIT]
    told = " ".join(one.words for one in own if not one.signals.question)[:LIMIT]
    outcome, by_rules = outcome_of(told, talk.known), rules.state_of(own, talk.staff, talk.known)
    counts = _counts(words)
    row = [
        *_length_row(own, words),
        *(outcome is one for one in Outcome),
        *_state_row(own, words, told),
        rules.is_receipt(own, talk.staff),
        *(by_rules is one for one in STATES),
        _share(_runs(words), talk.title_runs),
        _share(_runs(words), talk.staff_runs),
        *_talk_row(talk),
        *counts,
        *(_counts(own[-1].words) if own else _NOTHING_COUNTED),
        *_clause_counts(words),
        *(number for said in (words, own[-1].words if own else "", talk.staff) for number in _meaning(said[:LONGEST]).tolist()),
    ]
    return _state_ids(own, words, talk, counts, (by_rules, outcome)), list(map(float, row))


def _place_row(sentences: Sequence[Sentence], place: int, by_rules: int | None) -> Sequence[float]:
    sentence, count = sentences[place], len(sentences)
    joints = (Joint.START, Joint.PARAGRAPH, Joint.LINE, Joint.SENTENCE)
    return (
        place == 0,
        place == count - 1,
        min(place, 4) / 4,
        count == 1,
        min(count, 6) / 6,
        *(sentence.joint is joint for joint in joints),
        sentence.is_item,
        STRENGTH[sentence.joint] <= STRENGTH[Joint.SEMICOLON],
        by_rules is not None,
        by_rules is not None and place >= by_rules,
        place == by_rules,
    )


def _sentence_row(sentence: Sentence) -> Sequence[float]:
    said, words, kind = sentence.signals, sentence.words, sentence_kind(sentence.words)
    return (
        said.asks,
        said.fails,
        said.question,
        said.adds,
        said.adds_inside,
        said.continues,
        said.points_back,
        min(said.words, 20) / 8,
        said.words <= 2,
        said.words <= 4,
        min(len(said.stems), 8) / 4,
        kind is ZoneKind.THANKS,
        kind is ZoneKind.CALLER,
        kind is not None,
        *rules.opening_signs(opening_of(words)),
        *(bool(each.search(words)) for each in (_PROMISED, _SOLVED, _BROKEN)),
        words.rstrip().endswith(":"),
        any(map(str.isdigit, words)),
    )


def _likeness_row(sentence: Sentence, talk: Talk, mine: frozenset[str], stems: frozenset[str], runs: frozenset[str]) -> Sequence[float]:
    own = sentence.signals.stems
    return (
        len(own & talk.title_stems) / 2,
        len(own & talk.known) / 2,
        min(len(own & stems), 3) / 2,
        not own & talk.known,
        _share(mine, talk.title_runs),
        _share(mine, talk.staff_runs),
        _share(mine, runs),
    )


def _before_row(before: Sentence | None) -> Sequence[float]:
    if before is None:
        return (False, False, False, *_NOTHING_COUNTED)
    thanks = sentence_kind(before.words) is ZoneKind.THANKS
    return (thanks, before.words.rstrip().endswith(":"), before.signals.asks, *_counts(before.words))


def _meaning_row(sentence: Sentence, before: Sentence | None, talk: Talk) -> Row:
    """What a sentence means, and how near that is to the title, to the staff's message, to the sentence before."""
    mine = _meaning(sentence.words[:LONGEST])
    others = (talk.title, talk.staff, before.words if before else "")
    return [*(_nearness(mine, _meaning(other[:LONGEST])) for other in others), *mine.tolist()]


@lru_cache(maxsize=512)
def _meaning(words: str) -> Array:
    """The mean vector of the words; noughts without words."""
    import numpy as np

    reader, tokens = meaning.load(), TOKEN.findall(words)[:MOST_TOKENS]
    if reader is None:
        raise FileNotFoundError("bot/intake/data/reader.npz is missing")
    result: Array = meaning.read(reader, tokens).mean(0) if tokens else np.zeros(reader.out.shape[1], np.float32)
    return result


def _nearness(first: Array, second: Array) -> float:
    length = float((first @ first) * (second @ second)) ** 0.5
    return float(first @ second) / length if length else 0.0


def _talk_row(talk: Talk) -> Sequence[float]:
    return (*talk.signs, *(talk.move == move for move in MOVES))


def _length_row(own: Sequence[Sentence], words: str) -> Sequence[float]:
    said = len(WORD.findall(words))
    return (said == 0, said <= 1, said <= 3, said <= 6, min(said, 30) / 15, len(own) == 1, min(len(own), 5) / 5)


def _state_row(own: Sequence[Sentence], words: str, told: str) -> Sequence[float]:
    thanks = [sentence_kind(one.words) is ZoneKind.THANKS for one in own]
    yes, no = rules.opening_signs(opening_of(words))[-2:]
    return (
        bool(_SOLVED.search(told)),
        bool(_BROKEN.search(told)),
        *(bool(each.search(words)) for each in (_BUT, _DOUBT, _PROMISED, _IF)),
        any(thanks),
        bool(thanks) and all(thanks),
        rules.thanks_in(words),
        any(one.signals.asks for one in own),
        any(one.signals.fails for one in own),
        yes,
        no,
        any(map(str.isdigit, words)),
        "«" in words or '"' in words,
        *(sign in words for sign in "?!)("),
    )


def _clause_counts(words: str) -> Row:
    """The classes of words in the last and in the first clause."""
    clauses = _CLAUSES.split(words.strip(" .!?"))
    return _counts(clauses[-1]) + _counts(clauses[0])


@lru_cache(maxsize=256)  # a sentence is counted for itself, for the next one and for the whole
def _counts(words: str) -> Row:
    return [min(len(each.findall(words[:LONGEST])), 3) / 2 for each in _CLASSES.values()]


def _sentence_ids(sentence: Sentence, before: Sentence | None, place: int, move: str) -> list[int]:
    names = _word_names(sentence.words[:LONGEST])
    names += [f"T{move}", f"T{move}{min(place, 2)}"]
    names += [f"x{move}_{token[:5]}" for token in TOKEN.findall(sentence.words[:LONGEST])[:12]]
    if before is not None:
        names += [f"P{token[:5]}" for token in TOKEN.findall(before.words[-LONGEST:])[-8:]]
    return _buckets(names)


def _state_ids(own: Sequence[Sentence], words: str, talk: Talk, counts: Row, told: tuple[Verdict, Outcome]) -> list[int]:
    move, tokens = talk.move, TOKEN.findall(words)[:40]
    names = _word_names(words)
    names += [f"x{move}_{token[:5]}" for token in tokens]
    names += [f"y{move}_{first[:4]}_{second[:4]}" for first, second in pairwise(["^", *tokens, "$"])]
    names += [f"T{move}", *(f"t{word[:5]}" for word in WORD.findall(talk.staff)[:20])]
    present = [name for name, count in zip(_CLASSES, counts, strict=True) if count]
    names += [f"C{move}{name}" if name in present else f"C{move}!{name}" for name in _CLASSES]
    names += [f"c{first}_{second}" for first, second in combinations(present, 2)]
    names += [f"R{move}{told[0]}", f"O{move}{told[1].name}"]
    for mark, sentence in zip("zZ", (own[-1:], own[:1]), strict=True):
        names += [mark + token[:5] for one in sentence for token in TOKEN.findall(one.words[:LONGEST])[:10]]
    return _buckets(names)


def _word_names(words: str) -> list[str]:
    """The tokens by themselves, by their beginnings, ends and runs of four letters, in pairs, and the first three by place."""
    names: list[str] = []
    before = "^"
    for place, token in enumerate(TOKEN.findall(words)[:MOST_TOKENS]):
        if token.isdigit():
            names.append(f"#{min(len(token), 4)}")
            token = "#"
        elif not token[0].isalpha():
            names.append("." + token)
        else:
            framed = f"<{token[:24]}>"
            names += ["w" + token[:14], "p" + token[:4], "q" + token[:5], "s" + token[-3:], "2" + token[-2:], f"k{token[:2]}_{token[-2:]}"]
            names += ["g" + framed[at : at + 4] for at in range(min(len(framed) - 3, 8))]
        names.append(f"b{before[:5]}_{token[:5]}")
        if place < 3:
            names.append(f"f{place}{token[:5]}")
        before = token
    return [*names, "e" + before[:5]]


def _buckets(names: Sequence[str]) -> list[int]:
    return sorted({crc32(name.encode("utf-8", "surrogatepass")) % BUCKETS for name in names})


def _runs(words: str) -> frozenset[str]:
    """The runs of four characters."""
    plain = _GAPS.sub(" ", words)
    return frozenset(plain[at : at + 4] for at in range(len(plain) - 3))


def _share(some: frozenset[str], others: frozenset[str]) -> float:
    return len(some & others) / max(1, min(len(some), len(others)))
