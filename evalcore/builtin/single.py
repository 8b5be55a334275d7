"""Strategy `single`: one call, one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from evalcore.data import Attempt, Message, Sample
from evalcore.settings import Settings
from evalcore.strategy import StandIns, Strategy

if TYPE_CHECKING:
    from evalcore.strategy import Context

__all__ = ["Single", "SingleSettings"]


class SingleSettings(Settings):
    """What the model is told and how it samples; what is not set is left to the model."""

    system: str = ""
    """System message before the sample's input."""
    temperature: float | None = Field(default=None, ge=0)
    """Sampling temperature."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Nucleus mass."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Length limit of the answer in tokens."""
    stop: tuple[str, ...] = ()
    """Texts that end the answer."""


class Single(Strategy[SingleSettings]):
    """Asks the spec's one model once."""

    stand_ins: ClassVar = StandIns()

    async def attempt(self, sample: Sample, context: Context) -> Attempt:
        """The model's answer to the sample's input."""
        settings = self.settings
        asked = sample.input
        messages = (Message("user", asked),) if isinstance(asked, str) else tuple(asked)
        if settings.system:
            messages = (Message("system", settings.system), *messages)
        generation = await context.model.generate(
            messages,
            temperature=settings.temperature,
            top_p=settings.top_p,
            max_tokens=settings.max_tokens,
            stop=settings.stop,
        )
        return Attempt(generation.text, (*messages, Message("assistant", generation.text)))
