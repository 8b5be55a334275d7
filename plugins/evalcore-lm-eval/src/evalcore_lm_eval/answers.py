"""Answers as the responses of lm-eval's own models, and the score that stands for all values."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from evalcore.errors import TaskError
from evalcore_lm_eval.functions import find_function
from evalcore_lm_eval.packing import unpack
from evalcore_lm_eval.requests import Completion, WholeTextLikeliness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalcore_lm_eval.requests import Request, Requests

__all__ = ["first_number", "responses"]


def responses(sample: str, requests: Requests, answer: Any) -> list[list[Any]]:
    """The responses to each request, of the types that lm-eval's own models give.

    Args:
        sample: the sample's id, for the error.
        requests: what was asked.
        answer: of a strategy.

    Raises:
        TaskError: if the answer is no list of such responses.
    """
    wanted = requests.requests
    if isinstance(answer, str) and len(wanted) == 1 and isinstance(wanted[0], Completion):
        return [[answer]]
    if not isinstance(answer, list | tuple) or len(answer) != len(wanted):
        raise TaskError(_no_answer(sample, answer))
    try:
        return [_of_request(*pair) for pair in zip(wanted, answer, strict=True)]
    except (TypeError, ValueError):
        raise TaskError(_no_answer(sample, answer)) from None


def first_number(values: Mapping[str, Any], functions: Mapping[str, Any]) -> float | None:
    """The first value that is a number; else what lm-eval makes of the first value alone.

    Args:
        values: of the metrics for one document, packed, by `metric,filter`.
        functions: what aggregates each metric, by name.

    Returns:
        `None` where neither is a finite number. Functions of a task's own are not asked: they may
        load a model.
    """
    for value in values.values():
        if isinstance(value, bool | int | float) and math.isfinite(value):
            return float(value)
    for key, value in values.items():
        function = functions[key.partition(",")[0]]
        if isinstance(function, str) and function.startswith("lm_eval.api.metrics:"):
            with suppress(Exception):
                found = float(find_function(function)([unpack(value)]))
                if math.isfinite(found):
                    return found
    return None


def _of_request(request: Request, given: Any) -> list[Any]:
    if not isinstance(given, list | tuple):
        raise TypeError
    return [_response(request, item) for item in given]


def _response(request: Request, given: Any) -> Any:
    if isinstance(request, Completion):
        if not isinstance(given, str):
            raise TypeError
        return given
    if isinstance(request, WholeTextLikeliness):
        return float(given)
    logprob, greedy = given
    return float(logprob), bool(greedy)


def _no_answer(sample: str, answer: Any) -> str:
    return (
        f"the answer {answer!r:.80} is no list of the responses to the requests of {sample}: "
        "use the strategy `lm-eval`"
    )
