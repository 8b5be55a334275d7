"""vLLM's asynchronous engine, driven from the run's own process."""

from __future__ import annotations

import asyncio
import difflib
import itertools
import os
import signal
import threading
from contextlib import suppress
from dataclasses import fields
from functools import partial
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, TypeVar

from evalcore.data import Generation, Token
from evalcore.errors import EvalcoreError
from evalcore.model import TransientError
from evalcore_vllm.arguments import engine_arguments
from evalcore_vllm.environment import additions, cannot_run, check_device, reason
from evalcore_vllm.logs import Log
from evalcore_vllm.scoring import Scored

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalcore.data import FinishReason
    from evalcore_vllm.sampling import Sampling
    from evalcore_vllm.settings import VllmSettings

__all__ = ["Engine"]

T = TypeVar("T")

_REASONS: dict[str, FinishReason] = {"stop": "stop", "length": "length"}


class Engine:
    """Hands every request to the engine at once, which batches them as they come and go.

    Attributes:
        context: tokens of a prompt with its answer at most; known once it is open.
    """

    def __init__(self, settings: VllmSettings) -> None:
        self._settings = settings
        self._log = Log("engine")
        self._engine: Any = None
        self._numbers = itertools.count()
        self.context = 0

    async def open(self) -> None:
        """Load the weights, in a thread.

        Raises:
            EvalcoreError: if vLLM cannot run here, or not with these settings.
        """
        self._engine = await _in_thread(self._start)
        # Else each of the first requests would ask, and wait for ever if the engine ended then.
        await self._engine.get_supported_tasks()
        self.context = self._engine.model_config.max_model_len

    async def close(self) -> None:
        """End the engine's processes."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await _in_thread(engine.shutdown)
            engine.shutdown = _nothing  # which it calls once more when it is collected
            await asyncio.sleep(0)  # its tasks, which are cancelled now, end

    async def complete(self, ids: list[int], sampling: Sampling) -> Generation:
        """Go on from a prompt.

        Raises:
            TransientError: if the engine gave the request up.
            EvalcoreError: if it refuses it, or has ended.
        """
        from vllm.sampling_params import RequestOutputKind, SamplingParams

        output = await self._run(
            ids,
            SamplingParams(
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                top_k=sampling.top_k,
                max_tokens=sampling.max_tokens,
                stop=list(sampling.stop),
                seed=sampling.seed,
                logprobs=0 if sampling.logprobs else None,
                output_kind=RequestOutputKind.FINAL_ONLY,
            ),
        )
        answer = output.outputs[0]
        if answer.finish_reason not in _REASONS:
            raise TransientError(f"vLLM gave an answer up: it ended with {answer.finish_reason!r}")
        return Generation(
            answer.text,
            _REASONS[answer.finish_reason],
            prompt_tokens=len(ids),
            completion_tokens=len(answer.token_ids),
            tokens=_tokens(answer.token_ids, answer.logprobs or ()),
        )

    async def score(self, ids: list[int]) -> list[Scored]:
        """What the engine says of each token but the first; errors as of `complete`."""
        from vllm.sampling_params import RequestOutputKind, SamplingParams

        params = SamplingParams(
            temperature=0,
            max_tokens=1,
            prompt_logprobs=1,
            detokenize=False,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        output = await self._run(ids, params)
        rows = zip(ids[1:], output.prompt_logprobs[1:], strict=True)
        return [_scored(row[token].logprob, row.values()) for token, row in rows]

    async def _run(self, ids: list[int], params: Any) -> Any:
        from vllm.exceptions import VLLMClientError
        from vllm.inputs import tokens_input
        from vllm.v1.engine.exceptions import EngineDeadError

        assert self._engine is not None, "the model is not open"
        output = None
        name = f"evalcore-{next(self._numbers)}"
        try:
            async for output in self._engine.generate(tokens_input(ids), params, name):  # noqa: B007
                pass
        except (VLLMClientError, ValueError) as error:
            raise EvalcoreError(f"vLLM refuses the request: {error}") from None
        except EngineDeadError:
            raise EvalcoreError(f"vLLM's engine has ended{self._log.account()}") from None
        return output

    def _start(self) -> Any:
        os.environ.update(additions(os.environ, self._log))
        with cannot_run():
            from vllm.engine.arg_utils import AsyncEngineArgs
            from vllm.v1.engine.async_llm import AsyncLLM

        check_device()
        named = engine_arguments(self._settings)
        _check(named, [field.name for field in fields(AsyncEngineArgs)])
        # Ctrl+C goes to all processes of the terminal, and the run finishes what is under way. The
        # tracker must be there before: starting it unblocks the signal.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return AsyncLLM.from_engine_args(AsyncEngineArgs(**named))
        except Exception as error:
            cause = self._log.cause() if "root cause" in str(error) else None
            raise EvalcoreError(
                f"vLLM cannot run {self._settings.model}: {cause or reason(error)}"
            ) from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _nothing() -> None:
    """Its own would complain at the end of the process, when its modules are gone."""


def _check(named: dict[str, Any], known: list[str]) -> None:
    for name in named:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise EvalcoreError(f"vLLM's engine has no argument {name!r}{hint}")


def _tokens(ids: Any, rows: Any) -> tuple[Token, ...]:
    found = (row[token] for token, row in zip(ids, rows, strict=False))
    return tuple(Token(token.decoded_token or "", token.logprob) for token in found)


def _scored(logprob: float, row: Any) -> Scored:
    return Scored(logprob, greedy=logprob >= max(other.logprob for other in row))


async def _in_thread(function: Callable[[], T]) -> T:
    """Run it in a thread that nobody waits for when the process has to end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(setter: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            setter(value)

    def run() -> None:
        try:
            value = function()
        except BaseException as error:
            outcome = partial(settle, done.set_exception, error)
        else:
            outcome = partial(settle, done.set_result, value)
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(outcome)

    threading.Thread(target=run, name="evalcore-vllm", daemon=True).start()
    return await done
