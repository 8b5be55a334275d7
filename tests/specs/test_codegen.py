"""The specs on code generation: whole, with other models, and run in the short form they give."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, redirect_stdout
from itertools import pairwise
from pathlib import Path

import pytest

from evalcore.cli import main
from evalcore.spec import load_spec

ROOT = Path(__file__).parents[2]
CELLS = {
    "codegen-single-turn-grid": 9 * 7 + 2,
    "codegen-multi-turn": 9 * 7 * 4 + 3,
    "codegen-cot-retry": 4 + 1,
    "codegen-feedback-grains": 4,
}
SPECS = [ROOT / "specs" / f"{name}.yaml" for name in CELLS]

PAGE = ROOT / "docs" / "studies" / "code-generation.md"

each_spec = pytest.mark.parametrize("spec", SPECS, ids=CELLS)


def evalcore(*words):
    """Exit code and standard output of a command, in this process, which has torch loaded."""
    output = io.StringIO()
    with redirect_stdout(output):
        code = main([str(word) for word in words])
    return code, output.getvalue()


def short_form(spec):
    """The words after `evalcore` of the command that stands in the spec's first comment."""
    command = re.search(r"^#   evalcore ((?:.*\\\n#)*.*)", spec.read_text("utf-8"), re.MULTILINE)
    return shlex.split(command[1].replace("\\\n#", " "))


def smallest_form(spec, folder):
    """The same with the smallest model, on one problem, a few attempts at a time."""
    form = ["--limit", "1", "--set", "models.coder.size=s", "--set", "limits.concurrency=8"]
    return [*short_form(spec), *form, "--set", "reports=[]", "--out", str(folder / "run"), "--json"]


def found(folder):
    """What a run measured and recorded, but for where it is, what it took and what it saved."""
    _, results = evalcore("results", folder / "run", "--json")
    _, records = evalcore("records", folder / "run")
    measured = [row for row in lasting(results) if row["metric"] != "cost/seconds"]
    return measured + [lasting(line) for line in records.splitlines()]


def lasting(text):
    """A value in JSON without what differs from one run to the next, however deep inside."""
    passing = ("run", "seconds", "bytes", "cached", "saved")
    return json.loads(
        text,
        object_hook=lambda row: {k: v for k, v in row.items() if not k.startswith(passing)},
    )


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Commands start where the specs say, and no answer of another run is at hand."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a run gives that nothing disturbs, by the name of its spec."""
    finished = {}

    def of(spec):
        if spec.stem not in finished:
            folder = tmp_path_factory.mktemp(spec.stem)
            assert evalcore(*smallest_form(spec, folder))[0] == 0
            finished[spec.stem] = found(folder)
        return finished[spec.stem]

    return of


@each_spec
def test_the_whole_spec_can_run(spec):
    code, output = evalcore("check", spec)
    assert code == 0
    assert f", {CELLS[spec.stem]} cells:" in output


@each_spec
def test_it_asks_for_what_the_publication_does(spec):
    for cell in load_spec(spec).cells:
        strategy = cell.strategy.settings
        assert (strategy.temperature, strategy.top_p) == (1.0, 0.95)
        assert getattr(strategy, "max_turns", 1) <= 3
        assert cell.attempts == (320 if cell.changes.get("attempts") else 200)


@each_spec
@pytest.mark.parametrize("task", ["codecontests", "taco"])
@pytest.mark.parametrize("model", ["Llama-3.1-8B-Instruct", "gpt-4o"])
def test_lines_for_other_tasks_and_models_fit(spec, task, model, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-that-opens-nothing")
    data = {"codecontests": "code_contests", "taco": "taco"}[task]
    (tmp_path / "data" / data).mkdir(parents=True)
    (tmp_path / "data" / data / "test-0.parquet").touch()
    text = uncommented(spec.read_text("utf-8"), "task", task)
    text = uncommented(text, "coder", f"openai, model: {model}")
    changed = tmp_path / spec.name
    changed.write_text(text, "utf-8")
    code, output = evalcore("check", changed)
    assert code == 0
    assert f", {CELLS[spec.stem]} cells:" in output


def test_the_runs_of_the_page_can_run():
    written = re.findall(r"^\$ evalcore run ((?:.*\\\n)*.*)", PAGE.read_text("utf-8"), re.MULTILINE)
    checked = set()
    for command in written:
        spec, *options = shlex.split(command.replace("\\\n", " "))
        settings = [value for option, value in pairwise(options) if option == "--set"]
        assert load_spec(Path(spec), tuple(settings)).cells
        checked.add(Path(spec).stem)
    assert checked == CELLS.keys()


def uncommented(text, key, use):
    """A spec with the line of a key for that which stands in a comment and uses something else."""
    (line,) = re.findall(rf"^ *# ({key}: {{use: {re.escape(use)}[,}}].*)", text, re.MULTILINE)
    text, count = re.subn(rf"^( *){key}: .*", rf"\1{line}", text, flags=re.MULTILINE)
    assert count == 1
    return text


@each_spec
def test_two_runs_give_the_same(spec, undisturbed, tmp_path):
    expected = undisturbed(spec)
    assert evalcore(*smallest_form(spec, tmp_path))[0] == 0
    assert found(tmp_path) == expected


@each_spec
def test_a_run_that_was_killed_ends_as_if_undisturbed(spec, undisturbed, tmp_path):
    expected = undisturbed(spec)
    words = smallest_form(spec, tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "evalcore", *words],
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while not committed(tmp_path):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert 0 < committed(tmp_path) < sum("sample" in row for row in expected)
    assert evalcore(*words)[0] == 0
    assert found(tmp_path) == expected


def committed(folder):
    """How many attempts are committed, read beside a run."""
    try:
        address = f"file:{folder / 'run/run.db'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as base:
            return base.execute("SELECT count(*) FROM records").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
