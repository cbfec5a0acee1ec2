"""A 20 MB mail never holds the event loop up for 50 ms. A soak test: a machine that does much else at a time stalls every program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.mail.big import stalls
from tests.integration.dovecot import Dovecot


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_a_big_mail_and_a_big_answer_let_the_loop_run(dovecot: Dovecot, tmp_path: Path) -> None:
    longest = await stalls(tmp_path, dovecot)
    print(", ".join(f"{stage}: {own * 1000:.0f} ms" for stage, (_, own) in longest.items()))
    assert max(own for _, own in longest.values()) < 0.05


async def test_a_middling_mail_goes_all_the_way(dovecot: Dovecot, tmp_path: Path) -> None:
    """The same way with two megabytes, and no clock beside it."""
    stages = await stalls(tmp_path, dovecot, megabytes=2, answer=1)
    assert set(stages) == {"fetched and stored", "read and taken in", "answer with a file sent"}
