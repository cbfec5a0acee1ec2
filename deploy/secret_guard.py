"""Refuses what looks like a secret in the files given: `python deploy/secret_guard.py FILE…`. Standard library only.

It knows shapes, not values: bot tokens, private keys, passwords in URLs, secrets in a configuration. Invented ones in tests and examples
say so by their look: short, or with a word like "example" in them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

INVENTED = re.compile(r"(?i)example|sandbox|nobody|secret|password|token|invented|xxx|\*\*\*|\.\.\.|…|[<{$]|AAbbCC|test")
SHAPES = (
    ("a bot token", re.compile(r"\b\d{8,12}:[A-Za-z0-9_-]{35}\b")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a password in a URL", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]+:[^\s/@'\"]{6,}@(?!example|[\w.-]+\.example)")),
    ("a secret in a configuration", re.compile(r"(?m)^\s*(?:token|password|metrics_token)\s*=\s*\"[^\"]{8,}\"")),
)


def findings(text: str) -> list[tuple[int, str]]:
    """(line, what it looks like) for each suspicious place."""
    found = []
    for name, shape in SHAPES:
        for match in shape.finditer(text):
            if name == "a private key" or not INVENTED.search(match[0].partition("=")[2] or match[0]):
                found.append((text.count("\n", 0, match.start()) + 1, name))
    return sorted(found)


def main() -> int:
    failed = False
    for name in sys.argv[1:]:
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for line, what in findings(text):
            failed = True
            print(f"{name}:{line}: looks like {what}. Move it into a file that is not committed, or make an invented one look invented.")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
