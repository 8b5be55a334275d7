"""`evalcore results RUN...`."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.cli.common import print_results, say
from evalcore.errors import RunError
from evalcore.measure import CellScores, GroupResult, differences, measure
from evalcore.rundir import open_store, read_resolved
from evalcore.spec import load_metrics

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from evalcore.data import Result
    from evalcore.store import Store


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="directory of a run, such as runs/NAME"
    )
    parser.add_argument(
        "--by",
        metavar="KEY",
        default="",
        help="measure apart the samples of each value that their metadata has under this key, "
        "such as difficulty; a text such as `dp, graphs` is one value for each of its items",
    )
    parser.add_argument(
        "--against",
        metavar="CELL",
        help="also how much higher each cell is than this one, on the same samples, by each metric "
        "that has a value for a sample alone",
    )
    parser.add_argument("--json", action="store_true", help="print a list of JSON objects")


def run(arguments: argparse.Namespace) -> int:
    """Measure the runs anew from their stores and print the results."""
    results: list[Result] = []
    problems: list[str] = []
    with ExitStack() as stack:
        stores = {path: stack.enter_context(closing(open_store(path))) for path in arguments.runs}
        for store in stores.values():
            store.connection.execute("BEGIN")  # one state of a run that goes on meanwhile
        metrics = {path: load_metrics(read_resolved(path), str(path)) for path in stores}
        for path, store in stores.items():
            measured = measure(store, metrics[path], str(path), by=arguments.by)
            _add(path, measured, results, problems)
        if arguments.against:
            baseline = _baseline(arguments.against, list(stores.values()))
            for path, store in stores.items():
                compared = differences(store, metrics[path], str(path), baseline, by=arguments.by)
                _add(path, compared, results, problems)
        _check_key(arguments.by, results, list(stores.values()))
    if arguments.json:
        print(json.dumps([asdict(result) for result in results], indent=2, default=str))
    else:
        print_results([_titled(result) for result in results])
    for problem in dict.fromkeys(problems):
        say(f"error: {problem}")
    return 2 if problems else 0


def _add(
    path: Path,
    found: tuple[list[Result], list[str]],
    results: list[Result],
    problems: list[str],
) -> None:
    results += found[0]
    problems += [f"{path}: {problem}" for problem in found[1]]


def _titled(result: Result) -> Result:
    """The result with its group named as another setting of the cell."""
    if not isinstance(result, GroupResult):
        return result
    ((key, value),) = result.group.items()
    return replace(result, cell=f"{result.cell},{key}={'none' if value is None else value}")


def _check_key(key: str, results: Sequence[Result], stores: Sequence[Store]) -> None:
    """Check that some sample is known by the key.

    Raises:
        RunError: if none is.
    """
    groups = [result.group for result in results if isinstance(result, GroupResult)]
    if not groups or any(group[key] is not None for group in groups):
        return
    firsts = (next(store.records(), None) for store in stores)
    known = dict.fromkeys(name for record in firsts if record for name in record.metadata)
    there = f"there are {', '.join(known)}" if known else "the samples have no metadata"
    raise RunError(f"--by {key}: no sample has it in its metadata; {there}")


def _baseline(name: str, stores: list[Store]) -> CellScores:
    """The cell of that name in the first run that has one.

    Raises:
        RunError: if no run has it.
    """
    for store in stores:
        for cell in store.cells():
            if cell.name == name:
                return CellScores(store, cell)
    known = ", ".join(dict.fromkeys(cell.name for store in stores for cell in store.cells()))
    raise RunError(f"--against {name}: no such cell; there are {known}")
