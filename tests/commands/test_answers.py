"""Canned answers and a dismissal on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Deskbot


def test_answers_come_from_a_file_and_go_into_one(deskbot: Deskbot, desk: Path) -> None:
    told = deskbot("answers", "list")
    assert "Шаблонів ще немає" in told.err
    (desk / "in.csv").write_text('name;text\nОплата;"Рахунок, {contact}:\n№{number}"\nВітання;Вітаємо!\n', encoding="cp1251")
    assert "Прочитано шаблонів: 2" in deskbot("answers", "import", "in.csv").out
    assert "deskbot answers import" in deskbot("answers", "list").out
    assert deskbot("answers", "export", "out.csv").code == 0
    assert deskbot("answers", "export", "out.csv").code == 1
    text = (desk / "out.csv").read_text("utf-8-sig")
    assert '"Рахунок, {contact}:\n№{number}"' in text
    assert "Прочитано шаблонів: 2" in deskbot("answers", "import", "out.csv").out
    assert (desk / "out.csv").read_text("utf-8-sig") == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,text\nА,Вітаємо {contct}\nБ,{}\n", "Рядок 2: Шаблон «А»: невідомі підстановки {contct}"),
        ("назва,текст\n", "немає стовпців name, text"),
        ("name,text\nА,\n", "Шаблон має назву й текст"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_and_nothing_changes(deskbot: Deskbot, desk: Path, text: str, sentence: str) -> None:
    (desk / "in.csv").write_text(text, encoding="utf-8")
    told = deskbot("answers", "import", "in.csv")
    assert (told.code, told.out) == (1, "")
    assert sentence in told.err
    assert deskbot("answers", "list").out.count("\n") <= 1


def test_whose_tickets_go_to_whom_is_checked(deskbot: Deskbot) -> None:
    deskbot("accounts", "add", "Ірина")
    deskbot("accounts", "add", "Петро")
    assert "не можна передати" in deskbot("accounts", "disable", "Ірина", "--to", "Ірина").err
    assert "«Ніхто» немає" in deskbot("accounts", "disable", "Ірина", "--to", "Ніхто").err
    assert deskbot("accounts", "disable", "Ірина", "--to", "Петро").code == 0
