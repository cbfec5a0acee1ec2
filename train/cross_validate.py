"""What never splitting, the rules alone and both opinions together make of messages they did not learn from.

python -m train.cross_validate [--held-out PATH]: leaves each author's file out in turn; the shares are read from PATH
when it is there and written to it when it is not (they take minutes). Prints a table of Markdown.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bot.intake.candidates import rules_labels
from bot.intake.heads import CHANGE_FROM, PRESSED_FROM, REASONS, head_score
from bot.intake.labeller import OUTSIDE, STARTS, WITHIN
from bot.intake.opinions import choose
from bot.intake.split import ACT_FROM
from train.examples import FILES, TEACHING, Example, make_example, read_corpus
from train.heads import Sample, learn_heads, make_samples
from train.held_out import Shares, held_out_shares
from train.rerank import learn, make_choice, make_reading
from train.scoring import Tally

Found = dict[str, tuple[tuple[int, ...], float]]


def main() -> None:
    """Prints the figures of the division for each file, its accuracy at coverage, and the guesses about a ticket."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--together", type=int, default=1, help="authors that are left out at the same time")
    args = parser.parse_args()
    examples = {name: [make_example(message) for message in read_corpus(name)] for name in (*FILES, *TEACHING)}
    if args.held_out and args.held_out.is_file():
        shares = pickle.loads(args.held_out.read_bytes())
    else:
        shares = held_out_shares(examples, args.together)
        if args.held_out:
            args.held_out.write_bytes(pickle.dumps(shares))
    found = _combined(examples, shares)
    tested = {name: examples[name] for name in FILES}
    _print_division(tested, found)
    _print_groups(tested, found)
    _print_coverage(tested, found)
    _print_heads({name: [s for example in some for s in make_samples(example.message)] for name, some in examples.items()})


def _combined(examples: Mapping[str, Sequence[Example]], shares: Shares) -> Found:
    """The division that both opinions make of each example; the weighing learned without the example's file, too."""
    choices = {
        example.message["id"]: make_choice(example, np.mean(shares[example.message["id"]], 0).tolist())
        for some in examples.values()
        for example in some
        if example.labels
    }
    found: Found = {}
    for name in FILES:
        tested = examples[name]
        others = [one.message["id"] for other, some in examples.items() if other != name for one in some if one.labels]
        weights = learn([choices[each] for each in others])
        for example in tested:
            if example.labels:
                reading = make_reading(example, np.mean(shares[example.message["id"]], 0).tolist())
                found[example.message["id"]] = choose(reading, weights)
    return found


def _never(example: Example) -> tuple[int, ...]:
    """Everything that is no quotation or signature as one request."""
    return tuple(STARTS if place == 0 else WITHIN for place in range(len(example.spoken)))


def _print_division(examples: Mapping[str, Sequence[Example]], found: Found) -> None:
    print("| file | method | exact | single | several | none | F1 | over | under | lost | acted | acted right |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in (*examples, "all"):
        some = [example for each in examples.values() for example in each] if name == "all" else examples[name]
        never, rules, both = Tally(), Tally(), Tally()
        for example in some:
            labels, confidence = found.get(example.message["id"], ((OUTSIDE,) * len(example.spoken), 1.0))
            never.add(example, _never(example), act=False)
            rules.add(example, rules_labels(example.spoken, example.rules), act=False)
            both.add(example, labels, act=confidence >= ACT_FROM)
        for method, tally in (("never split", never), ("rules", rules), ("combined", both)):
            print(f"| {name} | {method} | {tally.row()} |")


def _print_groups(examples: Mapping[str, Sequence[Example]], found: Found) -> None:
    print("\n| messages | number | exact | single | several | none | F1 | over | under | lost | acted | acted right |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    tallies: dict[str, Tally] = {}
    for example in (one for some in examples.values() for one in some):
        labels, confidence = found.get(example.message["id"], ((OUTSIDE,) * len(example.spoken), 1.0))
        for group in (example.message["lang"], example.message["channel"]):
            tallies.setdefault(group, Tally()).add(example, labels, act=confidence >= ACT_FROM)
    for group, tally in sorted(tallies.items()):
        print(f"| {group} | {tally.messages} | {tally.row()} |")


def _print_coverage(examples: Mapping[str, Sequence[Example]], found: Found) -> None:
    judged = []
    for example in (one for some in examples.values() for one in some if one.message["id"] in found):
        labels, confidence = found[example.message["id"]]
        tally = Tally()
        tally.add(example, labels, act=True)
        judged.append((confidence, tally.exact))
    judged.sort(reverse=True)
    print("\n| share acted on | right | confidence from |\n|---|---|---|")
    for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0):
        some = judged[: round(len(judged) * share)]
        print(f"| {share} | {sum(right for _, right in some) / len(some):.3f} | {some[-1][0]:.2f} |")


def _print_heads(samples: Mapping[str, Sequence[Sample]]) -> None:
    category, reasons, urgent, hits, false = 0, 0, 0, 0, 0
    for name in FILES:
        tested = samples[name]
        heads = learn_heads([one for other, some in samples.items() if other != name for one in some])
        for one in tested:
            change = head_score(heads["head.category"], one.category) > CHANGE_FROM
            pressed = head_score(heads["head.pressed"], one.urgency) > PRESSED_FROM
            category += change == one.is_change
            urgent += one.is_urgent
            hits += pressed and one.is_urgent
            false += pressed and not one.is_urgent
            scores = [head_score(heads[f"head.reason{int(reason or 0)}"], one.urgency) for reason in REASONS]
            reasons += one.is_urgent and pressed and scores.index(max(scores)) == one.reason
    total = sum(len(samples[name]) for name in FILES)
    print(f"\non labelled spans: category {category / total:.3f}, urgency F1 {2 * hits / (urgent + hits + false):.3f}, ", end="")
    print(f"reason of the urgent {reasons / urgent:.3f}")


if __name__ == "__main__":
    main()
