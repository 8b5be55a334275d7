"""The same task by lm-eval itself and by evalcore, and what the two say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conftest import TASKS
from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager

from evalcore_lm_eval.packing import pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from evalcore.testing import Run

__all__ = ["aggregates", "assert_equal", "by_lm_eval", "spec_of"]


def by_lm_eval(task: str, model: Any, folder: Path = TASKS, **options: Any) -> dict[str, Any]:
    """What lm-eval makes of a task in a folder."""
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    found = simple_evaluate(
        model=model, tasks=[task], task_manager=manager, bootstrap_iters=0, **options
    )
    assert found
    return found


def spec_of(task: str, model: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """The spec of the same in evalcore."""
    return {
        "task": {"use": "lm-eval", "task": task, "include_path": str(TASKS)} | settings,
        "models": {"model": model},
        "strategy": "lm-eval",
        "metrics": ["lm-eval"],
        "limits": {"concurrency": 32},
    }


def aggregates(theirs: dict[str, Any]) -> dict[str, float]:
    """lm-eval's results under `task/metric,filter`."""
    return {
        f"{name}/{key}": value
        for name, values in theirs["results"].items()
        for key, value in values.items()
        if "," in key and "_stderr," not in key
    }


def assert_equal(run: Run, theirs: dict[str, Any]) -> None:
    """Every metric of every task and group, and its value for every document."""
    failed = [record.failure for record in run.records if record.failure]
    assert not failed, failed
    measured = {result.metric.removeprefix("lm-eval/"): result.value for result in run.results}
    expected = aggregates(theirs)
    if len(theirs["results"]) == 1:
        expected = {name.partition("/")[2]: value for name, value in expected.items()}
    assert measured.keys() == expected.keys()
    for name, value in expected.items():
        assert_near(measured[name], float(value))
    records = {record.sample: record for record in run.records}
    for task, samples in theirs["samples"].items():
        for sample in samples:
            details = records[f"{task}/{sample['doc_id']}"].score.details
            for metric in sample["metrics"]:
                kept = unpack(pack(sample[metric]))
                assert_near(unpack(details[f"{metric},{sample['filter']}"]), kept)


def assert_near(ours: Any, theirs: Any) -> None:
    """Equal, of the same types; numbers up to a billionth of what they are."""
    assert type(ours) is type(theirs), (ours, theirs)
    if isinstance(ours, float):
        assert abs(ours - theirs) <= 1e-9 * max(1.0, abs(theirs)), (ours, theirs)
    elif isinstance(ours, tuple | list):
        assert len(ours) == len(theirs)
        for pair in zip(ours, theirs, strict=True):
            assert_near(*pair)
    elif isinstance(ours, dict):
        assert ours.keys() == theirs.keys()
        for key in ours:
            assert_near(ours[key], theirs[key])
    elif hasattr(ours, "tolist"):
        assert_near(ours.tolist(), theirs.tolist())
    else:
        assert ours == theirs
