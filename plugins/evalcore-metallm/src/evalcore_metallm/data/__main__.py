"""Makes `microcoder.jsonl` anew: `python -m evalcore_metallm.data`, a few minutes on one core.

Takes evalcore-microcoder, whose weights decide what comes out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evalcore_microcoder.contest.build import written
from evalcore_microcoder.world import Problem, problems

FILE = Path(__file__).with_name("microcoder.jsonl")
PROBLEMS = 400
SIZES = {"s": "small", "m": "medium", "l": "large"}

_SPEC = """
evalcore: 1
name: microcoder-log
task: {use: codecontests, path: problems.jsonl}
models:
  coder: {use: microcoder}
strategy: {use: single, temperature: 0}
cache: true
limits: {concurrency: 64}
metrics: [mean]
reports: []
sweep:
  models.coder.size: [s, m, l]
"""


def main() -> None:
    """Draw the problems, put them to each size, write the log."""
    drawn = list(islice(problems("validation", seed=0), PROBLEMS))
    with TemporaryDirectory() as folder:
        records = _records(Path(folder), drawn)
    rows = [json.dumps(_row(problem, records[problem.id])) for problem in drawn]
    FILE.write_text("\n".join(rows) + "\n", "utf-8")


def _records(folder: Path, drawn: list[Problem]) -> dict[str, dict[str, Any]]:
    """What came of each problem, by problem and size."""
    (folder / "problems.jsonl").write_text(written(drawn), "utf-8")
    (folder / "spec.yaml").write_text(_SPEC, "utf-8")
    _evalcore("run", str(folder / "spec.yaml"), "--out", str(folder / "run"))
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for line in _evalcore("records", str(folder / "run")).splitlines():
        record = json.loads(line)
        found[record["sample"]][record["cell"].rpartition("=")[2]] = record
    return found


def _evalcore(*words: str) -> str:
    command = [sys.executable, "-m", "evalcore", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _row(problem: Problem, of_sizes: dict[str, Any]) -> dict[str, Any]:
    records = {name: of_sizes[size] for size, name in SIZES.items()}
    return {
        "id": problem.id,
        "task": f"{problem.difficulty} steps",
        "query": problem.statement,
        "quality": {name: int(record["value"]) for name, record in records.items()},
        "prompt_tokens": {name: record["prompt_tokens"] for name, record in records.items()},
        "completion_tokens": {
            name: record["completion_tokens"] for name, record in records.items()
        },
    }


if __name__ == "__main__":
    main()
