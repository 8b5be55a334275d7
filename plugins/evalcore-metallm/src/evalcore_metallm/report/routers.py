"""The routers of some runs, and their passes over the orders that all of them have."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from evalcore import open_records
from evalcore.errors import EvalcoreError
from evalcore_metallm.evaluation.passes import Outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from evalcore.data import Record

__all__ = ["Graded", "Router", "read_routers"]


@dataclass(frozen=True)
class Router:
    """A cell of a run.

    Attributes:
        name: what the report calls it.
        run: the run's directory.
        cell: the cell's name.
        passes: by order; of several attempts at an order the first that did not fail.
        stepwise: whether it chose query by query, as routers do that learn on their way, draw or
            ask several models, or for all queries at once.
    """

    name: str
    run: Path
    cell: str
    passes: dict[str, Outcomes] = field(default_factory=dict)
    stepwise: bool = False

    def orders(self) -> set[str]:
        """The orders that it passed over."""
        return set(self.passes)


@dataclass(frozen=True)
class Graded:
    """Routers over the same orders of the same log.

    Attributes:
        routers: one or more, each with the passes of all orders.
        notes: what was left out.
    """

    routers: tuple[Router, ...]
    notes: tuple[str, ...]


def read_routers(runs: Sequence[Path]) -> Graded:
    """The routers of all runs, each with the orders that all of them have.

    Raises:
        EvalcoreError: if there is no run, or one without a pass over a log; if passes are over
            different logs; or if no order is common to all routers.
    """
    read = [_routers_of(run) for run in dict.fromkeys(runs)]
    found = _named([router for routers, _ in read for router in routers])
    _check_same_log(found)
    orders = set.intersection(*(router.orders() for router in found))
    if not orders:
        counts = ", ".join(f"{router.name} {len(router.passes)}" for router in found)
        raise EvalcoreError(
            f"found no order that all routers passed over ({counts}), expected one at least: let "
            "the runs be finished, or leave one out"
        )
    common = tuple(
        replace(router, passes={order: router.passes[order] for order in sorted(orders)})
        for router in found
    )
    return Graded(common, (*(note for _, notes in read for note in notes), *_left(found)))


def _routers_of(run: Path) -> tuple[list[Router], list[str]]:
    """The cells of a run, and notes about those of which every pass failed."""
    routers: dict[str, Router] = {}
    with open_records(run) as records:
        for record in records:
            router = routers.setdefault(record.cell, Router(record.cell, run, record.cell))
            if record.score and record.sample not in router.passes:
                router.passes[record.sample] = _outcomes(record, run)
                if "propensity" in record.answer:
                    routers[record.cell] = replace(router, stepwise=True)
    passed = [router for router in routers.values() if router.passes]
    if not passed:
        raise EvalcoreError(
            f"{run}: found no finished attempt, expected passes over a log: `evalcore results "
            f"{run}` tells how many failed"
        )
    failed = routers.keys() - {router.cell for router in passed}
    return passed, [f"all passes of {cell} failed" for cell in routers if cell in failed]


def _outcomes(record: Record, run: Path) -> Outcomes:
    assert record.score
    try:
        return Outcomes.of_details(record.score.details)
    except KeyError:
        raise EvalcoreError(
            f"{run}: found records of another task, expected those of the task `routing-log`"
        ) from None


def _named(routers: Sequence[Router]) -> list[Router]:
    """With names without what all cells have in common; where two are equal, with the run's."""
    cells = [router.cell for router in routers]
    names = _apart(cells) if len(set(cells)) > 1 else cells
    return [
        replace(router, name=f"{router.run.name}: {name}" if names.count(name) > 1 else name)
        for router, name in zip(routers, names, strict=True)
    ]


def _apart(cells: Sequence[str]) -> Sequence[str]:
    """The names without the settings that are the same in all; of a single other its values."""
    settings = [cell.split(",") for cell in cells]
    if len({len(of_cell) for of_cell in settings}) > 1:
        return cells
    apart = [values for values in zip(*settings, strict=True) if len(set(values)) > 1]
    names = [",".join(values) for values in zip(*apart, strict=True)]
    keys = {name.partition("=")[0] for name in names}
    short = len(apart) == 1 and len(keys) == 1
    return [name.partition("=")[2] or name for name in names] if short else names


def _check_same_log(routers: Sequence[Router]) -> None:
    """Check that an order has the same queries, models and outcomes for all routers.

    Raises:
        EvalcoreError: if it has not.
    """
    known: dict[str, tuple[Router, Outcomes]] = {}
    for router in routers:
        for order, outcomes in router.passes.items():
            first, expected = known.setdefault(order, (router, outcomes))
            if not _same(outcomes, expected):
                raise EvalcoreError(
                    f"{order} has other queries, models or costs in {router.run} than in "
                    f"{first.run}: only runs of the same log, prices, split and seed of orders "
                    "can be told of together"
                )


def _same(one: Outcomes, other: Outcomes) -> bool:
    return (
        one.arms == other.arms
        and np.array_equal(one.queries, other.queries)
        and np.array_equal(one.single_quality, other.single_quality)
        and np.array_equal(one.single_cost, other.single_cost)
    )


def _left(routers: Sequence[Router]) -> list[str]:
    """Which routers keep the others from being measured on more orders."""
    most = max(len(router.passes) for router in routers)
    fewer = [f"{router.name} ({len(router.passes)})" for router in routers
             if len(router.passes) < most]  # fmt: skip
    if not fewer:
        return []
    return [
        f"of {most} orders only those count that all routers passed over; fewer have "
        + ", ".join(fewer)
    ]
