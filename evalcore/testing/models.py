"""The contract of models, and a model whose answers a test decides."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, ClassVar, get_args

import pytest

from evalcore.data import FinishReason, Generation, Message, Request
from evalcore.model import LanguageModel
from evalcore.settings import Settings
from evalcore.testing.contract import ComponentContract

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from evalcore.plugins import Found

__all__ = ["ModelContract", "scripted"]

_SECRET = re.compile("key|token|secret|password", re.IGNORECASE)
_MANY = 64


class ModelContract(ComponentContract):
    """What every model must hold to."""

    kind = "model"
    interface = LanguageModel

    requests: ClassVar[Sequence[Request]] = (
        Request((Message("user", "What is 2 + 3?"),), seed=1),
        Request((Message("system", "Be brief."), Message("user", "Hello")), max_tokens=8, seed=2),
    )
    """Requests that it can answer."""
    deterministic: ClassVar[bool] = True
    """Whether the same request, seed included, always gets the same answer."""

    @pytest.fixture
    def ask(
        self, found: Found, validated: Settings
    ) -> Callable[[Sequence[Request]], list[Generation]]:
        """Asks a model opened for these requests alone, all at a time."""

        def asked(requests: Sequence[Request]) -> list[Generation]:
            return asyncio.run(_ask(found.component.load()(validated), requests))

        return asked

    def test_answers(self, ask: Callable[[Sequence[Request]], list[Generation]]) -> None:
        """An answer is a text, with token counts from 0 and the reason why it ended."""
        for generation in ask(self.requests):
            assert isinstance(generation, Generation)
            assert isinstance(generation.text, str)
            assert generation.finish_reason in get_args(FinishReason)
            for count in (generation.prompt_tokens, generation.completion_tokens):
                assert isinstance(count, int), f"the token count {count!r} is no whole number"
                assert count >= 0, f"the token count {count} is negative"

    def test_answers_many_at_a_time(
        self, ask: Callable[[Sequence[Request]], list[Generation]]
    ) -> None:
        """Requests that are answered side by side do not mix."""
        crowd = [*self.requests] * (_MANY // len(self.requests))
        together = ask(crowd)
        assert len(together) == len(crowd)
        if self.deterministic:
            assert together == [ask([request])[0] for request in self.requests] * (
                _MANY // len(self.requests)
            )

    def test_same_seed_same_answer(
        self, ask: Callable[[Sequence[Request]], list[Generation]]
    ) -> None:
        """A run can be repeated."""
        if not self.deterministic:
            pytest.skip("the model is declared not to be deterministic")
        assert ask(self.requests) == ask(self.requests)

    def test_identity_is_stable_and_holds_no_secret(
        self, found: Found, validated: Settings, component_settings: Mapping[str, Any]
    ) -> None:
        """The identity is stored and shown, and a run refuses to go on where it has changed."""
        model = found.component.load()(validated)
        secrets = [*model.secrets()]
        first = asyncio.run(_identity(model))
        again = asyncio.run(_identity(found.component.load()(validated)))
        assert isinstance(first, str)
        assert first == again
        assert not any(secret in first for secret in secrets if secret)
        for name, value in component_settings.items():
            if _SECRET.search(name) and isinstance(value, str) and value:
                assert value not in first, f"the identity holds the setting {name!r}"

    def test_preflight_passes_and_takes_nothing(self, found: Found, validated: Settings) -> None:
        """What can be opened is not refused before, however often it is asked."""
        model: LanguageModel[Any] = found.component.load()(validated)
        model.preflight()
        model.preflight()

    def test_tokens_of_a_text_are_a_number_or_not_known(
        self, found: Found, validated: Settings
    ) -> None:
        """They are asked for before the model is open, too, and an empty text has none."""
        model: LanguageModel[Any] = found.component.load()(validated)
        count = model.count_tokens("A text.")
        assert count is None or (isinstance(count, int) and count > 0)
        assert model.count_tokens("") in {None, 0}

    def test_can_be_closed_twice(self, found: Found, validated: Settings) -> None:
        """What `open` took is given back, and nothing breaks if it is asked for again."""

        async def close_twice() -> None:
            model: LanguageModel[Any] = found.component.load()(validated)
            await model.open()
            await model.close()
            await model.close()

        asyncio.run(close_twice())


def scripted(reply: Callable[[Request], str]) -> type[LanguageModel[Settings]]:
    """A model class, to be offered by `evalcore_offer`, that answers what `reply` returns.

    Its token counts are counts of words. What `reply` raises, the model raises.
    """

    class Scripted(LanguageModel[Settings]):
        """Answers by a function."""

        async def generate(self, request: Request) -> Generation:
            """What the function returns."""
            text = reply(request)
            asked = sum(len(message.content.split()) for message in request.messages)
            return Generation(text, prompt_tokens=asked, completion_tokens=len(text.split()))

    return Scripted


async def _ask(model: LanguageModel[Any], requests: Sequence[Request]) -> list[Generation]:
    await model.open()
    try:
        return list(await asyncio.gather(*(model.generate(request) for request in requests)))
    finally:
        await model.close()


async def _identity(model: LanguageModel[Any]) -> str:
    await model.open()
    try:
        return model.identity()
    finally:
        await model.close()
