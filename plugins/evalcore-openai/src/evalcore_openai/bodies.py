"""The bodies of requests, field by field as the protocol names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalcore_openai.settings import PUBLIC_URL

if TYPE_CHECKING:
    from evalcore.data import Request
    from evalcore_openai.settings import OpenAISettings

__all__ = ["chat_body", "completion_body", "echo_body", "stop_texts"]


def chat_body(settings: OpenAISettings, request: Request) -> dict[str, Any]:
    """A dialogue that the chat template of the endpoint frames."""
    limit = settings.max_tokens_name or (
        "max_completion_tokens" if settings.base_url == PUBLIC_URL else "max_tokens"
    )
    body = {
        "model": settings.model,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        **_sampling(settings, request, limit),
    }
    if request.logprobs:
        body["logprobs"] = True
    return body | settings.extra_body


def completion_body(settings: OpenAISettings, request: Request) -> dict[str, Any]:
    """A text that is continued as it stands."""
    body = {
        "model": settings.model,
        "prompt": "\n\n".join(message.content for message in request.messages),
        **_sampling(settings, request, "max_tokens"),
    }
    if request.logprobs:
        body["logprobs"] = 1
    return body | settings.extra_body


def echo_body(settings: OpenAISettings, prompt: str) -> dict[str, Any]:
    """A prompt that is given back with the log-probability of each of its tokens.

    One token is asked for besides: to some endpoints none means that there is no limit.
    """
    body = {
        "model": settings.model,
        "prompt": prompt,
        "echo": True,
        "logprobs": 1,
        "max_tokens": 1,
        "temperature": 0,
    }
    return body | settings.extra_body


def stop_texts(settings: OpenAISettings, request: Request) -> tuple[str, ...]:
    """The texts that end an answer: those of the request and those of the settings."""
    return tuple(dict.fromkeys((*request.stop, *settings.stop)))


def _sampling(settings: OpenAISettings, request: Request, limit: str) -> dict[str, Any]:
    stop = stop_texts(settings, request)
    fields = {
        "temperature": _first(request.temperature, settings.temperature),
        "top_p": _first(request.top_p, settings.top_p),
        limit: _first(request.max_tokens, settings.max_tokens),
        "stop": list(stop) if stop else None,
        "n": request.n if request.n > 1 else None,
        "seed": request.seed if settings.send_seed else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _first(asked: float | None, usual: float | None) -> float | None:
    return usual if asked is None else asked
