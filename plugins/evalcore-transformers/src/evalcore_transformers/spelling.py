"""From token ids back to text: whole characters, stop texts, the text of each token."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

__all__ = ["Speller", "first_stop"]

_TAIL = 8
"""Ids of the prompt that are spelled with the answer: some tokenizers drop the space before the
first word of a text, and the answer's first word need not be that."""


class Speller:
    """Spells answers.

    Args:
        tokenizer: the model's own.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer

    def text(self, prompt: Sequence[int], answer: Sequence[int]) -> str:
        """The text of an answer, without special tokens."""
        tail = list(prompt[-_TAIL:])
        before = self._decode(tail)
        whole = self._decode([*tail, *answer])
        return whole[len(before) :] if whole.startswith(before) else self._decode(list(answer))

    def pieces(self, prompt: Sequence[int], answer: Sequence[int]) -> list[str]:
        """The text of each token; one that ends within a character leaves it to the next."""
        ids = [*prompt[-_TAIL:], *answer]
        begin, done = 0, len(ids) - len(answer)
        found: list[str] = []
        for end in range(done + 1, len(ids) + 1):
            known, whole = self._decode(ids[begin:done]), self._decode(ids[begin:end])
            if whole.endswith("\N{REPLACEMENT CHARACTER}") and end < len(ids):
                found.append("")
            else:
                found.append(whole[len(known) :])
                begin, done = done, end
        return found

    def may_have_stopped(self, answer: Sequence[int], stop: Sequence[str]) -> bool:
        """Whether one of these texts ends with the answer's last token, or lies near its end.

        Only as many tokens are spelled as the longest of them can be spread over.
        """
        longest = max(len(text.encode()) for text in stop)
        near = self._decode(list(answer[-2 * longest - _TAIL :]))
        return any(text in near for text in stop)

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text


def first_stop(text: str, stop: Sequence[str]) -> int | None:
    """Where the first of these texts begins, if one of them is there."""
    places = [place for place in map(text.find, stop) if place >= 0]
    return min(places, default=None)
