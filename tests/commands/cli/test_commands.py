"""Every command's exit codes and outputs: what scripts rely on."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest
import yaml

from evalcore import EvalcoreError, LanguageModel, Metric, Settings
from evalcore.cli import main

ROOT = Path(__file__).parents[3]

SPEC = """\
evalcore: 1
name: sums
task: {use: jsonl, path: data/q.jsonl, match: numeric, metadata: [level]}
models:
  m: {use: replay, path: data/a.jsonl}
metrics: [mean, count]
reports: []
"""
TOML = """\
evalcore = 1
name = "sums"
reports = []
task = {use = "jsonl", path = "data/q.jsonl"}
models.m = {use = "replay", path = "data/a.jsonl"}

[sweep]
"task.match" = ["exact", "numeric"]
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    data = tmp_path / "specs" / "data"
    data.mkdir(parents=True)
    questions = [{"id": i, "question": f"{i} + 1", "answer": i + 1, "level": "é"} for i in range(4)]
    answers = [{"sample": i, "answer": f"It is {i + 1 - i // 3}, \ud83d"} for i in range(4)]
    data.joinpath("q.jsonl").write_text("\n".join(map(json.dumps, questions)))
    data.joinpath("a.jsonl").write_text("\n".join(map(json.dumps, answers)))
    (tmp_path / "specs" / "sums.yaml").write_text(SPEC)
    (tmp_path / "specs" / "sums.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def evalcore(here, capsys):
    def run(*words):
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as left:
            code = left.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_run_prints_results_on_one_stream_and_words_on_the_other(evalcore):
    code, output, words = evalcore("run", "specs/sums.yaml")
    assert code == 0
    head, row = output.splitlines()[:2]
    assert head.split() == ["cell", "mean", "count/right", "count/wrong", "n", "failed"]
    assert row.split()[:2] == ["base", "0.75"]
    assert "finished: 4 attempts, 0 failed" in words
    assert "run: runs/sums" in words
    assert Path("runs/sums/run.db").exists()


def test_run_json_is_json_and_nothing_else(evalcore):
    code, output, words = evalcore("run", "specs/sums.yaml", "--json")
    assert (code, words) == (0, "")
    row = json.loads(output)[0]
    assert set(row) == {
        "run", "cell", "settings", "metric", "value", "low", "high", "n", "failed",
        "axis", "at", "of",
    }  # fmt: skip
    assert (row["metric"], row["value"], row["n"], row["failed"]) == ("mean", 0.75, 4, 0)


def test_run_quiet_prints_results_alone(evalcore):
    code, output, words = evalcore("run", "specs/sums.yaml", "--quiet")
    assert (code, words) == (0, "")
    assert "0.75" in output


def test_run_with_overrides_limit_and_another_directory(evalcore):
    code, output, _ = evalcore(
        "run", "specs/sums.yaml", "--out", "there", "--limit", 2, "--json",
        "--set", "task.match=exact", "--set", "metrics=[mean]",
    )  # fmt: skip
    assert code == 0
    (row,) = json.loads(output)
    assert (row["run"], row["value"], row["n"]) == ("there", 0.0, 2)
    assert json.loads(Path("there/resolved.json").read_text())["task"]["match"] == "exact"
    assert Path("there/spec.yaml").read_text() == SPEC


def test_run_with_failures_is_1_and_a_changed_spec_is_2(evalcore):
    code, _, words = evalcore("run", "specs/sums.yaml", "--set", "attempts=2")
    assert code == 1
    assert "failed once: base: model: LookupError: attempt 1 at sample" in words
    assert "finished with failed attempts: 8 attempts, 4 failed" in words
    code, output, words = evalcore("run", "specs/sums.yaml")
    assert (code, output) == (2, "")
    assert "spec.attempts: was 2, is now 1" in words


@pytest.mark.parametrize(
    "words",
    [
        ["run"], ["run", "specs/sums.yaml", "--limit", "0"], ["zzz"], ["--zzz"], ["check"],
        ["run", "specs/sums.yaml", "--limit", "x"], ["results"], ["results", "gone"],
        ["records", "gone"], ["records", "specs"], ["list", "zzz"], ["check", "gone.yaml"],
        ["results", "specs"], ["records", "specs", "--format", "xml"],
    ],
)  # fmt: skip
def test_a_call_that_is_wrong_is_2(evalcore, words):
    code, output, told = evalcore(*words)
    assert (code, output) == (2, "")
    assert told
    assert "Traceback" not in told
    assert not Path("runs").exists()


def test_no_command_shows_the_help(evalcore):
    code, output, _ = evalcore()
    assert code == 2
    assert "new-plugin" in output
    assert evalcore("--help")[:2] == (0, output)
    assert evalcore("--version")[1].startswith("evalcore ")


def test_check_names_the_cells(evalcore):
    code, output, words = evalcore("check", "specs/sums.toml")
    assert code == 0
    assert words.startswith("Not looked at: whether a server answers")
    first, *cells, last = output.splitlines()
    assert first == "specs/sums.toml: sums can run, 2 cells:"
    assert [line.split()[0] for line in cells] == ["match=exact", "match=numeric"]
    assert last.startswith("At most 8 calls, about 16 tokens in (without the answers")
    assert not Path("runs").exists()


CHECKED = {
    "sums.yaml": [],
    "a price of little": [
        "strategy.max_tokens=1", "models.m.price={prompt: 1, completion: 1}",
    ],
    "a limit, a price and a cache": [
        "strategy={use: single, max_tokens: 100, temperature: 0}", "cache=true", "attempts=5",
        "models.m.price={prompt: 1000000, completion: 10000}",
    ],
    "many samples": ["task.path=data/many.jsonl", "attempts=1000", "strategy.max_tokens=64"],
    "many cells": ["sweep={seed: [1, 2, 3, 4], strategy.max_tokens: [1, 2, 3]}"],
    "an attempt in two words": ["strategy.system=Be brief!"],
    "data that are not as said": ["task.question=text"],
}  # fmt: skip


def test_check_says_what_a_run_takes_in_these_words(evalcore, here, monkeypatch):
    row = '{"id": %d, "question": "%s", "answer": 1}\n'
    many = "".join(row % (i, "x" * i) for i in range(300))
    Path("specs/data/many.jsonl").write_text(many)
    monkeypatch.setattr("evalcore.forecast.REHEARSED", 30)
    told = ""
    for title, changes in CHECKED.items():
        words = [word for change in changes for word in ("--set", change)]
        code, output, _ = evalcore("check", "specs/sums.yaml", *words)
        assert code == 0
        told += f"# {title}\n{output.splitlines()[-1]}\n\n".replace(f"{here}/", "")
    file = Path(__file__).with_name("golden") / "check.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(told)
    assert told == file.read_text()


def test_check_as_json_tells_it_of_each_cell(evalcore):
    sweep = "sweep={strategy.max_tokens: [10, 20]}"
    code, output, words = evalcore("check", "specs/sums.yaml", "--json", "--set", sweep)
    assert (code, words) == (0, "")
    found = json.loads(output)
    assert found["name"] == "sums"
    assert [cell["cell"] for cell in found["cells"]] == ["max_tokens=10", "max_tokens=20"]
    assert [cell["at_most"]["completion_tokens"] for cell in found["cells"]] == [40, 80]
    assert found["at_most"] == {
        "calls": 8, "prompt_tokens": 16, "completion_tokens": 120, "dollars": 0.0,
    }  # fmt: skip
    assert (found["rehearsed"], found["samples"], found["unknown"]) == (4, 4, "")
    gone = "task.question=text"
    code, output, _ = evalcore("check", "specs/sums.yaml", "--json", "--set", gone)
    found = json.loads(output)
    assert (code, found["at_most"], found["cells"][0]["at_most"]) == (0, None, None)
    assert "text" in found["unknown"]


def test_check_and_run_tell_what_components_cannot_do(evalcore, evalcore_offer):
    class Shut(LanguageModel[Settings]):
        def preflight(self):
            print("looking")
            raise EvalcoreError("it has no key")

        async def generate(self, request):
            raise AssertionError

    evalcore_offer("shut", Shut)
    for command in ("check", "run"):
        code, output, words = evalcore(command, "specs/sums.yaml", "--set", "models.m=shut")
        assert (code, output) == (2, "")
        assert words.splitlines() == [
            "looking",
            "evalcore: --set models.m=shut: models.m: it has no key",
        ]
    assert not Path("runs").exists()


def test_check_says_what_it_looks_at(evalcore):
    code, output, _ = evalcore("check", "--help")
    assert code == 0
    for told in ("names, folders, keys, prices, devices", "Not looked at: whether a server"):
        assert told in " ".join(output.split())


def test_a_toml_spec_runs(evalcore):
    code, output, _ = evalcore("run", "specs/sums.toml", "--json")
    assert code == 0
    assert [(row["cell"], row["settings"], row["value"]) for row in json.loads(output)] == [
        ("match=exact", {"task.match": "exact"}, 0.0),
        ("match=numeric", {"task.match": "numeric"}, 0.75),
    ]
    assert Path("runs/sums/spec.toml").read_text() == TOML


def test_results_of_several_runs(evalcore):
    evalcore("run", "specs/sums.yaml", "--out", "one")
    evalcore("run", "specs/sums.toml", "--out", "two")
    code, output, words = evalcore("results", "one", "two", "--json")
    assert (code, words) == (0, "")
    assert [row["run"] for row in json.loads(output)] == ["one"] * 3 + ["two"] * 2
    code, output, _ = evalcore("results", "one", "two")
    assert code == 0
    assert "match=numeric" in output
    code, output, _ = evalcore("results", "two", "--json", "--against", "match=exact")
    assert json.loads(output)[-1]["value"] == 0.75
    assert evalcore("results", "two", "--against", "zzz")[0] == 2


def test_results_by_what_is_known_of_the_samples(evalcore, here):
    questions = here / "specs/data/q.jsonl"
    rows = [json.loads(line) for line in questions.read_text().splitlines()]
    levels = [{"level": "low, odd"}, {"level": "low"}, {"level": "high"}, {}]
    known = [row | {"level": None} | level for row, level in zip(rows, levels, strict=True)]
    questions.write_text("\n".join(map(json.dumps, known)))
    evalcore("run", "specs/sums.yaml")
    code, output, words = evalcore("results", "runs/sums", "--by", "level", "--json")
    assert (code, words) == (0, "")
    assert [
        (row["cell"], row["group"]["level"], row["value"], row["n"])
        for row in json.loads(output)
        if row["metric"] == "mean"
    ] == [
        ("base", "high", 1.0, 1),
        ("base", "low", 1.0, 2),
        ("base", "odd", 1.0, 1),
        ("base", None, 0.0, 1),
    ]
    output = evalcore("results", "runs/sums", "--by", "level")[1]
    cells = [line.split()[0] for line in output.splitlines() if line.startswith("base")]
    assert cells == ["base,level=high", "base,level=low", "base,level=odd", "base,level=none"]
    code, output, words = evalcore("results", "runs/sums", "--by", "levle")
    assert (code, output) == (2, "")
    assert "--by levle: no sample has it in its metadata; there are level" in words


class Meddler(Metric[Settings]):
    """Counts attempts while the run goes on: here, one of them is taken away."""

    def compute(self, scores):
        before = scores.failed.size
        with closing(sqlite3.connect("runs/sums/run.db")) as connection, connection:
            connection.execute("DELETE FROM records WHERE sample = '0'")
        assert scores.column("value").size == scores.sample.size == before
        raise LookupError("no value")

    def per_sample(self, scores):
        return self.compute(scores)


def test_results_are_of_one_state_of_the_run(evalcore, evalcore_offer):
    evalcore_offer("meddler", Meddler)
    evalcore("run", "specs/sums.yaml", "--quiet")
    spec = Path("runs/sums/resolved.json")
    metrics = [{"use": "offered:meddler"}, {"use": "mean"}]
    spec.write_text(json.dumps(json.loads(spec.read_text()) | {"metrics": metrics}))
    words = ("results", "runs/sums", "--against", "base", "--json")
    code, output, told = evalcore(*words)
    assert [row["n"] for row in json.loads(output)] == [4]
    assert (code, told) == (
        2, "error: runs/sums: metric meddler, cell base: LookupError: no value\n"
    )  # fmt: skip
    assert [row["n"] for row in json.loads(evalcore(*words)[1])] == [3]


COMPARED = """\
evalcore: 1
name: compared
task: {use: jsonl, path: data/q.jsonl, match: numeric, metadata: [half]}
attempts: 2
metrics: [mean, proportion, count]
reports: []
sweep:
  models.m:
    old: {use: replay, path: data/old.jsonl}
    new: {use: replay, path: data/new.jsonl}
"""


@pytest.fixture
def compared(evalcore, here):
    """Ten questions asked twice: `new` is right once more at samples 0 to 4, and fails at 9."""
    questions = [{"id": i, "question": "?", "answer": 1, "half": i // 5} for i in range(10)]
    old = [{"sample": i, "answer": a} for i in range(10) for a in "10"]
    new = [{"sample": i, "answer": a} for i in range(9) for a in ("11" if i < 5 else "10")]
    for name, written in {"q": questions, "old": old, "new": new}.items():
        (here / f"specs/data/{name}.jsonl").write_text("\n".join(map(json.dumps, written)))
    (here / "specs/compared.yaml").write_text(COMPARED)
    assert evalcore("run", "specs/compared.yaml", "--quiet")[0] == 1
    return "runs/compared"


def differences(evalcore, *words):
    """The rows with differences of `evalcore results ... --json`."""
    code, output, told = evalcore("results", *words, "--json")
    assert (code, told) == (0, "")
    return [row for row in json.loads(output) if "-vs-" in row["metric"]]


def test_difference_of_every_metric_with_values_per_sample(evalcore, compared):
    rows = differences(evalcore, compared, "--against", "m=old")
    assert [(row["cell"], row["metric"]) for row in rows] == [
        ("m=new", "mean-vs-m=old"),
        ("m=new", "proportion-vs-m=old"),
    ]
    for row in rows:
        assert row["value"] == pytest.approx(5 * 0.5 / 9)
        assert row["low"] < row["value"] < row["high"]
        assert (row["n"], row["failed"]) == (36, 2)
    (back, _) = differences(evalcore, compared, "--against", "m=new")
    assert (back["cell"], back["low"]) == ("m=old", -rows[0]["high"])


def test_difference_by_what_is_known_of_the_samples(evalcore, compared):
    first, _, second, _ = differences(evalcore, compared, "--against", "m=old", "--by", "half")
    assert (first["group"], first["value"], first["n"], first["failed"]) == (
        {"half": 0},
        0.5,
        20,
        0,
    )
    assert (second["group"], second["value"], second["n"]) == ({"half": 1}, 0.0, 16)
    assert second["failed"] == 2


def test_difference_to_another_run_with_other_samples(evalcore, compared, here):
    fewer = (here / "specs/compared.yaml").read_text().replace("attempts: 2", "attempts: 1")
    (here / "specs/fewer.yaml").write_text(fewer.replace("name: compared", "name: fewer"))
    assert evalcore("run", "specs/fewer.yaml", "--quiet", "--limit", 4)[0] == 0
    rows = differences(evalcore, compared, "runs/fewer", "--against", "m=old")
    found = {(row["run"], row["cell"], row["metric"]): row for row in rows}
    row = found["runs/fewer", "m=old", "mean-vs-m=old"]
    assert (row["value"], row["n"]) == (0.5, 4 + 8)


def test_nothing_to_compare(evalcore, compared):
    evalcore("run", "specs/compared.yaml", "--quiet", "--set", "metrics=[count]")
    code, output, told = evalcore("results", compared, "--against", "m=old")
    assert code == 2
    assert "count/right" in output
    assert told == (
        "error: runs/compared: no metric has a value for a sample alone, as `mean` has\n"
    )


def rows(evalcore, kind):
    code, output, words = evalcore("records", "runs/sums", "--format", kind)
    assert (code, words) == (0, "")
    return output


def test_records_as_json_lines_and_csv(evalcore):
    evalcore("run", "specs/sums.yaml")
    lines = [json.loads(line) for line in rows(evalcore, "jsonl").splitlines()]
    assert [line["answer"] for line in lines][:2] == ["It is 1, \ud83d", "It is 2, \ud83d"]
    assert lines[0]["metadata"] == {"level": "é"}
    table = list(csv.DictReader(io.StringIO(rows(evalcore, "csv"))))
    assert [line["answer"] for line in table][:2] == ["It is 1, \\ud83d", "It is 2, \\ud83d"]
    assert list(table[0]) == list(lines[0])
    assert json.loads(table[0]["messages"])[0]["content"] == "0 + 1"


def test_records_of_an_empty_run_still_have_a_header(evalcore, here):
    (here / "specs/data/q.jsonl").write_text("")
    assert evalcore("run", "specs/sums.yaml")[0] == 0
    assert rows(evalcore, "jsonl") == ""
    assert rows(evalcore, "csv").startswith("cell,sample,attempt,")


def shell(here, command, **variables):
    return subprocess.run(
        command.replace("evalcore ", f"{sys.executable} -m evalcore "),
        shell=True,
        cwd=here,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_records_as_parquet(evalcore, here):
    parquet = pytest.importorskip("pyarrow.parquet")
    evalcore("run", "specs/sums.yaml")
    done = shell(here, "evalcore records runs/sums --format parquet > r.parquet")
    assert (done.returncode, done.stderr) == (0, "")
    table = parquet.read_table(here / "r.parquet").to_pylist()
    assert [row["value"] for row in table] == [1.0, 1.0, 1.0, 0.0]
    assert table[0]["answer"] == "It is 1, \\ud83d"


def test_the_cache_is_shown_and_pruned(evalcore, here, monkeypatch):
    monkeypatch.setenv("EVALCORE_CACHE", str(here / "kept"))
    code, out, _ = evalcore("cache")
    assert (code, out) == (0, f"0 answers, 0 B, in {here / 'kept' / 'evalcore'}\n")
    evalcore("run", "specs/sums.yaml", "--set", "cache=true", "--set", "attempts=1")
    code, out, _ = evalcore("cache", "--json")
    (model,) = json.loads(out)["models"]
    assert (code, model["model"], model["answers"]) == (0, "replay", 4)
    assert "4  " in evalcore("cache")[1]
    code, _, err = evalcore("cache", "prune")
    assert (code, "say what to remove" in err) == (2, True)
    for words in [("--unused-for", "30d"), ("--model", "r", "--keep", "1GB"), ("--keep", "1GB")]:
        assert evalcore("cache", "prune", *words)[::2] == (0, "0 answers removed\n")
    code, _, err = evalcore("cache", "prune", "--model", "other")
    assert (code, err) == (
        0, "0 answers removed: the cache has no model with 'other' in its name\n"
    )  # fmt: skip
    assert evalcore("cache", "prune", "--all")[::2] == (0, "4 answers removed\n")
    assert evalcore("cache")[1].startswith("0 answers, ")


@pytest.mark.parametrize("words", [(), ("prune", "--all")])
def test_a_cache_that_cannot_be_made_is_refused(evalcore, here, monkeypatch, words):
    (here / "file").touch()
    monkeypatch.setenv("EVALCORE_CACHE", str(here / "file" / "kept"))
    code, out, refused = evalcore("cache", *words)
    assert (code, out) == (2, "")
    assert "the cache cannot be used" in refused
    assert evalcore("run", "specs/sums.yaml", "--set", "cache=true")[::2] == (2, refused)


@pytest.mark.parametrize("words", [("--unused-for", "30"), ("--keep", "1 EB"), ("--keep", "much")])
def test_a_quantity_without_its_unit_is_refused(evalcore, words):
    code, _, err = evalcore("cache", "prune", *words)
    assert code == 2
    assert "expected a number with one of" in err


def test_a_closed_pipe_is_no_error(evalcore, here):
    evalcore("run", "specs/sums.yaml")
    for command in ("records runs/sums", "results runs/sums", "schema", "list", "--help"):
        done = shell(here, f"evalcore {command} | true")
        assert done.stderr == "", command


def test_no_colour_and_no_live_progress_off_a_terminal(here):
    done = shell(here, "evalcore run specs/sums.yaml", FORCE_COLOR="1", TERM="xterm-256color")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "\r" not in done.stdout + done.stderr


def test_output_in_a_narrow_character_set(here):
    done = shell(here, "evalcore run specs/sums.yaml && evalcore records runs/sums",
                 PYTHONIOENCODING="ascii", PYTHONUTF8="0")  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_list_and_plugins(evalcore):
    code, output, _ = evalcore("list", "tasks", "--json")
    assert code == 0
    assert {"jsonl", "csv"} <= {row["name"] for row in json.loads(output)}
    assert {row["kind"] for row in json.loads(output)} == {"task"}
    code, output, _ = evalcore("list")
    assert [line for line in output.splitlines() if not line.startswith(" ")] == [
        "tasks", "models", "strategies", "metrics", "reporters",
    ]  # fmt: skip
    code, output, _ = evalcore("plugins", "--json")
    assert code == 0
    (row,) = [row for row in json.loads(output) if row["name"] == "builtin"]
    assert row["provides"]["task"] == ["jsonl", "csv"]
    assert row["error"] is None


@pytest.fixture
def schema(evalcore):
    code, output, words = evalcore("schema")
    assert (code, words) == (0, "")
    found = json.loads(output)
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


def test_the_schema_accepts_specs_that_are_right(schema):
    schema.validate(yaml.safe_load(SPEC))
    schema.validate(tomllib.loads(TOML))
    price = {"price": {"prompt": 1, "completion": 2, "date": "2024-01-01"}}
    spec = yaml.safe_load(SPEC)
    spec["models"]["m"] |= price
    spec["strategy"] = {"use": "builtin:single", "max_tokens": 3}
    schema.validate(spec)


@pytest.mark.parametrize(
    "change",
    [
        {"evalcore": 2}, {"zzz": 1}, {"attempts": 0}, {"task": {"use": "zzz"}}, {"task": 3},
        {"task": {"use": "jsonl"}}, {"task": {"use": "jsonl", "path": "x", "zzz": 1}},
        {"models": {"m": {"use": "replay", "path": "x", "price": 3}}}, {"metrics": ["zzz"]},
        {"strategy": {"use": "single", "max_tokens": 0}}, {"limits": {"dolars": 1}},
        {"name": "a/b"}, {"reports": ["zzz"]},
    ],
)  # fmt: skip
def test_the_schema_refuses_what_the_check_refuses(schema, change):
    spec = {**yaml.safe_load(SPEC), **change}
    assert not schema.is_valid(spec)
