"""A run's directory: gone on with only where nothing has changed, or the user says so."""

from __future__ import annotations

import json

import pytest
from parts import asks, outline, records, run, strategy_of, task_of, write_spec

from evalcore import Metric, Reporter, RunError, SpecError, provenance
from evalcore.session import run_spec
from evalcore.spec import load_spec


def test_a_changed_spec_is_shown_and_nothing_is_lost(tmp_path):
    run(tmp_path)
    before = outline(tmp_path)
    with pytest.raises(RunError) as caught:
        run(tmp_path, attempts=2, seed=5)
    told = str(caught.value)
    assert "spec.attempts: was 1, is now 2" in told
    assert "spec.seed: was 0, is now 5" in told
    assert "--accept-change" in told
    assert "--fresh" in told
    assert outline(tmp_path) == before
    assert run(tmp_path, attempts=2, session={"accept_change": True}).code == 0
    assert len(records(tmp_path)) == 10
    accepted = json.loads((tmp_path / "run/provenance.json").read_text())["sessions"][-1][
        "accepted"
    ]
    assert accepted == ["spec.attempts: was 1, is now 2"]


def test_a_default_that_is_written_out_is_no_change(tmp_path):
    run(tmp_path)
    assert run(tmp_path, attempts=1, seed=0).code == 0


def test_limits_metrics_and_reports_may_change(tmp_path):
    run(tmp_path)
    outcome = run(tmp_path, limits={"concurrency": 2}, metrics=["count"], reports=["html"])
    assert outcome.code == 0
    assert outcome.files == [tmp_path / "run/report.html"]


def test_changed_data_and_a_changed_component_are_shown(tmp_path, offered):
    (tmp_path / "q.jsonl").write_text('{"question": "1 + 1", "answer": 2}\n')
    task = {"use": "jsonl", "path": "q.jsonl"}
    run(tmp_path, task=task)
    (tmp_path / "q.jsonl").write_text('{"question": "1 + 2", "answer": 3}\n')
    provenance._file_digest.cache_clear()
    with pytest.raises(RunError, match=r"data\.builtin:jsonl path=q\.jsonl: was 1 file"):
        run(tmp_path, task=task)
    (tmp_path / "q.jsonl").write_text('{"question": "1 + 1", "answer": 2}\n')
    provenance._file_digest.cache_clear()
    offered("made", strategy_of(asks), version=2)
    with pytest.raises(RunError, match="strategy offered:made: was 1, is now 2"):
        run(tmp_path, task=task)


def test_fresh_keeps_what_was_there(tmp_path):
    for number in range(3):
        outcome = run(tmp_path, session={"fresh": True}, seed=number)
        assert outcome.kept == (tmp_path / f"run.{number}" if number else None)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [
        "run", "run.1", "run.2",
    ]  # fmt: skip


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/thesis.txt").write_text("years of work")
    for session in ({}, {"fresh": True}, {"accept_change": True}):
        with pytest.raises(RunError, match="is not empty and holds no run"):
            run(tmp_path, session=session)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_a_file_where_the_directory_is_to_be(tmp_path):
    (tmp_path / "run").write_text("x")
    with pytest.raises(RunError, match="is a file, expected a directory"):
        run(tmp_path)


def test_a_place_where_no_directory_can_be(tmp_path):
    (tmp_path / "file").write_text("x")
    spec = load_spec(write_spec(tmp_path))
    with pytest.raises(RunError, match="cannot be used: Not a directory"):
        run_spec(spec, tmp_path / "file" / "run")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_damaged_provenance_is_told(tmp_path, content):
    run(tmp_path)
    (tmp_path / "run/provenance.json").write_text(content)
    with pytest.raises(RunError, match=r"provenance\.json cannot be read .*--fresh"):
        run(tmp_path)


class Broken(Metric):
    def compute(self, scores):
        raise ZeroDivisionError("no denominator")


class NoEstimate(Metric):
    def compute(self, scores):
        return 0.5


class BrokenReporter(Reporter):
    def write(self, report, directory):
        raise OSError("no ink")


def test_a_metric_or_reporter_that_raises_is_told_and_the_others_stand(tmp_path, offered):
    offered("broken", Broken)
    offered("no-estimate", NoEstimate)
    offered("torn", BrokenReporter)
    metrics = ["broken", "mean", "no-estimate"]
    outcome = run(tmp_path, metrics=metrics, reports=["torn", "html"])
    assert outcome.code == 1
    assert outcome.problems[0] == "metric broken, cell base: ZeroDivisionError: no denominator"
    assert outcome.problems[1].startswith("metric no-estimate, cell base: ")
    assert outcome.problems[2:] == ["reporter torn: OSError: no ink"]
    assert [(result.metric, result.value) for result in outcome.results] == [("mean", 1.0)]
    assert json.loads((tmp_path / "run/results.json").read_text())[0]["value"] == 1.0
    assert outcome.files == [tmp_path / "run/report.html"]


def test_secrets_are_told_by_name_in_errors(tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_KEY", "k3y-of-the-t3st")

    file = write_spec(
        tmp_path, task="numbers", models={"m": {"use": "replay", "path": "${TEST_KEY}"}}
    )
    with pytest.raises(SpecError) as caught:
        load_spec(file)
    assert "k3y" not in str(caught.value)
    assert "${TEST_KEY}" in str(caught.value)


def test_a_run_that_never_got_to_an_answer_is_no_hindrance(tmp_path, offered):
    def broken():
        raise ValueError("no such file")

    offered("numbers", task_of(broken))
    with pytest.raises(RunError, match="no such file"):
        run(tmp_path, seed=1)
    offered("numbers", task_of())
    assert run(tmp_path, seed=2).code == 0
    assert len(records(tmp_path)) == 5
