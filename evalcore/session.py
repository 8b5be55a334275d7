"""One session of a run: from a checked spec to the results, going on where the last one ended."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from evalcore.data import RunInfo
from evalcore.errors import EvalcoreError, RunError, TaskError
from evalcore.measure import draw, measure
from evalcore.plugins import registry
from evalcore.readiness import check_components
from evalcore.reporter import FailureCount, Report
from evalcore.rundir import RunDirectory
from evalcore.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from evalcore.data import Record, Result
    from evalcore.reporter import Status
    from evalcore.runner import Progress
    from evalcore.spec import Spec
    from evalcore.store import Store

__all__ = ["ENDINGS", "Outcome", "run_spec"]

INTERRUPTED = "interrupted"
ENDINGS = {"length": "cut off at their length limit", "refusal": "refused", "empty": "empty"}
"""What answers are besides whole ones, in words."""
_EXCERPT = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a session ended.

    Attributes:
        results: the metrics of all that the run holds now.
        problems: metrics and reporters that failed, with their errors.
        files: what the reporters wrote.
        endings: how often the models' answers ended in each way.
        kept: where `fresh` put the run that was there before.
    """

    status: Status
    reason: str
    results: list[Result]
    problems: list[str]
    files: list[Path]
    progress: Progress
    failures: list[FailureCount]
    endings: Mapping[str, int]
    seconds: float
    kept: Path | None = None

    @property
    def code(self) -> int:
        """The exit code of `evalcore run`."""
        codes = {"finished": 0, "stopped by a limit": 3, "interrupted": 130}
        return codes.get(self.status, 1) or (1 if self.problems else 0)


