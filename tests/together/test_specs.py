"""The specs that the project ships: each is valid, and the quickstarts give what they promise."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

SPECS = Path(__file__).parents[2] / "specs"


def evalcore(*words, cwd):
    command = [sys.executable, "-m", "evalcore", *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=900, check=False
    )


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.name)
def test_every_spec_can_run(spec, tmp_path):
    if "${" in spec.read_text("utf-8"):
        pytest.skip("names data that is not shipped; see tests/specs")
    done = evalcore("check", spec, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    for tool, package in (("g++", "g++"), ("javac", "default-jdk-headless")):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian: apt-get install {package})")
    folder = tmp_path_factory.mktemp("judged")
    done = evalcore("run", SPECS / "quickstart-judge.yaml", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def value(results, cell, metric):
    found = [row["value"] for row in results if (row["cell"], row["metric"]) == (cell, metric)]
    return found[0] if found else 0.0


@pytest.mark.parametrize("language", ["python", "c++", "java"])
def test_accepted_programs_are_accepted(judged, language):
    _, results = judged
    assert value(results, f"author={language}", "proportion") == 1.0


def test_wrong_programs_get_the_verdicts_they_were_written_for(judged):
    _, results = judged
    contest = files("evalcore_codecontests") / "contest"
    expected = {
        (row["problem"], row["code"].strip()): row["expected"]
        for row in map(json.loads, (contest / "programs.jsonl").read_text().splitlines())
    }
    answers = (contest / "answers" / "wrong.jsonl").read_text().splitlines()
    programs = [(row["sample"], row["answer"]) for row in map(json.loads, answers)]
    kinds = Counter(expected[problem, _code(answer)] for problem, answer in programs[:24])
    for kind, count in kinds.items():
        assert value(results, "author=wrong", f"count/{kind}") == pytest.approx(count / 24)


def test_the_report_and_the_records_are_there(judged):
    folder, _ = judged
    page = (folder / "runs/quickstart-judge/report.html").read_text()
    assert "author=python" in page
    records = evalcore("records", "runs/quickstart-judge", cwd=folder)
    assert len(records.stdout.splitlines()) == 4 * 24


def test_a_finished_run_is_measured_again_without_running(judged):
    folder, results = judged
    again = evalcore("results", "runs/quickstart-judge", "--json", cwd=folder)
    assert json.loads(again.stdout) == results


def _code(answer):
    return answer.partition("\n")[2].rpartition("```")[0].strip()


def test_a_model_solves_more_with_more_attempts(tmp_path):
    done = evalcore("run", SPECS / "quickstart.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = {row["metric"]: row for row in json.loads(done.stdout)}
    assert found["pass-at-k/1"]["n"] == 400
    assert 0.2 < found["pass-at-k/1"]["value"] < 0.8
    assert found["pass-at-k/10"]["low"] > found["pass-at-k/1"]["high"]
    assert found["cost/calls"]["value"] > 1.2, "no second turn was needed"
    assert (tmp_path / "runs/quickstart/report.html").stat().st_size > 10_000
