"""make train: learns to read answers in running tickets and writes bot/intake/data/followups.npz.

python -m train.followups --held-out leaves each file of answers out in turn and prints what the shipped code makes of it, as
tables of Markdown; it writes nothing. One thread, fixed seeds, numpy alone: the same file again on the same machine.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.intake.answer_features import BUCKETS
from bot.intake.answer_rules import Verdict
from bot.intake.followups import judge
from bot.intake.leanings import NEW, STATE
from train.answers import FOLLOWUPS, Case, Sample, made_cases, make_samples, read_cases
from train.examples import FILES, Message, read_corpus
from train.stored import write as write_stored

OUTPUT = Path(__file__).resolve().parent.parent / "bot" / "intake" / "data" / "followups.npz"
SEEDS = (0, 1, 2)
MADE = 300  # answers made of others

Array = NDArray[np.float64]
Weights = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a network is shaped and trained."""

    hidden: int = 24
    epochs: int = 24
    batch: int = 32
    rate: float = 4e-3
    words_rate: float = 0.06
    drop_words: float = 0.3
    drop_row: float = 0.15
    drop_hidden: float = 0.3
    smooth: float = 0.02
    decay: float = 2e-3


SETTING = Setting()


def main() -> None:
    """Trains on all answers and writes, or prints the figures of the files left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="networks averaged in each fold")
    args = parser.parse_args()
    cases = {name: read_cases(name) for name in FOLLOWUPS}
    messages = [message for name in FILES for message in read_corpus(name)]
    if args.held_out:
        print_held_out(cases, messages, range(args.seeds))
        return
    write(learn([case for some in cases.values() for case in some], messages), OUTPUT)
    print(f"{OUTPUT.name}: {OUTPUT.stat().st_size / 1e6:.1f} MB")


def write(learned: Mapping[str, Sequence[Weights]], output: Path) -> None:
    """The networks as they are shipped: the tables of words as whole numbers of eight bits, the rest as it is."""
    stored: Weights = {}
    for question, nets in learned.items():
        for number, net in enumerate(nets):
            for name, value in net.items():
                key = f"{question}.{number}.{name}"
                if name in ("words", "straight"):
                    scale = np.maximum(np.abs(value).max(0), 1e-8) / 127
                    stored |= {key: np.round(value / scale).astype(np.int8), f"{key}.scale": scale.astype(np.float32)}
                else:
                    stored[key] = value
    write_stored(output, stored)


def learn(
    cases: Sequence[Case], messages: Sequence[Message], setting: Setting = SETTING, seeds: Sequence[int] = SEEDS, made: int = MADE
) -> Mapping[str, list[Weights]]:
    """The networks of both questions; the same for the same answers, setting and seeds."""
    new, states = make_samples([*cases, *made_cases(cases, messages, made, 0)])
    return {NEW: [_fit(new, setting, seed) for seed in seeds], STATE: [_fit(states, setting, seed) for seed in seeds]}


def _fit(samples: Sequence[Sample], setting: Setting, seed: int) -> Weights:
    """Adam for the dense weights, AdaGrad for the words, of which a step touches few."""
    rng = np.random.default_rng(seed)
    weights = _fresh(len(samples[0].row), len(samples[0].allowed), setting, rng)
    table = np.array([sample.row for sample in samples])
    allowed = np.array([sample.allowed for sample in samples], dtype=float)
    worth = np.array([sample.weight for sample in samples])
    ids = [np.array(sample.ids) for sample in samples]
    dense = [name for name in weights if name not in ("words", "straight")]
    first = {name: np.zeros_like(weights[name]) for name in dense}
    second = {name: np.zeros_like(weights[name]) for name in dense}
    spread = {name: np.full_like(weights[name], 1e-4) for name in ("words", "straight")}
    steps, step = setting.epochs * -(-len(samples) // setting.batch), 0
    for _ in range(setting.epochs):
        order = rng.permutation(len(samples))
        for at in range(0, len(order), setting.batch):
            step += 1
            some = order[at : at + setting.batch]
            gradients, touched = _gradients(weights, [ids[n] for n in some], table[some], allowed[some], worth[some], setting, rng)
            slow = max(0.05, 1 - step / steps) * min(1.0, step / 40)
            for name in dense:
                first[name] += 0.1 * (gradients[name] - first[name])
                second[name] += 0.01 * (gradients[name] ** 2 - second[name])
                move = first[name] / (1 - 0.9**step) / (np.sqrt(second[name] / (1 - 0.99**step)) + 1e-6)
                weights[name] -= setting.rate * slow * (move + setting.decay * weights[name])
            for name in spread:
                pull = gradients[name] + 1e-5 * weights[name][touched]
                spread[name][touched] += pull * pull
                weights[name][touched] -= setting.words_rate * slow * pull / np.sqrt(spread[name][touched])
    return {name: value.astype(np.float32) for name, value in weights.items()}


def _fresh(facts: int, classes: int, setting: Setting, rng: np.random.Generator) -> dict[str, Array]:
    """Words that were never met stay nought, so that the file is small."""
    hidden = setting.hidden
    return {
        "words": np.zeros((BUCKETS, hidden)),
        "straight": np.zeros((BUCKETS, classes)),
        "inner": rng.standard_normal((facts, hidden)) / np.sqrt(facts),
        "inner_bias": np.zeros(hidden),
        "outer": rng.standard_normal((hidden, classes)) * 0.1,
        "past": np.zeros((facts, classes)),
        "outer_bias": np.zeros(classes),
    }


def _gradients(
    weights: Mapping[str, Array],
    ids: Sequence[NDArray[np.int64]],
    table: Array,
    allowed: Array,
    worth: Array,
    setting: Setting,
    rng: np.random.Generator,
) -> tuple[dict[str, Array], NDArray[np.int64]]:
    """The gradients of the mean loss, those of the words only for the rows returned beside them.

    The loss is that of the classes that may be right taken together, a little smoothed.
    """

    def dropped(shape: tuple[int, ...], share: float) -> Array:
        return (rng.random(shape) >= share) / (1 - share)

    sizes = np.array([len(one) for one in ids])
    flat, begins, owner = np.concatenate(ids), sizes.cumsum() - sizes, np.repeat(np.arange(len(ids)), sizes)
    shared = (dropped((len(flat),), setting.drop_words) / np.sqrt(sizes[owner]))[:, None]
    table = table * dropped(table.shape, setting.drop_row)
    summed = np.add.reduceat(weights["words"][flat] * shared, begins)
    hidden = np.maximum(summed + table @ weights["inner"] + weights["inner_bias"], 0)
    hidden = hidden * dropped(hidden.shape, setting.drop_hidden)
    straight = np.add.reduceat(weights["straight"][flat] * shared, begins)
    scores = hidden @ weights["outer"] + straight + table @ weights["past"] + weights["outer_bias"]
    odds = np.exp(scores - scores.max(1, keepdims=True))
    odds /= odds.sum(1, keepdims=True)
    wanted = odds * allowed
    wanted = wanted / np.maximum(wanted.sum(1, keepdims=True), 1e-9) * (1 - setting.smooth) + setting.smooth / odds.shape[1]
    error = (odds - wanted) * worth[:, None] / len(ids)
    inner = (error @ weights["outer"].T) * (hidden > 0)
    order = np.argsort(flat, kind="stable")
    touched, firsts = np.unique(flat[order], return_index=True)
    return {
        "outer": hidden.T @ error,
        "outer_bias": error.sum(0),
        "past": table.T @ error,
        "inner": table.T @ inner,
        "inner_bias": inner.sum(0),
        "words": np.add.reduceat(inner[owner[order]] * shared[order], firsts),
        "straight": np.add.reduceat(error[owner[order]] * shared[order], firsts),
    }, touched


def print_held_out(cases: Mapping[str, Sequence[Case]], messages: Sequence[Message], seeds: Sequence[int]) -> None:
    """The figures of each file by networks that learned from the others, beside the rules alone; then the confusions."""
    every: list[tuple[Verdict, Verdict]] = []
    print("| file | answers | rules alone | both | new requests found | spans too many |\n|---|---|---|---|---|---|")
    total = np.zeros(3, int)
    for name, left_out in cases.items():
        nets = learn([case for other, some in cases.items() if other != name for case in some], messages, seeds=seeds)
        told = [(case, judge(case["text"], case["ticket_title"], case["last_staff_message"], nets)) for case in left_out]
        alone = [judge(case["text"], case["ticket_title"], case["last_staff_message"], None).verdict for case in left_out]
        pairs = [(Verdict(case["verdict"]), answer.verdict) for case, answer in told]
        found = np.sum([count_spans(case, answer.new_tasks) for case, answer in told], axis=0)
        right = sum(wanted is given for wanted, given in pairs) / len(pairs)
        rules = sum(given == case["verdict"] for case, given in zip(left_out, alone, strict=True)) / len(pairs)
        print(f"| {name} | {len(pairs)} | {rules:.3f} | {right:.3f} | {found[0]} of {found[1]} | {found[2]} |", flush=True)
        every += pairs
        total += found
    print(f"| all | {len(every)} | | {sum(a is b for a, b in every) / len(every):.3f} | {total[0]} of {total[1]} | {total[2]} |")
    _print_classes(every)


def _print_classes(pairs: Sequence[tuple[Verdict, Verdict]]) -> None:
    count = Counter(pairs)
    print("\n| wanted \\ given | " + " | ".join(Verdict) + " | precision | recall |\n|" + "---|" * (len(Verdict) + 3))
    for wanted in Verdict:
        row = [count[wanted, given] for given in Verdict]
        right, said = count[wanted, wanted], sum(count[other, wanted] for other in Verdict)
        print(f"| {wanted} | " + " | ".join(map(str, row)) + f" | {right / max(said, 1):.2f} | {right / max(sum(row), 1):.2f} |")


def count_spans(case: Case, spans: Sequence[tuple[int, int]]) -> tuple[int, int, int]:
    """How many new requests are found (letters and digits overlap by 0.7 of both together), how many there are, how many spans hit none."""
    text, found, hit = case["text"], 0, set()
    for quote in case["new_tasks"]:
        start = text.find(quote)
        wanted = {at for at in range(start, start + len(quote)) if text[at].isalnum()}
        shares = {}
        for span in spans:
            given = {at for at in range(*span) if text[at].isalnum()}
            shares[span] = len(wanted & given) / max(len(wanted | given), 1)
        hits = {span for span, share in shares.items() if share >= 0.7}
        found += bool(hits)
        hit |= hits
    return found, len(case["new_tasks"]), len(set(spans) - hit)


if __name__ == "__main__":
    main()
