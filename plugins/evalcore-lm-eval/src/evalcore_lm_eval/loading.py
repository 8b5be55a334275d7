"""Tasks of lm-eval, loaded by name."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evalcore.errors import TaskError
from evalcore_lm_eval.bars import no_bars
from evalcore_lm_eval.catalog import bundled_folder, catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lm_eval.api.group import Group
    from lm_eval.api.task import Task
    from lm_eval.tasks import TaskManager

__all__ = ["Aggregate", "Source", "Suite", "check_name", "load", "seeded"]


@dataclass(frozen=True, slots=True)
class Source:
    """What to load, and with which of lm-eval's options; it can be sent to another process.

    Attributes:
        name: of a task, a group or a tag.
        include_path: folder of tasks that lm-eval does not bring; `""` for none.
        num_fewshot: examples before each document; `None` leaves it to the task.
        generation_kwargs: what replaces the tasks' own generation arguments.
        metadata: what is handed to the tasks.
    """

    name: str
    include_path: str = ""
    num_fewshot: int | None = None
    generation_kwargs: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A metric of a group's tasks of which the group takes the mean.

    Attributes:
        group: its name.
        metric: its name.
        filters: those that count; none for all.
        weighted: whether tasks count by their size.
    """

    group: str
    metric: str
    filters: tuple[str, ...]
    weighted: bool

    def takes(self, key: str) -> bool:
        """Whether a value of that `metric,filter` counts."""
        metric, _, chosen = key.partition(",")
        return metric == self.metric and (not self.filters or chosen in self.filters)


@dataclass(frozen=True, slots=True)
class Suite:
    """The tasks that a name stands for.

    Attributes:
        tasks: by name; one where the name is a task's.
        aggregates: what groups make of each task's metrics, by its name.
        single: whether the name is a task's, not that of a group or tag.
    """

    tasks: dict[str, Task]
    aggregates: dict[str, list[Aggregate]]
    single: bool


def check_name(source: Source) -> None:
    """Look a name up in the catalogs, without importing lm-eval where they are there.

    Raises:
        TaskError: if there is nothing of that name.
    """
    names: set[str] = set()
    for folder in (source.include_path, bundled_folder()):
        names |= catalog(Path(folder)).keys() if folder else set()
        if source.name in names:
            return
    raise _unknown(source, names)


def load(source: Source) -> Suite:
    """Load what the source names, data sets included.

    Raises:
        TaskError: if there is nothing of that name, or it cannot be loaded.
    """
    no_bars()
    import datasets

    datasets.disable_progress_bars()
    manager = _manager(source)
    if source.name not in manager.task_index:
        raise _unknown(source, manager.task_index)
    with seeded():
        try:
            loaded = manager.load(source.name)
        except Exception as error:  # the tasks' own code runs here
            raise TaskError(
                f"lm-eval cannot load {source.name!r}: {type(error).__name__}: {error}"
            ) from error
    for task in loaded["tasks"].values():
        _configure(task, source)
    single = list(loaded["tasks"]) == [source.name]
    return Suite(loaded["tasks"], _aggregates(loaded.get("groups", {}).values()), single)


@contextmanager
def seeded() -> Iterator[None]:
    """Seeds Python's and NumPy's own generators as lm-eval does, and puts them back afterwards.

    Some tasks shuffle their documents with them.
    """
    python, numpy = random.getstate(), np.random.get_state()
    random.seed(0)
    np.random.seed(1234)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def _manager(source: Source) -> TaskManager:
    """A task manager that knows the names that may be needed, without reading every YAML file."""
    from lm_eval.tasks import TaskManager
    from lm_eval.tasks._index import Entry, Kind

    manager = TaskManager(
        include_path=source.include_path or None,
        include_defaults=False,
        metadata=dict(source.metadata),
    )
    index = manager.task_index
    if not _holds(index, source.name):
        for name, listed in catalog(bundled_folder()).items():
            path = Path(listed.path) if listed.path else None
            entry = Entry(name, Kind[listed.kind.upper()], path, tags=set(listed.tags))
            index.setdefault(name, entry)
    return manager


def _holds(index: Mapping[str, Any], name: str) -> bool:
    """Whether a name, and all names that it stands for, are in an index."""
    if name not in index:
        return False
    entry = index[name]
    members = entry.tags if entry.kind.name == "TAG" else _members(entry.cfg or {})
    return all(_holds(index, member) for member in members)


def _members(config: Mapping[str, Any]) -> Iterator[str]:
    """The names in the list of a group, also of the groups that are defined within it."""
    listed = config.get("task")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, str):
            yield item
        elif isinstance(item.get("task"), list):
            yield from _members(item)
        else:
            yield str(item.get("task") or item.get("group"))


def _unknown(source: Source, names: Iterable[str]) -> TaskError:
    near = get_close_matches(source.name, names, n=3, cutoff=0.6)
    where = f" or in {source.include_path}" if source.include_path else ""
    hint = f", did you mean {' or '.join(map(repr, near))}?" if near else ""
    return TaskError(
        f"lm-eval has no task, group or tag {source.name!r} of its own{where}{hint} "
        "(`evalcore lm-eval tasks PATTERN` lists them)"
    )


def _aggregates(groups: Iterable[Group]) -> dict[str, list[Aggregate]]:
    found: dict[str, list[Aggregate]] = {}
    for group in groups:
        for wanted in group.aggregate_metric_list or ():
            filters = tuple(wanted.filter_list or ())
            aggregate = Aggregate(group.name, wanted.metric, filters, wanted.weight_by_size)
            for task in group.get_all_tasks():
                found.setdefault(task.task_name, []).append(aggregate)
    return found


def _configure(task: Task, source: Source) -> None:
    """Apply the options to a task; one that sets its number of examples to 0 keeps it."""
    default = task.get_config("num_fewshot")
    if source.num_fewshot is not None and default != 0:
        task.set_config("num_fewshot", source.num_fewshot)
    elif default is None:
        task.set_config("num_fewshot", 0)
    if source.generation_kwargs and task.get_config("output_type") == "generate_until":
        task.set_config("generation_kwargs", dict(source.generation_kwargs), update=True)
