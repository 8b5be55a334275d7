"""The examples of the README run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

README = Path(__file__).parents[1] / "README.md"


def examples():
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    return [yaml.safe_load(block) for block in blocks]


def test_a_task_of_ones_own(tiny, evalcore_run, tmp_path, monkeypatch):
    task, spec, _ = examples()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "capitals.yaml").write_text(yaml.safe_dump(task))
    rows = [{"country": "France", "capital": "Paris"}, {"country": "Peru", "capital": "Lima"}]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "tasks" / "capitals.jsonl").write_text(lines)
    policy = spec["models"]["policy"]
    policy |= {"model_args": {"pretrained": str(tiny)}, "device": "cpu"}
    run = evalcore_run(spec | {"reports": []})
    assert run.outcome.code == 0
    assert run.value("lm-eval/exact_match,last-word") == 0.0


def test_the_bundled_task_is_there():
    from evalcore_lm_eval.catalog import bundled_folder, catalog

    *_, spec = examples()
    assert catalog(bundled_folder())[spec["task"]["task"]].kind == "group"
