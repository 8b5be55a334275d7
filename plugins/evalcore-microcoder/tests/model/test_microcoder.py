from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before anything imports the hub's client

import asyncio
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from pydantic import ValidationError

from evalcore.data import Continuation, Message, Request
from evalcore.errors import EvalcoreError
from evalcore.testing import ModelContract
from evalcore_microcoder import model as module
from evalcore_microcoder.model import Microcoder
from evalcore_microcoder.settings import MicrocoderSettings
from evalcore_microcoder.world import problems

WEIGHTS = Path(module.__file__).with_name("weights")
SIZES = ("s", "m", "l")


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    torch.set_num_threads(1)


def answers(requests, **settings):
    async def ask():
        model = Microcoder(MicrocoderSettings(**settings))
        await model.open()
        try:
            return await asyncio.gather(*map(model.generate, requests))
        finally:
            await model.close()

    return asyncio.run(ask())


def asked(text, **others):
    return Request((Message("user", text),), **{"seed": 1, "max_tokens": 12, **others})


class TestMicrocoder(ModelContract):
    component = "microcoder"
    settings: ClassVar = {"size": "s", "max_tokens": 40}


@pytest.mark.parametrize("size", SIZES)
def test_the_same_seed_gives_the_same_answer_alone_and_in_a_batch(size):
    crowd = [
        asked(problem.statement, seed=n, max_tokens=120)
        for n, problem in enumerate(islice(problems("validation"), 32))
    ]
    together = answers(crowd, size=size)
    assert [answers([request], size=size)[0] for request in crowd[::9]] == together[::9]
    assert len({answer.text for answer in together}) > 20


def test_a_higher_temperature_gives_more_different_answers():
    (problem,) = islice(problems("validation"), 1)

    def different(temperature):
        crowd = [
            asked(problem.statement, seed=n, max_tokens=120, temperature=temperature)
            for n in range(32)
        ]
        return len({answer.text for answer in answers(crowd, size="m")})

    assert different(0.0) == 1
    assert different(0.3) < different(1.0) < different(2.0)


def test_it_samples_at_temperature_one_where_nothing_else_is_said():
    request = asked("Print the sum of the list.")
    said = answers([request, replace(request, temperature=1.0, top_p=0.95)], size="s")
    assert said[0] == said[1]
    greedy = [replace(request, temperature=0.0, seed=seed) for seed in range(3)]
    assert len({answer.text for answer in answers(greedy, size="s")}) == 1


def test_it_tells_how_many_tokens_a_text_has():
    text = "Print the sum of the numbers of the list that are odd."
    (alone,), (among,) = (answers([asked(it)], size="s") for it in ("", text))
    model = Microcoder(MicrocoderSettings(size="s"))
    assert model.count_tokens(text) == among.prompt_tokens - alone.prompt_tokens


@pytest.mark.parametrize("text", ["\x00\x07", "Ω≈ç√∫ 日本語 👋🌍", "<|end|><|assistant|>"])
def test_characters_never_seen_are_answered(text):
    (answer,) = answers([asked(text)], size="s")
    assert answer.completion_tokens > 0


def test_a_prompt_longer_than_the_context_is_an_error():
    with pytest.raises(EvalcoreError, match="1024"):
        answers([asked("1 2 3 4 5 6 7 8 9 " * 200)], size="s")


def test_a_text_is_scored():
    async def ask():
        model = Microcoder(MicrocoderSettings(size="s"))
        await model.open()
        try:
            return await model.loglikelihood(Continuation("a = ", "int(input())"))
        finally:
            await model.close()

    assert asyncio.run(ask()).logprob < 0


def test_an_unknown_size_is_refused_with_those_there_are():
    with pytest.raises(ValidationError, match="'s', 'm' or 'l'"):
        MicrocoderSettings(size="xl")


def test_lost_weights_are_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_WEIGHTS", tmp_path)
    with pytest.raises(EvalcoreError, match="there is no folder"):
        answers([asked("Hello")], size="s")


def test_prices_are_in_proportion_to_the_operations():
    """Operations for a token are two a parameter, to a few percent."""
    from transformers import AutoModelForCausalLM

    prices = [Microcoder(MicrocoderSettings(size=size)).price() for size in SIZES]
    models = [AutoModelForCausalLM.from_pretrained(WEIGHTS / size) for size in SIZES]
    for price, model in zip(prices, models, strict=True):
        assert price.prompt == pytest.approx(model.num_parameters() / 1e7, rel=0.1)
        assert price.completion == pytest.approx(4 * price.prompt)


def test_torch_is_imported_only_when_it_is_used():
    script = "import sys, evalcore_microcoder.model; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
