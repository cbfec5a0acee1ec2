"""Fixtures that several parts share: a PostgreSQL cluster per run, a database per test."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, settings

from bot.storage import upgrade
from tests.integration import postgres

# How fast examples are made and tried tells of the machine's other work, not of the code; what must be fast has a test of its own.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def missing(what: str) -> None:
    """Skip for want of a server; where DESKBOT_REQUIRE_REAL=1 says that all are there (.ci/run), fail."""
    if os.environ.get("DESKBOT_REQUIRE_REAL") == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def pg_cluster() -> Iterator[postgres.Cluster]:
    """A running PostgreSQL, its template database upgraded."""
    folder = postgres.binaries()
    if folder is None:
        missing(postgres.HOW_TO_GET_IT)
        return
    with postgres.cluster(folder) as cluster, ThreadPoolExecutor(1) as thread:
        # In a thread of its own: the test's event loop is none of its business.
        thread.submit(lambda: asyncio.run(upgrade(cluster.template_url))).result()
        yield cluster


@pytest.fixture
def pg_url(pg_cluster: postgres.Cluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database with all tables, for one test."""
    url = pg_cluster.database()
    yield url
    pg_cluster.drop(url)
