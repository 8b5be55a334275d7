"""A whole run, as a user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from conftest import SMALL, needs_vllm

pytestmark = needs_vllm

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]


def test_a_run_shows_its_results_and_nothing_of_vllm(tiny: Path, tmp_path: Path):
    """vLLM prints to both streams, from several processes and two languages; and it ends."""
    psutil = pytest.importorskip("psutil")
    questions = [
        {"question": f"What comes after {day}?", "answer": f"Next comes {after}."}
        for day, after in pairwise(DAYS)
    ]
    (tmp_path / "days.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    spec = {
        "evalcore": 1,
        "name": "days",
        "task": {"use": "jsonl", "path": "days.jsonl"},
        "models": {"tiny": {"use": "vllm", "model": str(tiny), **SMALL}},
        "reports": [],
    }
    (tmp_path / "days.yaml").write_text(yaml.safe_dump(spec))
    run = subprocess.Popen(
        [sys.executable, "-m", "evalcore", "run", "days.yaml", "--out", "run", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    output, said = run.communicate()
    assert run.returncode == 0, said
    (mean,) = json.loads(output)
    assert mean["value"] == 1.0
    assert not [line for line in said.splitlines() if "vllm" in line.lower() or "WARN" in line]
    session = [one for one in psutil.process_iter() if os.getsid(one.pid) == run.pid]
    _, alive = psutil.wait_procs(session, timeout=30)
    assert alive == []
