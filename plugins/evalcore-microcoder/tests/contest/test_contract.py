from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import evalcore_microcoder.contest
from evalcore.testing import TaskContract

FILE = Path(evalcore_microcoder.contest.__file__).with_name("problems.jsonl")
ROWS = [json.loads(line) for line in islice(FILE.read_text("utf-8").splitlines(), 5)]


def answers(kind):
    return {row["name"]: f"```python\n{row[kind]['solution'][0]}```" for row in ROWS}


class TestMicrocontest(TaskContract):
    component = "microcontest"
    right = answers("solutions")
    wrong = answers("incorrect_solutions")
