"""`make texts`: every Ukrainian sentence of the code into the English catalogue, and the catalogue compiled beside it.

pybabel's own extractor misses what this code does: calls inside f-strings (before Python 3.12), the docstring that is an error's default
sentence, the first word of an error made far from its `raise`. So Python files are read as syntax trees; templates are left to Jinja.
A sentence that is gone leaves the catalogue; one that is new stands there with an empty English one, and the tests fail until it has it.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "bot"
TEMPLATES = CODE / "channels/site/templates"
CATALOGUE = CODE / "locales/en/LC_MESSAGES/deskbot.po"

# Those who look a sentence up, or mark one that is looked up later.
SAYERS = {"_", "say", "_say", "_tell", "trouble", "__init__"}
# Values by name that are sentences.
NAMES = {"because", "detail"}
# Demonstration clients speak Ukrainian, whatever the desk speaks.
SILENT = CODE / "demo"

HEADING = "# English sentences of deskbot: `make texts` adds what is new and compiles, people write the English."
UKRAINIAN = re.compile("[а-яіїєґ]", re.IGNORECASE)


def sentences(code: Path = CODE, templates: Path = TEMPLATES) -> dict[str, list[str]]:
    """Each sentence and the files that say it, in the order of files and lines."""
    found: dict[str, list[str]] = {}
    for path in sorted(code.rglob("*.py")):
        if SILENT not in path.parents:
            for sentence in in_python(path.read_text(encoding="utf-8")):
                found.setdefault(sentence, []).append(path.relative_to(ROOT).as_posix())
    for name, _line, sentence, _comments, _context in extract_from_dir(templates, [("**.html", "jinja2")], keywords={"_": None}):
        found.setdefault(str(sentence), []).append((templates / name).relative_to(ROOT).as_posix())
    return {sentence: list(dict.fromkeys(places)) for sentence, places in found.items() if UKRAINIAN.search(sentence)}


def in_python(source: str) -> Iterator[str]:
    """The sentences of a Python file; what holds no Ukrainian letter comes along and does no harm."""
    for node in sorted(ast.walk(ast.parse(source)), key=lambda node: getattr(node, "lineno", 0)):
        if isinstance(node, ast.ClassDef) and node.bases and UKRAINIAN.search(ast.get_docstring(node) or ""):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.Call):
            if _is_sayer(node.func):
                yield from _constants(*node.args)
            elif _is_class(node.func):
                yield from _constants(*node.args[:1])
            yield from _constants(*(each.value for each in node.keywords if each.arg in NAMES))


def _is_sayer(called: ast.expr) -> bool:
    return _name(called) in SAYERS


def _is_class(called: ast.expr) -> bool:
    """An error with its sentence, most often."""
    return _name(called).lstrip("_")[:1].isupper()


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


def _constants(*values: ast.expr) -> Iterator[str]:
    """Strings as they stand, on either side of a condition too."""
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, ast.IfExp):
            yield from _constants(value.body, value.orelse)


class Plain(Catalog):
    """A catalogue whose header says neither when nor by which version it was written: the same sentences make the same files."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [("Language", "en"), ("Content-Type", "text/plain; charset=utf-8")]


def updated(catalogue: Catalog, found: dict[str, list[str]]) -> Catalog:
    """The catalogue with just these sentences, each with the English it had."""
    fresh = Plain(locale="en", fuzzy=False, header_comment=HEADING)
    for sentence, places in found.items():
        old = catalogue.get(sentence)
        fresh.add(sentence, old.string if old else "", locations=[(place, None) for place in places])
    return fresh


def read(path: Path = CATALOGUE) -> Catalog:
    """The catalogue in a file; an empty one when there is none."""
    return read_po(io.BytesIO(path.read_bytes()), locale="en") if path.exists() else Catalog(locale="en")


def as_po(catalogue: Catalog) -> bytes:
    """The source of the catalogue: no dates and no line numbers, so that a change shows what changed."""
    written = io.BytesIO()
    write_po(written, catalogue, width=140)
    return written.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """The compiled catalogue, which is shipped: users do not run Babel."""
    compiled = io.BytesIO()
    write_mo(compiled, updated(catalogue, {str(message.id): [] for message in catalogue if message.id}))
    return compiled.getvalue()


def main() -> int:
    """Write both; tell which sentences have no English yet."""
    catalogue = updated(read(), sentences())
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_bytes(as_po(catalogue))
    CATALOGUE.with_suffix(".mo").write_bytes(as_mo(catalogue))
    missing = [message.id for message in catalogue if message.id and not message.string]
    sys.stdout.write(f"{len(catalogue)} sentences, {len(missing)} without English\n" + "".join(f"  {each}\n" for each in missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
