"""Sentences: the English catalogue is complete, fresh and compiled; words for instants, lengths and errors in both languages."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages import Catalog

from bot.channels.base import Health
from bot.channels.mail.values import MailKind
from bot.errors import BotError, Conflict, Misconfigured, NotFound, Transient
from bot.intake.analysis import Kind
from bot.texts import LANGUAGES, SET_ASIDE_WORDS, as_json, duration, explain, moment, told, translator
from deploy import texts as catalogue_tool

ROOT = Path(__file__).resolve().parent.parent
KYIV = ZoneInfo("Europe/Kyiv")
NOON = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
# What they make is kept with the ticket, in the desk's own language, or reads what others wrote.
MAKERS_OF_DATA = ("bot/demo/", "bot/intake/", "bot/channels/mail/quote_words.py")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return catalogue_tool.read()


@pytest.fixture(scope="module")
def english(catalogue: Catalog) -> dict[str, str]:
    return {str(message.id): str(message.string) for message in catalogue if message.id}


@pytest.fixture(scope="module")
def said() -> dict[str, list[str]]:
    return catalogue_tool.sentences()


# --- the catalogue -------------------------------------------------------------------------------------------------------------


def test_every_sentence_has_an_english_one(said: dict[str, list[str]], english: dict[str, str]) -> None:
    missing = {sentence: said[sentence] for sentence in said if not english.get(sentence, "").strip()}
    assert not missing, "run `make texts` and write the English into bot/locales/en/LC_MESSAGES/deskbot.po"


def test_no_sentence_of_the_catalogue_is_gone_from_the_code(said: dict[str, list[str]], english: dict[str, str]) -> None:
    assert not set(english) - set(said), "run `make texts`"


def test_the_extraction_finds_what_the_code_says(said: dict[str, list[str]]) -> None:
    """A default sentence of an error, a call inside an f-string, a template, a word that is looked up later, a reason of an event."""
    for sentence, place in {
        "На це немає прав.": "bot/errors.py",
        "Відкритих звернень немає.": "bot/channels/telegram/render_lists.py",
        "Стан служби": "bot/channels/site/templates/status.html",
        "термінова": "bot/texts.py",
        "клієнт підтвердив": "bot/intake/division.py",
    }.items():
        assert place in said[sentence]
    assert len(said) > 700


def test_the_braces_agree(english: dict[str, str]) -> None:
    assert {ours: theirs for ours, theirs in english.items() if theirs and fields(ours) != fields(theirs)} == {}


def fields(sentence: str) -> list[tuple[str, str | None, str | None]]:
    """Names, conversions and formats in braces, in any order. Braces that are no fields (a sentence without values) count as they stand."""
    try:
        parsed = string.Formatter().parse(sentence)
        return sorted((name, spec, conversion) for _, name, spec, conversion in parsed if name is not None)
    except ValueError:
        return [(brace, None, None) for brace in re.findall(r"[{}]", sentence)]


def test_edges_and_line_ends_agree(english: dict[str, str]) -> None:
    """Parts of a line are put together: a space at an edge is a word of the sentence."""

    def shape(sentence: str) -> tuple[str, str, int]:
        return re.match(r"\s*", sentence)[0], re.search(r"\s*\Z", sentence)[0], sentence.count("\n")  # type: ignore[index]

    assert [ours for ours, theirs in english.items() if theirs and shape(ours) != shape(theirs)] == []


def test_english_is_not_ukrainian(english: dict[str, str]) -> None:
    assert {theirs for theirs in english.values() if catalogue_tool.UKRAINIAN.search(theirs)} <= {
        "мова / language",
        "/language — мова / language",
    }


def test_the_compiled_catalogue_is_what_compiling_gives(catalogue: Catalog) -> None:
    assert catalogue_tool.CATALOGUE.with_suffix(".mo").read_bytes() == catalogue_tool.as_mo(catalogue), "run `make texts`"


def test_the_compiled_catalogue_speaks(english: dict[str, str]) -> None:
    say = translator("en")
    assert [ours for ours, theirs in english.items() if say(ours) != (theirs or ours)] == []


def test_no_sentence_is_built_by_an_f_string() -> None:
    """Such a sentence cannot be looked up, so it would reach everybody in Ukrainian."""
    built = [place for path in sorted((ROOT / "bot").rglob("*.py")) for place in built_in(path)]
    assert built == []


def built_in(path: Path) -> Iterator[str]:
    name = path.relative_to(ROOT).as_posix()
    if name.startswith(MAKERS_OF_DATA):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else ()
        if any(isinstance(part, ast.Constant) and catalogue_tool.UKRAINIAN.search(str(part.value)) for part in parts):
            yield f"{name}:{node.lineno}"  # type: ignore[attr-defined]


# --- translators ---------------------------------------------------------------------------------------------------------------


def test_an_unknown_sentence_or_language_stays_ukrainian() -> None:
    assert translator("en")("Такого речення в каталозі немає") == "Такого речення в каталозі немає"
    assert translator("de")("Дякуємо!") == "Дякуємо!"
    assert translator("en")("Дякуємо!") == "Thank you!"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_stays_nothing(language: str) -> None:
    """gettext would answer with the catalogue's header."""
    assert translator(language)("") == ""


