"""`deskbot replay --set-aside`: what was taken for spam or a machine's, shown and let in."""

from __future__ import annotations

from pathlib import Path

from tests.channels.mail.test_channel import mail
from tests.commands.conftest import Deskbot


def test_what_was_set_aside_is_shown_and_let_in(deskbot: Deskbot, desk: Path) -> None:
    (desk / "config.toml").write_text('[mail]\nblocked = ["iryna@shop.example"]\n')
    (desk / "a.eml").write_bytes(mail("Не друкує чек на касі."))
    assert deskbot("ingest", "mail", "a.eml").code == 0
    shown = deskbot("replay", "--set-aside").out
    assert "iryna@shop.example" in shown
    assert "заблокований відправник" in shown
    number = shown.splitlines()[1].split()[0]
    assert deskbot("replay", "--set-aside", number).code == 0
    assert "iryna" not in deskbot("replay", "--set-aside").out
    assert deskbot("replay", "--set-aside", number).code == 1
    assert deskbot("replay", "--list").out.strip().count("\n") == 0
