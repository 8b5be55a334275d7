"""Runs of specs inside a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from evalcore.rundir import open_store
from evalcore.session import run_spec
from evalcore.spec import load_spec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from evalcore.data import Record, Result
    from evalcore.session import Outcome

__all__ = ["Run", "SpecRunner"]

_DEFAULTS = {"evalcore": 1, "name": "test", "reports": []}


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended.

    Attributes:
        path: its directory.
        outcome: how it ended; `outcome.code` is what `evalcore run` would have exited with.
        records: every attempt, by cell, sample and number.
    """

    path: Path
    outcome: Outcome
    records: list[Record]

    @property
    def results(self) -> list[Result]:
        """The metrics of every cell."""
        return self.outcome.results

    def value(self, metric: str, cell: str = "base") -> float | None:
        """The value of one metric of one cell.

        Raises:
            KeyError: if there is none; its argument lists what there is.
        """
        values = {(result.cell, result.metric): result.value for result in self.results}
        if (cell, metric) not in values:
            raise KeyError(f"no {metric!r} of cell {cell!r}; there are {sorted(values)}")
        return values[cell, metric]


class SpecRunner:
    """Runs specs in a folder; relative data paths start from there.

    A second run of the same spec goes on with the first, as `evalcore run` does.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, spec: Mapping[str, Any] | str, *, limit: int | None = None, out: str = "run"
    ) -> Run:
        """Run a spec and read what it stored.

        Args:
            spec: the text of a spec, or its keys; of the keys, `evalcore`, `name` and `reports`
                may be left out (there are no reports then).
            limit: samples of each cell to run at most.
            out: the run's directory within the folder.

        Raises:
            SpecError: if the spec cannot run.
            EvalcoreError: if the run cannot begin or go on.
        """
        file = self.folder / f"{out}.yaml"
        text = spec if isinstance(spec, str) else yaml.safe_dump({**_DEFAULTS, **spec})
        file.write_text(text, encoding="utf-8")
        path = self.folder / out
        outcome = run_spec(load_spec(file), path, limit=limit)
        store = open_store(path)
        try:
            return Run(path, outcome, list(store.records()))
        finally:
            store.close()
