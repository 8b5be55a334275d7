"""A model and all that is asked of it, in the one thread that owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from evalcore.data import Continuation, Likelihood, Request
from evalcore.errors import EvalcoreError
from evalcore_transformers.answers import Answer, Ending
from evalcore_transformers.checkpoint import Checkpoint
from evalcore_transformers.promises import fail, keep
from evalcore_transformers.prompts import Prompts
from evalcore_transformers.reading import Reader
from evalcore_transformers.sampling import Sampling
from evalcore_transformers.scoring import windows
from evalcore_transformers.settings import MAX_TOKENS
from evalcore_transformers.spelling import Speller
from evalcore_transformers.writing import Writer

if TYPE_CHECKING:
    from concurrent.futures import Future

    from evalcore.data import Generation
    from evalcore_transformers.settings import TransformersSettings

__all__ = ["Engine"]

T = TypeVar("T")


class Engine:
    """A model with its weights, as soon as something is asked of it.

    Args:
        settings: of the model.

    Raises:
        EvalcoreError: if the model is not there, or cannot be computed with here.
    """

    def __init__(self, settings: TransformersSettings) -> None:
        self._settings = settings
        self._checkpoint = Checkpoint(settings)
        self._prompts = Prompts(self._checkpoint.tokenizer, chat=settings.chat)
        self._ending = Ending(self._checkpoint.ends, Speller(self._checkpoint.tokenizer))
        self._workers: tuple[Writer, Reader] | EvalcoreError | None = None

    @property
    def identity(self) -> str:
        """What decides its answers; needs no weights."""
        return self._checkpoint.identity

    @property
    def busy(self) -> bool:
        """Whether there is something to do."""
        return isinstance(self._workers, tuple) and any(one.busy for one in self._workers)

    def take(self, request: Request | Continuation, future: Future[Any]) -> None:
        """Add what has to be done; the future gets the answer, or why there is none."""
        try:
            if isinstance(request, Request):
                self._take_request(request, future)
            else:
                self._take_continuation(request, future)
        except Exception as error:
            fail([future], error)

    def work(self) -> None:
        """Score some texts, and write a token of each answer."""
        assert isinstance(self._workers, tuple)
        for worker in self._workers:
            if worker.busy:
                worker.work()

    def _take_request(self, request: Request, future: Future[Generation]) -> None:
        prompt = self._prompts.of(request)
        limit = self._limit(request, len(prompt))
        stop = (*self._settings.stop, *request.stop)
        writer, _ = self._loaded()
        writer.add(
            [
                Answer(
                    prompt,
                    limit,
                    self._sampling(request, number),
                    self._ending,
                    stop,
                    logprobs=request.logprobs,
                    future=future,
                )
                for number in range(request.n)
            ]
        )

    def _take_continuation(self, request: Continuation, future: Future[Likelihood]) -> None:
        context, text = self._prompts.split(request)
        rolling = request.context == ""
        wanted = windows(context, text, self._checkpoint.limit, rolling=rolling)
        if wanted:
            _, reader = self._loaded()
            reader.add(future, wanted)
        else:
            keep(future, Likelihood(0.0, greedy=True))

    def _limit(self, request: Request, prompt: int) -> int:
        """Tokens that an answer may have.

        Raises:
            EvalcoreError: if the context has no room for one.
        """
        wanted = _first(request.max_tokens, self._settings.max_tokens, MAX_TOKENS)
        context = self._checkpoint.limit
        if context is None:
            return wanted
        if prompt >= context:
            raise EvalcoreError(
                f"the prompt has {prompt} tokens, but the model's context holds {context} with the "
                "answer: shorten the prompt"
            )
        return min(wanted, context - prompt)

    def _sampling(self, request: Request, number: int) -> Sampling:
        """The request decides, then the settings, then the generation config, else greedy."""
        settings, own = self._settings, self._checkpoint.generation
        draws = bool(own.do_sample)
        warmth = _first(own.temperature, 1.0) if draws else 0.0
        return Sampling(
            temperature=_first(request.temperature, settings.temperature, warmth),
            top_p=_first(request.top_p, settings.top_p, own.top_p if draws else None, 1.0),
            top_k=_first(own.top_k if draws else None, 0),
            seed=request.seed,
            number=number,
        )

    def _loaded(self) -> tuple[Writer, Reader]:
        """Those who work with the weights, which are read when they are first needed.

        Raises:
            EvalcoreError: if they cannot be read, now or before.
        """
        if self._workers is None:
            try:
                model = self._checkpoint.load()
                most = self._settings.batch_size
                writer = Writer(model, most)
                self._workers = writer, Reader(model, most if writer.batches else 1)
            except EvalcoreError as error:
                self._workers = error
        if isinstance(self._workers, EvalcoreError):
            raise self._workers
        return self._workers


def _first(*values: T | None) -> T:
    """The first value that is set; the last one always is."""
    found: T = next(value for value in values if value is not None)
    return found
