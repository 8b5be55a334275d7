"""What a dialogue would say, before any model is asked."""

from __future__ import annotations

import asyncio

import pytest
from doubling import PUBLIC, STATEMENT, WRONG

from evalcore.data import Message, Sample
from evalcore_prompting import library, rehearse, strategies
from evalcore_prompting import settings as models

SAMPLE = Sample("double", STATEMENT, PUBLIC)


def rehearsed(strategy):
    return asyncio.run(rehearse(strategy, SAMPLE))


@pytest.mark.parametrize(
    "settings",
    [
        {"use": "single-turn"},
        {"use": "single-turn", "reasoning": "self-reflection", "system": "Be brief."},
        {"use": "multi-turn", "instruction": "docstrings"},
        {"use": "cot-retry", "max_turns": 1},
        {"use": "self-repair"},
        {"use": "reflexion", "feedback": "all-tests"},
    ],
)
def test_the_messages_before_the_first_answer_are_those_that_a_model_gets(converse, settings):
    name = settings["use"].title().replace("-", "")
    strategy, model = getattr(strategies, name), getattr(models, f"{name}Settings")
    own = {name: value for name, value in settings.items() if name != "use"}
    told = rehearsed(strategy(model(**own)))
    answers = [WRONG] * sum(message.role == "assistant" for message in told)
    record = converse(answers, settings)
    assert [message.role for message in told] == [message.role for message in record.messages]
    first = converse.requests[0].messages
    assert told[: len(first)] == first
    assert told[len(first)].role == "assistant"


def test_the_later_turns_are_their_prompts_around_stand_ins():
    told = rehearsed(strategies.CotRetry(models.CotRetrySettings(feedback="failed-tests")))
    prompts = library()
    feedback = (
        "Your program fails this test:\n\nInput:\n[input of a public test]\nExpected output:\n"
        "[its output]\nYour output:\n[output of the program]"
    )
    assert told[1] == Message("assistant", "[answer]\n\n```\n[program]\n```")
    assert [message.content for message in told if message.role == "user"][1:] == [
        "\n\n".join([feedback, *(prompts.render(id_) for id_ in ids)])
        for ids in (
            ["retry", "guidelines", "code-block"],
            ["retry", "natural-language-solution"],
        )
    ] + ["\n\n".join(prompts.render(id_) for id_ in ("write-code", "code-block"))]
