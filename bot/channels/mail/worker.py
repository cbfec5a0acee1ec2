"""The parsing process (see `isolation`): reads requests on standard input, answers on standard output, ends when its input does.

It imports what parsing needs and nothing else. It keeps the files of mails itself, so that their bytes never pass the service. It catches
nothing but a disk that refuses: a mail that breaks it is told apart by its parent.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from bot.channels.mail.parse import Keeping, Own
from bot.channels.mail.reading import read
from bot.channels.mail.wire import SIZE, head, pack
from bot.errors import Transient
from bot.files import FileLimits, Shelf
from bot.intake import labeller

MEMORY_LIMIT = 768 * 1024 * 1024


def serve(own: Own, keeping: Keeping | None, source: BinaryIO, target: BinaryIO) -> None:
    """Answers requests until the other side closes."""
    while (raws := _request(source)) is not None:
        try:
            answer = {"readings": [pack(read(raw, own, keeping)) for raw in raws]}
        except Transient as error:
            answer = {"postponed": error.values.get("reason", type(error).__name__)}
        target.write(head(answer))
        target.flush()


def _request(source: BinaryIO) -> list[bytes] | None:
    """The mails of the next request; None at the end, and for one cut off because its sender was killed: half a file is not kept."""
    try:
        (length,) = SIZE.unpack(_whole(source, SIZE.size))
        return [_whole(source, size) for size in json.loads(_whole(source, length))["sizes"]]
    except EOFError:
        return None


def _whole(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        raise EOFError
    return data


def limit_memory() -> None:
    """A mail that would fill the memory breaks this process, not the machine."""
    try:
        import resource  # not on every system
    except ImportError:
        return
    for kind, limit in ((resource.RLIMIT_AS, MEMORY_LIMIT), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (limit, limit))


def main(arguments: Sequence[str]) -> None:
    """What is ours and where files are kept, as JSON, is the only argument."""
    limit_memory()
    given = json.loads(arguments[0])
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # whatever a library prints must not stand between the answers
    labeller.use(Path(given["labeller"]) if given["labeller"] else None)
    own = Own(addresses=frozenset(given["addresses"]), zone=given["zone"])
    serve(own, _keeping(given["files"]), sys.stdin.buffer, answers)


def _keeping(given: dict[str, Any] | None) -> Keeping | None:
    if given is None:
        return None
    return Keeping(shelf=Shelf(Path(given["root"])), limits=FileLimits(size=given["size"], count=given["count"]))


if __name__ == "__main__":
    main(sys.argv[1:])
