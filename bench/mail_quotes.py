"""How well quotes and signatures are told from what the sender wrote now, by mail program and by collection (docs/mail-quotes.md).

    .venv/bin/python bench/mail_quotes.py

Reads the mails beside the repository (`../shared/mails`); they are not part of the project.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


from bot.channels.mail.parse import parse  # noqa: E402
from bot.channels.mail.quotes import divide  # noqa: E402
from bot.channels.mail.values import MailKind  # noqa: E402
from tests.channels.mail.replies import cases  # noqa: E402

MAILS = ROOT.parent / "shared" / "mails"
SENDER = "john.doe@acme.com"
Row = tuple[str, int, int]


def main() -> None:
    if not MAILS.is_dir():
        sys.exit(f"There are no mails to measure on: {MAILS} is missing.")
    for title, rows in (("Replies", _replies()), ("Programs", _programs()), ("Machines", _machines())):
        print(title)
        for name, hits, of in rows:
            print(f"  {name:<58}{hits:>4} of {of:<4}{hits / of:>7.1%}")


def _replies() -> Iterator[Row]:
    known = list(cases(MAILS))
    for project in dict.fromkeys(case.project for case in known):
        for words, aside in (("rules written on", False), ("set aside", True)):
            part = [case for case in known if case.project == project and case.is_set_aside is aside]
            yield f"{project}, {words}", sum(case.is_hit() for case in part), len(part)
    aside_all = [case for case in known if case.is_set_aside]
    yield "both, set aside", sum(case.is_hit() for case in aside_all), len(aside_all)
    yield "both", sum(case.is_hit() for case in known), len(known)


def _programs() -> Iterator[Row]:
    own = json.loads((MAILS / "quotes_uk_ru.json").read_text())
    yield "quotes_uk_ru", sum(divide(case["text"]).text.strip() == case["expected_reply"].strip() for case in own), len(own)
    standard = sorted((MAILS / "talon" / "standard_replies").glob("*.eml"))
    yield "talon, standard replies of twelve programs", sum(map(_is_standard, standard)), len(standard)
    pages = sorted((MAILS / "talon" / "html_replies").glob("*.html"))
    yield "talon, HTML replies of nine programs", sum(map(_is_cut, pages)), len(pages)
    forwards = [
        path
        for language in ("uk", "ru", "en")
        for path in sorted((MAILS / "crisp_email_forward_parser").glob(f"*_{language}_body*.txt"))
        # The fourth variants are replies, and one forward names nobody's address.
        if not path.stem.endswith("variant_4") and SENDER in path.read_text(encoding="utf-8")
    ]
    yield "forwards in Ukrainian, Russian, English: the sender", sum(map(_is_sender_found, forwards)), len(forwards)


def _is_standard(path: Path) -> bool:
    mail = parse(path.read_bytes())
    beside = path.with_name(f"{path.stem}_reply_text")
    return f"{mail.text} {mail.signature}".split() == (beside.read_text().split() if beside.exists() else ["Hello"])


def _is_cut(path: Path) -> bool:
    mail = parse(b"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n" + path.read_bytes())
    return mail.text.split() == ["Hi.", "I", "am", "fine.", "Thanks,", "Alex"] and "How are you?" in mail.quoted


def _is_sender_found(path: Path) -> bool:
    found = divide(path.read_text(encoding="utf-8").replace("\r\n", "\n"), subject="Fwd: Integer consequat non purus").forwarded
    return found is not None and found.sender is not None and found.sender.address == SENDER


def _machines() -> Iterator[Row]:
    bounces = sorted((MAILS / "bounces").glob("*.eml"))
    yield "bounces and reports recognised", sum(_kind(path) is not MailKind.MESSAGE for path in bounces), len(bounces)
    replies = sorted((MAILS / "talon" / "standard_replies").glob("*.eml"))
    yield "ordinary replies not misjudged", sum(_kind(path) is MailKind.MESSAGE for path in replies), len(replies)


def _kind(path: Path) -> MailKind:
    raw = path.read_bytes()
    return parse(raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw).kind


if __name__ == "__main__":
    main()
