"""`evalcore route report RUN... --out FILE.html`: the routers of runs as one page with figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError
from evalcore_metallm.files import write_whole

if TYPE_CHECKING:
    import argparse

    from evalcore_metallm.evaluation.graded import Graded, GradedRouter

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's arguments to its parser."""
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN",
        help="directory of a run of the task routing-log; several must be of the same log",
    )  # fmt: skip
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FILE.html", help="the page to write"
    )
    parser.add_argument(
        "--against", metavar="CELL", help="also how much each router differs from this one"
    )
    parser.add_argument(
        "--price", type=float, metavar="P",
        help="the price that quality, dollars, regret and shares are told of; the first of each "
        "router if not given",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Write the page, and answer 0.

    Raises:
        EvalcoreError: if matplotlib is missing, the page cannot be written there, or the runs
            cannot be told of together.
    """
    _check_writable(arguments.out)
    try:
        from evalcore_metallm.report.page import page
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise EvalcoreError(
            "matplotlib is not installed; install evalcore-metallm[report] to write reports"
        ) from None
    from evalcore_metallm.evaluation.graded import read_routers
    from evalcore_metallm.report.numbers import measured

    graded = read_routers(arguments.runs)
    baseline = _baseline(graded, arguments.against) if arguments.against is not None else None
    drawn = measured(graded, baseline, arguments.price)
    at = "at each router's first price" if arguments.price is None else f"p = {arguments.price:g}"
    runs = [str(run) for run in arguments.runs]
    written = page(drawn, runs, graded.notes, baseline.name if baseline else "", at)
    try:
        write_whole(arguments.out, written.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise EvalcoreError(f"cannot write {arguments.out}: {error.strerror or error}") from error
    print(f"wrote {arguments.out}: {len(drawn.routers)} routers, {drawn.orders} orders")
    return 0


def _check_writable(path: Path) -> None:
    if path.suffix != ".html":
        raise EvalcoreError(f"found {path} as the page to write, expected a name like report.html")
    if not path.parent.is_dir():
        raise EvalcoreError(f"cannot write {path}: {path.parent} is no folder")
    if path.is_dir():
        raise EvalcoreError(f"cannot write {path}: it is a folder")


def _baseline(graded: Graded, name: str) -> GradedRouter:
    """The router of that cell, or of that name."""
    for router in graded.routers:
        if name in {router.cell, router.name}:
            return router
    known = ", ".join(router.name for router in graded.routers)
    raise EvalcoreError(f"--against {name}: found no such cell, expected one of: {known}")
