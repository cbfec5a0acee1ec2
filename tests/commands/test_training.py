"""`deskbot train`: a comparison people can read, and a file only where it is better."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Deskbot
from train import desk as learning
from train.network import Setting


def line(text: str) -> str:
    ticket = {"spans": [[0, len(text)]], "title": "", "category": "incident", "urgent": False, "reason": None}
    return json.dumps({"id": "x", "lang": "uk", "channel": "chat", "text": text, "tickets": [ticket], "noise": [], "shared": []})


def corrections(folder: Path, count: int) -> Path:
    path = folder / "corrections.jsonl"
    path.write_text("\n".join(line(f"Каса {number} не друкує чек") for number in range(count)), encoding="utf-8")
    return path


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One author's file in place of the corpus, and small networks: seconds, not minutes."""
    monkeypatch.setattr(learning, "FILES", ("dev_a",))
    monkeypatch.setattr(learning, "TEACHING", ())
    setting = Setting(width=6, hidden=8, epochs=1, batch=16)
    monkeypatch.setattr(learning.learn_from, "__kwdefaults__", {"setting": setting, "seeds": (0,)})


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("is_better", [True, False])
def test_it_compares_and_keeps_only_what_is_better(deskbot: Deskbot, desk: Path, monkeypatch: pytest.MonkeyPatch, is_better: bool) -> None:
    monkeypatch.setattr(learning.Comparison, "is_better", property(lambda _self: is_better))
    ended = deskbot("train", str(corrections(desk, 32)), "--output", "own.npz")
    assert ended.code == (0 if is_better else 1), ended.err
    assert [row.split()[-4] for row in ended.out.splitlines()[1:3]] == ["32", "32"]
    assert (desk / "own.npz").exists() == is_better
    assert not (desk / "own.npz.part").exists()
    assert ("intake.labeller_file" in ended.out) == is_better
    assert ("не кращий" in ended.err) != is_better


def test_too_few_corrections_prove_nothing(deskbot: Deskbot, desk: Path) -> None:
    ended = deskbot("train", str(corrections(desk, 3)))
    assert ended.code == 1
    assert "щонайменше 30" in ended.err


def test_a_file_that_is_not_there_is_told(deskbot: Deskbot) -> None:
    ended = deskbot("train", "nowhere.jsonl")
    assert (ended.code, "nowhere.jsonl" in ended.err) == (1, True)
