"""A letter's blocks → plain text and simple HTML that every mail program shows: inline styles, no images, no links of ours. Pure."""

from __future__ import annotations

from html import escape
from typing import assert_never

from bot.channels.mail.quote_words import REPLY_MARKER
from bot.channels.mail.render import Block, Items, Letter, Paragraph, TicketLine, Words
from bot.lamps import SIGNS
from bot.model import Lamp

_FONT = "font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.45;color:#1b1f23"
_BOX = "margin:0 0 14px;padding:10px 14px;background:#f6f8fa;border-left:3px solid #0969da"
_COLOURS = {Lamp.GREEN: "#2da44e", Lamp.RED: "#cf222e", Lamp.YELLOW: "#bf8700", Lamp.GREY: "#8c959f"}


def as_text(letter: Letter, *, signed: str) -> str:
    """Plain text: the marker line on top, blocks apart by blank lines, the desk's name below a signature delimiter."""
    return "\n\n".join([REPLY_MARKER, *map(_text, letter.blocks), f"-- \n{signed}"]) + "\n"


def as_html(letter: Letter, *, signed: str) -> str:
    """The same as one HTML document. Everything is escaped here, once."""
    blocks = "\n".join(map(_html, letter.blocks))
    return (
        f'<!doctype html>\n<html lang="{escape(letter.language)}"><head><meta charset="utf-8"></head>\n'
        f'<body style="margin:0;padding:16px;{_FONT}">\n'
        f'<div style="color:#8c959f;font-size:12px;margin-bottom:12px">{escape(REPLY_MARKER)}</div>\n{blocks}\n'
        f'<p style="color:#57606a;margin:20px 0 0">{escape(signed)}</p>\n</body></html>\n'
    )


def _text(block: Block) -> str:
    match block:
        case Paragraph(text=text):
            return text
        case Words(text=text, author=author):
            return f"{author}:\n{text}" if author else text
        case Items(entries=entries, marks=marks):
            return "\n".join(f"  {mark} — {entry}" for mark, entry in zip(_marks(entries, marks), entries, strict=True))
        case TicketLine(lamp=lamp, number=number, title=title, details=details):
            return "\n".join([f"{SIGNS[lamp]} №{number} {_one_line(title)}", *(["   " + " · ".join(details)] if details else [])])
        case _:
            assert_never(block)


def _html(block: Block) -> str:
    match block:
        case Paragraph(text=text):
            return f'<p style="margin:0 0 12px">{_lines(text)}</p>'
        case Words(text=text, author=author):
            head = f'<div style="color:#57606a;margin-bottom:4px">{escape(author)}:</div>' if author else ""
            return f'<div style="{_BOX}">{head}{_lines(text)}</div>'
        case Items(entries=entries, marks=marks):
            rows = "".join(map(_row, _marks(entries, marks), entries))
            return f'<table role="presentation" style="margin:0 0 12px 8px;border-collapse:collapse">{rows}</table>'
        case TicketLine(lamp=lamp, number=number, title=title, details=details):
            dot = f'<span style="color:{_COLOURS[lamp]};font-size:18px">●</span>'
            small = f'<div style="color:#57606a;font-size:13px;margin-left:24px">{escape(" · ".join(details))}</div>' if details else ""
            return f'<div style="margin:0 0 12px">{dot} <b>№{number}</b> {escape(title)}{small}</div>'
        case _:
            assert_never(block)


def _row(mark: str, entry: str) -> str:
    cell = "padding:2px 10px 2px 0;vertical-align:top"
    return f'<tr><td style="{cell}"><b>{escape(mark)}</b></td><td style="{cell}">{escape(entry)}</td></tr>'


def _marks(entries: tuple[str, ...], marks: tuple[str, ...]) -> tuple[str, ...]:
    return marks or tuple(str(number) for number in range(1, len(entries) + 1))


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())
