"""Bytes → text, for mails that say nothing, or not the truth, about their encoding.

The order is: what was declared, then UTF-8, then a guess among the Cyrillic encodings by letter pairs, then
charset-normalizer for everything else. Never raises; the worst outcome is a replacement character.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from itertools import pairwise

# What people declare → what they mean: the wider sibling, or the name Python knows.
_ALIASES = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "ansi_x3.110-1983": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ukrainian": "mac-cyrillic",
    "x-cp1251": "cp1251",
    "win-1251": "cp1251",
    "windows1251": "cp1251",
    "cp-1251": "cp1251",
    "koi8-ru": "koi8-u",
    "koi8u": "koi8-u",
    "gb2312": "gb18030",
    "iso-gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "big5": "big5hkscs",
    "unicode-1-1-utf-7": "utf-7",
}
# These accept every byte, so that they "decode" is no evidence that they were meant.
_SINGLE_BYTE = re.compile(r"^(cp|iso8859|koi8|mac|latin|hp-roman|tis|ascii|charmap|kz)", re.I)
_CYRILLIC = ("cp1251", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic")
_HIGH_RUN = re.compile(rb"([A-Za-z]?)([\x80-\xff]+)(?=([A-Za-z]?))")
# The commonest letter pairs of Ukrainian and Russian support mail, counted over our own corpus: nine of ten pairs of a real text.
_PAIR_LETTERS = (
    "нарорапостеровпренкатаненозатьтотивавіриреладоанаттениалоркоодитобгоомвимаоглиарняавосідкумонівоамінтрдаисокміасаксямеон"
    "отльийденнлопедиетледнвеолкиадинрунтчеліжеемазпимиріівтуітскикклбаилцісьпісанугатіісопаєбрхолябокрочекчибуожайпаахсеимьс"
    "гресувілякивмуньелчащозвртсипледдрдісовснкачктійозбешевнслутткрмцеажукусьнрнспсіезагятихвлирлюуєзнумдвєтишікабдусуидфоап"
    "кіірдкбіаюбиькхушоацжньоулупчойтчнізошашряегудщетнютіядпоювттвзуоїпувкевунзивууричімкеицуюиззройшилуснепркебджблейшуядєм"
    "ієіїчіухфіштрвздечйнужзіцячужуібзмічглгу"
)
_PAIRS = frozenset(_PAIR_LETTERS[place : place + 2] for place in range(0, len(_PAIR_LETTERS), 2))
_WORD = re.compile("[А-Яа-яЁёІіЇїЄєҐґ]+")
_MIXED = re.compile("[a-z•·°§±®©][А-Яа-яЁёІіЇїЄєҐґ]|[А-Яа-яЁёІіЇїЄєҐґ][a-z]")
_SAMPLE = 2_048
_SURE = 0.45
# Signs that a Cyrillic code page gives when it is the wrong one.
_ODD = re.compile("[^\x00-\x7fА-Яа-яЁёІіЇїЄєҐґ«»„“”’‘–—…№ \xad•€®©™±°§·]")

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Text that any database, JSON encoder and XML writer takes: LF line ends, no control characters, no lone surrogates."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub(lambda found: "\N{REPLACEMENT CHARACTER}" if found[0] >= "\ud800" else "", text)


@lru_cache(maxsize=256)
def known_codec(name: str) -> str | None:
    """Python's name for a declared charset, or None when it is not a text encoding we can use."""
    wanted = name.strip().strip("\"'").lower().replace(" ", "")
    wanted = _ALIASES.get(wanted, wanted)
    if wanted.startswith("windows-"):
        wanted = "cp" + wanted[8:]
    try:
        info = codecs.lookup(wanted)
    except (LookupError, ValueError):
        return None
    # bytes-to-bytes codecs ("base64", "zip") and the ones that run tables of their own are not encodings of mail
    if not info._is_text_encoding or info.name in {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs"}:
        return None
    return info.name


def decode(data: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """Text, and a note about the encoding when the declared one was missing, unknown or wrong.

    The text is not cleaned: that is done once, at the end of reading.
    """
    codec = known_codec(declared) if declared else None
    if data.isascii() and (codec is None or _SINGLE_BYTE.match(codec) or codec == "utf-8"):
        return data.decode("ascii"), None
    note = None if codec or not declared else f"unknown charset {clean(declared)[:40]!r}"
    if codec is None or _SINGLE_BYTE.match(codec):
        text = _as_utf8(data)
        if text is not None:
            return text, note or (None if codec is None else f"charset {codec} was said, utf-8 was sent")
    if codec and codec != "cp1252":
        try:
            return data.decode(codec), None
        except (UnicodeError, ValueError):
            note = f"bytes that are not {codec}"
    if codec == "utf-8" and (text := _mostly_utf8(data)) is not None:
        return text, "broken utf-8"
    text, guessed = guess(data)
    if codec == "cp1252" and guessed == "cp1252":
        return text, None
    return text, f"{note or 'no charset'}: read as {guessed}"


def guess(data: bytes) -> tuple[str, str]:
    """The likeliest reading of bytes that are not UTF-8, and the codec it was read with."""
    sample = data[:_SAMPLE]
    best, score = max(((codec, cyrillic_score(sample.decode(codec, "replace"))) for codec in _CYRILLIC), key=lambda each: each[1])
    if score >= _SURE:
        return data.decode(best, "replace"), best
    # In the languages of western Europe accented letters stand among plain ones; Cyrillic words have none of those.
    runs = _HIGH_RUN.findall(sample)
    if sum(1 for before, letters, after in runs if len(letters) <= 2 and (before or after)) > len(runs) / 2:
        return data.decode("cp1252", "replace"), "cp1252"
    # Statistics of a few bytes find Chinese in a surname: a desk in Ukraine is written to by Ukrainians.
    found = None if score > 0 and len(runs) <= 3 else _by_statistics(sample)
    return data.decode(found or best, "replace"), found or best


def cyrillic_score(text: str) -> float:
    """0 (no Cyrillic text) … 1 (every letter pair is a common one, no odd signs, no capitals inside words)."""
    pairs = hits = breaks = 0
    for word in _WORD.findall(text):
        folded = word.lower()
        for first, second in pairwise(folded):
            pairs += 1
            hits += first + second in _PAIRS
        if not word.islower() and not word.isupper() and not word[1:].islower():
            breaks += 1
    if not pairs:
        return 0.0
    odd = len(_ODD.findall(text)) + len(_MIXED.findall(text))
    return (hits - 2 * breaks - 2 * odd) / pairs


def _as_utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _mostly_utf8(data: bytes) -> str | None:
    """UTF-8 that was cut or damaged in a few places is still UTF-8."""
    text = data.decode("utf-8", "replace")
    letters = sum(1 for sign in text if sign > "\x7f")
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    return text if broken * 5 <= letters else None


def _by_statistics(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes  # 30 ms to import, for the rare mail that needs it

    best = from_bytes(sample, cp_exclusion=["utf_7"]).best()
    return known_codec(best.encoding) if best else None
