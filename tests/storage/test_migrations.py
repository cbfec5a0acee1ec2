"""An empty database that walked through the migrations has exactly the tables that the code expects."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

import bot.storage
from bot.errors import Misconfigured
from bot.storage import upgrade
from bot.storage.engine import parse_url
from bot.storage.migrations import HEAD
from bot.storage.tables import metadata
from tests.integration.postgres import Cluster

SCRIPTS = Path(bot.storage.__file__).parent / "migrations"


async def inspected(url: str, look: Any) -> Any:
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed)
        try:
            with engine.begin() as connection:
                return look(connection)
        finally:
            engine.dispose()
    async_engine = create_async_engine(parsed)
    try:
        async with async_engine.begin() as async_connection:
            return await async_connection.run_sync(look)
    finally:
        await async_engine.dispose()


def schema(connection: Connection) -> dict[str, Any]:
    """What comparing with the metadata does not see: checks, predicates of indexes, sequences, deferred keys."""
    inspector = inspect(connection)
    tables = sorted(set(inspector.get_table_names()) - {"alembic_version"})
    found: dict[str, Any] = {
        table: {
            "checks": sorted((check["name"], check["sqltext"]) for check in inspector.get_check_constraints(table)),
            "keys": sorted((key["name"], str(key["options"])) for key in inspector.get_foreign_keys(table)),
            "unique": sorted(str(each["name"]) for each in inspector.get_unique_constraints(table)),
            "primary": inspector.get_pk_constraint(table)["constrained_columns"],
        }
        for table in tables
    }
    if connection.dialect.name == "postgresql":
        found["sequences"] = sorted(inspector.get_sequence_names())
        found["indexes"] = sorted(
            connection.scalars(text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"))
        )
    else:
        rows = connection.scalars(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'alembic_version'"))
        found["sql"] = sorted(re.sub(r"\s+", " ", row) for row in rows if row.startswith("CREATE INDEX"))
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two databases without tables, of either kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"
        return
    cluster: Cluster = request.getfixturevalue("pg_cluster")
    urls = cluster.empty_database(), cluster.empty_database()
    yield urls
    for url in urls:
        cluster.drop(url)


async def test_empty_to_head_equals_the_metadata(empty_urls: tuple[str, str]) -> None:
    migrated, created = empty_urls
    assert await upgrade(migrated) == HEAD
    await inspected(created, metadata.create_all)
    differences = await inspected(
        migrated, lambda connection: compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    )
    assert differences == []
    found = await inspected(migrated, schema)
    assert found == await inspected(created, schema)
    assert set(metadata.tables) <= set(found)
    assert len(found["tickets"]["checks"]) == 9, "the check sees the checks"


async def test_twice_and_at_once_is_the_same_as_once(empty_urls: tuple[str, str]) -> None:
    url, _ = empty_urls
    await asyncio.gather(upgrade(url), upgrade(url), upgrade(url))
    before = await inspected(url, schema)
    assert await upgrade(url) == HEAD
    assert await inspected(url, schema) == before


async def test_a_newer_database_is_left_alone(empty_urls: tuple[str, str]) -> None:
    url, _ = empty_urls
    await upgrade(url)
    await inspected(url, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '20991231_from_the_future'")))
    with pytest.raises(Misconfigured, match="новіша"):
        await upgrade(url)


def test_the_head_that_the_start_looks_for_is_the_head_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_revisions_are_named_by_date_and_go_forward_only() -> None:
    for file in (SCRIPTS / "versions").glob("*.py"):
        assert re.fullmatch(r"\d{8}_[a-z_]+", file.stem)
        assert "def downgrade" not in file.read_text()
