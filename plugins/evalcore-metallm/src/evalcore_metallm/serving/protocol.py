"""The part of OpenAI's protocol that a router must understand; all else it passes on as it is."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Chat",
    "EventSplitter",
    "Feedback",
    "ProtocolError",
    "Tokens",
    "read_chat",
    "read_event",
    "read_feedback",
    "read_object",
    "read_tokens",
]


class ProtocolError(Exception):
    """An answer that is an error, in OpenAI's shape.

    Attributes:
        status: of HTTP.
        code: what programs tell errors apart by.
        param: the field of the request that is wrong.
        headers: sent with it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """The error as JSON."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        fields = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return json.dumps({"error": fields}).encode()


class Tokens(NamedTuple):
    """What an answer took, as the upstream counted it."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class Chat:
    """A request for a chat completion.

    Attributes:
        fields: its body.
        query: the text that it is routed by.
        stream: whether the answer is to come in events.
        wants_usage: whether the client itself asked for the event that tells the tokens.
    """

    fields: dict[str, Any]
    query: str
    stream: bool
    wants_usage: bool

    def body_for(self, model: str) -> bytes:
        """The body for an upstream: its own model's name, and tokens told also in a stream."""
        fields = {**self.fields, "model": model}
        if self.stream:
            options = self.fields.get("stream_options") or {}
            fields["stream_options"] = {**options, "include_usage": True}
        return json.dumps(fields).encode()


@dataclass(frozen=True, slots=True)
class Feedback:
    """What came of a request.

    Attributes:
        id: of the request, as the header of its answer told.
        quality: between 0 and 1.
        reward: given instead: quality less price times cost, as the router saw both when it chose.
    """

    id: str
    quality: float | None
    reward: float | None


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ProtocolError: if it is none.
    """
    try:
        found = json.loads(body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        raise ProtocolError(400, "The body is not JSON.", "invalid_json") from None
    if not isinstance(found, dict):
        raise ProtocolError(400, "The body must be a JSON object.", "invalid_json")
    return found


def read_chat(body: bytes, served: str) -> Chat:
    """A request for a chat completion of the model `served`.

    It is routed by the content of the last message whose role is `user`; of a content in parts, by
    the texts among them, joined by newlines.

    Raises:
        ProtocolError: if it is none that can be routed.
    """
    fields = read_object(body)
    if not isinstance(fields.get("model"), str):
        raise _invalid("model", "a text")
    if fields["model"] != served:
        text = f"The model {fields['model']!r} does not exist; this server has {served!r}."
        raise ProtocolError(404, text, "model_not_found", param="model")
    stream = fields.get("stream") or False
    if not isinstance(stream, bool):
        raise _invalid("stream", "true or false")
    options = fields.get("stream_options") or {}
    if not isinstance(options, dict):
        raise _invalid("stream_options", "an object")
    return Chat(fields, _query(fields.get("messages")), stream, bool(options.get("include_usage")))


def read_feedback(body: bytes) -> Feedback:
    """Feedback on a request.

    Raises:
        ProtocolError: if it is none.
    """
    fields = read_object(body)
    if unknown := fields.keys() - {"id", "quality", "reward"}:
        raise _invalid(min(unknown), "no such field: `id` and either `quality` or `reward`")
    if not isinstance(fields.get("id"), str):
        raise _invalid("id", "the text in the header x-evalcore-request-id of the answer")
    if ("quality" in fields) == ("reward" in fields):
        raise _invalid("quality", "either `quality` or `reward`")
    name = "quality" if "quality" in fields else "reward"
    value = fields[name]
    if not _is_number(value) or (name == "quality" and not 0 <= value <= 1):
        raise _invalid(name, "a number between 0 and 1" if name == "quality" else "a number")
    return Feedback(
        _encodable(fields["id"]),
        float(value) if name == "quality" else None,
        float(value) if name == "reward" else None,
    )


def read_tokens(answer: Any) -> Tokens | None:
    """The tokens that an answer, or an event of one, tells of; `None` if it does not."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return None
    counts = [usage.get("prompt_tokens"), usage.get("completion_tokens", 0)]
    known = all(type(count) is int and 0 <= count < 2**53 for count in counts)
    return Tokens(*counts) if known else None


def read_event(event: bytes) -> Any:
    """The JSON in the data of an event of a stream; `None` if there is none."""
    lines = event.splitlines()
    data = b"\n".join(line[5:].strip() for line in lines if line.startswith(b"data:"))
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


class EventSplitter:
    """Cuts a stream of bytes into events, each with the blank line that ends it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are whole now."""
        *whole, self._rest = _EVENT_END.split(self._rest + data)
        return [event + end for event, end in zip(whole[::2], whole[1::2], strict=True)]

    def rest(self) -> bytes:
        """What the last blank line left over."""
        return self._rest


_EVENT_END = re.compile(rb"(\r\n\r\n|\n\n|\r\r)")


def _query(messages: Any) -> str:
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise _invalid("messages", "a list of messages")
    asked = [each for each in messages if each.get("role") == "user"]
    if not asked:
        raise _invalid("messages", "a message of the role `user`")
    content = asked[-1].get("content")
    if isinstance(content, str):
        return _encodable(content)
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise _invalid("messages", "a text, or a list of parts, as the content of a message")
    texts = [part.get("text") for part in content if part.get("type") == "text"]
    return _encodable("\n".join(text for text in texts if isinstance(text, str)))


def _encodable(text: str) -> str:
    """The text without the halves of characters that JSON can spell and UTF-8 cannot."""
    return text.encode(errors="replace").decode()


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and abs(value) < 1e300 and math.isfinite(value)


def _finite(number: str) -> float:
    """A number that JSON can spell, which NaN and the infinities are not."""
    if not math.isfinite(value := float(number)):
        raise ValueError(number)
    return value


def _invalid(param: str, expected: str) -> ProtocolError:
    return ProtocolError(400, f"{param}: expected {expected}.", "invalid_value", param=param)
