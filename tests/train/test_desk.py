"""A desk's own corrections: what is read of them, that a comparison is of unseen messages, and the learned file in use."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.errors import Misconfigured, Rejected
from bot.intake import labeller
from bot.intake.analysis import analyse
from bot.intake.corrections import read_labelled
from train import desk as learning
from train.network import Setting

SMALL = Setting(width=6, hidden=8, epochs=1, batch=16)


def line(text: str, *spans: tuple[int, int]) -> str:
    tickets = [{"spans": [list(span)], "title": "", "category": "incident", "urgent": False, "reason": None} for span in spans]
    return json.dumps({"id": "x", "lang": "uk", "channel": "chat", "text": text, "tickets": tickets, "noise": [], "shared": []})


def read(path: Path) -> list[dict[str, Any]]:
    return read_labelled(path.read_text("utf-8").splitlines())


@pytest.fixture
def corrections(tmp_path: Path) -> Path:
    """Thirty-two messages: every second one holds two requests."""
    lines = []
    for number in range(32):
        first, second = f"Каса {number} не друкує чек", f"додайте доступ касиру {number}"
        text = f"{first}, {second}" if number % 2 else first
        spans = [(0, len(first))] + ([(len(first) + 2, len(text))] if number % 2 else [])
        lines.append(line(text, *spans))
    path = tmp_path / "corrections.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def _few_authors(monkeypatch: pytest.MonkeyPatch) -> None:
    """One author's file in place of the corpus, and small networks: seconds, not minutes."""
    monkeypatch.setattr(learning, "FILES", ("dev_a",))
    monkeypatch.setattr(learning, "TEACHING", ())
    monkeypatch.setattr(learning.learn_from, "__kwdefaults__", {"setting": SMALL, "seeds": (0,)})


@pytest.fixture
def _shipped_again() -> Iterator[None]:
    yield
    labeller.use(None)


@pytest.mark.parametrize(
    "wrong",
    ["{", "[]", '{"text": 5}', line("абв", (0, 9)), line("абв", (2, 1)), line("абв", (0, 1)).replace('"chat"', "null")],
)
def test_a_line_that_is_no_correction_is_named(wrong: str) -> None:
    with pytest.raises(Rejected) as caught:
        read_labelled([line("Не друкує", (0, 9)), "", wrong])
    assert caught.value.values == {"line": 3}


@pytest.mark.usefixtures("_few_authors")
def test_each_correction_is_judged_once_by_networks_that_did_not_learn_from_it(
    corrections: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned_from: list[set[str]] = []
    train = learning.train
    monkeypatch.setattr(
        learning, "train", lambda some, *rest: (learned_from.append({one.message["id"] for one in some}), train(some, *rest))[1]
    )
    judged: list[set[str]] = []
    count = learning._count
    monkeypatch.setattr(
        learning, "_count", lambda tally, example, *rest: (judged.append({example.message["id"]}), count(tally, example, *rest))
    )
    found = learning.learn_from(read(corrections), tmp_path / "own.npz", lambda step: None)
    assert found.shipped.messages == found.own.messages == 32
    own = [{each for each in ids if each.startswith("desk-")} for ids in learned_from]
    assert own[0] | own[1] == own[2]
    assert not own[0] & own[1]
    assert not any(one <= own[0] for one in judged[:32])
    assert not any(one <= own[1] for one in judged[32:])


@pytest.mark.usefixtures("_few_authors", "_shipped_again")
def test_the_written_file_is_read_in_place_of_the_shipped_one(corrections: Path, tmp_path: Path) -> None:
    text = "Переміщення зависло на складі, виписка двоїться, а в касі немає залишку"
    before = analyse(text, channel="chat").confidence
    output = tmp_path / "own.npz"
    learning.learn_from(read(corrections), output, lambda step: None)
    labeller.use(output)
    assert labeller.own_file() == output
    assert analyse(text, channel="chat").confidence != before
    labeller.use(None)
    assert analyse(text, channel="chat").confidence == before


def _of_another_version() -> bytes:
    stored = io.BytesIO()
    np.savez(
        stored, **{"0.words": np.zeros((4, 2), np.int8), "0.words.scale": np.ones(2, np.float32), "0.unit": np.zeros((9, 2), np.float32)}
    )
    return stored.getvalue()


@pytest.mark.parametrize("content", [b"", b"no zip", None, _of_another_version()], ids=["empty", "no zip", "none", "other version"])
@pytest.mark.usefixtures("_shipped_again")
def test_a_file_that_is_none_is_told_and_the_shipped_one_stays(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "own.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misconfigured):
        labeller.use(path)
    assert labeller.own_file() is None
    assert analyse("Не друкує чек", channel="chat").parts
