"""The Metric interface: scored attempts become numbers with their uncertainty."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evalcore.data import Record
    from evalcore.settings import Settings
    from evalcore.stats import Estimate

__all__ = ["Column", "Metric", "Picture", "Scores", "Shown"]

S = TypeVar("S", bound="Settings")
Column = Literal[
    "value",
    "calls",
    "prompt_tokens",
    "completion_tokens",
    "dollars",
    "seconds",
    "executions",
    "cached",
    "saved",
]


class Metric(ABC, Generic[S]):
    """Turns the attempts of one cell into an estimate, or into several with a name each."""

    def __init__(self, settings: S) -> None:
        self.settings = settings

    def preflight(self, attempts: int) -> None:
        """Tell before a run what would keep `compute` from working, as far as that is known.

        Optional: without it nothing is told.

        Args:
            attempts: at each sample, of a cell of the spec.

        Raises:
            ValueError: if `compute` would raise it for a cell of so many attempts.
        """

    @abstractmethod
    def compute(self, scores: Scores) -> Estimate | Mapping[str, Estimate]:
        """Measure one cell; the parts of a mapping are shown as `metric/part`.

        Parts that say by `Estimate.axis` and `Estimate.at` where they lie are drawn as a curve.
        """

    def per_sample(
        self, scores: Scores
    ) -> NDArray[np.float64] | Mapping[str, NDArray[np.float64]] | None:
        """The value for each sample alone, by which cells are compared sample by sample.

        Optional: without it, or where it returns `None`, the metric is not compared.

        Returns:
            Shape (samples,), in the order of the codes in `scores.sample`; NaN for a sample that
            has no value. A mapping of such arrays where `compute` returns one, with its parts.
        """
        return None

    def pictures(self, cells: Sequence[Shown]) -> Iterable[Picture]:
        """Draw what the cells of a run show, for its report, where numbers say too little.

        Optional: without it there are the plots that the report draws of every metric.
        """
        return ()


class Picture(NamedTuple):
    """A drawing in a run's report.

    Attributes:
        title: its heading.
        svg: the drawing, an `<svg>` element that refers to nothing outside itself.
        caption: what is seen, in a sentence or two.
    """

    title: str
    svg: str
    caption: str = ""


class Shown(NamedTuple):
    """A cell of which a metric draws.

    Attributes:
        cell: its name.
        settings: the settings in which it differs from the other cells of its sweep.
        scores: its attempts.
    """

    cell: str
    settings: Mapping[str, Any]
    scores: Scores


class Scores(Protocol):
    """The attempts of one cell, column by column, of length n; read from the store when asked."""

    def column(self, name: Column) -> NDArray[np.float64]:
        """One column, shape (n,); `value` is NaN where the attempt failed."""

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which attempts failed, shape (n,)."""

    @property
    def sample(self) -> NDArray[np.int64]:
        """Which sample each attempt is of, as codes 0..S-1, shape (n,)."""

    @property
    def attempt(self) -> NDArray[np.int64]:
        """Number of each attempt at its sample, from 0, shape (n,)."""

    def labels(self) -> tuple[NDArray[np.int64], Sequence[str]]:
        """The label of each attempt as a code, shape (n,), and the sorted labels; -1 if failed."""

    @overload
    def details(self, path: str, /) -> list[Any]: ...
    @overload
    def details(self, path: str, second: str, /, *others: str) -> tuple[list[Any], ...]: ...
    def details(self, *paths: str) -> list[Any] | tuple[list[Any], ...]:
        """What each attempt has on record besides columns, of length n; `None` for nothing.

        Of several paths, a list for each: the records are read once for all of them.

        Args:
            paths: `score.NAME` for a detail of the task's score, `details.NAME` for one of the
                strategy's, `metadata.NAME` for the sample's; further names lead into mappings.

        Raises:
            ValueError: if a path is none of these.
        """

    def records(self) -> Iterator[Record]:
        """The full records, in the same order, one at a time."""
