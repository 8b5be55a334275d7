"""One answer while it is written, token by token."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evalcore.data import Generation, Token
from evalcore_transformers.spelling import first_stop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from evalcore.data import FinishReason
    from evalcore_transformers.sampling import Sampling
    from evalcore_transformers.spelling import Speller

__all__ = ["Answer", "Ending"]


class Ending(NamedTuple):
    """What ends any answer of a model.

    Attributes:
        ids: of the tokens that end one.
        speller: spells answers, so that stop texts are found.
    """

    ids: frozenset[int]
    speller: Speller


class Answer:
    """An answer that is being written.

    Args:
        prompt: ids that it goes on from, one at least.
        limit: tokens at most, one at least.
        sampling: how its tokens are chosen.
        ending: what ends any answer of the model.
        stop: texts that end this one.
        logprobs: whether its tokens are wanted with their log-probabilities.
        future: of the request that it answers, which may have several answers; who waits may
            cancel it.

    Attributes:
        ids: its tokens so far, with the one that ended it.
        scores: their log-probabilities, where they are wanted.
        reason: why it ended; `None` while it goes on.
    """

    __slots__ = (
        "_ending",
        "_stop",
        "future",
        "ids",
        "limit",
        "logprobs",
        "prompt",
        "reason",
        "sampling",
        "scores",
    )

    def __init__(
        self,
        prompt: list[int],
        limit: int,
        sampling: Sampling,
        ending: Ending,
        stop: Sequence[str],
        *,
        logprobs: bool,
        future: Future[Generation],
    ) -> None:
        self.prompt = prompt
        self.limit = limit
        self.sampling = sampling
        self.logprobs = logprobs
        self.future = future
        self.ids: list[int] = []
        self.scores: list[float] = []
        self.reason: FinishReason | None = None
        self._ending = ending
        self._stop = stop

    def add(self, token: int) -> None:
        """Take its next token."""
        self.ids.append(token)
        if token in self._ending.ids or self._may_have_stopped():
            self.reason = "stop"
        elif len(self.ids) == self.limit:
            self.reason = "length"

    def generation(self) -> Generation:
        """The answer, ended: without the stop text, without the token that ended it."""
        assert self.reason
        ids, speller = self._ending
        spelt = self.ids[:-1] if self.ids[-1] in ids else self.ids
        text, reason = speller.text(self.prompt, spelt), self.reason
        cut = first_stop(text, self._stop)
        if cut is not None:
            text, reason = text[:cut], "stop"
        tokens: tuple[Token, ...] = ()
        if self.logprobs:
            pieces = speller.pieces(self.prompt, spelt)
            tokens = tuple(_tokens(pieces, self.scores, len(text)))
        return Generation(text, reason, len(self.prompt), len(self.ids), tokens)

    def _may_have_stopped(self) -> bool:
        return bool(self._stop) and self._ending.speller.may_have_stopped(self.ids, self._stop)


def _tokens(pieces: Sequence[str], scores: Sequence[float], length: int) -> list[Token]:
    """Tokens up to a length of text; the last one's text is cut where the text is."""
    found: list[Token] = []
    for piece, score in zip(pieces, scores, strict=False):
        if length <= 0 and piece:
            break
        found.append(Token(piece[:length], score))
        length -= len(piece)
    return found
