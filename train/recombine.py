"""New messages from labelled requests: joined by connectors and layouts that people use, with greetings and signatures.

They teach that a border lies where the matter changes, whatever stands between; the requests themselves stay verbatim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

Message = dict[str, Any]

_UKRAINIAN = ("Також ", "І ще ", "А ще ", "Ще ", "Крім того, ", "До речі, ", "Заодно ", "І ", "Плюс ", "Потім ", "Друге: ", "Ще питання: ")
_OPENINGS = {
    "uk": _UKRAINIAN,
    "sur": (*_UKRAINIAN, "і ше ", "а ше ", "ше ", "потом "),
    "ru": ("Также ", "И еще ", "А еще ", "Еще ", "Кроме того, ", "Кстати, ", "Заодно ", "И ", "Второе: ", "Еще вопрос: "),
    "en": ("Also ", "And ", "Also, ", "By the way, ", "Another thing: ", "Plus ", "Secondly, ", "Separately, "),
}
_INSIDE = {
    "uk": ("", "", "а ще ", "і ", "також ", "і ще ", "а "),
    "sur": ("", "", "а ше ", "і ", "і ше ", "а ", "потом "),
    "ru": ("", "", "и ", "а еще ", "также ", "и еще "),
    "en": ("", "and ", "also ", "and also "),
}
_LAYOUTS = {
    "chat": ("sentences", "sentences", "commas", "lines", "lines", "slashes", "bare", "numbers", "paragraphs"),
    "email": ("sentences", "sentences", "paragraphs", "paragraphs", "numbers", "bullets", "lines", "commas"),
    "phone": ("sentences", "semicolons", "slashes", "commas", "commas", "bare", "sentences"),
}
_BETWEEN = {
    "sentences": " ",
    "commas": ", ",
    "lines": "\n",
    "slashes": " / ",
    "semicolons": "; ",
    "bare": " ",
    "numbers": "\n",
    "bullets": "\n",
    "paragraphs": "\n\n",
}
_IN_ONE_SENTENCE = frozenset({"commas", "slashes", "semicolons", "bare"})


@dataclass(frozen=True, slots=True)
class _Piece:
    language: str
    channel: str
    text: str


def recombine(messages: Sequence[Message], count: int, seed: int) -> list[Message]:
    """So many new labelled messages; the same for the same messages and seed. Two of five hold one request."""
    rng = Random(seed)
    requests, greetings, signatures = _pieces(messages)
    return [_compose(rng, requests, greetings, signatures, f"made{number}") for number in range(count)]


def _pieces(messages: Sequence[Message]) -> tuple[list[_Piece], list[_Piece], list[_Piece]]:
    requests: list[_Piece] = []
    greetings: list[_Piece] = []
    signatures: list[_Piece] = []
    for message in messages:
        text, language, channel = message["text"], message["lang"], message["channel"]
        for ticket in message["tickets"]:
            (start, end), *more = ticket["spans"]
            if not more and 12 < end - start < 420:
                requests.append(_Piece(language, channel, text[start:end].strip()))
        for start, end in message["noise"]:
            said = text[start:end].strip()
            if start < 5 and len(said) < 60 and "\n" not in said:
                greetings.append(_Piece(language, channel, said))
            elif end > len(text) - 3 and len(said) < 90:
                signatures.append(_Piece(language, channel, said))
    return requests, greetings, signatures


def _compose(rng: Random, requests: Sequence[_Piece], greetings: Sequence[_Piece], signatures: Sequence[_Piece], name: str) -> Message:
    first = rng.choice(requests)
    wanted = 1 if rng.random() < 0.4 else rng.choice((2, 2, 2, 3, 3, 4))
    others = [one for one in _near(rng, requests, first, 200) if one.text != first.text]
    layout = rng.choice(_LAYOUTS[first.channel])
    asked = [first.text] + [one.text for one in others[: wanted - 1]]
    if layout in _IN_ONE_SENTENCE and any("\n" in one for one in asked):
        layout = "sentences"
    text, noise = "", []
    hello = _near(rng, greetings, first, 60)
    if hello and rng.random() < 0.6:
        text = hello[0].text
        noise.append([0, len(text)])
        text += " " if first.channel == "phone" else rng.choice((" ", "\n", "\n\n"))
    spans = []
    for place, request in enumerate(asked):
        lead, request = _dress(rng, layout, first.language, place, request)
        text += (_BETWEEN[layout] if place else "") + lead
        spans.append([len(text), len(text) + len(request)])
        text += request
    bye = _near(rng, signatures, first, 60)
    if bye and first.channel == "email" and rng.random() < 0.6:
        noise.append([len(text) + 2, len(text) + 2 + len(bye[0].text)])
        text += "\n\n" + bye[0].text
    if first.channel == "chat" and rng.random() < 0.3:
        lower = text.lower()
        text = lower if len(lower) == len(text) else text
    tickets = [{"spans": [span]} for span in spans]
    return {"id": name, "lang": first.language, "channel": first.channel, "text": text, "tickets": tickets, "noise": noise, "shared": []}


def _near(rng: Random, pieces: Sequence[_Piece], like: _Piece, tried: int) -> list[_Piece]:
    """Pieces of the same language and channel, in random order."""
    some = rng.sample(list(pieces), min(len(pieces), tried))
    return [one for one in some if (one.language, one.channel) == (like.language, like.channel)]


def _dress(rng: Random, layout: str, language: str, place: int, request: str) -> tuple[str, str]:
    """What stands before a request in this layout, and the request with the ends that fit."""
    if layout == "numbers":
        return f"{place + 1}{rng.choice('.)')} ", request
    if layout == "bullets":
        return "- ", request
    if layout in _IN_ONE_SENTENCE:
        request = request.rstrip(" .,;")
        lead = rng.choice(_INSIDE[language]) if place and layout in ("commas", "bare") else ""
        return lead, _lower(request) if place or rng.random() < 0.5 else request
    lead = rng.choice(_OPENINGS[language]) if place and rng.random() < 0.4 else ""
    if layout == "sentences" and not request.endswith((".", "!", "?", ")", "…")):
        request += "."
    return lead, _lower(request) if lead and not lead.endswith((": ", ", ")) else request


def _lower(words: str) -> str:
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
