"""Logs of a deployed router: the one model that was picked for each query, and how likely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import EvalcoreError
from evalcore_metallm.logs import columns as at
from evalcore_metallm.logs.columns import CostColumns
from evalcore_metallm.logs.reading import LogError, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from evalcore.prices import Price
    from evalcore_metallm.logs.reading import Row

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["DeploymentColumns", "DeploymentLog", "read_deployment_log"]


@dataclass(frozen=True, slots=True, eq=False)
class DeploymentLog:
    """n queries, the outcome of the one of k models that was picked, and its probability.

    Attributes:
        ids: of the queries, each once, n of them.
        queries: their texts; empty where the log keeps none.
        groups: the task, subject or user of each; empty where there is none.
        arms: names of the models that could be picked, k of them.
        arm: which was, shape (n,).
        quality: between 0 and 1, shape (n,).
        cost: dollars, shape (n,).
        propensity: the probability with which it was picked, above 0, shape (n,).
        probabilities: those of all models, shape (n, k); None where the log has that of the
            picked model alone.
        notes: what reading left out or put in, one line each.

    Raises:
        EvalcoreError: if there is no query, or values are out of range.
    """

    ids: tuple[str, ...]
    queries: tuple[str, ...]
    groups: tuple[str, ...]
    arms: tuple[str, ...]
    arm: Ints
    quality: Floats
    cost: Floats
    propensity: Floats
    probabilities: Floats | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            found = getattr(self, name)
            if found is not None:
                array = np.array(found, dtype=kind)
                array.flags.writeable = False
                object.__setattr__(self, name, array)
        self._check()

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: ArrayLike) -> DeploymentLog:
        """Some queries in the order of `rows`, which may be numbers or a mask."""
        chosen = np.arange(len(self))[np.asarray(rows)]
        parts: dict[str, Any] = {
            name: tuple(getattr(self, name)[row] for row in chosen)
            for name in ("ids", "queries", "groups")
        }
        for name in _KINDS:
            found = getattr(self, name)
            parts[name] = None if found is None else found[chosen]
        return replace(self, **parts)

    def _check(self) -> None:
        n, k = len(self.ids), len(self.arms)
        if not n:
            raise EvalcoreError("the log holds no query, expected one at least")
        expected = dict.fromkeys(_KINDS, (n,)) | {"probabilities": (n, k)}
        for name, shape in expected.items():
            found = getattr(self, name)
            if found is not None and found.shape != shape:
                raise EvalcoreError(f"{name} has shape {found.shape}, expected {shape}")
        self._check_range("arm", (self.arm >= 0) & (self.arm < k), f"a number below {k}")
        self._check_range("quality", (self.quality >= 0) & (self.quality <= 1), "0 to 1")
        self._check_range("cost", (self.cost >= 0) & np.isfinite(self.cost), "dollars, 0 or more")
        likely = (self.propensity > 0) & (self.propensity <= 1)
        self._check_range("propensity", likely, "above 0, 1 at most")

    def _check_range(self, name: str, fits: NDArray[np.bool_], expected: str) -> None:
        if not fits.all():
            row = int(fits.argmin())
            raise EvalcoreError(
                f"{name} of query {self.ids[row]!r}: found {getattr(self, name)[row]}, "
                f"expected {expected}"
            )


_KINDS = {
    "arm": np.intp,
    "quality": np.float64,
    "cost": np.float64,
    "propensity": np.float64,
    "probabilities": np.float64,
}


class DeploymentColumns(CostColumns):
    """Where the rows of a deployed router's log hold what is wanted of them; a row is a choice."""

    id: str = "id"
    """The choice's name; a path, or a template of several such as `{user}/{number}`."""
    query: str = "query"
    """The query's text; likewise, and if not set, taken where there is one."""
    group: str = "task"
    """The task, subject or user it belongs to; likewise."""
    arm: str = "arm"
    """The model that was picked; a path or a template."""
    quality: str = "quality"
    """Between 0 and 1, of the model that was picked; nothing where nobody told."""
    propensity: str = "propensity"
    """The probability with which it was picked."""
    probabilities: str = "probabilities"
    """Those of all models: a mapping by model, or a column each such as `p_{arm}`; if not set,
    taken where there is one."""


