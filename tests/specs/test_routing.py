"""The specs on routers: whole, the small one run, and the live one killed on its way."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from evalcore.cli import main

ROOT = Path(__file__).parents[2]
MODELS = ("gpt-4-1106-preview", "mistralai/Mixtral-8x7B-Instruct-v0.1")


def evalcore(*words):
    """Exit code and standard output of a command, in this process, which has torch loaded."""
    output = io.StringIO()
    with redirect_stdout(output):
        code = main([str(word) for word in words])
    return code, output.getvalue()


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Commands start where the specs say, and the logs of others are stood in for by our own."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / "cache"))
    log = tmp_path / "log.jsonl"
    scores = dict.fromkeys(MODELS, 1)
    rows = [{"id": i, "subject": "sums", "query": f"{i} + 1", "scores": scores} for i in range(40)]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name in ("ROUTELLM_MMLU", "LLMROUTER"):
        monkeypatch.setenv(name, str(log))


@pytest.mark.parametrize(
    ("name", "cells"), [("routellm-mmlu", 11), ("llmrouter", 13), ("live", 6), ("small", 5)]
)
def test_the_whole_spec_can_run(name, cells):
    code, output = evalcore("check", f"specs/metallm-{name}.yaml")
    assert code == 0
    assert f"{cells} cells:" in output


def test_the_small_spec_shows_routers_learn(tmp_path):
    small = ["run", "specs/metallm-small.yaml", "--out", tmp_path / "run", "--json", "--limit", "6"]
    code, output = evalcore(*small, "--set", "reports=[]")
    assert code == 0
    gain = {
        row["cell"].partition("=")[2]: row["value"]
        for row in json.loads(output)
        if row["metric"] == "route-frontier/aiq-gain"
    }
    assert gain["any"] < gain["cold"] < gain["trained"] < gain["cascade"]


def test_a_live_router_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path):
    def run(folder, *more):
        live = ["run", "specs/metallm-live.yaml", "--out", tmp_path / folder, "--limit", "12"]
        only = ["sweep={strategy.price: [0.3]}", "attempts=2", "cache=false", "reports=[]"]
        code, _ = evalcore(*live, *(word for one in only for word in ("--set", one)), *more)
        return code

    def choices(folder):
        _, records = evalcore("records", tmp_path / folder)
        rows = map(json.loads, records.splitlines())
        return [(row["sample"], row["attempt"], row["details"], row["value"]) for row in rows]

    assert run("whole") == 0
    assert run("parts", "--set", "limits.calls=9") == 3
    assert 0 < len(choices("parts")) < 24
    assert run("parts", "--set", "limits.calls=1000") == 0
    assert choices("parts") == choices("whole")
    assert {details["arm"] for _, _, details, _ in choices("whole")} > {"small"}
