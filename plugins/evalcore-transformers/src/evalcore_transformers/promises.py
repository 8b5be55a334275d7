"""Futures that are kept from the model's thread, while those who wait may have gone."""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["fail", "keep"]

T = TypeVar("T")


def keep(future: Future[T], result: T) -> None:
    """Give a future its result, unless it was cancelled in the meantime."""
    with suppress(InvalidStateError):
        future.set_result(result)


def fail(futures: Iterable[Future[Any]], error: BaseException) -> None:
    """Give futures an error, where they were not cancelled in the meantime."""
    for future in futures:
        with suppress(InvalidStateError):
            future.set_exception(error)
