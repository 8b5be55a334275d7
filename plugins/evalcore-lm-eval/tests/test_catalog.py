"""The names of tasks, without reading their files again."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import TASKS

from evalcore_lm_eval import catalog as module
from evalcore_lm_eval.catalog import Listed, bundled_folder, catalog
from evalcore_lm_eval.loading import Source, load

YAML = "task: {}\ndataset_path: json\ntest_split: test\n"


@pytest.fixture
def scans(monkeypatch):
    """The folders that were read."""
    read = []
    scan = module._scan
    monkeypatch.setattr(module, "_scan", lambda folder: read.append(folder) or scan(folder))
    return read


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.yaml").write_text(YAML.format("one"))
    (tmp_path / "deep" / "two.yaml").write_text("tag: pair\n" + YAML.format("two"))
    return tmp_path


def test_names_are_read_once(folder, scans):
    first = catalog(folder)
    assert first == {
        "one": Listed("task", str(folder / "one.yaml")),
        "two": Listed("task", str(folder / "deep" / "two.yaml"), ("pair",)),
        "pair": Listed("tag", "", ("two",)),
    }
    assert catalog(folder) == first
    assert scans == [folder]


@pytest.mark.parametrize("change", ["written", "added", "removed"])
def test_a_change_is_noticed(folder, scans, change):
    catalog(folder)
    if change == "written":
        (folder / "one.yaml").write_text(YAML.format("another"))
    elif change == "added":
        (folder / "deep" / "three.yaml").write_text(YAML.format("three"))
    else:
        (folder / "deep" / "two.yaml").unlink()
    names = {"written": "another", "added": "three", "removed": "one"}
    assert names[change] in catalog(folder)
    assert len(scans) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": 1}', '{"names": {"a": 1}}'])
def test_a_broken_catalog_is_made_again(folder, scans, content):
    first = catalog(folder)
    kept = module._cache_path(folder)
    kept.write_text(content)
    assert catalog(folder) == first
    assert json.loads(kept.read_text())["names"]


def test_a_cache_that_cannot_be_written_is_done_without(folder, monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("EVALCORE_CACHE", str(blocked))
    assert "one" in catalog(folder)


def test_the_bundled_tasks_are_found_by_name(scans):
    names = catalog(bundled_folder())
    assert names["gsm8k"].kind == "task"
    assert names["mmlu"].kind == "group"
    assert len(names) > 10_000
    assert catalog(bundled_folder()) == names
    assert len(scans) <= 1


def test_a_group_of_ones_own_needs_no_bundled_task(scans):
    assert list(load(Source("sizes", str(TASKS))).tasks) == ["small", "large"]
    assert scans == []


def evalcore(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "evalcore", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )


def test_the_command_lists_names():
    done = evalcore("lm-eval", "tasks", "own_", "--include-path", str(TASKS))
    assert done.returncode == 0, done.stderr
    assert {"task   own_code", "task   own_metric"} <= set(done.stdout.splitlines())
    done = evalcore("lm-eval", "tasks", "m[cu]*l", "--include-path", str(TASKS), "--json")
    assert {"name": "mutual", "kind": "task", "path": str(TASKS / "mutual.yaml")} in json.loads(
        done.stdout
    )
    assert done.stderr == ""


def test_the_command_refuses_a_folder_that_is_none():
    done = evalcore("lm-eval", "tasks", "--include-path", str(TASKS / "mc.yaml"))
    assert done.returncode == 2
    assert "mc.yaml is no folder" in done.stderr


def test_the_command_imports_nothing_heavy():
    script = (
        "import sys; from evalcore.cli import main; code = main(sys.argv[1:]);"
        "print(code, {'datasets', 'torch', 'lm_eval'} & set(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", script, "lm-eval", "tasks", "gsm8k"]
    catalog(bundled_folder())
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.endswith("0 set()\n")
