"""The guard finds what a secret looks like, and the repository holds nothing of the kind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUARD = ROOT / "deploy" / "secret_guard.py"


def guard(*files: Path | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(GUARD), *map(str, files)], capture_output=True, text=True, cwd=ROOT)


# Put together here, so that this file does not look like one that holds them.
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("bot = '7123456789:" + "AAH7f9Kq2LmZ0pXvR4sTyU8wBcDeFgHiJkL'", "a bot token"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE", "a private key"),
        ("url = 'postgresql://desk:" + "Zk8!fqP2@db.firma.ua/desk'", "a password in a URL"),
        ('[telegram]\npassword = "' + 'Zk8fqP2mmQ"', "a secret in a configuration"),
    ],
)
def test_what_looks_like_a_secret_is_refused(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "file.txt"
    file.write_text(f"first line\n{text}\n", encoding="utf-8")
    done = guard(file)
    assert done.returncode == 1
    assert f"looks like {what}" in done.stdout
    assert "Zk8" not in done.stdout


def test_ordinary_files_pass(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('token = ""\npassword = "secret"\nurl = "postgresql://user@host/name"\n')
    (tmp_path / "b.bin").write_bytes(bytes(range(256)))
    assert guard(tmp_path / "a.toml", tmp_path / "b.bin", tmp_path / "nowhere").returncode == 0


def test_the_repository_holds_no_secret() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:
        pytest.skip("Not a git checkout: there is no list of committed files to look through.")
    done = guard(*listed.stdout.splitlines())
    assert done.returncode == 0, done.stdout
