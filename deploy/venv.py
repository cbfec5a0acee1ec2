"""Makes `.venv` from a lock file: `python deploy/venv.py runtime|dev`. Standard library only; it runs before anything is installed.

Whether the environment is still right is told by content, not by file times: a stamp holds the digest of the lock file and the
Python version. `dev` holds everything `runtime` does, so a dev environment serves both. What pip says is kept in `.venv/pip.log`
and shown only when it fails.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "pip.log"
LOCKS = {"runtime": "requirements.lock", "dev": "requirements-dev.lock"}
OLDEST = (3, 11)


def main() -> int:
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    if kind not in LOCKS:
        return _say("Usage: python deploy/venv.py runtime|dev")
    if sys.version_info < OLDEST:
        return _say(f"deskbot needs Python 3.11 or newer; this one is {sys.version.split()[0]}. Install python3.11 and run make again.")
    if not _is_ready(kind) and (failure := _make(kind)):
        return failure
    return 0 if _project_is_installed() else _install_project()


def _digest(kind: str) -> str:
    return hashlib.sha256((ROOT / LOCKS[kind]).read_bytes() + sys.version.encode()).hexdigest()


def _stamp(kind: str) -> Path:
    return VENV / f".ready-{kind}"


def _is_ready(kind: str) -> bool:
    enough = ("runtime", "dev") if kind == "runtime" else ("dev",)
    return any(_stamp(each).is_file() and _stamp(each).read_text() == _digest(each) for each in enough)


def _make(kind: str) -> int:
    lock = LOCKS[kind]
    total = sum(line[:1].isalnum() and "==" in line for line in (ROOT / lock).read_text().splitlines())
    print(f"Making .venv with {total} packages from {lock}: a minute or two, only when the lock changes.", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if made.returncode:
        return _say(
            f"{made.stdout}{made.stderr}\nPython could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"
        )
    if failure := _pip(["install", "--require-hashes", "--progress-bar", "off", "-r", str(ROOT / lock)], total=total):
        return failure
    _stamp(kind).write_text(_digest(kind))
    return 0


def _project_is_installed() -> bool:
    """Commands and metadata come from pyproject.toml; the code itself is imported from the checkout and needs nothing."""
    stamp = _stamp("project")
    return stamp.is_file() and stamp.read_text() == _project_digest() and (VENV / "bin" / "deskbot").is_file()


def _project_digest() -> str:
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def _install_project() -> int:
    if failure := _pip(["install", "--no-build-isolation", "--no-deps", "-e", str(ROOT)]):
        return failure
    _stamp("project").write_text(_project_digest())
    return 0


def _pip(arguments: list[str], *, total: int = 0) -> int:
    """Run pip; count packages on one line of a terminal, every twenty elsewhere."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    seen, is_terminal = 0, sys.stdout.isatty()
    with LOG.open("a", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            if total and line.startswith(("Collecting ", "Processing ")):
                seen += 1
                _progress(seen, total, is_terminal)
            elif total and line.startswith("Installing collected"):
                print("\n  installing …" if is_terminal else "  installing …", flush=True)
        failure = process.wait()
    if failure:
        tail = "".join(LOG.read_text(encoding="utf-8").splitlines(keepends=True)[-25:])
        return _say(
            f"\n{tail}\npip failed; everything it said is in {LOG}. A package without a wheel for this machine needs a C compiler (gcc)."
        )
    return 0


def _progress(seen: int, total: int, is_terminal: bool) -> None:
    if is_terminal:
        print(f"\r  {min(seen, total)} of {total}", end="", flush=True)
    elif seen % 20 == 0:
        print(f"  {seen} of {total}", flush=True)


def _say(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
