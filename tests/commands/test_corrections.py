"""`deskbot corrections export` on a desk's own database."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.commands.conftest import Deskbot


def test_a_desk_without_corrections_says_so_and_writes_an_empty_file(deskbot: Deskbot, desk: Path) -> None:
    ended = deskbot("corrections", "export", "--output", "corrections.jsonl")
    assert (ended.code, ended.out.strip()) == (0, "Виправлених або підтверджених повідомлень: 0. Записано у corrections.jsonl.")
    assert "Ніхто ще не підтверджував" in ended.err
    file = desk / "corrections.jsonl"
    assert file.read_text() == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_told_in_one_sentence(deskbot: Deskbot) -> None:
    ended = deskbot("corrections", "export", "--output", "nowhere/corrections.jsonl")
    assert ended.code == 1
    assert ended.err.strip().startswith("Не вдалося записати nowhere/corrections.jsonl")
