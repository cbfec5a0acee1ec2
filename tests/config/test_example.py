"""config.example.toml and docs/config.md: nothing is missing, nothing is invented, and what they say of defaults is true."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from bot.config import Settings, build_policy, load
from bot.sla.policy import Policy

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "config.example.toml"
MANUAL = ROOT / "docs" / "config.md"
# Keys of a table with free names stand under one of them in the example.
FREE_NAMES = {"sla.targets": "urgent", "sla.next_answer": "urgent", "sla.solution": "urgent", "sla.calendars": "desk"}


def keys(model: type[BaseModel], at: str = "") -> Iterator[str]:
    """Every key of the tree, dotted, with `[]` left out."""
    for name, field in model.model_fields.items():
        path = f"{at}.{name}" if at else name
        below = list(models_in(field.annotation))
        if not below:
            yield path
        for each in below:
            yield from keys(each, f"{path}.{FREE_NAMES[path]}" if path in FREE_NAMES else path)


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and not get_origin(kind):
        if issubclass(kind, BaseModel):
            yield kind
    elif get_origin(kind) in (tuple, dict, Union, types.UnionType):
        for each in get_args(kind):
            yield from models_in(each)


# `next_answer`, `solution` and the targets of a rule take the same keys as `targets`, which explains them once.
EXPLAINED_ELSEWHERE = re.compile(r"sla\.(policy\.)?(reaction|next_answer|solution)\.")
KEYS = [each for each in keys(Settings) if not EXPLAINED_ELSEWHERE.match(each)]


def written(text: str) -> set[str]:
    """Every key that the example sets, switched off ones included."""
    found, table = set(), ""
    for line in text.splitlines():
        line = line.removeprefix("#") if re.match(r"#[\w\[]", line) else line
        if heading := re.match(r"\[+([\w.]+)\]+$", line):
            table = heading[1]
        elif setting := re.match(r"(\w+) *=", line):
            found.add(f"{table}.{setting[1]}")
    return found


def switched_on(text: str) -> str:
    return re.sub(r"^#(?=[\w\[])", "", text, flags=re.MULTILINE)


def test_the_walk_sees_deep_keys() -> None:
    assert {"telegram.token", "mail.mailboxes.smtp.auth", "sla.targets.urgent.before", "sla.calendars.desk.mon"} <= set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_the_example_has_every_key(key: str) -> None:
    assert key in written(EXAMPLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", KEYS)
def test_the_manual_has_every_key(key: str) -> None:
    assert f"`{key}`" in MANUAL.read_text(encoding="utf-8")


def test_the_manual_has_no_other_keys() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([a-z_.]+)`", manual, re.MULTILINE))
    assert named - set(KEYS) == set()


def test_the_example_as_it_stands_is_the_defaults() -> None:
    example, defaults = load(EXAMPLE, environ={}), Settings()
    folder = {"data_dir": ROOT / "data"}
    assert example.desk == defaults.desk.model_copy(update=folder)
    for section in ("storage", "site", "telegram", "mail", "intake", "log", "run"):
        assert getattr(example, section) == getattr(defaults, section)


def test_the_promises_in_the_example_are_the_regulation() -> None:
    example = build_policy(load(EXAMPLE, environ={}).sla, zone="Europe/Kyiv")
    assert example == Policy()


def test_the_example_with_everything_switched_on_is_right(tmp_path: Path) -> None:
    everything = tmp_path / "config.toml"
    everything.write_text(switched_on(EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    settings = load(everything, environ={})
    assert settings.mail.mailboxes[0].aliases == ("help@example.com",)
    assert [each.label for each in settings.sla.exceptions] == ["Різдво", "короткий день"]
    policy = build_policy(settings.sla, zone=settings.desk.zone)
    assert policy.solution
    assert policy.next_answer is not None


def test_every_setting_of_the_example_is_explained() -> None:
    """A comment above a setting, or above the block of settings that it explains together."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    explained = False
    bare = []
    for line in lines:
        if line.startswith("# "):
            explained = True
        elif not line:
            explained = False
        elif re.match(r"\[?\[?\w", line) and not line.startswith("[") and not explained:
            bare.append(line)
    # The other priorities repeat what the first one's comment explains.
    assert [each for each in bare if not re.match(r"(target|calendar|before|every|claimed_every) =", each)] == []
