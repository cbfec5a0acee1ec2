"""Two opinions on one message become one decision, and how far to trust it.

The rules (rules.py) and the trained labeller (labeller.py) read the same numbered units. From both come a few whole
divisions (candidates.py); trained weights give each the chance of being right, and "none of them is right" its chance too.
The likeliest is taken and its chance is the confidence: it was fitted on messages that the labeller had not learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.intake.candidates import Reading, candidates, describe_doubt, rules_labels, take_in
from bot.intake.clean import ZoneKind
from bot.intake.describe import describe
from bot.intake.labeller import OUTSIDE, STARTS, as_bags, load, shares, spoken_units, unit_table
from bot.intake.rules import NOISE, SHARED, Partition
from bot.intake.signals import Signals
from bot.intake.units import Joint, Marker, Unit

if TYPE_CHECKING:
    from bot.intake.labeller import Array, Weights


# Added to the score of a division for each request beyond the first: the corpus holds more of them than life does. Nothing is
# lost in exactness by it, and on the natural mix of messages a third of the wrong splits goes away.
MANY = -0.3

# A numbered list of asks is the client's own division: there the rules decide, and it is acted on (it can be undone), although
# they were right on only 11 of 14 such messages of the corpus; the others number steps or details of one request.
PLAIN_LIST = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The partition taken and the confidence, 0 to 1, that it is right as a whole."""

    partition: Partition
    confidence: float


def decide(
    units: Sequence[Unit],
    words: Sequence[Sequence[int]],
    rows: Sequence[Sequence[float]],
    meanings: Array | None,
    signals: Sequence[Signals],
    kinds: Sequence[ZoneKind | None],
    rules: Partition,
    channel: str,
) -> Decision | None:
    """The decision on a message; None when no labeller is shipped or no unit is spoken. `words`, `rows` and `meanings` are its features."""
    shipped = load()
    spoken = spoken_units(kinds)
    if shipped is None or meanings is None or not spoken:
        return None
    nets, common = shipped
    table = unit_table([rows[number] for number in spoken], meanings[spoken])
    said = as_bags([words[number] for number in spoken])
    reading = Reading(
        units=[units[number] for number in spoken],
        given=shares(nets, said, table).tolist(),
        meanings=meanings[spoken],
        signals=[signals[number] for number in spoken],
        theirs=rules_labels(spoken, rules),
        channel=channel,
    )
    labels, confidence = choose(reading, common)
    return Decision(partition=as_partition(spoken, labels, rules), confidence=confidence)


def _is_plain_list(reading: Reading) -> bool:
    """Whether the rules' requests are the items of a numbered list, a line each, that all ask or tell a failure."""
    starts = [number for number, label in enumerate(reading.theirs) if label == STARTS]
    ends = [*starts[1:], len(reading.units)]
    firsts = [reading.units[number] for number in starts]
    return (
        len(starts) > 1
        and [unit.number for unit in firsts] == list(range(1, len(starts) + 1))
        and all(unit.marker is Marker.NUMBER and unit.joint in (Joint.START, Joint.LINE, Joint.PARAGRAPH) for unit in firsts)
        and all(any(one.says_something for one in reading.signals[a:b]) for a, b in zip(starts, ends, strict=True))
    )


def choose(reading: Reading, weights: Weights) -> tuple[tuple[int, ...], float]:
    """The likeliest division and the chance that it is right; words that might belong to a request are taken in."""
    import numpy as np

    if _is_plain_list(reading):
        return take_in(reading, reading.theirs), PLAIN_LIST
    options = candidates(reading)
    rows = describe(reading, options).astype(np.float32)
    scores = weigh(rows, np.array(describe_doubt(reading), dtype=np.float32), weights)
    scores[:-1] += [MANY * max(labels.count(STARTS) - 1, 0) for labels in options]
    odds = np.exp(scores - scores.max())
    best = int(scores[:-1].argmax())
    return take_in(reading, options[best]), float(odds[best] / odds.sum())


def weigh(rows: Array, doubt: Array, weights: Weights) -> Array:
    """The scores of the divisions that the rows describe, and last the score of "none of them is right"."""
    import numpy as np

    rows = np.minimum(np.maximum((rows - weights["weigh.mean"]) / weights["weigh.spread"], -4), 4)
    hidden = np.maximum(rows @ weights["weigh.inner"] + weights["weigh.inner_bias"][:, None], 0)
    curved = hidden @ weights["weigh.outer"][:, :, None]  # by each of the networks
    scores = curved.mean(0)[:, 0] + rows @ weights["weigh.straight"]
    return np.append(scores, doubt @ weights["weigh.doubt"])


def as_partition(spoken: Sequence[int], labels: Sequence[int], rules: Partition) -> Partition:
    """The chosen labels as ticket numbers; what is left outside is NOISE, or SHARED where the rules took it for a request's words."""
    found = list(rules.labels)
    current = -1
    for number, label in zip(spoken, labels, strict=True):
        current += label == STARTS
        if label != OUTSIDE:
            found[number] = current
        elif rules.labels[number] != NOISE:
            found[number] = SHARED
    count = current + 1
    if count < 2:
        found = [NOISE if label == SHARED else label for label in found]
    return Partition(labels=tuple(found), kinds=rules.kinds, because=_because(count, rules))


def _because(count: int, rules: Partition) -> str:
    if count == rules.count:
        return f"{rules.because}; перевірено двома способами"
    return f"питань за другою перевіркою: {count}; за правилами: {rules.count} ({rules.because})"
