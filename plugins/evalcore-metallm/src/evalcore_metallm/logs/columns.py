"""Where a log's rows hold what is wanted of them.

A path such as `usage.tokens` names a key, or keys within keys. What there is of each model stands
under a path with `{arm}` for the model's name: `score_{arm}` is a column each, `scores.{arm}` a
key each within `scores`, and `scores` alone means the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from string import Formatter
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from evalcore.settings import Settings
from evalcore_metallm.logs.reading import LogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from evalcore.prices import Price
    from evalcore_metallm.logs.reading import Row

__all__ = [
    "ARM",
    "CostColumns",
    "arms_of",
    "dollars",
    "nearest",
    "number",
    "of_arm",
    "optional",
    "text",
    "value",
]

ARM = "{arm}"
"""Stands for a model's name in a template."""


class CostColumns(Settings):
    """Where cost stands, or what it follows from: tokens first, then dollars, then the proxy."""

    cost: str | None = None
    """Dollars that a query cost; `cost` if neither this nor tokens nor a proxy is set."""
    prompt_tokens: str | None = None
    """Prompt tokens, where dollars are to be computed from tokens and prices."""
    completion_tokens: str | None = None
    """Completion tokens; goes with `prompt_tokens`. Where both are 0, or one is not there, tokens
    were not recorded."""
    proxy: Literal["characters"] | None = None
    """What stands for a cost that nobody recorded: a quarter of the query's `characters` as prompt
    tokens, and no answer."""

    @model_validator(mode="after")
    def _both_tokens(self) -> Self:
        if (self.prompt_tokens is None) != (self.completion_tokens is None):
            raise ValueError("prompt_tokens and completion_tokens go together: set both or none")
        return self

    @property
    def dollar_column(self) -> str | None:
        """Where dollars stand, if anywhere."""
        return self.cost or (None if self.prompt_tokens or self.proxy else "cost")

    @property
    def cost_columns(self) -> tuple[str, ...]:
        """All that are read."""
        found = (self.prompt_tokens, self.completion_tokens, self.dollar_column)
        return tuple(path for path in found if path)

    @property
    def priced(self) -> bool:
        """Whether dollars are computed from prices."""
        return bool(self.prompt_tokens or self.proxy)


def value(row: Row, path: str) -> Any:
    """What stands at a path.

    Raises:
        LogError: if there is no such column; the text names the nearest.
    """
    found, there, keys = _found(row, path)
    if not found:
        raise LogError(
            f"{row.place}: found no column {path!r}, expected it among: {nearest(path, keys)}"
        )
    return there


def text(row: Row, template: str) -> str:
    """What stands at a path; or a template such as `{dataset}/{task}` with paths filled in.

    Raises:
        LogError: if there is no such column, or nothing in it.
    """
    if "{" not in template:
        return _as_text(row, template)
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise LogError(f"{row.place}: {template!r} is no template: {error}") from error
    return "".join(before + (_as_text(row, path) if path else "") for before, path, *_ in parts)


def optional(row: Row, columns: Settings, name: str) -> str:
    """The text where a setting says; if it was not set, that of its default where there is any.

    Raises:
        LogError: as of `text`, if it was set.
    """
    path: str = getattr(columns, name)
    if name in columns.model_fields_set:
        return text(row, path)
    found, there, _ = _found(row, path)
    return "" if not found or there is None else str(there)


def arms_of(row: Row, template: str) -> Iterator[str]:
    """The models of which the row holds something under a template with `{arm}`."""
    before, step, _ = _steps(template)
    holder: Any = row.values
    for key in before:
        holder = holder.get(key) if isinstance(holder, Mapping) else None
    if not isinstance(holder, Mapping):
        raise LogError(
            f"{row.place}: found no models under {template!r}, expected them by name; the columns "
            f"are: {nearest(template, row.values)}"
        )
    for match in map(_form(step).fullmatch, holder):
        if match:
            yield match["arm"]


