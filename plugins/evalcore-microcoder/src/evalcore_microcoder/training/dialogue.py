"""Dialogues that are learned from, as text and as tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from evalcore_microcoder.training.tokenizer import END, ROLES

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = ["Dialogue", "Encoder", "Example", "Turn"]


class Turn(NamedTuple):
    """A message, and whether it is learned: what users say and wrong programs are not."""

    role: str
    content: str
    learned: bool = False


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A dialogue about a problem.

    Attributes:
        problem: id of the problem.
    """

    problem: str
    turns: tuple[Turn, ...]


class Example(NamedTuple):
    """The tokens of a dialogue, and for each whether it is learned to be written."""

    ids: list[int]
    learned: list[bool]


class Encoder:
    """Writes dialogues as the tokenizer's chat template does."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._tokenizer = tokenizer.backend_tokenizer  # half the time of the wrapper
        self._marks = {role: tokenizer.convert_tokens_to_ids(mark) for role, mark in ROLES.items()}
        self._end = tokenizer.convert_tokens_to_ids(END)

    def __call__(self, dialogue: Dialogue) -> Example:
        """The tokens; those of a learned message are learned with the one that ends it."""
        example = Example([], [])
        for turn in dialogue.turns:
            content = self._tokenizer.encode(turn.content, add_special_tokens=False).ids
            example.ids.extend((self._marks[turn.role], *content, self._end))
            example.learned.extend((False, *[turn.learned] * (len(content) + 1)))
        return example
