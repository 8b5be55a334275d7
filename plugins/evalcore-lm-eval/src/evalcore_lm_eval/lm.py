"""Any model of evalcore as a model of lm-eval, for lm-eval's own command line.

`lm_eval --model evalcore --model_args use=transformers,model=./dir` sets a model up as a spec does;
`--model_args spec=FILE,model=NAME` takes it from a spec.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import weakref
from collections import Counter
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lm_eval.api.model import LM
from lm_eval.utils import simple_parse_args_string
from tqdm import tqdm

from evalcore import EvalcoreError, open_model
from evalcore.data import Message
from evalcore_lm_eval.requests import WholeText, completion

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from lm_eval.api.instance import Instance

    from evalcore import OpenModel
    from evalcore_lm_eval.requests import Prompt

__all__ = ["EvalcoreLM"]

T = TypeVar("T")

_PATIENCE = 10.0
"""Seconds that an interrupted opening may take to end."""
_AT_A_TIME = 64
"""Requests in flight; `limits: {concurrency: N}` of the model allows fewer of them."""


class EvalcoreLM(LM):  # type: ignore[misc]
    """Answers lm-eval's requests by a model of evalcore, with its retries and limits.

    What lm-eval says of batch sizes and devices is for its own models: those of evalcore are set up
    by their settings alone.

    Args:
        seed: from which the seed of every sampled answer is derived.
        spec: a spec file; `model` is then the name of one of its models.
        settings: else what a spec writes for a model: `use`, its settings, `limits`, `price`.
    """

    def __init__(self, *, seed: int = 0, spec: str | None = None, **settings: Any) -> None:
        super().__init__()
        if spec is not None and settings.keys() != {"model"}:
            found = ", ".join(sorted(settings)) or "nothing"
            raise EvalcoreError(
                f"beside `spec` found {found}, expected `model` (its name in there)"
            )
        self._seed = seed
        self._asked: Counter[tuple[Any, ...]] = Counter()
        self._server = _Server(settings, spec)
        self._finalizer = weakref.finalize(self, self._server.close)

    @classmethod
    def create_from_arg_string(
        cls, arg_string: str, additional_config: dict[str, Any] | None = None
    ) -> EvalcoreLM:
        """Make the model from `name=value,...`."""
        return cls(**simple_parse_args_string(arg_string))

    @classmethod
    def create_from_arg_obj(
        cls, arg_dict: dict[str, Any], additional_config: dict[str, Any] | None = None
    ) -> EvalcoreLM:
        """Make the model from what `--model_args` says."""
        return cls(**arg_dict)

    @property
    def tokenizer_name(self) -> str:
        """What tells lm-eval's caches of prompts apart."""
        return f"evalcore {self._server.model.identity}"

    def get_model_info(self) -> dict[str, Any]:
        """What answered and what all calls cost, for the file of results."""
        model = self._server.model
        return {"evalcore_model": model.identity, "evalcore_usage": asdict(model.usage)}

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """The dialogue itself, written as JSON: the model renders it by its own template."""
        return _Dialogue(json.dumps(chat_history, ensure_ascii=False))

    def generate_until(self, requests: Sequence[Instance], disable_tqdm: bool = False) -> list[str]:
        """A text that goes on from each context."""
        seeds = [self._next_seed(request) for request in requests]

        async def answer(number: int) -> str:
            context, arguments = requests[number].args
            wanted = completion(_prompt(context), arguments)
            generation = await self._server.model.generate(
                wanted.prompt,
                temperature=wanted.temperature,
                top_p=wanted.top_p,
                max_tokens=wanted.max_tokens,
                stop=wanted.stop,
                raw=isinstance(wanted.prompt, str),
                seed=seeds[number],
            )
            self.cache_hook.add_partial("generate_until", (context, arguments), generation.text)
            return generation.text

        return self._server.answers(answer, len(requests), "generating", disable_tqdm)

    def loglikelihood(
        self, requests: Sequence[Instance], disable_tqdm: bool = False
    ) -> list[tuple[float, bool]]:
        """How likely each text is after its context, and whether greedy decoding gives it."""

        async def answer(number: int) -> tuple[float, bool]:
            context, text = requests[number].args
            found = await self._server.model.loglikelihood(_prompt(context), text)
            result = (found.logprob, found.greedy)
            self.cache_hook.add_partial("loglikelihood", (context, text), result)
            return result

        return self._server.answers(answer, len(requests), "scoring", disable_tqdm)

    def loglikelihood_rolling(
        self, requests: Sequence[Instance], disable_tqdm: bool = False
    ) -> list[float]:
        """How likely each text is as a whole."""

        async def answer(number: int) -> float:
            (text,) = requests[number].args
            found = await self._server.model.loglikelihood(WholeText(), text)
            self.cache_hook.add_partial("loglikelihood_rolling", (text,), found.logprob)
            return found.logprob

        return self._server.answers(answer, len(requests), "scoring texts", disable_tqdm)

    def _next_seed(self, request: Instance) -> int:
        """From what the request is of and how often it was made, never from the order of all."""
        key = (request.task_name, request.doc_id, request.idx)
        number = self._asked[key]
        self._asked[key] += 1
        text = " ".join(map(str, (self._seed, *key, number)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) >> 1


class _Dialogue(str):
    """A dialogue as JSON, in the place of a text that a chat template would have made."""

    __slots__ = ()


def _prompt(context: str) -> Prompt:
    if not isinstance(context, _Dialogue):
        return context
    return tuple(Message(item["role"], item["content"]) for item in json.loads(context))


class _Server:
    """An open model, on an event loop of its own in a thread of its own.

    lm-eval waits for all answers at once, maybe itself within an event loop: ours runs elsewhere.
    """

    def __init__(self, settings: dict[str, Any], spec: str | None) -> None:
        self._closing = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        opened: Future[OpenModel] = Future()
        life = self._live(settings, spec, opened)
        self._thread = threading.Thread(target=self._run, args=(life,), daemon=True)
        self._thread.start()
        try:
            self.model = opened.result()
        except BaseException:  # Ctrl+C too: what is being opened is not to be waited for for ever
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join(_PATIENCE)
            raise

    def _run(self, life: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(life)

    async def _live(
        self, settings: dict[str, Any], spec: str | None, opened: Future[OpenModel]
    ) -> None:
        """Keep the model open until it is to be closed."""
        wanted = settings if spec is None else str(settings["model"])
        path = None if spec is None else Path(spec)
        try:
            async with open_model(wanted, spec=path, base=Path.cwd()) as model:
                opened.set_result(model)
                await self._closing.wait()
        except BaseException as error:
            if not opened.done():
                opened.set_exception(error)
            elif threading.main_thread().is_alive():  # else a process that ends starts no threads
                raise

    def close(self) -> None:
        """Close the model and end the thread."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def answers(
        self, answer: Callable[[int], Coroutine[Any, Any, T]], count: int, doing: str, quiet: bool
    ) -> list[T]:
        """The answers to requests 0 to `count` - 1, with a bar that shows how many there are.

        Raises:
            Exception: what the first request that failed raised; the others are given up.
        """
        with tqdm(total=count, desc=doing, disable=quiet) as bar:
            work = _all(answer, count, bar.update)
            answered = asyncio.run_coroutine_threadsafe(work, self._loop)
            try:
                return answered.result()
            except BaseException:  # Ctrl+C too: nobody waits for the rest
                answered.cancel()
                raise


async def _all(
    answer: Callable[[int], Awaitable[T]], count: int, done: Callable[[], Any]
) -> list[T]:
    answers: dict[int, T] = {}
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            answers[number] = await answer(number)
            done()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(count, _AT_A_TIME)):
                group.create_task(work())
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [answers[number] for number in range(count)]
