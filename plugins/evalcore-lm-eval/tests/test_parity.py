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


@pytest.fixture(scope="module")
def hf():
    """Makes lm-eval's own model of transformers."""
    from lm_eval.models.huggingface import HFLM

    made = {}

    def make(folder, dtype="float64", batch_size=4):
        key = (folder, dtype, batch_size)
        if key not in made:
            made[key] = HFLM(str(folder), dtype=dtype, device="cpu", batch_size=batch_size)
        return made[key]

    return make


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


def test_results_are_measured_again_without_model_or_data(tiny, evalcore_run, tmp_path):
    run = evalcore_run(spec_of("own_code", lm_eval_model(tiny)))
    shutil.rmtree(tmp_path / "models", ignore_errors=True)
    command = [sys.executable, "-m", "evalcore", "results", str(run.path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    again = {row["metric"]: row["value"] for row in json.loads(done.stdout)}
    assert again == {result.metric: result.value for result in run.results}
    assert set(again) == {"lm-eval/length,none", "lm-eval/hits,none"}


def command_line(folder, *arguments):
    """What lm-eval's own command line says of some tasks."""
    tasks = ["--tasks", "gen,mc,rolling", "--include_path", str(TASKS)]
    script = Path(sys.executable).with_name("lm_eval")
    done = subprocess.run(
        [script, *arguments, *tasks, "--output_path", folder, "--log_samples"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LMEVAL_LOG_LEVEL": "ERROR"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (results,) = folder.rglob("results_*.json")
    return json.loads(results.read_text())


def test_the_command_line_of_lm_eval(tiny, hf, evalcore_run, tmp_path):
    """With its own model it says what evalcore says; with ours it says the same again."""
    arguments = f"pretrained={tiny},dtype=float64"
    theirs = command_line(
        tmp_path / "theirs", "--model", "hf", "--model_args", arguments, "--device", "cpu"
    )
    ours = command_line(
        tmp_path / "ours", "--model", "evalcore", "--model_args", json.dumps(lm_eval_model(tiny))
    )
    assert ours["results"].keys() == {"gen", "mc", "rolling"}
    assert aggregates(ours) == pytest.approx(aggregates(theirs), rel=1e-9)
    for task in ours["results"]:
        run = evalcore_run(spec_of(task, lm_eval_model(tiny)), out=task)
        said = {f"{task}/{result.metric.partition('/')[2]}": result.value for result in run.results}
        expected = {name: value for name, value in aggregates(theirs).items() if name in said}
        assert said == pytest.approx(expected, rel=1e-9)
        assert len(said) == len(expected)
    assert ours["config"]["evalcore_usage"]["calls"] == 10 + 40 + 10
