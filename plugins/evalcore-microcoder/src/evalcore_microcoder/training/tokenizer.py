"""The tokenizer: byte-level byte-pair encoding with the markers of a dialogue.

The world says the same things again and again, so that pieces pay that reach over several words.
They are learned in two stages, as SuperBPE (arXiv 2503.13423) does: first pieces within words, then
pieces made of whole ones. Without the first stage pieces would begin and end within words.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from evalcore_microcoder.training.architecture import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenizers.pre_tokenizers import PreTokenizer

__all__ = ["END", "ROLES", "new_tokenizer"]

END, _PAD = "<|end|>", "<|pad|>"
ROLES = {role: f"<|{role}|>" for role in ("system", "user", "assistant")}
"""The marker before a message of each role; `END` is after it."""

_WORD_PIECES, _PIECES = 1024, 1536
"""Pieces after the first stage, and after both."""
_OTHERS = r" ?\d| ?[^\sA-Za-z0-9]+|\s+"
"""A digit stands alone, and no piece has both letters and punctuation or the end of a line."""
_WORDS = rf" ?[A-Za-z]+|{_OTHERS}"
_PHRASES = rf" ?[A-Za-z]{{2,}}(?: [a-z]{{2,}})*| ?[A-Za-z]|{_OTHERS}"
"""Words in a row; a single letter, as variables are, is none of them."""

_TEMPLATE = (
    "{% for message in messages %}"
    "<|{{ message.role }}|>{{ message.content }}<|end|>"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def new_tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """A tokenizer whose pieces write the texts in few tokens; it can write any text."""
    return PreTrainedTokenizerFast(
        tokenizer_object=_of_phrases(_of_words(texts), texts),
        eos_token=END,
        pad_token=_PAD,
        additional_special_tokens=[*ROLES.values()],
        chat_template=_TEMPLATE,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def _of_words(texts: Sequence[str]) -> Tokenizer:
    """The first stage: no piece reaches over the end of a word."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = _cut(_WORDS)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_WORD_PIECES,
        special_tokens=[_PAD, END, *ROLES.values()],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _of_phrases(words: Tokenizer, texts: Sequence[str]) -> Tokenizer:
    """The second stage: a tokenizer that goes on merging where the first one stops.

    It is trained on the texts as the first one writes them, each piece as a letter.
    """
    words.pre_tokenizer = _cut(_PHRASES)
    whole: dict[str, Any] = json.loads(words.to_str())
    pieces, merges = whole["model"]["vocab"], whole["model"]["merges"]
    of_letter = {_letter(number): piece for piece, number in pieces.items()}
    spelt = Tokenizer(models.BPE())
    spelt.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=_PIECES, initial_alphabet=list(of_letter), show_progress=False
    )
    spelt.train_from_iterator(_spelt(words, texts), trainer)
    for pair in json.loads(spelt.to_str())["model"]["merges"]:
        left, right = ("".join(of_letter[letter] for letter in half) for half in pair)
        merges.append([left, right])
        pieces.setdefault(left + right, len(pieces))
    return Tokenizer.from_str(json.dumps(whole))


def _spelt(words: Tokenizer, texts: Sequence[str]) -> Iterator[str]:
    """The phrases of each text with blanks between them, and a letter for each piece."""
    for encoded in words.encode_batch(texts):
        placed = zip(encoded.word_ids, encoded.ids, strict=True)
        phrases = groupby(placed, key=lambda place: place[0])
        yield " ".join("".join(_letter(number) for _, number in phrase) for _, phrase in phrases)


def _letter(number: int) -> str:
    """A character that stands for a piece: one of a block that has neither space nor marks."""
    return chr(0x4E00 + number)


def _cut(pattern: str) -> PreTokenizer:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
