"""What it costs to start: the command lines of evalcore and of its peers, side by side.

python benchmarks/startup.py --peers PATH_OF_THE_PEERS_ENVIRONMENT
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from measuring import CALIBRATION, environment, interleaved, machine, table

SPEC = """\
evalcore: 1
name: startup
task: {use: jsonl, path: questions.jsonl}
models: {recorded: {use: replay, path: answers.jsonl}}
metrics: [mean, proportion, count, cost]
strategy: single
sweep: {strategy.max_tokens: [16, 32, 64]}
"""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        commands = _commands(_write_spec(Path(folder)), arguments.peers)
        costs = interleaved(commands, arguments.repeats, environment(EVALCORE_CACHE=folder))
    base = costs["evalcore --help"]
    rows = []
    for name, cost in costs.items():
        times = [f"{cost.cpu:.3f}", f"{cost.wall:.3f}"]
        rows.append([f"`{name}`", *times, f"{cost.peak:.0f}", f"{cost.cpu / base.cpu:.1f}"])
    print(f"{machine()}; minimum of {arguments.repeats} interleaved runs\n")
    head = ["command", "CPU, s", "wall, s", "peak, MiB", "CPU / `evalcore --help`"]
    print(table(head, rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, help="virtual environment with benchmarks/peers.txt")
    parser.add_argument("--repeats", type=int, default=7)
    return parser.parse_args()


def _write_spec(folder: Path) -> Path:
    folder.joinpath("questions.jsonl").write_text('{"question": "1 + 1?", "answer": "2"}\n')
    folder.joinpath("answers.jsonl").write_text('{"sample": "1", "answer": "2"}\n')
    spec = folder / "startup.yaml"
    spec.write_text(SPEC)
    return spec


def _commands(spec: Path, peers: Path | None) -> dict[str, list[str]]:
    evalcore = str(Path(sys.executable).with_name("evalcore"))
    commands = {
        "calibration": CALIBRATION,
        "python -c pass": [sys.executable, "-c", "pass"],
        "evalcore --help": [evalcore, "--help"],
        "evalcore list": [evalcore, "list"],
        "evalcore plugins": [evalcore, "plugins"],
        "evalcore check SPEC": [evalcore, "check", str(spec)],
    }
    if peers:
        inspect, lm_eval = str(peers / "bin/inspect"), str(peers / "bin/lm_eval")
        commands |= {
            "lm_eval --help": [lm_eval, "--help"],
            "inspect --help": [inspect, "--help"],
            "inspect --version": [inspect, "--version"],
        }
    return commands


if __name__ == "__main__":
    main()
