"""`make test`: all tests in two halves side by side. Most of them wait for servers and processes, so one half fills the other's pauses."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence

OUTSIDE = ("tests/channels", "tests/acceptance")
HALVES = (OUTSIDE, ("tests", *(f"--ignore={each}" for each in OUTSIDE)))


def main(halves: Sequence[Sequence[str]] = HALVES) -> int:
    """Run both to their end and show whole lines as they come; the worse exit code of the two."""
    running = [_start(half) for half in halves]
    showing = [threading.Thread(target=_show, args=(each,)) for each in running]
    for each in showing:
        each.start()
    for each in showing:
        each.join()
    return max(abs(each.wait()) for each in running)


def _start(half: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "pytest", *half], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _show(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
