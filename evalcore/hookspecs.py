"""All that a plugin may implement.

A plugin is a module named by an entry point of the group `evalcore`; its functions marked with
`hookimpl` are the hooks below that it wants. A second entry point of the same name in the group
`evalcore.interface` states the interface that the plugin is written for, such as `v1` or `v1.2`.
The module must import nothing heavy: it declares components by name and import path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalcore.component import Command, Component
    from evalcore.data import Record, Result, RunInfo

__all__ = ["hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("evalcore")
hookimpl = pluggy.HookimplMarker("evalcore")


@hookspec
def evalcore_tasks() -> Iterable[Component]:  # type: ignore[empty-body]
    """Declare tasks: classes derived from `evalcore.Task`. Since interface 1.0."""


@hookspec
def evalcore_models() -> Iterable[Component]:  # type: ignore[empty-body]
    """Declare models: classes derived from `evalcore.LanguageModel` or `evalcore.Estimator`.

    Since interface 1.0.
    """


@hookspec
def evalcore_strategies() -> Iterable[Component]:  # type: ignore[empty-body]
    """Declare strategies: classes derived from `evalcore.Strategy`. Since interface 1.0."""


@hookspec
def evalcore_metrics() -> Iterable[Component]:  # type: ignore[empty-body]
    """Declare metrics: classes derived from `evalcore.Metric`. Since interface 1.0."""


@hookspec
def evalcore_reporters() -> Iterable[Component]:  # type: ignore[empty-body]
    """Declare reporters: classes derived from `evalcore.Reporter`. Since interface 1.0."""


@hookspec
def evalcore_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Declare commands of the `evalcore` command line. Since interface 1.0."""


@hookspec
def evalcore_run_started(run: RunInfo) -> None:
    """A run is about to take its first sample, also when it resumes. Since interface 1.0."""


@hookspec
def evalcore_attempts_committed(run: RunInfo, records: list[Record]) -> None:
    """Attempts, scored or failed, are safe in the store. Since interface 1.0.

    Called with a batch at a time, from the store's thread.
    """


@hookspec
def evalcore_run_finished(run: RunInfo, results: list[Result]) -> None:
    """A run has ended and was measured. Since interface 1.0."""
