"""The state of a server in one SQLite file: requests, what came of them, and what was learned.

A request is there before its answer is acknowledged. Feedback and changes of the router are
`event`s, numbered in the order in which they were taken; learning follows that order, so that the
newest snapshot and the events after it give what was learned, to the bit.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore_metallm import state
from evalcore_metallm.serving import database
from evalcore_metallm.serving.commits import GroupCommit
from evalcore_metallm.serving.records import (
    Change,
    FeedbackOutcome,
    Lesson,
    Receipt,
    Snapshot,
    Status,
    Totals,
)

if TYPE_CHECKING:
    import asyncio
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from evalcore_metallm.serving.protocol import Feedback
    from evalcore_metallm.serving.records import Entry

__all__ = ["Journal"]


class Journal:
    """The file, while one server has it.

    Args:
        path: of the file, which is made if it is not there.
        router: digest of the router that learns; another one cannot go on with the file.
        synchronous: whether a commit waits for the disk: `full` or `normal`.

    Raises:
        EvalcoreError: if the file is something else, belongs to another router or version, or is
            held by another server.
    """

    def __init__(self, path: Path, router: str, synchronous: str = "full") -> None:
        self._lock = database.Lock(path)
        try:
            self._connection = database.opened(path, router, synchronous)
        except BaseException:
            self._lock.release()
            raise
        self._commits: GroupCommit | None = None

    # Before the first request

    def next_number(self) -> int:
        """What no request has."""
        return self._one("SELECT COALESCE(MAX(number), 0) + 1 FROM request")

    def feedback_count(self) -> int:
        """How often feedback was counted."""
        return self._one("SELECT COUNT(number) FROM event")

    def lesson_count(self) -> int:
        """How much of it was learned from."""
        return self._one("SELECT COALESCE(SUM(learned), 0) FROM event")

    def unlearned(self) -> dict[str, int]:
        """How many requests of each arm were paid and not learned from."""
        rows = self._connection.execute(
            "SELECT asked, COUNT(*) FROM request LEFT JOIN event USING (number) "
            "WHERE status NOT IN (?, ?) AND NOT COALESCE(learned, 0) GROUP BY asked",
            (Status.FAILED, Status.REFUSED),
        )
        return dict(rows)

    def totals(self) -> dict[str, Totals]:
        """Of each arm that was asked."""
        rows = self._connection.execute(
            "SELECT asked, COUNT(*), COALESCE(SUM(prompt_tokens), 0), "
            "COALESCE(SUM(completion_tokens), 0), TOTAL(dollars), "
            "COUNT(*) FILTER (WHERE dollars IS NULL AND status NOT IN (:failed, :refused)), "
            "MAX(dollars) FILTER (WHERE status NOT IN (:failed, :refused)) "
            "FROM request GROUP BY asked",
            {"failed": Status.FAILED, "refused": Status.REFUSED},
        )
        return {arm: Totals(*sums) for arm, *sums in rows}

    def snapshot(self) -> Snapshot | None:
        """The newest, if there is one.

        Raises:
            RouterStateError: if it is damaged.
        """
        row = self._connection.execute("SELECT event, content FROM snapshot").fetchone()
        return row and Snapshot(row[0], state.unpack(row[1], "the snapshot")[1])

    def events(self, after: int = 0, until: int = 2**62) -> Iterator[Lesson | Change]:
        """What was learned from and what was changed, in order."""
        rows = self._connection.execute(
            "SELECT event.id, changed, features, asked, quality, dollars FROM event "
            "LEFT JOIN request USING (number) LEFT JOIN context USING (number) "
            "WHERE event.id > ? AND event.id <= ? AND (changed IS NOT NULL OR learned) "
            "ORDER BY event.id",
            (after, until),
        )
        for event, changed, features, arm, quality, dollars in rows:
            if changed is not None:
                yield Change(event, json.loads(changed))
            else:
                yield Lesson(event, _context(features), arm, quality, dollars)

    def changes(self, until: int) -> Iterator[Change]:
        """What was changed up to an event, in order."""
        rows = self._connection.execute(
            "SELECT id, changed FROM event WHERE changed IS NOT NULL AND id <= ? ORDER BY id",
            (until,),
        )
        for event, changed in rows:
            yield Change(event, json.loads(changed))

    # While requests come

    def start(self) -> None:
        """From here on, writes are committed in groups; answers that a kill cut off are marked."""
        with self._connection:
            self._connection.execute(
                "UPDATE request SET status = ? WHERE status = 'open'", (Status.CUT,)
            )
        self._commits = GroupCommit(self._connection)

    def add(self, entry: Entry, then: Callable[[Any], None] | None = None) -> asyncio.Future[None]:
        """Keep a request."""
        now = time.time()

        def write(connection: sqlite3.Connection) -> None:
            prompt, completion = entry.tokens or (None, None)
            connection.execute(
                "INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.number, entry.id, now, entry.status, entry.chosen, entry.asked,
                    entry.propensity, entry.allowed, entry.price, prompt, completion,
                    entry.dollars, entry.seconds, entry.query,
                ),
            )  # fmt: skip
            features = entry.context.astype("<f8").tobytes()
            connection.execute("INSERT INTO context VALUES (?, ?)", (entry.number, features))

        return self._submit(write, then)

    def finish(
        self, entry: Entry, then: Callable[[Any], None] | None = None
    ) -> asyncio.Future[None]:
        """Keep how a request ended that was kept before."""

        def write(connection: sqlite3.Connection) -> None:
            prompt, completion = entry.tokens or (None, None)
            connection.execute(
                "UPDATE request SET status = ?, prompt_tokens = ?, completion_tokens = ?, "
                "dollars = ?, seconds = ? WHERE number = ?",
                (entry.status, prompt, completion, entry.dollars, entry.seconds, entry.number),
            )

        return self._submit(write, then)

    def take(
        self, feedback: Feedback, scale: float, then: Callable[[Receipt], None]
    ) -> asyncio.Future[Receipt]:
        """Count feedback, the first on a request.

        Args:
            feedback: as it came.
            scale: dollars in a unit of the router's cost.
            then: called with the receipt, in the order of the events.
        """
        now = time.time()

        def write(connection: sqlite3.Connection) -> Receipt:
            return _taken(connection, feedback, scale, now)

        return self._submit(write, then)

    def change(
        self, values: dict[str, Any], then: Callable[[Change], None]
    ) -> asyncio.Future[Change]:
        """Keep a change of the router."""
        row = (time.time(), json.dumps(values))

        def write(connection: sqlite3.Connection) -> Change:
            cursor = connection.execute("INSERT INTO event (time, changed) VALUES (?, ?)", row)
            assert cursor.lastrowid is not None
            return Change(cursor.lastrowid, values)

        return self._submit(write, then)

    def keep(self, snapshot: Snapshot) -> asyncio.Future[None]:
        """Keep a snapshot instead of the one before."""

        def write(connection: sqlite3.Connection) -> None:
            content = state.pack({"event": snapshot.event}, snapshot.arrays)
            connection.execute("DELETE FROM snapshot")
            connection.execute("INSERT INTO snapshot VALUES (?, ?)", (snapshot.event, content))

        return self._submit(write)

    async def close(self) -> None:
        """Commit what waits, and let go of the file."""
        if self._commits is None:
            self._connection.close()
        else:
            await self._commits.close()
        self._lock.release()

    def _submit(
        self,
        write: Callable[[sqlite3.Connection], Any],
        then: Callable[[Any], None] | None = None,
    ) -> asyncio.Future[Any]:
        assert self._commits is not None, "not started"
        return self._commits.submit(write, then)

    def _one(self, query: str) -> int:
        found: int = self._connection.execute(query).fetchone()[0]
        return found


def _taken(connection: sqlite3.Connection, feedback: Feedback, scale: float, now: float) -> Receipt:
    row = connection.execute(
        "SELECT number, status, chosen, asked, dollars, price FROM request WHERE id = ?",
        (feedback.id,),
    ).fetchone()
    if row is None:
        return Receipt(FeedbackOutcome.UNKNOWN)
    number, status, chosen, asked, dollars, price = row
    if status == Status.OPEN:
        return Receipt(FeedbackOutcome.UNFINISHED)
    known = connection.execute("SELECT quality FROM event WHERE number = ?", (number,)).fetchone()
    if known is not None:
        return Receipt(FeedbackOutcome.REPEATED, known[0])
    if (quality := feedback.quality) is None:
        if dollars is None or feedback.reward is None:
            return Receipt(FeedbackOutcome.NO_COST)
        quality = _rounded_in(feedback.reward + price * dollars / scale)
        if not 0 <= quality <= 1:
            return Receipt(FeedbackOutcome.OUT_OF_RANGE, quality)
    learned = chosen == asked and status == Status.ANSWERED and dollars is not None
    cursor = connection.execute(
        "INSERT INTO event (time, number, quality, learned) VALUES (?, ?, ?, ?)",
        (now, number, quality, learned),
    )
    if not learned:
        return Receipt(FeedbackOutcome.COUNTED, quality)
    (features,) = connection.execute(
        "SELECT features FROM context WHERE number = ?", (number,)
    ).fetchone()
    assert cursor.lastrowid is not None
    lesson = Lesson(cursor.lastrowid, _context(features), asked, quality, dollars)
    return Receipt(FeedbackOutcome.COUNTED, quality, lesson)


def _rounded_in(quality: float) -> float:
    """What is outside of 0 to 1 by the rounding of floats alone, moved to the border."""
    return min(max(quality, 0.0), 1.0) if -1e-9 <= quality <= 1 + 1e-9 else quality


def _context(features: bytes) -> NDArray[np.float64]:
    return np.frombuffer(features, "<f8").astype(np.float64)
