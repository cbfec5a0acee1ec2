"""The training: gradients are right, a seed gives the same weights, made-up messages are labelled where their requests stand."""

from __future__ import annotations

import numpy as np
import pytest

from train.examples import Example, make_example
from train.network import Setting, Weights, _gradients, fresh_weights, make_batch, train
from train.recombine import recombine

STILL = Setting(width=6, hidden=8, epochs=2, batch=2, drop=0.0, drop_words=0.0)


def message(name: str, *requests: str) -> dict[str, object]:
    text, spans = "Доброго дня!", []
    for request in requests:
        text += " "
        spans.append([len(text), len(text) + len(request)])
        text += request
    tickets = [{"spans": [span]} for span in spans]
    return {"id": name, "lang": "uk", "channel": "chat", "text": text, "tickets": tickets, "noise": [[0, 12]], "shared": []}


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return [
        make_example(message("а", "Каса не друкує чек.", "Дайте доступ новому касиру.")),
        make_example(message("б", "Як провести повернення, якщо чек загублено?")),
        make_example(message("в", "Звіт порожній.", "Принтер мовчить.", "Де акт звірки?")),
    ]


def test_gradients_agree_with_small_steps(examples: list[Example], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    # Facts are dropped at a fixed share; without any chance the loss is a function of the weights alone.
    monkeypatch.setattr("train.network.DROP_FACTS", 0.0)
    batch = make_batch(examples)
    weights = fresh_weights(STILL, examples[0].facts.shape[1], rng)
    gradients, rows = _gradients(weights, batch, STILL, rng)
    for name, gradient in gradients.items():
        value = weights[name]
        for _ in range(6):
            at = tuple(int(rng.integers(size)) for size in gradient.shape)
            place = (int(rows[at[0]]), *at[1:]) if name == "words" else at
            step = np.float32(3e-3)
            kept = value[place]
            value[place] = kept + step
            above = _loss(weights, examples)
            value[place] = kept - step
            below = _loss(weights, examples)
            value[place] = kept
            assert gradient[at] == pytest.approx((above - below) / (2 * step), abs=3e-3), name


def _loss(weights: Weights, examples: list[Example]) -> float:
    from bot.intake.labeller import as_bags, shares, stack

    total = 0.0
    for example in examples:
        given = shares(stack([weights]), as_bags(example.words), example.facts)
        for share, label in zip(given, example.labels, strict=True):
            target = np.full(3, STILL.smooth / 3)
            target[label] += 1 - STILL.smooth
            total -= float((target * np.log(share)).sum())
    return total / 60


def test_a_seed_gives_the_same_weights(examples: list[Example]) -> None:
    first, again = train(examples, STILL, 5), train(examples, STILL, 5)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["out"], train(examples, STILL, 6)["out"])


def test_made_messages_are_labelled_where_their_requests_stand() -> None:
    sources = [message(str(number), f"Звіт номер {number} порожній.", f"Дайте доступ касиру {number}.") for number in range(8)]
    requests = {
        text[start:end].casefold().rstrip(" .")
        for one in sources
        for text in [str(one["text"])]
        for ticket in _tickets(one)
        for start, end in ticket["spans"]
    }
    made = recombine(sources, 40, seed=2)
    assert made == recombine(sources, 40, seed=2)
    assert {len(one["tickets"]) for one in made} >= {1, 2, 3}
    for one in made:
        for ticket in one["tickets"]:
            [[start, end]] = ticket["spans"]
            assert one["text"][start:end].casefold().rstrip(" .") in requests


def _tickets(one: dict[str, object]) -> list[dict[str, list[list[int]]]]:
    tickets = one["tickets"]
    assert isinstance(tickets, list)
    return tickets
