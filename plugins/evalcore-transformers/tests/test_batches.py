"""An answer is the same alone and in any company."""

from __future__ import annotations

import asyncio

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from opened_models import raw, said

from evalcore.data import Continuation, Request
from evalcore_transformers.testing import PLAIN, QUESTIONS

ASKED = list(QUESTIONS)


def varied(number: int, **arguments: object) -> Request:
    """Requests that differ in length, sampling, form and limit."""
    question = ASKED[number % len(ASKED)]
    sampling = [
        {"temperature": 0.0},
        {"temperature": 1.0},
        {"temperature": 1.3, "top_p": 0.9},
        {"temperature": 0.7, "stop": (",", "e w")},
    ][number % 4]
    text = f"{'So. ' * (number % 11)}{PLAIN.format(question=question)}"
    return (raw if number % 3 else said)(
        text, seed=number, max_tokens=4 + number % 29, logprobs=True, **sampling, **arguments
    )


@pytest.fixture(scope="module")
def alone(opened, untrained):
    """The answers to varied requests, each asked when the one before was answered."""
    model = opened(untrained)
    return [model.ask(varied(number))[0] for number in range(64)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 32, 64])
def test_answers_do_not_depend_on_the_size_of_the_batch(opened, untrained, alone, size):
    """To the last bit of each log-probability."""
    model = opened(untrained, batch_size=size)
    assert model.ask(*map(varied, range(64))) == alone


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 4)), min_size=1, max_size=40))
def test_answers_do_not_depend_on_who_comes_when(opened, untrained, alone, arrivals):
    numbers, waits = zip(*arrivals, strict=True)
    found = opened(untrained, batch_size=7).ask_in_waves([varied(n) for n in numbers], waits)
    assert found == [alone[number] for number in numbers]


def test_answers_do_not_depend_on_the_batch_in_half_precision(opened, tiny):
    model = opened(tiny, dtype="bfloat16")
    alone = [model.ask(varied(number))[0] for number in range(24)]
    assert model.ask(*map(varied, range(24))) == alone


def test_scores_do_not_depend_on_the_batch(opened, untrained):
    model = opened(untrained)
    asked = [Continuation(PLAIN.format(question=q), f" {a}") for q, a in QUESTIONS.items()][::5]
    assert model.score(*asked) == [model.score(one)[0] for one in asked]


def test_answers_and_scores_are_worked_on_side_by_side(opened, untrained, alone):
    model = opened(untrained)
    one = Continuation("one", " two three")
    (likelihood,) = model.score(one)

    async def both():
        writing = [model.model.generate(varied(number)) for number in range(20)]
        reading = [model.model.loglikelihood(one) for _ in range(20)]
        return await asyncio.gather(*writing, *reading)

    assert model.run(both()) == [*alone[:20], *[likelihood] * 20]


def test_several_answers_to_one_request(opened, untrained):
    model = opened(untrained, batch_size=7)
    request = said("Go on from one.", temperature=1.0, seed=5, max_tokens=12)
    (one,) = model.ask(request)
    (many,) = model.ask(said("Go on from one.", temperature=1.0, seed=5, max_tokens=12, n=20))
    texts = [many.text, *(other.text for other in many.others)]
    assert texts[0] == one.text
    assert len(set(texts)) == 20
    assert many.prompt_tokens == one.prompt_tokens
    others = sum(other.completion_tokens for other in many.others)
    assert many.completion_tokens == one.completion_tokens + others


def test_seeds_decide_samples(opened, untrained):
    def draw(seed):
        return said("Go on from one.", temperature=1.0, seed=seed, max_tokens=12)

    model = opened(untrained)
    first = model.ask(*map(draw, range(20)))
    assert model.ask(*map(draw, range(20))) == first
    assert len({answer.text for answer in first}) == 20


@settings(max_examples=10)
@given(st.sets(st.integers(0, 39)), st.integers(0, 10))
def test_requests_that_are_cancelled_leave_the_others_alone(
    opened, untrained, alone, cancelled, wait
):
    model = opened(untrained, batch_size=7)

    async def asked():
        tasks = [asyncio.create_task(model.model.generate(varied(number))) for number in range(40)]
        await asyncio.sleep(wait / 1000)
        done = {number for number in cancelled if tasks[number].done()}
        for number in cancelled:
            tasks[number].cancel()
        return done, await asyncio.gather(*tasks, return_exceptions=True)

    done, found = model.run(asked())
    for number in range(40):
        if number in cancelled - done:
            assert isinstance(found[number], asyncio.CancelledError)
        else:
            assert found[number] == alone[number]


def test_what_nobody_waits_for_is_not_finished(opened, untrained):
    """An answer without an end costs nothing more once its request is cancelled."""
    model = opened(untrained, batch_size=2)

    async def asked():
        endless = [
            asyncio.create_task(model.model.generate(raw(f"{i}", max_tokens=250))) for i in range(9)
        ]
        await asyncio.sleep(0.01)
        for task in endless:
            task.cancel()
        return await model.model.generate(varied(3))

    assert model.run(asked()) == model.ask(varied(3))[0]


@pytest.mark.parametrize(("threads", "expected"), [(None, []), (3, [3])])
def test_as_many_threads_as_are_asked_for(opened, untrained, monkeypatch, threads, expected):
    asked = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    opened(untrained, threads=threads).ask(varied(0))
    assert asked == expected
