"""Strategy `lm-eval`: the requests of an lm-eval task, made as they are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from evalcore.data import Attempt, Message, Sample
from evalcore.errors import EvalcoreError
from evalcore.settings import Settings
from evalcore.strategy import Strategy
from evalcore_lm_eval.requests import Completion, Likeliness, Prompt, Request, Requests, WholeText

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from evalcore.strategy import Context

__all__ = ["LmEval"]


class LmEval(Strategy[Settings]):
    """Makes the requests of a document side by side; the responses are the answer."""

    async def attempt(self, sample: Sample, context: Context) -> Attempt:
        """The responses, in the order of the requests, each as often as the task repeats it."""
        public = sample.public
        if not isinstance(public, Requests):
            raise EvalcoreError("the strategy `lm-eval` makes the requests of the task `lm-eval`")
        answers = await _together(
            [_responses(request, public.repeats, context) for request in public.requests]
        )
        return Attempt(answers, _dialogue(public, answers))


async def _together(work: Sequence[Coroutine[Any, Any, list[Any]]]) -> list[list[Any]]:
    """All results; where one fails, the rest is given up before its error goes on."""
    tasks = [asyncio.ensure_future(item) for item in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _responses(request: Request, repeats: int, context: Context) -> list[Any]:
    if isinstance(request, Completion):
        return await _texts(request, repeats, context)
    if isinstance(request, Likeliness):
        prompt, text = _whole_words(request)
        likelihood = await context.model.loglikelihood(prompt, text)
        return [[likelihood.logprob, likelihood.greedy]] * repeats
    likelihood = await context.model.loglikelihood(WholeText(), request.text)
    return [likelihood.logprob] * repeats


async def _texts(request: Completion, repeats: int, context: Context) -> list[str]:
    """As many answers as are wanted; without sampling they are all the same."""
    n = repeats if request.temperature else 1
    generation = await context.model.generate(
        request.prompt,
        temperature=request.temperature,
        top_p=request.top_p,
        max_tokens=request.max_tokens,
        stop=request.stop,
        n=n,
        raw=isinstance(request.prompt, str),
    )
    texts = [generation.text, *(other.text for other in generation.others)]
    return texts if n == repeats else texts * repeats


def _whole_words(request: Likeliness) -> tuple[Prompt, str]:
    """Blanks at the end of a text move to what follows, where tokenizers expect them."""
    prompt, text = request.prompt, request.text
    if not isinstance(prompt, str) or not prompt.strip():
        return prompt, text
    kept = prompt.rstrip()
    return kept, prompt[len(kept) :] + text


def _dialogue(public: Requests, answers: list[list[Any]]) -> tuple[Message, ...]:
    """The first prompt, with the first answer where that is a text, for who reads the record."""
    first = public.requests[0]
    if isinstance(first, Completion):
        asked = (Message("user", first.prompt),) if isinstance(first.prompt, str) else first.prompt
        return (*asked, Message("assistant", answers[0][0]))
    if isinstance(first, Likeliness):
        prompt = first.prompt
        return (Message("user", prompt),) if isinstance(prompt, str) else prompt
    return (Message("user", first.text),)
