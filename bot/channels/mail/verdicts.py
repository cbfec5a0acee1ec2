"""What our own mail server says of a mail in its headers: that it is spam, and whether the sender is who it claims to be. Pure.

Only the server's own word counts. Authentication-Results is read from the topmost header that carries the configured name (RFC 8601, 5:
a server takes forged ones away); Microsoft 365 writes no name, there the very topmost header is the one. Everything else is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.channels.mail import addresses
from bot.channels.mail.headers import Headers, as_text

# What to configure as the server's name for servers that write none.
MICROSOFT = "microsoft365"
PASSED, FAILED, UNPROVED = "passed", "failed", "unproved"

# A sender's own quoted name may hold anything: MAIL FROM:<"x;dmarc=pass"@evil.example>.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]+)([^;]*)", re.I)
_SIGNER = re.compile(r"\bheader\.[di]\s*=\s*(?:[^\s@;]*@)?([\w.-]+)", re.I)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWord:
    """`spam` is the header that calls it so, "" for none. `sender` is passed, failed, unproved, or "" when the server says nothing;
    `results` are its words by method: {"spf": "pass", "dkim": "fail", "dmarc": "fail"}."""

    spam: str = ""
    sender: str = ""
    results: dict[str, str] = field(default_factory=dict)


def read(headers: Headers, *, authserv_id: str, spam_headers: Sequence[str]) -> ServerWord:
    """The server's word. `spam_headers` are "Name: word" or "Name: 5+", see config.example.toml."""
    results, signers = _authentication(headers, authserv_id)
    return ServerWord(spam=_spam(headers, spam_headers), sender=_judged(results, signers, _domain(headers)), results=results)


def _spam(headers: Headers, wanted: Sequence[str]) -> str:
    for rule in wanted:
        name, _colon, sign = (part.strip() for part in rule.partition(":"))
        for value in headers.all(name.lower()):
            if _says(as_text(value[:1_000]).strip(), sign):
                return name
    return ""


def _says(value: str, sign: str) -> bool:
    if sign.endswith("+") and (least := _NUMBER.fullmatch(sign[:-1])):
        found = _NUMBER.search(value)
        return found is not None and float(found[0]) >= float(least[0])
    return re.match(re.escape(sign) + r"(?![\w-])", value, re.I) is not None


def _authentication(headers: Headers, authserv_id: str) -> tuple[dict[str, str], set[str]]:
    """The word for each method, and the domains whose DKIM signature holds."""
    if not authserv_id:
        return {}, set()
    values = [_COMMENT.sub(" ", _QUOTED.sub('""', as_text(value[:_LONGEST]))) for value in headers.all("authentication-results")]
    if authserv_id.lower() == MICROSOFT:
        said = values[0] if values and "=" in values[0].partition(";")[0] else ""
    else:
        said = next((rest for name, _semicolon, rest in (value.partition(";") for value in values) if _is(name, authserv_id)), "")
    results: dict[str, str] = {}
    signers: set[str] = set()
    for method, word, properties in _RESULT.findall(said):
        method, word = method.lower(), word.lower()
        # Several signatures: one that holds is enough.
        if results.get(method) != "pass":
            results[method] = word
        if method == "dkim" and word == "pass" and (signer := _SIGNER.search(properties)):
            signers.add(signer[1].lower())
    return results, signers


def _is(name: str, authserv_id: str) -> bool:
    """A version number may follow the name."""
    return name.lower().split()[:1] == [authserv_id.lower()]


def _judged(results: dict[str, str], signers: set[str], domain: str) -> str:
    """DMARC speaks of the From that people see; without it a signature of that very domain does. SPF alone speaks of the envelope."""
    if not results:
        return ""
    if results.get("dmarc") == "pass" or any(domain == signer or domain.endswith(f".{signer}") for signer in signers):
        return PASSED
    if results.get("dmarc") == "fail" or {results.get("spf"), results.get("dkim")} <= {"fail", "softfail", "permerror"}:
        return FAILED
    return UNPROVED


def _domain(headers: Headers) -> str:
    """Of the one From; with several nobody can tell whom the server speaks of."""
    found = {each.address.rpartition("@")[2].lower() for value in headers.all("from") for each in addresses.parse(value[:2_000])}
    return found.pop() if len(found) == 1 else "?"
