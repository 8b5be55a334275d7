"""The texts that a model is to score: which wait, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalcore_transformers.forward import groups
from evalcore_transformers.promises import fail, keep
from evalcore_transformers.scoring import Score, Window, add_up, score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from transformers import PreTrainedModel

    from evalcore.data import Likelihood

__all__ = ["Reader"]

_LOGITS = 2**28
"""Logits that are held at a time at most, where there is more than one text."""


@dataclass(eq=False, slots=True)
class _Text:
    """A text that is being scored."""

    future: Future[Likelihood]
    windows: Sequence[Window]
    scores: dict[Window, Score] = field(default_factory=dict)


class Reader:
    """Scores texts, many at a time where the model can.

    Args:
        model: with its weights.
        most: texts that are read at a time at most.
    """

    def __init__(self, model: PreTrainedModel, most: int) -> None:
        self._model = model
        self._most = most
        self._tokens = _LOGITS // model.config.get_text_config(decoder=True).vocab_size
        self._waiting: dict[tuple[int, ...], dict[Window, list[_Text]]] = {}
        """Windows, and whose they are, by what is read for them."""

    @property
    def busy(self) -> bool:
        """Whether a text waits."""
        return bool(self._waiting)

    def add(self, future: Future[Likelihood], windows: Sequence[Window]) -> None:
        """Take a text; its future gets how likely it is."""
        text = _Text(future, windows)
        for window in set(windows):
            self._waiting.setdefault(window.ids[:-1], {}).setdefault(window, []).append(text)

    def work(self) -> None:
        """Score the longest texts that wait: as many as are read together."""
        longest = sorted(self._waiting, key=len, reverse=True)
        device = self._model.device
        group = next(groups(longest, len, device, rows=self._most, tokens=self._tokens))
        owners = [self._wanted(self._waiting.pop(ids)) for ids in group]
        owners = [windows for windows in owners if windows]
        try:
            scores = score(self._model, [list(windows) for windows in owners]) if owners else []
        except Exception as error:
            begun = [texts for windows in owners for texts in windows.values()]
            fail((text.future for texts in begun for text in texts), error)
            return
        for windows, found in zip(owners, scores, strict=True):
            for (window, texts), one in zip(windows.items(), found, strict=True):
                for text in texts:
                    text.scores[window] = one
                    self._settle(text)

    @staticmethod
    def _wanted(windows: dict[Window, list[_Text]]) -> dict[Window, list[_Text]]:
        """Without those that nobody waits for any more."""
        waited = {
            window: [text for text in texts if not text.future.done()]
            for window, texts in windows.items()
        }
        return {window: texts for window, texts in waited.items() if texts}

    @staticmethod
    def _settle(text: _Text) -> None:
        """Tell how likely a text is, if all of it has been scored."""
        if all(window in text.scores for window in text.windows):
            keep(text.future, add_up([(window, text.scores[window]) for window in text.windows]))
