from __future__ import annotations

import asyncio
import sqlite3

import pytest

from evalcore_metallm.serving.commits import GroupCommit


@pytest.fixture
def file(tmp_path):
    connection = sqlite3.connect(tmp_path / "numbers.db")
    connection.execute("CREATE TABLE number (value INTEGER UNIQUE)")
    connection.close()
    return tmp_path / "numbers.db"


def test_what_waits_is_committed_together_and_delivered_in_order(file):
    commits, delivered = [], []

    async def write() -> list[int]:
        group = _group(file, commits)
        done = [group.submit(_insert(i), delivered.append) for i in range(500)]
        results = await asyncio.gather(*done)
        await group.close()
        return results

    assert asyncio.run(write()) == delivered == list(range(500))
    assert len(commits) < 100
    assert _kept(file) == list(range(500))


def test_what_cannot_be_committed_is_told_to_all_it_was_with(file):
    async def write() -> None:
        group = _group(file, [])
        await group.submit(_insert(1))
        with pytest.raises(sqlite3.IntegrityError):
            await group.submit(_insert(1), lambda _: pytest.fail("it was not committed"))
        await group.submit(_insert(2))
        await group.close()

    asyncio.run(write())
    assert _kept(file) == [1, 2]


def test_what_follows_from_a_commit_may_fail_and_others_go_on(file):
    async def write() -> list[object]:
        group = _group(file, [])
        failing = group.submit(_insert(1), lambda _: 1 / 0)
        found = await asyncio.gather(failing, group.submit(_insert(2)), return_exceptions=True)
        await group.close()
        return found

    failed, done = asyncio.run(write())
    assert isinstance(failed, ZeroDivisionError)
    assert done == 2
    assert _kept(file) == [1, 2]


def test_what_is_committed_is_delivered_also_where_nobody_waits(file):
    delivered = []

    async def write() -> None:
        group = _group(file, [])
        group.submit(_insert(1), delivered.append).cancel()
        await group.close()

    asyncio.run(write())
    assert delivered == _kept(file) == [1]


def _group(file, commits) -> GroupCommit:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)
    return GroupCommit(connection)


def _insert(value: int):
    def do(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO number VALUES (?)", (value,))
        return value

    return do


def _kept(file) -> list[int]:
    connection = sqlite3.connect(file)
    try:
        return [value for (value,) in connection.execute("SELECT value FROM number ORDER BY value")]
    finally:
        connection.close()
