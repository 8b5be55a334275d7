"""What a spec says of an endpoint and its model."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from evalcore.settings import Settings

__all__ = ["PUBLIC_URL", "OpenAISettings"]

PUBLIC_URL = "https://api.openai.com/v1"

_OWNED = {
    "echo": "the plugin",
    "logprobs": "each request",
    "max_completion_tokens": "the setting `max_tokens`",
    "max_tokens": "the setting `max_tokens`",
    "messages": "each request",
    "model": "the setting `model`",
    "n": "each request",
    "prompt": "each request",
    "seed": "each request",
    "stop": "the setting `stop`",
    "stream": "the plugin",
    "temperature": "the setting `temperature`",
    "top_p": "the setting `top_p`",
}
"""Fields of a request that `extra_body` may not set, and what does."""


def _checked_address(text: str) -> str:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        raise ValueError(f"it is no address: {error}") from None
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("expected an address such as http://127.0.0.1:8000/v1")
    if url.username is not None or url.password is not None:
        raise ValueError("expected an address without credentials; they belong into `api_key`")
    if url.query or url.fragment:
        raise ValueError("expected an address without `?` and `#`")
    path = url.path.rstrip("/")
    for end in ("/chat/completions", "/completions"):
        if path.endswith(end):
            raise ValueError(f"expected the address without {end}, which the plugin adds")
    return text.rstrip("/")


def _checked_extra(body: dict[str, Any]) -> dict[str, Any]:
    for name in body:
        if name in _OWNED:
            raise ValueError(f"{name!r} is decided by {_OWNED[name]}")
    return body


class OpenAISettings(Settings):
    """A model behind an endpoint that speaks OpenAI's protocol."""

    incidental: ClassVar[frozenset[str]] = frozenset({"api_key"})

    model: str = Field(min_length=1)
    """Name by which the endpoint knows the model."""
    base_url: Annotated[str, AfterValidator(_checked_address)] = PUBLIC_URL
    """Address of the endpoint, with the `/v1` that most have; never taken from the environment."""
    api_key: SecretStr | None = None
    """Key of the endpoint, as `${NAME}`. Without it OPENAI_API_KEY of the environment is used, and
    an endpoint on this machine needs none."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Further headers of each request, such as a gateway's own key, as `${NAME}`."""
    chat: bool | None = None
    """Whether a dialogue goes to the chat endpoint, as it does by default. With false the contents
    of its messages are joined by a blank line and continued as they stand."""
    temperature: float | None = Field(None, ge=0, allow_inf_nan=False)
    """Sampling temperature where the strategy sets none; else the endpoint's own."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Nucleus mass where the strategy sets none; else the endpoint's own."""
    max_tokens: int | None = Field(None, ge=1)
    """Length limit of an answer in tokens where the strategy sets none; else the endpoint's own,
    which for plain completions is often 16."""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Texts that end an answer, besides those of the strategy."""
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] | None = None
    """What the chat endpoint calls the length limit: by default `max_completion_tokens` at OpenAI's
    own address, `max_tokens` anywhere else."""
    send_seed: bool = True
    """Whether each request carries its seed; some endpoints refuse it."""
    extra_body: Annotated[dict[str, Any], AfterValidator(_checked_extra)] = Field(
        default_factory=dict
    )
    """Further fields of each request's body, such as `top_k` or `reasoning_effort`."""
