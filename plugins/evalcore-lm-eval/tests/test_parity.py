"""The numbers of lm-eval: the same tasks, the same weights, by lm-eval itself and by evalcore."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TASKS
from parity import aggregates, assert_equal, by_lm_eval, spec_of

pytest.importorskip("torch")

EVERY_KIND = [
    "gen",
    "mc",
    "mutual",
    "ll",
    "rolling",
    "shots",
    "prefixed",
    "votes",
    "own_code",
    "own_metric",
    "mixed",
    "pairs",
    "sizes",
    "evenly",
]


@pytest.fixture(scope="module")
def plain(tiny, tmp_path_factory):
    """The tiny model with a tokenizer that puts no token before a text.

    Where one does, lm-eval puts it there twice when it scores a whole text, and others do not.
    """
    folder = shutil.copytree(tiny, tmp_path_factory.mktemp("models") / "plain")
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    file.write_text(json.dumps({**tokenizer, "post_processor": None}))
    return folder


def lm_eval_model(folder):
    arguments = {"pretrained": str(folder), "dtype": "float64"}
    return {"use": "lm-eval", "model": "hf", "model_args": arguments, "device": "cpu",
            "batch_size": 8}  # fmt: skip


@pytest.mark.parametrize("task", EVERY_KIND)
def test_by_the_model_of_lm_eval(task, tiny, hf, evalcore_run):
    theirs = by_lm_eval(task, hf(tiny))
    assert_equal(evalcore_run(spec_of(task, lm_eval_model(tiny))), theirs)


@pytest.mark.parametrize(
    ("task", "theirs", "ours"),
    [
        ("gen", {"num_fewshot": 3}, {"num_fewshot": 3}),
        ("shots", {"num_fewshot": 1, "fewshot_random_seed": 7}, {"num_fewshot": 1, "seed": 7}),
        ("gen", {"gen_kwargs": {"max_gen_toks": 3}}, {"generation_kwargs": {"max_gen_toks": 3}}),
        ("mc", {"system_instruction": "Be brief."}, {"system": "Be brief."}),
    ],
)
def test_with_options(task, theirs, ours, tiny, hf, evalcore_run):
    found = by_lm_eval(task, hf(tiny), **theirs)
    assert_equal(evalcore_run(spec_of(task, lm_eval_model(tiny), **ours)), found)


@pytest.mark.parametrize("turns", [True, False])
@pytest.mark.parametrize("task", ["prefixed", "mc"])
def test_with_a_chat_template(task, turns, tiny, hf, evalcore_run):
    options = {"apply_chat_template": True, "fewshot_as_multiturn": turns}
    theirs = by_lm_eval(task, hf(tiny), system_instruction="Be brief.", **options)
    run = evalcore_run(spec_of(task, lm_eval_model(tiny), system="Be brief.", **options))
    assert_equal(run, theirs)


@pytest.mark.parametrize("task", EVERY_KIND)
def test_by_the_model_of_evalcore(task, tiny, plain, hf, evalcore_run):
    """One request at a time: what float32 makes of a batch depends on what else is in it."""
    folder = plain if task == "rolling" else tiny
    theirs = by_lm_eval(task, hf(folder, "float32", batch_size=1))
    model = {"use": "transformers", "model": str(folder), "device": "cpu", "batch_size": 1}
    assert_equal(evalcore_run(spec_of(task, model)), theirs)


@pytest.mark.parametrize("use", ["lm-eval", "transformers"])
def test_repeats_may_be_sampled(use, tiny, evalcore_run):
    """What is sampled is no two programs' same, but there is as much of it as the task wants."""
    model = lm_eval_model(tiny)
    if use == "transformers":
        model = {"use": use, "model": str(tiny), "device": "cpu"}
    arguments = {"do_sample": True, "temperature": 50.0, "top_p": 0.99}
    run = evalcore_run(spec_of("votes", model, generation_kwargs=arguments))
    said = [text for record in run.records for text in record.answer[0]]
    assert len(said) == 30
    assert len(set(said)) > 20
    assert {result.n for result in run.results} == {10}


def test_results_are_measured_again_without_model_or_data(tiny, evalcore_run, tmp_path):
    run = evalcore_run(spec_of("own_code", lm_eval_model(tiny)))
    shutil.rmtree(tmp_path / "models", ignore_errors=True)
    command = [sys.executable, "-m", "evalcore", "results", str(run.path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    again = {row["metric"]: row["value"] for row in json.loads(done.stdout)}
    assert again == {result.metric: result.value for result in run.results}
    assert set(again) == {"lm-eval/length,none", "lm-eval/hits,none"}


def test_the_command_line_of_lm_eval(tiny, hf, tmp_path):
    """With a model of evalcore it says what it says with its own."""
    script = Path(sys.executable).with_name("lm_eval")
    model = json.dumps(lm_eval_model(tiny))
    tasks = ["gen", "mc", "rolling"]
    options = ["--include_path", str(TASKS), "--output_path", tmp_path, "--log_samples"]
    done = subprocess.run(
        [script, "--model", "evalcore", "--model_args", model, "--tasks", *tasks, *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LMEVAL_LOG_LEVEL": "ERROR"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (file,) = tmp_path.rglob("results_*.json")
    ours = json.loads(file.read_text())
    theirs = {}
    for task in tasks:
        theirs |= aggregates(by_lm_eval(task, hf(tiny)))
    assert aggregates(ours) == pytest.approx(theirs, rel=1e-9)
    assert ours["config"]["evalcore_usage"]["calls"] == 10 + 40 + 10