def run_spec(
    spec: Spec,
    path: Path,
    *,
    fresh: bool = False,
    accept_change: bool = False,
    retry_failed: bool = False,
    limit: int | None = None,
    show: Callable[[Progress], AbstractContextManager[Any]] = lambda progress: nullcontext(),
    say: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Run what is missing of a spec in the directory `path`, measure it and write the reports.

    Args:
        spec: what to run.
        path: the run's directory.
        fresh: begin anew; what was there is kept under another name.
        accept_change: go on although the spec, data, plugins or models have changed.
        retry_failed: make the attempts that failed anew.
        limit: samples of each cell to run at most.
        show: a context in which the progress is shown while the run works.
        say: told in words what a signal does.

    Raises:
        EvalcoreError: if the run cannot begin, or cannot go on; what was committed is safe.
    """
    begin = time.monotonic()
    check_components(spec)  # what cannot work is told before the run, not in the midst of it
    hooks = registry().load_hooks(spec.plugins)
    directory = RunDirectory(path, spec, fresh=fresh, accept_change=accept_change)
    try:
        info = RunInfo(spec.name, str(path), tuple(cell.name for cell in spec.cells))
        observers = _Observers(hooks, info)
        if retry_failed:
            directory.store.set_aside_failed()
        runner = Runner(
            spec,
            directory.store,
            identities=directory.identities,
            noted=directory.save,
            limit=limit,
            observe=observers.committed,
        )
        observers.started()
        with show(runner.progress):
            error = _run_to_the_end(runner, say)
        seconds = time.monotonic() - begin
        outcome = _measured(spec, directory, runner, seconds, error)
        observers.finished(outcome.results)
        outcome.problems.extend(observers.problems)
        return outcome
    except EvalcoreError as error:
        directory.finish("ended by an error", {})
        raise type(error)(spec.redact(str(error))) from error
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}; what was committed is safe") from error
    finally:
        directory.close()


class _Observers:
    """The plugins that watch the run; one that raises is reported and ends nothing."""

    def __init__(self, hooks: Any, run: RunInfo) -> None:
        self._hooks = hooks
        self._run = run
        self._problems: dict[str, None] = {}

    @property
    def problems(self) -> list[str]:
        """What observers raised, each once."""
        return list(self._problems)

    def started(self) -> None:
        """The run begins."""
        self._call("evalcore_run_started")

    def committed(self, records: list[Record]) -> None:
        """Records are safe."""
        self._call("evalcore_attempts_committed", records=records)

    def finished(self, results: list[Result]) -> None:
        """The run has ended."""
        self._call("evalcore_run_finished", results=results)

    def _call(self, hook: str, **arguments: Any) -> None:
        try:
            getattr(self._hooks, hook)(run=self._run, **arguments)
        except Exception as error:  # a plugin's observer may raise anything
            self._problems[f"{hook}: {type(error).__name__}: {error}"] = None


async def _run_with_signals(runner: Runner, say: Callable[[str], None]) -> None:
    """The first signal lets the attempts in flight finish, the second gives them up.

    The third leaves at once, for a task may be stuck in code that nothing else ends; what is
    committed is safe at any instant.
    """
    signals = 0

    def interrupt() -> None:
        nonlocal signals
        signals += 1
        if signals == 1:
            left = runner.interrupt(INTERRUPTED)
            say(f"stopping: {left} in flight to be finished; once more to stop now")
        elif signals == 2:
            say("stopping now")
            runner.cancel()
        else:
            os._exit(130)

    if threading.current_thread() is threading.main_thread():
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupt)
    await runner.run()


def _run_to_the_end(runner: Runner, say: Callable[[str], None]) -> TaskError | None:
    """Run; an error of a task after records were made leaves results to show."""
    try:
        asyncio.run(_run_with_signals(runner, say))
    except TaskError as error:
        if not runner.progress.committed:
            raise
        return error
    return None


def _measured(
    spec: Spec, directory: RunDirectory, runner: Runner, seconds: float, error: TaskError | None
) -> Outcome:
    store, progress = directory.store, runner.progress
    results, problems = measure(store, spec.metrics, str(directory.path))
    failures = [FailureCount(*row) for row in store.failures()]
    told = [str(error)] if error else []
    outcome = Outcome(
        status="stopped by an error" if error else _status(progress),
        reason=progress.stopped,
        results=results,
        problems=[spec.redact(text) for text in [*told, *runner.problems, *problems]],
        files=[],
        progress=progress,
        failures=failures,
        endings=store.endings(),
        seconds=seconds,
        kept=directory.kept,
    )
    directory.write_results([asdict(result) for result in results])
    directory.finish(outcome.status, {"seconds": round(seconds, 3), "lag": round(progress.lag, 4)})
    _write_reports(spec, directory, outcome)
    return outcome


def _status(progress: Progress) -> Status:
    if progress.stopped == INTERRUPTED:
        return "interrupted"
    if progress.stopped:
        return "stopped by a limit"
    return "finished with failed attempts" if progress.failed else "finished"


def _write_reports(spec: Spec, directory: RunDirectory, outcome: Outcome) -> None:
    if not spec.reports:
        return
    pictures, problems = draw(directory.store, spec.metrics)
    outcome.problems.extend(spec.redact(text) for text in problems)
    report = Report(
        name=spec.name,
        run=str(directory.path),
        status=outcome.status,
        facts=_facts(directory.store, outcome),
        results=outcome.results,
        failures=outcome.failures,
        samples=list(_worth_reading(directory.store)),
        spec=spec.document.text,
        pictures=pictures,
    )
    for part in spec.reports:
        try:
            outcome.files.append(part.create().write(report, directory.path))
        except Exception as error:  # a plugin's reporter may raise anything; the results stand
            text = f"reporter {part.name}: {type(error).__name__}: {error}"
            outcome.problems.append(spec.redact(text))


def _facts(store: Store, outcome: Outcome) -> dict[str, str]:
    progress, usage = outcome.progress, store.usage()
    facts = {
        "attempts": f"{progress.committed:,}",
        "failed": f"{progress.failed:,}",
        "this session": _duration(outcome.seconds),
    }
    if usage.prompt_tokens or usage.completion_tokens:
        facts["tokens"] = f"{usage.prompt_tokens:,} in, {usage.completion_tokens:,} out"
    if usage.dollars:
        facts["dollars"] = f"{usage.dollars:,.4f}"
        if usage.saved:
            facts["dollars"] += f", {usage.saved:,.4f} of them saved by the cache"
    if usage.cached:
        facts["cached"] = f"{usage.cached:,} of {usage.calls:,} calls"
    for ending, name in ENDINGS.items():
        if count := outcome.endings[ending]:
            facts[name] = f"{count:,} answers"
    if usage.executions:
        facts["executions"] = f"{usage.executions:,}"
    return facts


def _duration(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


def _worth_reading(store: Store) -> Iterator[dict[str, Any]]:
    """A few records: of each cell the first that failed, and the first of the lowest scores."""
    for cell in store.cells():
        for record in store.telling(cell.id, 2):
            yield _excerpt(record)


def _excerpt(record: Record) -> dict[str, Any]:
    score, failure = record.score, record.failure
    return {
        "cell": record.cell,
        "sample": record.sample,
        "attempt": record.attempt,
        "label": score.label if score else failure.kind if failure else "",
        "score": score.value if score else None,
        "answer": str(record.answer)[:_EXCERPT] if failure is None else failure.message[:_EXCERPT],
    }
