"""The routers of some runs, and their passes over the orders that all of them have."""

from __future__ import annotations

import re
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

__all__ = ["Graded", "GradedRouter", "read_routers"]

_LISTED = 6
"""Routers that are named in a message."""


@dataclass(frozen=True)
class GradedRouter:
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


@dataclass(frozen=True)
class Graded:
    """Routers over the same orders of the same log.

    Attributes:
        routers: one or more, each with the passes of all orders.
        notes: what was left out.
    """

    routers: tuple[GradedRouter, ...]
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
    orders = set.intersection(*(set(router.passes) for router in found))
    if not orders:
        raise EvalcoreError(
            f"found no order that all routers passed over, fewest by {_fewest(found)}; expected "
            "one at least: let the runs be finished, or leave one out"
        )
    common = tuple(
        replace(router, passes={order: router.passes[order] for order in sorted(orders)})
        for router in found
    )
    return Graded(common, (*(note for _, notes in read for note in notes), *_left(found)))


def _routers_of(run: Path) -> tuple[list[GradedRouter], list[str]]:
    """The cells of a run, and notes about those of which every pass failed."""
    routers: dict[str, GradedRouter] = {}
    with open_records(run) as records:
        for record in records:
            router = routers.setdefault(record.cell, GradedRouter(record.cell, run, record.cell))
            order = _order(record, run)
            if record.score and order not in router.passes:
                router.passes[order] = Outcomes.of_details(record.score.details)
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


def _order(record: Record, run: Path) -> str:
    """The number of an order, which has as many digits whatever the number of orders is."""
    details = record.score.details if record.score else {"single": None}
    if "order" not in record.metadata or "single" not in details:
        raise EvalcoreError(
            f"{run}: found records of another task, expected those of the task `routing-log`"
        )
    return f"{record.metadata['order']:06}"


def _named(routers: Sequence[GradedRouter]) -> list[GradedRouter]:
    """With names without what all cells have in common; where two are equal, with the run's."""
    cells = [router.cell for router in routers]
    names = _apart(cells) if len(set(cells)) > 1 else cells
    runs = {router.run for router in routers}
    whole = len({run.name for run in runs}) < len(runs)
    return [
        replace(router, name=f"{name} ({router.run if whole else router.run.name})")
        if names.count(name) > 1
        else replace(router, name=name)
        for router, name in zip(routers, names, strict=True)
    ]


def _apart(cells: Sequence[str]) -> Sequence[str]:
    """The names without the settings that are the same in all, and without a key of words."""
    settings = [cell.split(",") for cell in cells]
    if len({len(of_cell) for of_cell in settings}) > 1:
        return cells
    apart = [values for values in zip(*settings, strict=True) if len(set(values)) > 1]
    names = [",".join(values) for values in zip(*apart, strict=True)]
    keys, _, words = zip(*(name.partition("=") for name in names), strict=True)
    return words if len(apart) == 1 and len(set(keys)) == 1 and all(map(_tells, words)) else names


def _tells(value: str) -> bool:
    """Whether a value is understood without its key."""
    return re.fullmatch(r"(?!(true|false|none)$)[a-z_][\w-]*", value, re.IGNORECASE) is not None


def _check_same_log(routers: Sequence[GradedRouter]) -> None:
    """Check that an order has the same queries, models and outcomes for all routers.

    Raises:
        EvalcoreError: if it has not.
    """
    known: dict[str, tuple[GradedRouter, Outcomes]] = {}
    models = next(iter(routers[0].passes.values())).arms
    for router in routers:
        for order, outcomes in router.passes.items():
            first, expected = known.setdefault(order, (router, outcomes))
            if outcomes.arms != models or not _same(outcomes, expected):
                raise EvalcoreError(
                    f"order {int(order)} of {router.run} has other models, queries or costs than "
                    f"{first.run if outcomes.arms == models else routers[0].run}: only runs of the "
                    "same log, prices, split and seed of orders can be told of together"
                )


def _same(one: Outcomes, other: Outcomes) -> bool:
    return (
        np.array_equal(one.queries, other.queries)
        and np.array_equal(one.single_quality, other.single_quality)
        and np.array_equal(one.single_cost, other.single_cost)
    )


def _left(routers: Sequence[GradedRouter]) -> list[str]:
    """Which routers keep the others from being measured on more orders."""
    counts = {len(router.passes) for router in routers}
    told = (
        f"of {max(counts)} orders only those count that all routers passed over; fewest have "
        f"{_fewest(routers)}"
    )
    return [told] if len(counts) > 1 else []


def _fewest(routers: Sequence[GradedRouter]) -> str:
    """Those with the fewest orders."""
    fewest = min(len(router.passes) for router in routers)
    names = [router.name for router in routers if len(router.passes) == fewest]
    listed = [*names[:_LISTED], *(["others"] if len(names) > _LISTED else [])]
    return f"{', '.join(listed)} ({fewest})"
