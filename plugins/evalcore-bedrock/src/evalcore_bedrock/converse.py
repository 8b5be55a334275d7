"""Between evalcore's requests and answers and those of the Converse API."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from evalcore.data import Generation
from evalcore.errors import EvalcoreError
from evalcore.model import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_bedrock_runtime.type_defs import (
        ConverseRequestTypeDef,
        InferenceConfigurationTypeDef,
        MessageTypeDef,
    )

    from evalcore.data import FinishReason, Message, Request
    from evalcore_bedrock.settings import BedrockSettings

__all__ = ["asked", "generated", "stops", "together"]

T = TypeVar("T")

_REASONS: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "refusal",
    "content_filtered": "refusal",
}


def asked(settings: BedrockSettings, request: Request) -> ConverseRequestTypeDef:
    """The parameters of one call of Converse.

    System messages become the system prompt, in their order. Messages of one role that follow each
    other become one message with a block of content for each, because roles must alternate.

    Raises:
        EvalcoreError: if the request wants what Converse does not offer.
    """
    _check(request)
    parameters: ConverseRequestTypeDef = {
        "modelId": settings.model,
        "messages": _dialogue(request.messages),
    }
    system = [message.content for message in request.messages if message.role == "system"]
    if system:
        parameters["system"] = [{"text": text} for text in system]
    sampling = _sampling(settings, request)
    if sampling:
        parameters["inferenceConfig"] = sampling
    if settings.extra:
        parameters["additionalModelRequestFields"] = settings.extra
    return parameters


def stops(settings: BedrockSettings, request: Request) -> tuple[str, ...]:
    """The stop texts of the model and of the request, each once."""
    return tuple(dict.fromkeys((*settings.stop, *request.stop)))


def generated(response: Mapping[str, Any], stop: Sequence[str]) -> Generation:
    """The answer in a response; what the model reasoned before it is no part of the answer.

    Raises:
        EvalcoreError: if the answer ended in a way that makes it no text.
        TransientError: if the response is not one of Converse.
    """
    try:
        blocks = response["output"]["message"]["content"]
        reason, usage = response["stopReason"], response["usage"]
        text = "".join(block["text"] for block in blocks if "text" in block)
        prompt, completion = usage["inputTokens"], usage["outputTokens"]
    except (KeyError, TypeError) as error:
        raise TransientError(
            f"found an answer that is no response of Converse ({type(error).__name__}: {error}), "
            "expected its output, stopReason and usage"
        ) from None
    if reason not in _REASONS:
        raise EvalcoreError(
            f"Bedrock ended the answer with stopReason {reason!r}; an answer in text ends with "
            f"one of {', '.join(_REASONS)}"
        )
    return Generation(_before(text, stop), _REASONS[reason], prompt, completion)


def together(answers: Sequence[Generation]) -> Generation:
    """Several answers to one request as one generation, with the tokens of all their calls."""
    first, *others = answers
    return Generation(
        first.text,
        first.finish_reason,
        sum(answer.prompt_tokens for answer in answers),
        sum(answer.completion_tokens for answer in answers),
        others=tuple(others),
    )


def _check(request: Request) -> None:
    if request.raw:
        raise EvalcoreError(
            "Bedrock's Converse API always puts the messages through the model's chat template, so "
            "it cannot continue a text as it stands; use a strategy or a task that asks in messages"
        )
    if request.logprobs:
        raise EvalcoreError(
            "Bedrock's Converse API gives no log-probabilities; use a model that does, such as "
            "one of evalcore-openai, evalcore-transformers or evalcore-vllm"
        )
    if any(message.role == "tool" for message in request.messages):
        raise EvalcoreError(
            "found a message of role 'tool'; this plugin offers the model no tools and sends "
            "messages of the roles system, user and assistant"
        )


def _dialogue(messages: Sequence[Message]) -> list[MessageTypeDef]:
    turns = groupby((m for m in messages if m.role != "system"), key=lambda message: message.role)
    return [
        {
            "role": "assistant" if role == "assistant" else "user",
            "content": [{"text": message.content} for message in turn],
        }
        for role, turn in turns
    ]


def _sampling(settings: BedrockSettings, request: Request) -> InferenceConfigurationTypeDef:
    found: InferenceConfigurationTypeDef = {}
    temperature = _first(request.temperature, settings.temperature)
    top_p = _first(request.top_p, settings.top_p)
    max_tokens = _first(request.max_tokens, settings.max_tokens)
    if temperature is not None:
        found["temperature"] = temperature
    if top_p is not None:
        found["topP"] = top_p
    if max_tokens is not None:
        found["maxTokens"] = max_tokens
    if stop := stops(settings, request):
        found["stopSequences"] = list(stop)
    return found


def _first(wanted: T | None, default: T | None) -> T | None:
    return default if wanted is None else wanted


def _before(text: str, stop: Sequence[str]) -> str:
    """The text up to the first stop text: some models leave it in their answer."""
    return min((text.partition(mark)[0] for mark in stop), key=len, default=text)
