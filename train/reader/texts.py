"""The texts that the reader learns from, and the mistakes that people make in typing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from train.examples import TEACHING, read_corpus
from train.recombine import recombine

LONGEST = 600  # characters of one text
SHORTEST = 25
RECOMBINED = 3_500

_TAG = re.compile(r"<[^>]+>")
_PARAGRAPH = re.compile(r"<(?:p|title)\b[^>]*>(.*?)</(?:p|title)>", re.DOTALL)


def general_texts(root: Path, rng: Random) -> list[str]:
    """Paragraphs of the unpacked packages under `root`: plain files of ua-gec and fortunes-ru, pages of GNOME, GIMP and LibreOffice."""
    found: dict[str, None] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix in (".page", ".html"):
            said: Iterator[str] = (html.unescape(_TAG.sub(" ", each)) for each in _PARAGRAPH.findall(path.read_text("utf-8", "replace")))
        elif path.suffix == ".txt" or "fortunes" in path.parts:
            said = iter(re.split(r"\n%\n|\n", path.read_text("utf-8", "replace")))
        else:
            continue
        for each in said:
            text = " ".join(each.split())[:LONGEST]
            if len(text) > SHORTEST and sum(map(str.isalpha, text)) > 0.6 * len(text):
                found[text] = None
    return [mistyped(text, rng) for text in found]


def own_texts(rng: Random) -> list[str]:
    """The messages that teach, as they are, recombined, and with mistakes."""
    messages = [message for name in TEACHING for message in read_corpus(name)]
    texts = [message["text"] for message in messages]
    made = [message["text"] for message in recombine(messages, RECOMBINED, 5)]
    return texts + [mistyped(text, rng) for text in [*texts, *texts, *made]]


def mistyped(text: str, rng: Random) -> str:
    """The text as somebody in a hurry writes it: without capitals, without stops, with letters left out, doubled or swapped."""
    if rng.random() < 0.4:
        text = text.lower()
    if rng.random() < 0.35:
        text = re.sub(r"[.,;:!?]+(?=\s|$)", "", text)
    words = text.split(" ")
    for _ in range(1 + len(words) // 25 if rng.random() < 0.4 else 0):
        place = rng.randrange(len(words))
        word = words[place]
        if len(word) > 4:
            at = rng.randrange(1, len(word) - 2)
            words[place] = rng.choice(
                (word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[: at + 1] + word[at:])
            )
    return " ".join(words)
