"""The live display of a run: it samples the run's progress, the run never calls it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Task
    from rich.text import Text

    from evalcore.runner import Progress

__all__ = ["shown"]


@contextmanager
def shown(progress: Progress, *, quiet: bool) -> Iterator[None]:
    """Show the progress on a terminal while the context lasts; elsewhere show nothing."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    class Sampled(ProgressColumn):
        """Reads the run's progress whenever the bar is drawn, from the bar's own thread."""

        max_refresh = 0.2

        def render(self, task: Task) -> Text:
            from rich.text import Text

            bar.update(task.id, completed=progress.committed, total=progress.expected)
            return Text(_words(progress), style="dim")

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        Sampled(),
        console=Console(stderr=True),
        refresh_per_second=5,
        transient=True,
    )
    with bar:
        bar.add_task("attempts", total=progress.expected)
        yield


def _words(progress: Progress) -> str:
    words = [f"{progress.in_flight} in flight"]
    if progress.fits:
        words.append("fits at " + ", ".join(f"{done:.0%}" for done in progress.fits))
    if progress.failed:
        words.append(f"{progress.failed} failed")
    if progress.ledger.dollars:
        words.append(f"${progress.ledger.dollars:.2f}")
    if progress.ledger.cached:
        words.append(f"{progress.ledger.cached} cached")
    if progress.down:
        words.append(f"waiting for a model: {progress.down[:60]}")
    if progress.lag > 0.1:
        words.append(f"loop late by {progress.lag:.1f} s")
    words.append(progress.cell)
    return "  ".join(words)
