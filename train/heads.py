"""Learns the linear guesses about one ticket: category, urgency, reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from bot.intake.classify import read_urgency
from bot.intake.clean import ZoneKind, find_zones
from bot.intake.features import BUCKETS
from bot.intake.heads import REASONS, category_features, urgency_features
from bot.intake.text import fold
from train.examples import Message

LONGEST_ASIDE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One labelled ticket: features for either question and the answers."""

    category: NDArray[np.int64]
    urgency: NDArray[np.int64]
    is_change: bool
    is_urgent: bool
    reason: int


def make_samples(message: Message) -> list[Sample]:
    """A sample for each labelled ticket of a message."""
    text = message["text"]
    folded, zones = fold(text), find_zones(text)

    def beside(start: int, end: int) -> bool:
        quoted = any(zone.start < end and start < zone.end and zone.kind is not ZoneKind.SUBJECT for zone in zones)
        return not quoted and end - start < LONGEST_ASIDE

    context = [(start, end) for start, end in message["shared"]] + [(s, e) for s, e in message["noise"] if beside(s, e)]
    around = "\n".join(folded[start:end] for start, end in context)
    samples = []
    for ticket in message["tickets"]:
        spans = [(start, end) for start, end in ticket["spans"]]
        own = "\n".join(folded[start:end] for start, end in spans)
        rules = read_urgency(folded, spans, context)
        samples.append(
            Sample(
                category=category_features(own),
                urgency=urgency_features(own, around, rules),
                is_change=ticket["category"] == "change_request",
                is_urgent=bool(ticket["urgent"]),
                reason=int(ticket["reason"] or 0),
            )
        )
    return samples


def learn_heads(samples: Sequence[Sample], seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """The weights of each question, the last of each being what is said without any feature."""
    urgent = [sample for sample in samples if sample.is_urgent]
    heads = {
        "head.category": _learn([(one.category, one.is_change) for one in samples], 12, seed),
        "head.pressed": _learn([(one.urgency, one.is_urgent) for one in samples], 12, seed),
    }
    for reason in REASONS:
        number = int(reason or 0)
        heads[f"head.reason{number}"] = _learn([(one.urgency, one.reason == number) for one in urgent], 20, seed)
    return heads


def _learn(rows: Sequence[tuple[NDArray[np.int64], bool]], rounds: int, seed: int) -> NDArray[np.float32]:
    """Logistic regression by AdaGrad, a sample at a time."""
    rng = np.random.default_rng(seed)
    weights, spread, base = np.zeros(BUCKETS), np.full(BUCKETS, 1e-2), 0.0
    for _ in range(rounds):
        for at in rng.permutation(len(rows)):
            features, wanted = rows[at]
            norm = sqrt(len(features))
            error = 1 / (1 + np.exp(-(weights[features].sum() / norm + base))) - wanted
            pull = error / norm + 1e-5 * weights[features]
            spread[features] += pull * pull
            weights[features] -= 0.15 * pull / np.sqrt(spread[features])
            base -= 0.02 * error
    return np.append(weights, base).astype(np.float32)
