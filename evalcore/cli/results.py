"""`evalcore results RUN...`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.cli.common import say

if TYPE_CHECKING:
    import argparse

    from evalcore.data import Result


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="directory of a run, such as runs/NAME"
    )
    parser.add_argument("--json", action="store_true", help="print a list of JSON objects")


def run(arguments: argparse.Namespace) -> int:
    """Measure the runs anew from their stores and print the results."""
    results: list[Result] = []
    problems: list[str] = []
    for path in arguments.runs:
        measured, failed = _measure(path)
        results += measured
        problems += [f"{path}: {problem}" for problem in failed]
    if arguments.json:
        print(json.dumps([asdict(result) for result in results], indent=2, default=str))
    else:
        from evalcore.cli.common import print_results

        print_results(results)
    for problem in problems:
        say(f"error: {problem}")
    return 2 if problems else 0


def _measure(path: Path) -> tuple[list[Result], list[str]]:
    from evalcore.measure import measure
    from evalcore.rundir import open_store, read_resolved
    from evalcore.spec import load_metrics

    metrics = load_metrics(read_resolved(path), str(path))
    store = open_store(path)
    try:
        return measure(store, metrics, str(path))
    finally:
        store.close()
