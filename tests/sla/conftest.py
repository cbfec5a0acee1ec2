"""DESKBOT_SOAK=1 (as `make soak` sets it) gives each property 2,000 examples and counts it as a soak test."""

from __future__ import annotations

import os

import pytest
from hypothesis import is_hypothesis_test


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("DESKBOT_SOAK") != "1":
        return
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker("soak")
            item.add_marker(pytest.mark.timeout(1_800))