def read_deployment_log(
    files: Sequence[Path], columns: DeploymentColumns, prices: Mapping[str, Price]
) -> DeploymentLog:
    """The log of a deployed router from files of rows.

    Choices of which quality or cost is not known are left out, and counted in the log's notes.

    Args:
        files: JSON Lines, CSV, TSV or Parquet, see `read_rows`.
        columns: where the rows hold what is wanted.
        prices: of models by name, as `pricing.price_table` gives them.

    Raises:
        LogError: if a file cannot be read, a column is missing, a value is out of range, an id
            stands twice, or no choice is left; with its place.
    """
    rows = list(read_rows(files))
    choices = [_choice(row, columns, prices) for row in rows]
    _refuse_repeated(choices)
    known = [choice for choice in choices if not np.isnan(choice.outcome).any()]
    if not known:
        raise LogError(
            f"{', '.join(map(str, files)) or 'no file'}: found {len(rows)} rows, expected one at "
            "least of which quality and cost are known"
        )
    unknown = len(rows) - len(known)
    return _assembled(
        known, (f"left out {unknown} choices of unknown quality or cost",) if unknown else ()
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """A row: the picked arm, its quality and cost, and the probabilities of arms by name."""

    place: str
    id: str
    query: str
    group: str
    arm: str
    outcome: tuple[float, float]
    propensity: float
    probabilities: dict[str, float]


def _choice(row: Row, columns: DeploymentColumns, prices: Mapping[str, Price]) -> _Choice:
    def there(path: str) -> Any:
        return at.value(row, path)

    arm, query = at.text(row, columns.arm), at.optional(row, columns, "query")
    quality = at.number(there(columns.quality), row.place, f"quality of {arm}", most=1.0)
    cost = at.dollars(columns, there, row.place, arm, query, prices)
    propensity = at.number(there(columns.propensity), row.place, "propensity", most=1.0)
    if not propensity > 0:
        raise LogError(
            f"{row.place}: propensity: found {propensity:g}, expected a number above 0, for the "
            "model was picked"
        )
    probabilities = _probabilities(row, columns)
    if probabilities:
        _check_probabilities(row.place, arm, propensity, probabilities)
    return _Choice(
        row.place, at.text(row, columns.id), query, at.optional(row, columns, "group"), arm,
        (quality, cost), propensity, probabilities,
    )  # fmt: skip


def _probabilities(row: Row, columns: DeploymentColumns) -> dict[str, float]:
    template = columns.probabilities
    if "probabilities" not in columns.model_fields_set and template not in row.values:
        return {}
    found = {}
    for arm in at.arms_of(row, template):
        share = at.number(at.of_arm(row, template, arm), row.place, f"probability of {arm}", 1.0)
        found[arm] = 0.0 if np.isnan(share) else share
    return found


def _check_probabilities(
    place: str, arm: str, propensity: float, probabilities: Mapping[str, float]
) -> None:
    total = sum(probabilities.values())
    if abs(total - 1) > _ROUNDED:
        raise LogError(f"{place}: probabilities add up to {total:g}, expected 1")
    share = probabilities.get(arm, 0.0)
    if abs(share - propensity) > _ROUNDED:
        raise LogError(
            f"{place}: found a propensity of {propensity:g} and a probability of {share:g} of the "
            f"model that was picked, {arm}: expected the same"
        )


_ROUNDED = 1e-3
"""By how much written probabilities may be off."""


def _refuse_repeated(choices: Sequence[_Choice]) -> None:
    places: dict[str, str] = {}
    for choice in choices:
        if choice.id in places:
            raise LogError(
                f"{choice.place}: id {choice.id!r} stands at {places[choice.id]} already"
            )
        places[choice.id] = choice.place


def _assembled(choices: Sequence[_Choice], notes: tuple[str, ...]) -> DeploymentLog:
    arms = list(dict.fromkeys(arm for c in choices for arm in (*c.probabilities, c.arm)))
    probabilities = None
    if all(choice.probabilities for choice in choices):
        probabilities = np.array([[c.probabilities.get(arm, 0.0) for arm in arms] for c in choices])
    quality, cost = np.array([choice.outcome for choice in choices]).T
    return DeploymentLog(
        ids=tuple(choice.id for choice in choices),
        queries=tuple(choice.query for choice in choices),
        groups=tuple(choice.group for choice in choices),
        arms=tuple(arms),
        arm=np.array([arms.index(choice.arm) for choice in choices]),
        quality=quality,
        cost=cost,
        propensity=np.array([choice.propensity for choice in choices]),
        probabilities=probabilities,
        notes=notes,
    )
