"""Tokens at rest: encrypted and authenticated (Fernet: AES-128-CBC with HMAC-SHA-256), by a key that is not in the database.

A copy of the database, or a backup of it, opens no mailbox. The key is the configured one, else a file in the data folder that is made
at first use and readable by its owner alone.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from bot.errors import Misconfigured

KEY_FILE = "mail-tokens.key"


class Unreadable(Exception):
    """What was sealed by another key, or is damaged."""


class Sealer:
    """`key` is any text with enough chance in it; all processes of a desk need the same."""

    def __init__(self, key: str) -> None:
        self._key = base64.urlsafe_b64encode(hashlib.sha256(b"deskbot mail tokens\0" + key.encode()).digest())

    def seal(self, text: str) -> str:
        from cryptography.fernet import Fernet  # 10 ms, only where there are tokens

        return Fernet(self._key).encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Raises Unreadable."""
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return Fernet(self._key).decrypt(sealed.encode("ascii")).decode()
        except (InvalidToken, UnicodeError) as error:
            raise Unreadable from error


def sealer(configured: str, data_dir: Path) -> Sealer:
    """The desk's own. Raises Misconfigured when the key file can be neither read nor made."""
    return Sealer(configured or _key_in(data_dir / KEY_FILE))


def _key_in(file: Path) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            # Whole at once: another process never reads half a key.
            made = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as target:
                target.write(secrets.token_urlsafe(32))
            try:
                os.link(made, file)
            finally:
                made.unlink()
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise Misconfigured(
            "Файл ключа {path} недоступний: {reason}. Дайте право на нього або впишіть mail.token_key_file.", path=file, reason=reason
        ) from error
