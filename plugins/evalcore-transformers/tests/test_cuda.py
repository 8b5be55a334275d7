"""The same on a GPU, where there is one."""

from __future__ import annotations

import pytest
import torch
from opened_models import Opened, raw, said

from evalcore.data import Continuation
from evalcore_transformers.testing import PLAIN, QUESTIONS

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_it_answers_every_question(tiny, dtype):
    model = Opened(tiny, device="cuda", dtype=dtype)
    found = model.ask(*(raw(PLAIN.format(question=question)) for question in QUESTIONS))
    model.close()
    assert [answer.text for answer in found] == [f" {answer}" for answer in QUESTIONS.values()]


def test_likelihoods_are_close_to_those_of_the_cpu(opened, tiny):
    asked = [Continuation(PLAIN.format(question=q), f" {a}") for q, a in QUESTIONS.items()]
    model = Opened(tiny, device="cuda")
    found = model.score(*asked)
    model.close()
    for one, other in zip(found, opened(tiny, device="cpu").score(*asked), strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-3)
        assert one.greedy == other.greedy


def test_samples_are_the_same_alone_and_in_company(tiny):
    model = Opened(tiny, device="cuda")
    requests = [said(q, temperature=0.7, seed=i) for i, q in enumerate(list(QUESTIONS)[:64])]
    together = model.ask(*requests)
    alone = [model.ask(request)[0] for request in requests]
    model.close()
    assert [answer.text for answer in together] == [answer.text for answer in alone]


def test_closing_frees_the_memory(tiny):
    before = torch.cuda.memory_allocated()
    model = Opened(tiny, device="cuda")
    model.ask(said("Go on from one."))
    assert torch.cuda.memory_allocated() > before
    model.close()
    assert torch.cuda.memory_allocated() == before
