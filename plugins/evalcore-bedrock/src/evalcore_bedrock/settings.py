"""The settings of the model `bedrock`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from evalcore.settings import Settings

__all__ = ["BedrockSettings"]


class BedrockSettings(Settings):
    """Which model, where, and how it samples; what is not set is left to the model."""

    incidental = frozenset({"connections", "profile", "timeout"})

    model: str = Field(min_length=1)
    """Model id, id of an inference profile, or the ARN of either."""
    region: str | None = None
    """AWS region that the calls are sent to; without it, that of the AWS configuration."""
    endpoint_url: str | None = None
    """Another endpoint than the region's own, such as a proxy's."""
    profile: str | None = None
    """Profile of the AWS configuration whose credentials are used."""
    temperature: float | None = Field(default=None, ge=0, le=1)
    """Sampling temperature."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Nucleus mass."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Length limit of the answer in tokens."""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Texts that end the answer."""
    extra: dict[str, Any] = Field(default={})
    """Parameters that only this model knows, sent as `additionalModelRequestFields`."""
    connections: int = Field(default=64, ge=1)
    """Connections, and so calls at a time."""
    timeout: float = Field(default=600, gt=0)
    """Seconds without a byte from the endpoint after which a call is given up. Where the spec
    sets a deadline of its own, set this to the same."""
