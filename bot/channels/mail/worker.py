"""The parsing process (see `isolation`): reads requests on standard input, answers on standard output, ends when its input does.

It imports what parsing needs and nothing else. It catches nothing: a mail that breaks it is told apart by its parent.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import BinaryIO

from bot.channels.mail.parse import Own
from bot.channels.mail.reading import read
from bot.channels.mail.wire import SIZE, head, pack

MEMORY_LIMIT = 768 * 1024 * 1024


def serve(own: Own, source: BinaryIO, target: BinaryIO) -> None:
    """Answers requests until the other side closes."""
    while length := source.read(SIZE.size):
        request = json.loads(source.read(SIZE.unpack(length)[0]))
        raws = [source.read(size) for size in request["sizes"]]
        target.write(head({"readings": [pack(read(raw, own)) for raw in raws]}))
        target.flush()


def limit_memory() -> None:
    """A mail that would fill the memory breaks this process, not the machine."""
    try:
        import resource  # not on every system
    except ImportError:
        return
    for kind, limit in ((resource.RLIMIT_AS, MEMORY_LIMIT), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (limit, limit))


def main(arguments: Sequence[str]) -> None:
    """`own` as JSON is the only argument."""
    limit_memory()
    given = json.loads(arguments[0])
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # whatever a library prints must not stand between the answers
    serve(Own(addresses=frozenset(given["addresses"])), sys.stdin.buffer, answers)


if __name__ == "__main__":
    main(sys.argv[1:])
