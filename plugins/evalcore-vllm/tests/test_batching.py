"""What vLLM is good at is used: a full batch, and prefixes that are read once."""

from __future__ import annotations

import asyncio

from conftest import ENDLESS, SMALL, Elsewhere, metric, needs_vllm, question, running

from evalcore.data import Message, Request
from evalcore_vllm.model import Vllm
from evalcore_vllm.settings import VllmSettings

pytestmark = needs_vllm


def test_the_batch_is_full(backend: Elsewhere, tiny):
    """Calls are handed on at once: as many run as the engine takes, the others wait there."""
    seats = SMALL["engine"]["max_num_seqs"]
    calls = [question(ENDLESS, raw=True, max_tokens=200, seed=seed) for seed in range(2 * seats)]

    async def most() -> float:
        model = Vllm(VllmSettings(model=str(tiny), **SMALL))
        await model.open()
        answers = asyncio.gather(*map(model.generate, calls))
        seen = 0.0
        while not answers.done():
            seen = max(seen, await running(backend))
        await answers
        return seen

    assert asyncio.run(most()) == seats


def test_a_dialogue_is_not_read_anew_with_each_turn(backend: Elsewhere, tiny):
    """Of each turn the engine reads what is new, up to the size of its blocks."""
    block = SMALL["engine"]["block_size"]

    async def turns() -> None:
        model = Vllm(VllmSettings(model=str(tiny), **SMALL))
        await model.open()
        dialogue: tuple[Message, ...] = ()
        before = 0
        for word in ("Monday", "Mars", "alpha", "June", "seven"):
            dialogue += (Message("user", f"This is turn {word}. Which two follow {word}?"),)
            hits = await metric(backend, "vllm:prefix_cache_hits_total")
            answer = await model.generate(Request(dialogue, max_tokens=12))
            hits = await metric(backend, "vllm:prefix_cache_hits_total") - hits
            assert hits >= before // block * block
            before = answer.prompt_tokens
            dialogue += (Message("assistant", answer.text),)
        assert before > 4 * block

    asyncio.run(turns())
