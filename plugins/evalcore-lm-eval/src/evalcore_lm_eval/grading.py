"""What a task's metrics say of the responses to a document, by the task's own code."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from evalcore.errors import TaskError
from evalcore_lm_eval.functions import name_function
from evalcore_lm_eval.loading import load
from evalcore_lm_eval.packing import pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lm_eval.api.filter import FilterEnsemble
    from lm_eval.api.instance import Instance
    from lm_eval.api.task import Task

    from evalcore_lm_eval.loading import Source

__all__ = ["Apart", "aggregations", "answered", "filters", "grade", "has_code_of_its_own"]


def grade(
    task: Task, doc: Any, instances: Sequence[Instance], responses: Sequence[list[Any]]
) -> dict[str, Any]:
    """The value of each metric for a document, packed, under the key `metric,filter`.

    Args:
        task: whose filters and metrics are applied.
        doc: the document.
        instances: its requests, in the task's order; they are left as they are.
        responses: to each request, as many as the task repeats it.
    """
    doc = deepcopy(doc)
    copies = [answered(*pair, doc) for pair in zip(instances, responses, strict=True)]
    values: dict[str, Any] = {}
    for ensemble in filters(task):
        ensemble.apply(copies)
        filtered = [instance.filtered_resps[ensemble.name] for instance in copies]
        for metric, value in task.process_results(doc, filtered).items():
            values[f"{metric},{ensemble.name}"] = pack(value)
    return values


def aggregations(task: Task, values: Mapping[str, Any]) -> dict[str, Any]:
    """The function that aggregates each metric that has a value, by name; the mean by default.

    Raises:
        LookupError: if a function cannot be found again by its name.
    """
    from lm_eval.api.metrics import mean

    functions = task.aggregation()
    metrics = dict.fromkeys(key.partition(",")[0] for key in values)
    return {metric: name_function(functions.get(metric) or mean) for metric in metrics}


def filters(task: Task) -> list[FilterEnsemble]:
    """The task's filters, each of which gives its metrics a value."""
    found: list[FilterEnsemble] = task._filters
    return found


def answered(instance: Instance, responses: list[Any], doc: Any) -> Instance:
    """A copy of the instance with its responses."""
    from lm_eval.api.instance import Instance

    return Instance(
        request_type=instance.request_type,
        doc=doc,
        arguments=instance.arguments,
        idx=instance.idx,
        metadata=instance.metadata,
        resps=list(responses),
    )


def has_code_of_its_own(task: Task) -> bool:
    """Whether other code than lm-eval's core decides what the responses are worth."""
    from lm_eval.api.task import ConfigurableTask

    config = task.config
    return (
        type(task) is not ConfigurableTask
        or callable(config.process_results)
        or _holds_code(config.metric_list)
        or _holds_code(config.filter_list)
    )


class Apart:
    """Grades in the main thread of a process of its own.

    A task's own code may set alarms, which only a main thread can, and swallow the error where it
    cannot; it may also crash. The process begins with the first document, and again after a crash.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._pool: ProcessPoolExecutor | None = None

    def grade(
        self, task: str, doc: Any, instances: Sequence[Instance], responses: Sequence[list[Any]]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """As `grade` and `aggregations` do, for the task of that name.

        Raises:
            TaskError: if the process ended while it graded.
        """
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, _begin, (self._source,))
        try:
            return self._pool.submit(_grade, task, doc, instances, responses).result()
        except BrokenProcessPool as error:
            self.close()
            raise TaskError(f"the process that scores {task} ended: {error}") from error

    def close(self) -> None:
        """End the process."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


_loaded: dict[str, Task] = {}


def _begin(source: Source) -> None:
    """Load the tasks, in a process that ends with its parent and not at Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _loaded.update(load(source).tasks)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def _grade(
    name: str, doc: Any, instances: Sequence[Instance], responses: Sequence[list[Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    values = grade(_loaded[name], doc, instances, responses)
    return values, aggregations(_loaded[name], values)


def _holds_code(config: Any) -> bool:
    if isinstance(config, dict):
        return any(_holds_code(value) for key, value in config.items() if key != "aggregation")
    if isinstance(config, list):
        return any(_holds_code(value) for value in config)
    return callable(config)
