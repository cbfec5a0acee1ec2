"""Addresses of databases that cannot be read, and the folder that the database lies in."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Misconfigured
from bot.storage import open_storage
from bot.storage.engine import parse_url


@pytest.mark.parametrize(
    "url",
    ["postgresql://user:not-a-secret@host:port/desk", "postgresql:user:not-a-secret@host/desk", "mysql://user:not-a-secret@host/desk"],
)
def test_an_address_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(Misconfigured) as told:
        parse_url(url)
    assert "not-a-secret" not in str(told.value)
    assert "postgresql://" in str(told.value)


async def test_the_folder_of_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    storage = await open_storage(f"sqlite:///{tmp_path}/data/deskbot.db")
    await storage.close()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
