"""From requests to token ids: the model's own tokenizer and chat template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

    from evalcore.data import Continuation, Message, Request

__all__ = ["Prompts"]


class Prompts:
    """Turns dialogues and texts into token ids.

    Args:
        tokenizer: the model's own.
        chat: as in the settings.

    Raises:
        EvalcoreError: if `chat` is true and the model has no chat template.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, *, chat: bool | None) -> None:
        self._tokenizer = tokenizer
        self._chat = bool(tokenizer.chat_template) if chat is None else chat
        if self._chat and not tokenizer.chat_template:
            raise EvalcoreError(
                "the model has no chat template: expected `chat: false` in its settings, with "
                "which dialogues are continued as plain text"
            )

    def of(self, request: Request) -> list[int]:
        """The ids that the model goes on from: one at least.

        Raises:
            EvalcoreError: if the chat template refuses the dialogue, or a text has half a
                surrogate pair.
        """
        if self._chat and not request.raw:
            return self._encode(self._dialogue(request.messages), special=False)
        return self._encode_text(_joined(request.messages)) or [self._first]

    def split(self, request: Continuation) -> tuple[list[int], list[int]]:
        """The ids before a text, one at least, and the ids of the text.

        Both are encoded as one, of which the context's own number of ids is taken off. Spaces that
        end the context belong to the text: most tokenizers join them to the word that follows.

        Raises:
            EvalcoreError: if the chat template refuses the dialogue, or a text has half a
                surrogate pair.
        """
        if request.context == "":
            return self._split_without_context(request.text)
        if self._chat and not isinstance(request.context, str):
            context, special = self._dialogue(request.context), False
        else:
            context = (
                request.context if isinstance(request.context, str) else _joined(request.context)
            )
            special = self._wants_special(context)
        whole = self._encode(context + request.text, special=special)
        before = self._encode(context.rstrip(), special=special)
        if len(whole) <= len(before) and request.text:
            # The text melts into the last token of its context: then each is encoded by itself.
            whole = before + self._encode(request.text, special=False)
        return whole[: len(before)] or [self._first], whole[len(before) :]

    def _split_without_context(self, text: str) -> tuple[list[int], list[int]]:
        ids = self._encode(text, special=False)
        first = self._first
        return (ids[:1], ids[1:]) if ids[:1] == [first] else ([first], ids)

    def _encode_text(self, text: str) -> list[int]:
        return self._encode(text, special=self._wants_special(text))

    def _encode(self, text: str, *, special: bool) -> list[int]:
        """Args: special: whether the tokenizer adds what it puts around texts, such as a BOS."""
        _check(text)
        ids: list[int] = self._tokenizer(text, add_special_tokens=special, verbose=False)[
            "input_ids"
        ]
        return ids

    def _wants_special(self, text: str) -> bool:
        """No token that a text brings itself may be there twice."""
        first = self._tokenizer.bos_token
        return not (first and text.startswith(first))

    def _dialogue(self, messages: Sequence[Message]) -> str:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            text: str = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True
            )
        except Exception as error:
            roles = ", ".join(message.role for message in messages)
            raise EvalcoreError(
                f"the model's chat template refuses a dialogue of {roles}: {error}"
            ) from None
        return text

    @property
    def _first(self) -> int:
        """The token that stands before a text that has nothing before it.

        Raises:
            EvalcoreError: if the tokenizer has none.
        """
        for token in (self._tokenizer.bos_token_id, self._tokenizer.eos_token_id):
            if token is not None:
                return int(token)
        raise EvalcoreError("the tokenizer has neither a BOS nor an EOS to begin a text with")


def _joined(messages: Sequence[Message]) -> str:
    return "\n\n".join(message.content for message in messages)


def _check(text: str) -> None:
    """No tokenizer reads half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EvalcoreError(
            f"the prompt holds half a surrogate pair, {text[error.start]!r} at character "
            f"{error.start}; expected whole characters"
        ) from None
