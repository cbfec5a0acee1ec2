"""The layers contract in pyproject.toml is run by `lint-imports`; here: that it forgets no module."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def layered_modules() -> set[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    return {name.strip().strip("()") for layer in layers for name in layer.replace("|", ":").split(":")}


def test_every_module_has_its_layer() -> None:
    modules = {f"bot.{path.stem}" for path in (ROOT / "bot").glob("*.py") if path.stem != "__init__"}
    modules |= {f"bot.{path.parent.name}" for path in (ROOT / "bot").glob("*/__init__.py")}
    # The rings of `sla` are named one by one: the pure ones stand below the desk, the service and the scheduler above it.
    modules.discard("bot.sla")
    modules |= {f"bot.sla.{path.stem}" for path in (ROOT / "bot" / "sla").glob("*.py") if path.stem != "__init__"}
    assert modules - layered_modules() == set()
