"""Labelled messages as rows of units: what the network learns from."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.intake.clean import find_zones
from bot.intake.features import facts, hashed_words, unit_signals
from bot.intake.frame import take_off
from bot.intake.labeller import OUTSIDE, STARTS, WITHIN, spoken_units, unit_table
from bot.intake.meaning import unit_meanings
from bot.intake.rules import NOISE, SHARED, Partition, divide, unit_zones
from bot.intake.text import fold
from bot.intake.units import Unit, split_units

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "corpus" / "requests"
# Ten authors, each left out in turn; and authors whose messages only teach: nothing is ever measured on them.
FILES = tuple(sorted(path.stem for path in CORPUS.glob("dev_*.jsonl")))
TEACHING = tuple(sorted(path.stem for path in CORPUS.glob("own_*.jsonl")))
UNLABELLED = -9

Message = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One message. Of `units`, only those numbered in `spoken` are learned; `words`, `facts`, `meanings` and `labels` go with these."""

    message: Message
    units: tuple[Unit, ...]
    spoken: tuple[int, ...]
    words: tuple[NDArray[np.int32], ...]
    facts: NDArray[np.float32]
    meanings: NDArray[np.float32]
    labels: tuple[int, ...]
    rules: Partition


def read_corpus(name: str) -> list[Message]:
    """The messages of one author's file."""
    return [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines() if line.strip()]


def make_example(message: Message) -> Example:
    """The message as the labeller sees it, with the label of each unit."""
    text, channel = message["text"], message["channel"]
    folded, whole = fold(text), split_units(text)
    zones = find_zones(text)
    units = take_off(text, folded, whole, unit_zones(whole, zones)).inner
    rules = divide(folded, units, zones, is_chat=channel != "email")
    kinds = unit_zones(units, zones)
    spoken = spoken_units(kinds)
    rows = facts(folded, units, unit_signals(folded, units), kinds, rules, channel)
    meanings = unit_meanings(folded, units)
    if meanings is None:
        raise FileNotFoundError("bot/intake/data/reader.npz is missing: train/reader says how it is made")
    gold = _owners(message, units)
    return Example(
        message=message,
        units=units,
        spoken=tuple(spoken),
        words=tuple(np.array(hashed_words(folded[units[n].body_start : units[n].body_end]), dtype=np.int32) for n in spoken),
        facts=unit_table([rows[n] for n in spoken], meanings[spoken]) if spoken else np.zeros((0, 0), np.float32),
        meanings=meanings[spoken],
        labels=tuple(_labels([gold[n] for n in spoken])),
        rules=rules,
    )


def _owners(message: Message, units: tuple[Unit, ...]) -> list[int]:
    """For each unit the ticket that most of its letters belong to, or NOISE, SHARED, UNLABELLED."""
    text = message["text"]
    owner = [UNLABELLED] * len(text)
    for number, ticket in enumerate(message["tickets"]):
        for start, end in ticket["spans"]:
            owner[start:end] = [number] * (end - start)
    for label, key in ((NOISE, "noise"), (SHARED, "shared")):
        for start, end in message[key]:
            owner[start:end] = [label] * (end - start)
    found: list[int] = []
    for unit in units:
        votes = Counter(owner[at] for at in range(unit.body_start, unit.body_end) if text[at].isalnum())
        found.append(votes.most_common(1)[0][0] if votes else UNLABELLED)
    return found


def _labels(owners: list[int]) -> list[int]:
    """STARTS at the first unit of each ticket, WITHIN for its others, OUTSIDE for what is no ticket's.

    A unit that returns to an earlier ticket counts as WITHIN: the labeller knows no way back.
    """
    seen: set[int] = set()
    labels: list[int] = []
    for owner in owners:
        labels.append(OUTSIDE if owner < 0 else WITHIN if owner in seen else STARTS)
        if owner >= 0:
            seen.add(owner)
    return labels
