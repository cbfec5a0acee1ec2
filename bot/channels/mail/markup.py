"""HTML bodies → text, the quoted part apart. selectolax (lexbor) cuts the containers by which mail programs mark a quote,
inscriptis lays out the text. Both are loaded on the first HTML body: a mail of plain text pays nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

# A quote is the whole element. Order matters only for speed.
_CONTAINERS = (
    "div.gmail_quote, div.gmail_quote_container, div.gmail_extra > div.gmail_quote, blockquote.gmail_quote, blockquote[type=cite],"
    " blockquote[cite], div.moz-cite-prefix, div.moz-forward-container, div.yahoo_quoted, div.yahoo_quoted_begin, #yahoo_quoted,"
    " div.mail-quote-collapse, blockquote.iua-quote, #mail-editor-reference-message-container, div.protonmail_quote, div.tutanota_quote,"
    " div.zmail_extra, #OLK_SRC_BODY_SECTION, div.mailmaster_quote, div.wm_quote, #x_divRplyFwdMsg"
)
# The quote is this element and whatever follows it.
_FROM_HERE_ON = (
    "#appendonsend, #divRplyFwdMsg, hr#stopSpelling, hr#zwchr, #reply-intro, div#mail-app-auto-default-signature + blockquote,"
    ' div[style*="border-top:solid #E1E1E1"], div[style*="border-top:solid #B5C4DF"], div[style*="border-top: solid #E1E1E1"],'
    ' div[style*="border-top:solid windowtext"]'
)
_INVISIBLE = "head, style, script, title, template, noscript, svg, object"
_MAX_FOR_LAYOUT = 2_000_000
_BLANKS = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")
_TAIL = re.compile(r"[ \t\xa0]+$", re.M)
# A drawn line often is all that parts an answer from the mail below it.
_RULES = re.compile(r"<hr(?=[\s/>])(?![^>]*\bid=)[^>]*>", re.I)
_DRAWN = f"<div>{'_' * 32}</div>"
_BLOCK_ENDS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d|/table|hr)\b", re.I)


def to_text(html: str) -> tuple[str, str]:
    """(what the sender wrote, what is quoted), both as text with LF line ends. Never raises."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(_RULES.sub(_DRAWN, html))
    for node in tree.css(_INVISIBLE):
        node.decompose()
    whole = tree.html or ""
    quoted = _cut_quotes(tree)
    own = _lay_out(tree.html or "")
    if quoted and not any(sign.isalnum() for sign in own):
        return _lay_out(whole), ""
    return own, "\n\n".join(text for piece in quoted if (text := _lay_out(piece)))


def _cut_quotes(tree: LexborHTMLParser) -> list[str]:
    pieces: list[str] = []
    for node in tree.css(_FROM_HERE_ON):
        if not _is_attached(node):
            continue
        top = _only_in_its_parent(node)
        run: list[LexborNode] = [top]
        while (following := run[-1].next) is not None:
            run.append(following)
        pieces += [each.html or "" for each in run]
        for each in run:
            each.decompose()
    while (container := tree.css_first(_CONTAINERS)) is not None:
        pieces.append(container.html or "")
        container.decompose()
    return pieces


def _is_attached(node: LexborNode) -> bool:
    return node.parent is not None


def _only_in_its_parent(node: LexborNode) -> LexborNode:
    """Outlook wraps its ruled header block in an empty div: the quote follows the wrapper, not the block."""
    while (
        (parent := node.parent) is not None
        and parent.tag == "div"
        and node.prev is None
        and parent.text(strip=True) == node.text(strip=True)
    ):
        node = parent
    return node


def _lay_out(html: str) -> str:
    text = ""
    if len(html) <= _MAX_FOR_LAYOUT:
        text = _by_inscriptis(html)
    if not text.strip():
        # libxml2 gives up beyond some 255 levels; lexbor does not, it only knows no layout.
        text = _by_lexbor(html)
    return _BLANKS.sub("\n\n", _TAIL.sub("", text.replace("\xa0", " "))).strip()


def _by_inscriptis(html: str) -> str:
    from inscriptis import get_text
    from lxml.etree import LxmlError  # type: ignore[import-untyped]  # lxml ships no annotations

    try:
        return str(get_text(html, _inscriptis_config()))
    except (LxmlError, ValueError, RecursionError, LookupError, AttributeError, TypeError):
        return ""  # what is not lxml's own error is inscriptis meeting a stylesheet that it cannot read


_config: list[Any] = []


def _inscriptis_config() -> Any:
    if not _config:
        from inscriptis.css_profiles import STRICT_CSS_PROFILE
        from inscriptis.model.config import ParserConfig

        _config.append(ParserConfig(css=STRICT_CSS_PROFILE, display_images=False, display_links=False, display_anchors=False))
    return _config[0]


def _by_lexbor(html: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(_BLOCK_ENDS.sub(lambda found: "\n" + found[0], html))
    body = tree.body
    return body.text(separator="") if body is not None else ""
