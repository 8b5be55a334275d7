"""`evalcore route compare RUN`: routers against one of them, over the same queries and orders."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from evalcore.stats import Estimate
    from evalcore_metallm.evaluation.passes import Outcomes

__all__ = ["configure", "run"]

_OVER_ALL_COSTS = ("aiq", "saving")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments to its parser."""
    parser.add_argument(
        "folder", type=Path, metavar="RUN", help="directory of a run of the task routing-log"
    )
    parser.add_argument(
        "--with",
        dest="baseline",
        metavar="CELL",
        help="the cell that the others are compared with; the first if not given",
    )
    parser.add_argument("--json", action="store_true", help="print a list of objects")


def run(arguments: argparse.Namespace) -> int:
    """Compare and tell, and answer 0.

    Raises:
        EvalcoreError: if the folder holds no run, no pass over a log, or no such cell.
    """
    from evalcore_metallm.evaluation.graded import read_routers

    routers = read_routers([arguments.folder]).routers
    cells = {router.cell: router.passes for router in routers}
    baseline = arguments.baseline or next(iter(cells))
    if baseline not in cells:
        raise EvalcoreError(f"found no cell {baseline!r}, expected one of: {', '.join(cells)}")
    rows = [
        (cell, name, difference)
        for cell, passes in cells.items()
        if cell != baseline
        for name, difference in _differences(passes, cells[baseline]).items()
    ]
    if arguments.json:
        print(json.dumps([_object(baseline, *row) for row in rows], indent=2))
    else:
        print("\n".join(_text(baseline, rows)))
    return 0


def _differences(ours: dict[str, Outcomes], theirs: dict[str, Outcomes]) -> dict[str, Estimate]:
    from evalcore_metallm.metrics.comparison import differences
    from evalcore_metallm.metrics.frontier import RouteFrontier
    from evalcore_metallm.metrics.means import RouteCost, RouteQuality
    from evalcore_metallm.metrics.resampled import PassMetricSettings

    settings = PassMetricSettings()
    found = differences(RouteFrontier(settings), ours, theirs)
    kept = {name: difference for name, difference in found.items() if name in _OVER_ALL_COSTS}
    for metric, what in ((RouteQuality, "quality"), (RouteCost, "dollars")):
        for name, difference in differences(metric(settings), ours, theirs).items():
            kept[f"{what} {name}".strip()] = difference
    return kept


def _text(baseline: str, rows: list[tuple[str, str, Estimate]]) -> Iterator[str]:
    yield f"How much higher than {baseline}, with 95 % intervals for other queries and orders:"
    width = max((len(cell) for cell, _, _ in rows), default=0)
    widest = max((len(name) for _, name, _ in rows), default=0)
    for cell, name, found in rows:
        low, high = (f"{end:+.4g}" for end in (found.low, found.high))
        interval = f" [{low}, {high}]" if math.isfinite(found.high - found.low) else ""
        value = f"{found.value:+.4g}" if math.isfinite(found.value) else "—"
        yield f"{cell:{width}}  {name:{widest}}  {value}{interval}"


def _object(baseline: str, cell: str, name: str, found: Estimate) -> dict[str, Any]:
    numbers = {"value": found.value, "low": found.low, "high": found.high}
    known = {key: number if math.isfinite(number) else None for key, number in numbers.items()}
    of = {"orders": found.n, "queries": found.clusters}
    return {"cell": cell, "baseline": baseline, "difference": name, **known, **of}
