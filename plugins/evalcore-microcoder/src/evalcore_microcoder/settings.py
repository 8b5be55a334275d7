"""What a spec says of the model `microcoder`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalcore.settings import Settings

__all__ = ["MicrocoderSettings", "Size"]

Size = Literal["s", "m", "l"]
"""The sizes, of about 0.25, 0.8 and 2.5 million parameters."""


class MicrocoderSettings(Settings):
    """Which of the models, and how it samples."""

    incidental: ClassVar[frozenset[str]] = frozenset({"batch_size"})

    size: Size = "l"
    """`s`, `m` or `l`: about 0.25, 0.8 or 2.5 million parameters."""
    temperature: float = Field(1.0, ge=0, allow_inf_nan=False)
    """Sampling temperature where the strategy sets none; with 0 the likeliest token is taken."""
    top_p: float = Field(0.95, gt=0, le=1)
    """Nucleus mass where the strategy sets none."""
    max_tokens: int | None = Field(None, ge=1)
    """Length limit of an answer in tokens where the strategy sets none; else 512. No answer is
    longer than what a dialogue leaves of the model's context of 1,024 tokens."""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Texts that end an answer, besides those of the strategy."""
    batch_size: int = Field(64, ge=1)
    """Requests that it works on at a time at most."""
