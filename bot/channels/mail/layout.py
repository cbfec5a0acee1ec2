"""A letter's blocks → plain text and simple HTML that every mail program shows: inline styles, tables where Outlook needs them, no images,
nothing fetched. Pure.
"""

from __future__ import annotations

from html import escape
from typing import assert_never

from bot.channels.mail.quote_words import REPLY_MARKER
from bot.channels.mail.render import Block, Items, Letter, Link, Paragraph, TicketLine, Words
from bot.lamps import SIGNS
from bot.model import Lamp

_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Arial,Helvetica,sans-serif;font-size:15px;line-height:1.5;color:#1b1f23"
_QUIET = "color:#656d76;font-size:13px"
_TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0"'
# The lamp's colour, and a breath of it behind the ticket.
_COLOURS = {
    Lamp.GREEN: ("#1a7f37", "#f2faf4"),
    Lamp.RED: ("#cf222e", "#fff5f5"),
    Lamp.YELLOW: ("#9a6700", "#fffaeb"),
    Lamp.GREY: ("#6e7781", "#f6f8fa"),
}


def as_text(letter: Letter, *, signed: str) -> str:
    """Plain text: the marker line on top, blocks apart by blank lines, the desk's name below a signature delimiter."""
    return "\n\n".join([REPLY_MARKER, *map(_text, letter.blocks), f"-- \n{signed}"]) + "\n"


def as_html(letter: Letter, *, signed: str) -> str:
    """The same as one HTML document. Everything is escaped here, once."""
    blocks = "\n".join(map(_html, letter.blocks))
    return (
        f'<!doctype html>\n<html lang="{escape(letter.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"></head>\n'
        f'<body style="margin:0;padding:16px;background:#ffffff;{_FONT}">\n'
        f'<div style="max-width:620px"><div style="color:#8c959f;font-size:12px;padding-bottom:10px;margin-bottom:16px;'
        f'border-bottom:1px solid #d8dee4">{escape(REPLY_MARKER)}</div>\n{blocks}\n'
        f'<p style="{_QUIET};margin:22px 0 0;padding-top:10px;border-top:1px solid #d8dee4">{escape(signed)}</p></div>\n</body></html>\n'
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
        case Link(label=label, url=url):
            return f"{label}: {url}"
        case _:
            assert_never(block)


def _html(block: Block) -> str:
    match block:
        case Paragraph(text=text):
            return f'<p style="margin:0 0 12px">{_lines(text)}</p>'
        case Words(text=text, author=author):
            head = f'<div style="{_QUIET};margin-bottom:4px">{escape(author)}</div>' if author else ""
            return f'<div style="margin:0 0 16px">{head}{_lines(text)}</div>'
        case Items(entries=entries, marks=marks):
            rows = "".join(map(_row, _marks(entries, marks), entries))
            return f'<table {_TABLE} style="margin:0 0 14px;border-collapse:collapse">{rows}</table>'
        case TicketLine():
            return _ticket(block)
        case Link(label=label, url=url):
            cell = "background:#0969da;border-radius:6px;padding:9px 16px"
            link = f'<a href="{escape(url)}" style="color:#ffffff;text-decoration:none;font-weight:600">{escape(label)}</a>'
            return f'<table {_TABLE} style="margin:0 0 16px"><tr><td style="{cell}">{link}</td></tr></table>'
        case _:
            assert_never(block)


def _ticket(ticket: TicketLine) -> str:
    """A card with the lamp's colour at its side; colour never stands alone, the words are below (R8)."""
    colour, tint = _COLOURS[ticket.lamp]
    dot = f'<span style="color:{colour}">●</span>'
    head = f'<div style="font-size:16px">{dot} <b>№{ticket.number}</b> {escape(ticket.title)}</div>'
    small = f'<div style="{_QUIET};margin-top:3px">{escape(" · ".join(ticket.details))}</div>' if ticket.details else ""
    cell = f"border-left:4px solid {colour};background:{tint};padding:10px 14px"
    return f'<table {_TABLE} width="100%" style="margin:0 0 12px"><tr><td style="{cell}">{head}{small}</td></tr></table>'


def _row(mark: str, entry: str) -> str:
    number = "padding:4px 12px 4px 0;vertical-align:top;color:#0969da"
    return f'<tr><td style="{number}"><b>{escape(mark)}</b></td><td style="padding:4px 0;vertical-align:top">{escape(entry)}</td></tr>'


def _marks(entries: tuple[str, ...], marks: tuple[str, ...]) -> tuple[str, ...]:
    return marks or tuple(str(number) for number in range(1, len(entries) + 1))


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())