def test_every_reason_to_set_aside_has_words() -> None:
    done = re.compile(r'\b(?:Done|Nothing)\(because="([a-z_]+)"(?=\)|, effects)')
    codes = {code for path in (ROOT / "bot/channels/telegram").rglob("*.py") for code in done.findall(path.read_text(encoding="utf-8"))}
    assert len(codes) > 15
    codes |= {kind.value for kind in MailKind} - {MailKind.MESSAGE.value}
    codes |= {kind.value for kind in Kind} - {Kind.REQUEST.value, Kind.CALL_BACK.value}
    assert codes - set(SET_ASIDE_WORDS) == set()


# --- instants and lengths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "ukrainian", "english"),
    [
        (timedelta(hours=2, minutes=30), "сьогодні 14:30", "today 14:30"),
        (timedelta(hours=11, minutes=59), "сьогодні 23:59", "today 23:59"),
        (timedelta(hours=12), "завтра 00:00", "tomorrow 00:00"),
        (timedelta(days=3), "пн 30.11 12:00", "Mon 30.11 12:00"),
        (timedelta(days=-1), "чт 26.11 12:00", "Thu 26.11 12:00"),
    ],
)
def test_an_instant_as_people_say_it(after: timedelta, ukrainian: str, english: str) -> None:
    """Days are those of the reader's zone, not of UTC."""
    assert moment(NOON + after, zone=KYIV, language="uk", now=NOON) == ukrainian
    assert moment(NOON + after, zone=KYIV, language="en", now=NOON) == english


def test_without_now_the_date_is_always_there() -> None:
    assert moment(NOON, zone=KYIV, language="uk") == "пт 27.11 12:00"
    assert moment(NOON, zone=KYIV, language="en") == "Fri 27.11 12:00"


@pytest.mark.parametrize(
    ("span", "ukrainian", "english"),
    [
        (timedelta(0), "0 хв", "0 min"),
        (timedelta(seconds=29), "0 хв", "0 min"),
        (timedelta(minutes=59, seconds=31), "1 год", "1 h"),
        (timedelta(minutes=90), "1 год 30 хв", "1 h 30 min"),
        (timedelta(hours=24), "24 год", "24 h"),
    ],
)
def test_a_length_as_people_say_it(span: timedelta, ukrainian: str, english: str) -> None:
    assert duration(span, language="uk") == ukrainian
    assert duration(span, language="en") == english


# --- errors --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", ["{}", "{0}", "{name}", "{{", "}", "{x!r:>{y}}", "%s", "№{id}\n"])
def test_braces_in_values_are_only_words(value: str, language: str) -> None:
    error = NotFound("Такого варіанта немає: «{value}».", value=value)
    assert value in explain(error, language)
    assert value in told(as_json(error), language)
    assert value in explain(Misconfigured("{path} не читається як TOML: {reason}.", path=value, reason=error), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_braces_of_a_sentence_without_values_stay(language: str) -> None:
    assert explain(Transient("Відповідь: {status}"), language) == "Відповідь: {status}"


def test_an_error_without_a_sentence_says_what_its_kind_says() -> None:
    assert explain(Conflict(), "uk") == "Хтось уже змінив це звернення: подивіться ще раз."
    assert explain(Conflict(), "en") == "Somebody has already changed this ticket: look again."


def test_an_error_among_the_values_speaks_the_same_language() -> None:
    error = BotError(
        "Повідомлення не доставлено ({channel}). Звернення: {numbers}. Причина: {why}", channel="mail", numbers="№7", why=Conflict()
    )
    assert "Somebody has already changed" in explain(error, "en")
    for language in LANGUAGES:
        assert told(as_json(error), language) == explain(error, language)


def test_what_is_kept_of_an_error_is_plain_json() -> None:
    kept = as_json(NotFound("Немає такого файлу чи теки: {path}", path=Path("/tmp/a")))
    assert kept == {"sentence": "Немає такого файлу чи теки: {path}", "values": {"path": "/tmp/a"}}


def test_health_is_told_in_the_readers_language() -> None:
    health = Health(name="telegram", detail="Telegram вимкнено. Щоб увімкнути, впишіть telegram.token_file.")
    assert health.told("en").startswith("Telegram is switched off")
    health.trouble(Transient("Telegram недоступний: {what}", what="timeout"))
    assert (health.detail, health.told("en")) == ("Telegram недоступний: timeout", "Telegram cannot be reached: timeout")
    health.up(NOON)
    assert health.told("en") == health.detail == ""
