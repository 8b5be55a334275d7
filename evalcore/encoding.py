"""Values and answers of models as bytes, and what a call of a model is found by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from evalcore.data import Continuation, Generation, Likelihood, Request, Token

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Answer",
    "Call",
    "call_digest",
    "decode",
    "encode",
    "from_answer",
    "shared_digest",
    "to_answer",
]

Call = Request | Continuation
Answer = Generation | Likelihood


def encode(value: Any) -> bytes:
    """A value as JSON; mappings of any kind and NumPy's values become plain ones.

    Raises:
        PydanticSerializationError: if it holds something else that JSON has no form for.
    """
    try:
        return to_json(value, inf_nan_mode="constants", fallback=_plain)
    except PydanticSerializationError as error:
        if "surrogates not allowed" not in str(error):
            raise
        # Half a surrogate pair has no form in UTF-8; it has one in the escapes of JSON.
        return json.dumps(value, default=_plain).encode()


def decode(body: bytes) -> Any:
    """What `encode` was given."""
    try:
        return from_json(body)
    except ValueError:
        return json.loads(body)


def from_answer(answer: Answer) -> list[Any]:
    """An answer as plain values, short where it has only what every answer has."""
    if isinstance(answer, Likelihood):
        return [answer.logprob, answer.greedy, answer.prompt_tokens, answer.tokens]
    plain = [answer.text, answer.finish_reason, answer.prompt_tokens, answer.completion_tokens]
    if answer.tokens or answer.others:
        plain += [answer.tokens, [from_answer(other) for other in answer.others]]
    return plain


def to_answer(plain: Sequence[Any]) -> Answer:
    """The answer that `from_answer` was given."""
    if not isinstance(plain[0], str):
        return Likelihood(*plain)
    if len(plain) == 4:
        return Generation(*plain)
    told = tuple(Token(text, logprob) for text, logprob in plain[4])
    text, reason, prompt, completion = plain[:4]
    return Generation(text, reason, prompt, completion, told, tuple(map(_generation, plain[5])))


def call_digest(model: str, call: Call) -> bytes:
    """What a committed call of an attempt is found by: a hash of the model and the whole call."""
    return _digest(f"{model}\0{call!r}")


def shared_digest(model: str, call: Call) -> bytes:
    """What a call is found by in other runs: who asks matters only where chance decides.

    A request that leaves the temperature to the model may be a sampling one.
    """
    if isinstance(call, Continuation):
        return _digest(f"{model}\0{call.context!r}\0{call.text!r}")
    asked = (call.messages, call.temperature, call.top_p, call.max_tokens, call.stop)
    form = (call.n, call.logprobs, call.raw)
    chance = () if call.temperature == 0 else (call.seed, call.sample, call.attempt, call.call)
    return _digest(f"{model}\0{asked!r}\0{form!r}\0{chance!r}")


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _generation(plain: Sequence[Any]) -> Generation:
    answer = to_answer(plain)
    assert isinstance(answer, Generation)
    return answer


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