def of_arm(row: Row, template: str, arm: str) -> Any:
    """What the row holds of a model under a template with `{arm}`; None if nothing."""
    there: Any = row.values
    before, step, after = _steps(template)
    for key in (*before, step.replace(ARM, arm), *after):
        there = there.get(key) if isinstance(there, Mapping) else None
    return there


def number(found: Any, place: str, what: str, most: float = math.inf) -> float:
    """A number between 0 and `most`; NaN where nothing stands.

    Raises:
        LogError: if something else does.
    """
    if found is None or found == "":
        return math.nan
    try:
        read = float(found)
    except (TypeError, ValueError):
        raise LogError(
            f"{place}: {what}: found {found!r:.80}, expected a number, or nothing where it is "
            "not known"
        ) from None
    if not (math.isnan(read) or (0 <= read <= most and math.isfinite(read))):
        expected = "0 or more" if most == math.inf else f"from 0 to {most:g}"
        raise LogError(f"{place}: {what}: found {read:g}, expected a number {expected}")
    return read


def dollars(
    columns: CostColumns,
    at: Callable[[str], Any],
    place: str,
    arm: str,
    query: str,
    prices: Mapping[str, Price],
) -> float:
    """What a query cost; NaN where nothing tells.

    Args:
        columns: where it stands.
        at: what stands at a path or template of these.
        place: of the row.
        arm: who answered.
        query: its text.
        prices: by the names of models.

    Raises:
        LogError: if a value is no number, or the model has no price where it takes one.
    """
    if columns.prompt_tokens and columns.completion_tokens:
        paths = columns.prompt_tokens, columns.completion_tokens
        counts = [number(at(path), place, f"{path} of {arm}") for path in paths]
        if sum(counts) > 0:  # false too where one is not known
            return _spent(_price(arm, prices, place), *counts)
    if columns.dollar_column:
        found = number(at(columns.dollar_column), place, f"cost of {arm}")
        if not math.isnan(found):
            return found
    if columns.proxy:
        return _spent(_price(arm, prices, place), len(query) / 4, 0.0)
    return math.nan


def nearest(name: str, names: Iterable[str]) -> str:
    """Up to five of the names, the nearest first."""
    return ", ".join(get_close_matches(name, list(names), n=5, cutoff=0)) or "none at all"


def _spent(price: Price, prompt_tokens: float, completion_tokens: float) -> float:
    return (prompt_tokens * price.prompt + completion_tokens * price.completion) / 1e6


def _price(arm: str, prices: Mapping[str, Price], place: str) -> Price:
    if arm not in prices:
        raise LogError(
            f"{place}: found no price of {arm!r}, expected one in a price file or under `prices`; "
            f"the nearest that are known: {nearest(arm, prices)}"
        )
    return prices[arm]


def _found(row: Row, path: str) -> tuple[bool, Any, Iterable[str]]:
    """Whether a path leads to something, to what, and the keys where it ends or does not go on."""
    if path in row.values:
        return True, row.values[path], ()
    there: Any = row.values
    for key in path.split("."):
        if not isinstance(there, Mapping) or key not in there:
            return False, None, there if isinstance(there, Mapping) else ()
        there = there[key]
    return True, there, ()


def _as_text(row: Row, path: str) -> str:
    there = value(row, path)
    if there is None or isinstance(there, Mapping | list):
        kind = "nothing" if there is None else type(there).__name__
        raise LogError(f"{row.place}: {path}: found {kind}, expected a text")
    return str(there)


@lru_cache
def _steps(template: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """The keys before the model's, the template of the model's, and the keys after it."""
    steps = (template if ARM in template else f"{template}.{ARM}").split(".")
    at = next(i for i, step in enumerate(steps) if ARM in step)
    return tuple(steps[:at]), steps[at], tuple(steps[at + 1 :])


@lru_cache
def _form(step: str) -> re.Pattern[str]:
    """What a key looks like that has a model's name in a template's place."""
    before, _, after = step.partition(ARM)
    return re.compile(f"{re.escape(before)}(?P<arm>.+){re.escape(after)}", re.DOTALL)
