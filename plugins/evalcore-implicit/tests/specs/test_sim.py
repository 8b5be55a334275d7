"""The specs on state-driven fits: each is whole, and the small one runs in a smaller form."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import yaml

from evalcore.cli import main
from evalcore.spec import load_spec

ROOT = Path(__file__).parents[4]
CELLS = {"sim-small": 3, "sim-fashion-mnist": 7, "sim-cifar100": 3}


@pytest.mark.parametrize("name", CELLS)
def test_specs_are_whole(name, tmp_path):
    file = ROOT / "specs" / f"{name}.yaml"
    data = yaml.safe_load(file.read_text("utf-8"))["task"].get("path")
    # Files of others are stood in for: a spec is read without looking into them.
    there = tmp_path / "data.npz"
    there.touch()
    overrides = () if data is None else (f"task.path={json.dumps(str(there))}",)
    assert len(load_spec(file, overrides).cells) == CELLS[name]


def test_the_small_spec_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / "cache"))
    changed = ["task.drawings=1", "task.train_samples=300", "task.test_samples=50"]
    changed += ["models.teacher.epochs=3", "reports=[]"]
    words = [word for one in changed for word in ("--set", one)]
    output = io.StringIO()
    with redirect_stdout(output):
        spec = str(ROOT / "specs" / "sim-small.yaml")
        code = main(["run", spec, "--out", str(tmp_path / "run"), "--json", *words])
    assert code == 0
    rows = json.loads(output.getvalue())
    metrics = {row["metric"].partition("/")[0].partition("(")[0] for row in rows}
    assert {"sim-accuracy", "sim-weights", "sim-radius", "sim-attack"} <= metrics
    assert {row["cell"] for row in rows} == {"strategy=l1", "strategy=robust", "strategy=full"}
