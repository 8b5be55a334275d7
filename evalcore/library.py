"""Models and samples of a spec without a run, and the records of one: for programs of their own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from evalcore.calls import Account, Gate, Ledger, LimitReached, Served
from evalcore.errors import RunError, SpecError
from evalcore.opened import open_model as open_part
from evalcore.opened import open_task
from evalcore.rundir import open_store
from evalcore.spec import Limits, load_model, load_spec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Collection, Iterator, Mapping, Sequence

    from evalcore.data import Generation, Likelihood, Message, Record, Sample, Usage
    from evalcore.spec import Part
    from evalcore.strategy import Strategy

__all__ = ["OpenModel", "open_model", "open_records", "open_samples"]

T = TypeVar("T")

_LISTED = 8
"""Cells that are listed where none has the name asked for; of more the nearest are."""


@asynccontextmanager
async def open_model(
    model: str | Mapping[str, Any], *, spec: Path | None = None, base: Path | None = None
) -> AsyncIterator[OpenModel]:
    """Open a model, and close it at the end.

    Args:
        model: what a spec writes for it: a component's name, or `use` with the settings, price and
            limits beside; with `spec`, the name that it has in there.
        spec: a spec file of which it is a model; its limits hold but for those of time and of
            attempts.
        base: the folder that relative paths of its settings start from; the working directory.

    Raises:
        SpecError: if a spec could not be run with such a model.
        EvalcoreError: if it cannot be opened.
    """
    part, limits = await asyncio.to_thread(_part, model, spec, base or Path())
    opened = await open_part(part, {})
    try:
        served = Served(part.name, part, opened.identity(), opened, secrets={})
        yield OpenModel(served, Gate(limits, Ledger(), lambda call: None))
    finally:
        await opened.close()


@contextmanager
def open_samples(
    spec: Path, *, cell: str | None = None, overrides: tuple[str, ...] = ()
) -> Iterator[tuple[Strategy[Any], Iterator[Sample]]]:
    """The strategy of a cell of a spec and the samples that it would get; no model is opened.

    Args:
        spec: a spec file.
        cell: the cell's name; the first cell if not given.
        overrides: `dotted.path=value` each, the value in YAML.

    Raises:
        SpecError: if the spec could not be run, or has no such cell.
        EvalcoreError: if the task cannot be opened.
    """
    cells = {found.name: found for found in load_spec(spec, overrides).cells}
    if cell is not None and cell not in cells:
        raise SpecError([f"{spec}: found no cell {cell!r}, expected {_one_of(cells, cell)}"])
    chosen = cells[cell] if cell is not None else next(iter(cells.values()))
    strategy, task = chosen.strategy.create(), open_task(chosen.task)
    try:
        yield strategy, (case.sample for case in task.cases())
    finally:
        task.close()


@contextmanager
def open_records(run: Path) -> Iterator[Iterator[Record]]:
    """The committed records of a run: by cell in the spec's order, then by sample and attempt.

    Of a run that goes on meanwhile they are those of one moment.

    Args:
        run: the run's directory.

    Raises:
        RunError: if there is no run.
    """
    with closing(open_store(run)) as store:
        store.connection.execute("BEGIN")
        yield store.records()


class OpenModel:
    """A model that answers: its calls are limited, retried and counted as those of a run."""

    def __init__(self, served: Served, gate: Gate) -> None:
        self._served = served
        self._gate = gate
        self._account = Account(0, "", 0, 0)

    @property
    def identity(self) -> str:
        """What answers, as the model itself says."""
        return self._served.shown

    @property
    def usage(self) -> Usage:
        """What all calls so far cost."""
        return self._account.usage

    async def generate(
        self,
        messages: str | Sequence[Message],
        *,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        n: int = 1,
        logprobs: bool = False,
        raw: bool = False,
        seed: int = 0,
    ) -> Generation:
        """Ask the model; a text is one message of the user, the rest is that of a `Request`.

        Raises:
            ModelCallError: if the model fails, or keeps failing.
            RunError: if a limit of the spec is reached.
        """
        request = self._account.request(
            messages,
            temperature=temperature,
            top_p=top_p,
            max_tokens=max_tokens,
            stop=tuple(stop),
            n=n,
            logprobs=logprobs,
            raw=raw,
        )
        request = replace(request, seed=seed, call=0)
        return await self._within_limits(self._gate.generate(self._served, request, self._account))

    async def loglikelihood(self, context: str | Sequence[Message], text: str) -> Likelihood:
        """Ask how likely a text is after another; with the errors of `generate`."""
        request = self._account.continuation(context, text)
        return await self._within_limits(
            self._gate.loglikelihood(self._served, request, self._account)
        )

    async def _within_limits(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except LimitReached:
            raise RunError(self._gate.closed) from None


def _part(model: str | Mapping[str, Any], spec: Path | None, base: Path) -> tuple[Part, Limits]:
    if spec is None:
        return load_model(model, base), Limits()
    loaded = load_spec(spec)
    models = loaded.cells[0].models
    if not isinstance(model, str) or model not in models:
        known = ", ".join(models) or "none"
        raise SpecError([f"{spec}: found no model {model!r}, expected one of: {known}"])
    return models[model], loaded.limits


def _one_of(cells: Collection[str], name: str) -> str:
    if len(cells) <= _LISTED:
        return f"one of: {', '.join(cells)}"
    near = get_close_matches(name, cells, n=3, cutoff=0)
    return f"one of {len(cells)}, the nearest of which are: {', '.join(near)}"
