"""`evalcore run SPEC`."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.cli.common import add_spec_arguments, checked_spec, say

if TYPE_CHECKING:
    import argparse

    from evalcore.session import Outcome


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_spec_arguments(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="directory of the run [runs/NAME]")
    parser.add_argument(
        "--limit", type=_positive, metavar="N", help="the first N samples of each cell only"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="begin anew; the earlier run is kept as DIR.1, DIR.2"
    )
    parser.add_argument(
        "--accept-change",
        action="store_true",
        help="go on although spec, data, plugins or models have changed",
    )
    parser.add_argument(
        "--retry-failed", action="store_true", help="make the attempts that failed anew"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress and no words")
    parser.add_argument("--json", action="store_true", help="print the results as JSON only")


def run(arguments: argparse.Namespace) -> int:
    """Run the spec and print its results."""
    spec = checked_spec(arguments)
    quiet = arguments.quiet or arguments.json
    from evalcore.cli.progress import shown
    from evalcore.session import run_spec

    path = arguments.out or Path("runs", spec.name)
    tell = _silent if quiet else say
    with redirect_stdout(sys.stderr):  # what plugins print is no result
        outcome = run_spec(
            spec,
            path,
            fresh=arguments.fresh,
            accept_change=arguments.accept_change,
            retry_failed=arguments.retry_failed,
            limit=arguments.limit,
            show=lambda progress: shown(progress, quiet=quiet),
            say=tell,
        )
    if arguments.json:
        print(json.dumps([asdict(result) for result in outcome.results], indent=2, default=str))
    else:
        _show(outcome, path, quiet=quiet)
    for problem in outcome.problems:
        say(f"error: {problem}")
    return outcome.code


def _show(outcome: Outcome, path: Path, *, quiet: bool) -> None:
    from evalcore.cli.common import print_results
    from evalcore.session import ENDINGS

    print_results(outcome.results)
    if quiet:
        return
    progress = outcome.progress
    if outcome.kept:
        say(f"the earlier run is kept in {outcome.kept}")
    for failure in outcome.failures[:5]:
        times = "once" if failure.attempts == 1 else f"{failure.attempts:,} times"
        say(f"failed {times}: {failure.cell}: {failure.kind}: {failure.message[:200]}")
    attempts = "attempt" if progress.committed == 1 else "attempts"
    done = f"{progress.committed:,} {attempts}, {progress.failed:,} failed"
    told = {name: outcome.endings[ending] for ending, name in ENDINGS.items()}
    if any(told.values()):
        say("answers " + ", ".join(f"{name}: {n:,}" for name, n in told.items() if n))
    ledger = progress.ledger
    if ledger.cached:
        say(f"{ledger.cached:,} of {ledger.calls:,} calls were answered by the cache")
    if progress.resumed:
        done += f", {progress.resumed:,} of them from before"
    say(f"{outcome.status}: {done}, in {outcome.seconds:.1f} s")
    if outcome.reason:
        say(f"stopped: {outcome.reason}; `evalcore {shlex.join(sys.argv[1:])}` goes on")
    for file in outcome.files:
        say(f"report: {file}")
    say(f"run: {path}")


def _silent(text: str) -> None:
    """Say nothing."""


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        import argparse

        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number from 1")
    return int(text)
