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
    """Answers requests until the other side closes. One cut off because its sender was killed is none: half a file is not kept."""
    while length := _whole(source, SIZE.size):
        request = json.loads(_whole(source, SIZE.unpack(length)[0]) or b"null")
        raws = [_whole(source, size) for size in request["sizes"]] if request else [None]
        if None in raws:
            return
        try:
            answer = {"readings": [pack(read(raw, own, keeping)) for raw in raws if raw is not None]}
        except Transient as error:
            answer = {"postponed": error.values.get("reason", type(error).__name__)}
        target.write(head(answer))
        target.flush()


def _whole(source: BinaryIO, size: int) -> bytes | None:
    """So many bytes; None when the other side closed before their end."""
    data = source.read(size)
    return data if len(data) == size else None


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
