from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from evalcore_microcoder.training.recipe import Recipe


def weights(recipe):
    return load_file(recipe.model / "model.safetensors")


def checkpoint(options):
    return options.folder / options.size / "checkpoint.pt"


def test_a_training_writes_a_model_that_transformers_opens(trained):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(trained.model)
    assert model.config.max_position_embeddings == 1024
    assert model.dtype == torch.bfloat16
    assert model.generation_config.top_p == 0.95


def test_training_lowers_the_loss(options, capsys):
    Recipe(options(steps=60, tried=0)).run()
    said = [line for line in capsys.readouterr().out.splitlines() if "validation: programs" in line]
    first, last = (float(line.split("programs ")[1].split()[0]) for line in (said[0], said[-1]))
    assert last < 0.75 * first


@pytest.mark.parametrize("steps", [5, 20], ids=["first stage", "third stage"])
def test_a_killed_training_goes_on_to_the_same_weights(trained, options, steps):
    """SIGKILL at any instant: what is there again is trained on as if nothing had been."""
    chosen = options()
    command = [sys.executable, "-m", "evalcore_microcoder.training", "--folder", chosen.folder]
    for name in ("size", "steps", "tokens", "tried", "tested", "pause"):
        command += [f"--{name}", str(getattr(chosen, name))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if f"step {steps}:" in line:
                break
        else:
            pytest.fail("the training ended before it was killed")
        os.kill(process.pid, signal.SIGKILL)
    assert checkpoint(chosen).exists()
    resumed = Recipe(chosen)
    resumed.run()
    expected, found = weights(trained), weights(resumed)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_larger_budget_goes_on_from_what_is_there(options, capsys):
    Recipe(options(steps=6, tried=0)).run()
    capsys.readouterr()
    Recipe(options(steps=9, tried=0)).run()
    said = capsys.readouterr().out
    assert "step 6:" in said.splitlines()[0]
    assert "step 7:" in said
    assert "step 9: done" in said


def test_a_budget_of_time_is_kept(options):
    begun = time.monotonic()
    recipe = Recipe(options(steps=None, seconds=1.0, tried=0))
    recipe.run()
    assert (recipe.model / "model.safetensors").exists()
    assert time.monotonic() > begun + 1.0


def test_an_unknown_size_is_told_with_those_there_are():
    command = [sys.executable, "-m", "evalcore_microcoder.training", "--size", "xl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'xl'" in done.stderr
    assert "'l'" in done.stderr
