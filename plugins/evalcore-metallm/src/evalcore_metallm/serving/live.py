"""A router that chooses and learns while it is served, and comes back as it was."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore_metallm.policies.budgeted_linucb import BudgetedLinUcb, BudgetSpent
from evalcore_metallm.serving.protocol import ProtocolError
from evalcore_metallm.serving.records import Change, FeedbackOutcome, Lesson, Snapshot, Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from evalcore_metallm.router import Router
    from evalcore_metallm.serving.journal import Journal
    from evalcore_metallm.serving.protocol import Feedback
    from evalcore_metallm.serving.records import Entry, Receipt
    from evalcore_metallm.serving.settings import ServeSettings

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["LiveRouter", "Routing"]


@dataclass(frozen=True, slots=True)
class Routing:
    """The arm that the policy picked for a request.

    Attributes:
        number: of the request.
        id: what clients call it.
        context: what the policy saw, shape (d,).
        arm: its number.
        propensity: the probability with which it was picked.
        allowed: which arms could be, shape (k,).
        price: of quality at that moment.
    """

    number: int
    id: str
    context: Floats
    arm: int
    propensity: float
    allowed: Bools
    price: float


class LiveRouter:
    """Chooses by what was learned so far, and learns from feedback in the order of the journal.

    It lives on one event loop. What a request was chosen for follows from the seed, its number,
    its query and what was learned before.

    Args:
        router: as it was loaded.
        journal: what became of it since; it is replayed here, and started.
        settings: the price and the budget that hold until they are changed, among others.

    Attributes:
        names: of the arms.
        budget: dollars that may be spent in all, with those that are estimated.
        totals: what each arm was asked, and what that took.
        lessons: how much was learned from, since the router was saved.
        counts: how much feedback was counted, and how much was not since the server started.
    """

    def __init__(self, router: Router, journal: Journal, settings: ServeSettings) -> None:
        self._router, self._journal, self._settings = router, journal, settings
        self.names = tuple(arm.name for arm in router.arms)
        self.budget = settings.budget
        self._allowed = np.ones(len(self.names), dtype=bool)
        self._unsaved = self._last_event = 0
        if settings.price is not None:
            router.price = settings.price
        self._replay()
        self.lessons = journal.lesson_count()
        if isinstance(router.policy, BudgetedLinUcb):
            held = journal.unlearned()
            router.policy.under_way = np.array([float(held.get(name, 0)) for name in self.names])
        self.totals = {name: Totals() for name in self.names} | journal.totals()
        self.counts = dict.fromkeys(FeedbackOutcome, 0) | {
            FeedbackOutcome.COUNTED: journal.feedback_count()
        }
        self._next_number = journal.next_number()
        self._contexts = _Contexts(router.contexts)
        journal.start()

    @property
    def price(self) -> float:
        """What quality is worth a unit of cost."""
        return self._router.price

    @property
    def dollars(self) -> float:
        """Spent in all, as far as is known."""
        return sum(total.dollars for total in self.totals.values())

    @property
    def estimated_dollars(self) -> float:
        """What answers of unknown cost count for the budget.

        Each as much as the dearest of its arm, or as the router expects while no cost is known.
        """
        return sum(
            total.unknown * (expected if total.highest_dollars is None else total.highest_dollars)
            for name, expected in zip(self.names, map(float, self._router.costs), strict=True)
            if (total := self.totals[name]).unknown
        )

    @property
    def allowed(self) -> Bools:
        """Which arms the settings leave, shape (k,)."""
        return self._allowed.copy()

    async def route(self, query: str, ready: Callable[[], Bools]) -> Routing | None:
        """Pick an arm for a request.

        Args:
            query: its text.
            ready: which arms can be asked, shape (k,), looked at when the choice is made.

        Returns:
            What was picked, or `None` if no arm can be.

        Raises:
            ProtocolError: if nothing is left of the policy's budget.
        """
        number, self._next_number = self._next_number, self._next_number + 1
        context = await self._contexts.of(query)
        allowed = self._allowed & ready()
        if not allowed.any():
            return None
        arm, propensity = self._chosen(number, context, allowed)
        name = secrets.token_hex(16)
        return Routing(number, name, context, arm, propensity, allowed, self.price)

    def instead(self, routing: Routing, allowed: Bools) -> int:
        """The arm that the policy would have picked of others."""
        return self._chosen(routing.number, routing.context, allowed)[0]

    def release(self, arm: int) -> None:
        """Tell that an arm that was picked will not be paid; policies with a budget hold it."""
        policy = self._router.policy
        if isinstance(policy, BudgetedLinUcb):
            policy.under_way[arm] = max(policy.under_way[arm] - 1, 0)

    def account(self, entry: Entry) -> None:
        """Add a request that has ended to the totals."""
        self.totals[entry.asked] = self.totals[entry.asked].plus(entry)

    async def take(self, feedback: Feedback) -> Receipt:
        """Count feedback, and learn from it."""
        return await self._journal.take(feedback, self._router.scale, self._received)

    async def change(self, values: dict[str, Any]) -> None:
        """Set `price`, `budget` or `arms`, the names of those that may be picked, or `grant`.

        Raises:
            ProtocolError: if it is a grant, and the policy keeps to no budget of its own.
        """
        if "grant" in values and not isinstance(self._router.policy, BudgetedLinUcb):
            text = "grant: the router's policy is not `budgeted-linucb`; set `budget`."
            raise ProtocolError(400, text, "invalid_value", param="grant")
        await self._journal.change(values, self._apply)

    def dumps(self) -> bytes:
        """The router as it is now, as a file holds it."""
        return self._router.dumps()

    async def close(self) -> None:
        """Keep what was learned."""
        self._contexts.close()
        if self._unsaved:
            await self._journal.keep(self._snapshot())

    def _chosen(self, number: int, context: Floats, allowed: Bools) -> tuple[int, float]:
        policy = self._router.policy
        policy.seed_choice(_seed(self._settings.seed, number))
        try:
            choices = policy.choose(context[None], allowed)
        except BudgetSpent:
            text = "The budget of the router's policy is spent."
            raise ProtocolError(429, text, "insufficient_quota") from None
        return int(choices.arms[0]), float(choices.propensity[0])

    def _received(self, receipt: Receipt) -> None:
        self.counts[receipt.outcome] += 1
        if receipt.lesson is not None:
            self._apply(receipt.lesson)
            self.lessons += 1
            if self._unsaved >= self._settings.snapshot_every:
                self._journal.keep(self._snapshot())
                self._unsaved = 0

    def _replay(self) -> None:
        done = 0
        if (snapshot := self._journal.snapshot()) is not None:
            done = self._last_event = snapshot.event
            for change in self._journal.changes(done):
                self._apply(change)
            self._router.policy.restore(snapshot.arrays)
        for event in self._journal.events(after=done):
            self._apply(event)

    def _apply(self, event: Lesson | Change) -> None:
        self._last_event = max(self._last_event, event.event)
        match event:
            case Lesson():
                self._learn(event)
            case Change(_, values):
                self._router.price = values.get("price", self._router.price)
                self.budget = values.get("budget", self.budget)
                if "arms" in values:
                    self._allowed = np.isin(self.names, values["arms"])
                if "grant" in values and isinstance(self._router.policy, BudgetedLinUcb):
                    dollars, queries = values["grant"]["dollars"], values["grant"]["queries"]
                    self._router.policy.grant(dollars / self._router.scale, queries)

    def _learn(self, lesson: Lesson) -> None:
        self._router.policy.update(
            lesson.context[None],
            np.array([self.names.index(lesson.arm)]),
            np.array([lesson.quality]),
            np.array([lesson.cost / self._router.scale]),
        )
        self._unsaved += 1

    def _snapshot(self) -> Snapshot:
        arrays = {name: np.copy(array) for name, array in self._router.policy.state().items()}
        return Snapshot(self._last_event, arrays)


class _Contexts:
    """Contexts of queries, computed in a thread, for all that wait at a time."""

    def __init__(self, transform: Callable[[Sequence[str]], Floats]) -> None:
        self._transform = transform
        self._waiting: list[tuple[str, asyncio.Future[Floats]]] = []
        self._thread = ThreadPoolExecutor(1, "contexts")
        self._busy: asyncio.Task[None] | None = None

    async def of(self, query: str) -> Floats:
        """The context of a query, shape (d,)."""
        done: asyncio.Future[Floats] = asyncio.get_running_loop().create_future()
        self._waiting.append((query, done))
        if self._busy is None:
            self._busy = asyncio.create_task(self._work())
        return await done

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            queries = [query for query, _ in batch]
            loop = asyncio.get_running_loop()
            try:
                rows = list(await loop.run_in_executor(self._thread, self._transform, queries))
            except Exception as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for (_, done), row in zip(batch, rows, strict=True):
                if not done.done():
                    done.set_result(row)
        self._busy = None


_TOGETHER = 64


def _seed(seed: int, number: int) -> int:
    digest = hashlib.blake2b(f"{seed}:{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest)
