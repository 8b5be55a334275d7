"""From requests to token ids: the model's own tokenizer and chat template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalcore.data import Continuation, Message, Request

__all__ = ["Prompts"]


class Prompts:
    """Turns dialogues and texts into token ids; not to be used from two threads at a time.

    Args:
        tokenizer: of transformers.
        chat: as in the settings.

    Raises:
        EvalcoreError: if `chat` is true and the model has no chat template.
    """

    def __init__(self, tokenizer: Any, *, chat: bool | None) -> None:
        self._tokenizer = tokenizer
        self._chat = bool(tokenizer.chat_template) if chat is None else chat
        if self._chat and not tokenizer.chat_template:
            raise EvalcoreError(
                "the model has no chat template: write `chat: false` beside it, and dialogues are "
                "continued as plain text"
            )

    def of(self, request: Request) -> list[int]:
        """The ids that the model goes on from.

        Raises:
            EvalcoreError: if the chat template refuses the dialogue, or a text has half a
                surrogate pair.
        """
        if self._chat and not request.raw:
            return self._ids(self._dialogue(request.messages), special=False)
        text = _joined(request.messages)
        return self._ids(text, special=not self._begins(text)) or [self._begin]

    def count(self, text: str) -> int:
        """How many ids a text has by itself; half a surrogate pair counts as a character."""
        return len(self._ids(text.encode("utf-8", "replace").decode(), special=False))

    def split(self, request: Continuation) -> tuple[list[int], list[int]]:
        """The ids of the context and those of the text after it.

        Both are encoded as one text, of which the context's own ids are taken off. Spaces at the
        end of a plain context belong to the text, for many tokenizers join them to the word that
        follows. Before a text without a context stands the token that texts begin with.

        Raises:
            EvalcoreError: if the chat template refuses the dialogue, or a text has half a
                surrogate pair.
        """
        if request.context == "":
            ids = self._ids(request.text, special=False)
            begin = [self._begin]
            return (ids[:1], ids[1:]) if ids[:1] == begin else (begin, ids)
        if self._chat and not isinstance(request.context, str):
            context = kept = self._dialogue(request.context)
            special = False
        else:
            context = _joined(request.context)
            kept, special = context.rstrip(), not self._begins(context)
        whole = self._ids(context + request.text, special=special)
        before = self._ids(kept, special=special)
        if len(whole) <= len(before) and request.text:
            # The text melts into the last token of its context: then each is encoded by itself.
            whole = before + self._ids(request.text, special=False)
        return whole[: len(before)] or [self._begin], whole[len(before) :]

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

    def _ids(self, text: str, *, special: bool) -> list[int]:
        """Args: special: whether the tokenizer adds what it puts around a text, such as a BOS."""
        _check(text)
        ids: list[int] = self._tokenizer(text, add_special_tokens=special, verbose=False)[
            "input_ids"
        ]
        return ids

    def _begins(self, text: str) -> bool:
        """Whether a text brings the token that texts begin with, which must not be there twice."""
        begin = self._tokenizer.bos_token
        return bool(begin) and text.startswith(begin)

    @property
    def _begin(self) -> int:
        tokenizer = self._tokenizer
        begin: int | None = tokenizer.bos_token_id
        if begin is None:
            begin = tokenizer.eos_token_id
        if begin is None:
            raise EvalcoreError("the tokenizer has neither a BOS nor an EOS to begin a text with")
        return begin


def _joined(said: str | Sequence[Message]) -> str:
    return said if isinstance(said, str) else "\n\n".join(message.content for message in said)


def _check(text: str) -> None:
    """No tokenizer reads half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EvalcoreError(
            f"the prompt holds half a surrogate pair, {text[error.start]!r} at character "
            f"{error.start}; expected whole characters"
        ) from None
