"""What each framework adds to a sample: one-line questions, a model that answers at once.

    python benchmarks/per_sample.py --peers PATH_OF_THE_PEERS_ENVIRONMENT

Every run is a process of its own. The marginal cost of a sample is what the run of N samples takes
more than the run of one, divided by N - 1: imports and start-up cancel out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from measuring import CALIBRATION, Cost, environment, least, machine, measure, table

HERE = Path(__file__).parent
SUBJECTS = HERE / "subjects"
EVALCORE = str(Path(sys.executable).with_name("evalcore"))
SPEC = """\
evalcore: 1
name: trivial
task: {{use: trivial, samples: {samples}}}
models: {{fixed: {{use: fixed, seconds: {seconds}}}}}
limits: {{concurrency: {concurrency}}}
"""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
        bench = Bench(Path(scratch), arguments.repeats)
        print(f"{machine()}; calibration {measure(CALIBRATION).cpu:.2f} s of CPU\n")
        print(_cost_table(bench, arguments.peers, arguments.million), end="\n\n")
        print(_in_flight_table(bench))


@dataclass(slots=True)
class Bench:
    """Runs one framework at a number of samples, in a folder that is emptied each time."""

    scratch: Path
    repeats: int
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        plugin = _install_plugin(self.scratch / "site")
        self.env = environment(
            PYTHONPATH=plugin, EVALCORE_CACHE=str(self.scratch), HF_HOME=str(self.scratch)
        )

    @property
    def run(self) -> Path:
        """Where the run under measurement writes."""
        return self.scratch / "run"

    def evalcore(self, samples: int, *, seconds: float = 0.0, concurrency: int = 16) -> Cost:
        spec = self.scratch / "trivial.yaml"
        spec.write_text(SPEC.format(samples=samples, seconds=seconds, concurrency=concurrency))
        return self.measured([EVALCORE, "run", str(spec), "--quiet", "--out", str(self.run)])

    def subject(self, python: Path, name: str, samples: int) -> Cost:
        return self.measured([str(python), str(SUBJECTS / name), str(samples), str(self.run)])

    def measured(self, command: list[str]) -> Cost:
        shutil.rmtree(self.run, ignore_errors=True)
        if command[0] != EVALCORE:
            self.run.mkdir()
        return measure(command, self.env)

    def disk(self) -> int:
        """Bytes that the last run left behind."""
        return sum(file.stat().st_size for file in self.run.rglob("*") if file.is_file())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, help="virtual environment with benchmarks/peers.txt")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each size")
    parser.add_argument("--million", action="store_true", help="a million samples too, once")
    parser.add_argument("--scratch", type=Path, help="folder on the disk to be written to")
    return parser.parse_args()


def _install_plugin(site: Path) -> str:
    """A folder for PYTHONPATH in which the trivial plugin counts as installed."""
    info = site / "evalcore_trivial-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: evalcore-trivial\n")
    info.joinpath("entry_points.txt").write_text(
        "[evalcore]\ntrivial = evalcore_trivial\n[evalcore.interface]\ntrivial = v1\n"
    )
    shutil.copy(HERE / "trivial_plugin/evalcore_trivial.py", site)
    return str(site)


def _cost_table(bench: Bench, peers: Path | None, million: bool) -> str:
    python = Path(sys.executable)
    sizes = [1_000, 10_000, 100_000, *([1_000_000] if million else [])]
    plans = {
        "floor": (lambda n: bench.subject(python, "floor.py", n), sizes),
        "evalcore": (bench.evalcore, sizes),
    }
    if peers:
        other = peers / "bin/python"
        plans["lm-eval"] = (
            lambda n: bench.subject(other, "lm_eval_trivial.py", n),
            [1_000, 10_000],
        )
        plans["Inspect AI"] = (lambda n: bench.subject(other, "inspect_trivial.py", n), [1_000])
    rows = []
    for name, (run, counts) in plans.items():
        for samples in counts:
            one, cost = _pair(run, samples, bench.repeats)
            each = (cost.cpu - one.cpu) / (samples - 1) * 1000
            times = [f"{cost.cpu:.2f}", f"{cost.wall:.2f}", f"{each:.3f}"]
            room = [f"{cost.peak:.0f}", f"{bench.disk() / samples:,.0f}"]
            rows.append([name, f"{samples:,}", *times, *room])
    head = ["", "samples", "CPU, s", "wall, s", "ms CPU / sample", "peak, MiB", "bytes / sample"]
    return table(head, rows)


def _in_flight_table(bench: Bench) -> str:
    """50,000 samples of a model that takes 10 ms, with more and more of them in flight."""
    rows = []
    for concurrency in (100, 1_000, 10_000):
        cost = bench.evalcore(50_000, seconds=0.01, concurrency=concurrency)
        provenance = json.loads((bench.run / "provenance.json").read_bytes())
        lag = provenance["sessions"][-1]["lag"] * 1000
        figures = [cost.cpu, cost.wall, lag, cost.peak]
        rows.append([f"{concurrency:,}", *(f"{figure:.1f}" for figure in figures)])
    return table(["in flight", "CPU, s", "wall, s", "largest lag, ms", "peak, MiB"], rows)


def _pair(run, samples: int, repeats: int) -> tuple[Cost, Cost]:
    """What one sample costs and what many do: minima of runs in turn, or of 20 s of CPU."""
    ones, many = [run(1)], [run(samples)]
    while len(many) < repeats and sum(cost.cpu for cost in many) < 20:
        ones.append(run(1))
        many.append(run(samples))
    return least(ones), least(many)


if __name__ == "__main__":
    main()
