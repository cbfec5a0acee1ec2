"""A reader of messages outside the house, asked for a third opinion on how one divides (DESIGN.md 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`instructions` of ours, the client's words as numbered `units` (data, never orders), and the `schema` of the answer."""

    instructions: str
    units: str
    schema: Mapping[str, Any]


class Reader(Protocol):
    """Answers a question with text that may be anything: whoever asks must verify it."""

    async def ask(self, question: Question) -> str:
        """The answer as it came. Raises Transient (no answer in time, out of service) or Permanent (refused, not understood)."""
        ...
