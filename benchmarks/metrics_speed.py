"""Time and memory of pass n@k over a million scored attempts, with 10,000 bootstrap resamples.

    python benchmarks/metrics_speed.py --scratch FOLDER

Every measurement is a process of its own. `floor` only makes the attempts; `loop` is what a plain
script does: the same formula and a bootstrap, problem by problem, in Python.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from math import comb
from pathlib import Path
from typing import NamedTuple

import numpy as np
from measuring import CALIBRATION, Cost, environment, least, machine, measure, table

N, K = 10, 50
RESAMPLES = 10_000
SHAPES = {"wide": (10_000, 100), "deep": (1_000, 1_000)}
"""Problems, and attempts at each."""


class Attempts(NamedTuple):
    """A million attempts, of shape (problems, attempts) each."""

    failed: np.ndarray
    public: np.ndarray
    right: np.ndarray


class ColumnsInMemory:
    """The attempts as a metric reads them."""

    def __init__(self, attempts: Attempts) -> None:
        problems, each = attempts.failed.shape
        self.sample = np.repeat(np.arange(problems), each)
        self.failed = attempts.failed.ravel()
        self._value = np.where(self.failed, np.nan, attempts.right.ravel())
        self._public = np.where(self.failed, None, attempts.public.ravel()).tolist()

    def column(self, name):
        assert name == "value"
        return self._value

    def details(self, *paths):
        nothing = [None] * len(self._public)
        return tuple(self._public if path == "score.public_passed" else nothing for path in paths)


def main() -> None:
    arguments = _arguments()
    if arguments.way:
        _do(arguments.way, arguments.shape, arguments.scratch)
    else:
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
            _compare(Path(scratch), arguments.repeats)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="runs of each way but the loop")
    parser.add_argument("--scratch", type=Path, help="folder on the disk to be written to")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--shape", choices=SHAPES, help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(scratch: Path, repeats: int) -> None:
    print(f"{machine()}; calibration {measure(CALIBRATION).cpu:.2f} s of CPU\n")
    rows = []
    for shape, (problems, each) in SHAPES.items():
        for way in WAYS:
            times = 1 if way in {"record", "loop"} else repeats
            cost = least([_measured(way, shape, scratch) for _ in range(times)])
            found = json.loads((scratch / "found.json").read_text())
            shown = [f"{number:.5f}" if number is not None else "" for number in found]
            figures = [f"{cost.cpu:.2f}", f"{cost.wall:.2f}", f"{cost.peak:.0f}"]
            rows.append([f"{problems:,} of {each:,}, {way}", *figures, *shown])
    head = ["attempts", "CPU, s", "wall, s", "peak, MiB", f"pass {N}@{K}", "low", "high"]
    print(table(head, rows))


def _measured(way: str, shape: str, scratch: Path) -> Cost:
    command = [sys.executable, __file__, "--way", way, "--shape", shape]
    return measure([*command, "--scratch", str(scratch)], environment())


def _do(way: str, shape: str, scratch: Path) -> None:
    """Go one way in this process, and leave what it finds in a file."""
    found = WAYS[way](shape, scratch)
    (scratch / "found.json").write_text(json.dumps(found))


def _attempts(shape: str) -> Attempts:
    """Attempts of which the easier problems have more that are right; 1 in 200 failed."""
    rng = np.random.default_rng(0)
    problems, each = SHAPES[shape]
    draws = rng.random((3, problems, each))
    public = draws[0] < rng.beta(0.5, 1.5, (problems, 1))
    right = public & (draws[1] < rng.beta(0.3, 1.0, (problems, 1)))
    return Attempts(draws[2] < 1 / 200, public, right)


def _floor(shape: str, scratch: Path) -> list[float | None]:
    """The attempts and the imports, and nothing measured."""
    import evalcore_prompting.metrics.pass_n_at_k  # noqa: F401

    ColumnsInMemory(_attempts(shape))
    return [None] * 3


def _metric(scores) -> list[float]:
    from evalcore_prompting.metrics.pass_n_at_k import PassNAtK, PassNAtKSettings

    (estimate,) = PassNAtK(PassNAtKSettings(n=N, k=K)).compute(scores).values()
    return [estimate.value, estimate.low, estimate.high]


def _in_memory(shape: str, scratch: Path) -> list[float]:
    return _metric(ColumnsInMemory(_attempts(shape)))


def _record(shape: str, scratch: Path) -> list[float | None]:
    """The run store that the next way reads."""
    from evalcore.testing import record, scores_of

    attempts = _attempts(shape)
    records = (
        record(
            f"problem-{i:05}",
            None if attempts.failed[i, j] else float(attempts.right[i, j]),
            attempt=j,
            details={"public_passed": bool(attempts.public[i, j]), "tests_run": 12, "tests": 12},
            strategy={"turns": 1},
        )
        for i, j in np.ndindex(attempts.failed.shape)
    )
    with scores_of(records, scratch / f"{shape}.db"):
        return [None] * 3


def _from_store(shape: str, scratch: Path) -> list[float]:
    from evalcore.measure import CellScores
    from evalcore.store import Store

    store = Store(scratch / f"{shape}.db", readonly=True)
    (cell,) = store.cells()
    return _metric(CellScores(store, cell))


def _loop(shape: str, scratch: Path) -> list[float]:
    attempts = _attempts(shape)
    estimates = []
    for failed, public, right in zip(*(marks.tolist() for marks in attempts), strict=True):
        kept = [i for i, out in enumerate(failed) if not out]
        passed, solved = sum(public[i] for i in kept), sum(right[i] for i in kept)
        estimates.append(_pass_n_at_k(len(kept), passed, solved))
    draw = random.Random(0)
    means = sorted(
        sum(draw.choices(estimates, k=len(estimates))) / len(estimates) for _ in range(RESAMPLES)
    )
    low, high = means[RESAMPLES * 25 // 1000], means[RESAMPLES * 975 // 1000]
    return [sum(estimates) / len(estimates), low, high]


def _pass_n_at_k(attempts: int, public: int, right: int) -> float:
    total = 0.0
    for x in range(max(0, K - attempts + public), min(public, K) + 1):
        m = min(x, N)
        chance = comb(public, x) * comb(attempts - public, K - x) / comb(attempts, K)
        total += chance * (1 - comb(public - right, m) / comb(public, m))
    return total


WAYS = {
    "floor": _floor,
    "in memory": _in_memory,
    "record": _record,
    "from a run store": _from_store,
    "loop": _loop,
}


if __name__ == "__main__":
    main()
