"""Whether a filter needs all documents at once, found out by a trial.

lm-eval hands a filter the responses to all documents together. Here a document is scored as soon
as it is answered, long before the others are, so a filter must look at each by itself. Nearly all
do; one that does not gives a document another result when it sees others beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalcore_lm_eval.grading import answered, filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lm_eval.api.filter import FilterEnsemble
    from lm_eval.api.instance import Instance
    from lm_eval.api.task import Task

__all__ = ["joint_filter"]


def joint_filter(task: Task, documents: Sequence[Sequence[Instance]]) -> str | None:
    """Name of the first filter that needs all documents at once; `None` if there is none.

    Args:
        task: whose filters are tried.
        documents: the requests of a few of its documents; the responses are made up.
    """
    for ensemble in filters(task):
        try:
            if _is_joint(ensemble, documents):
                return str(ensemble.name)
        except Exception:  # noqa: S112 - it need not take what is made up; real responses will tell
            continue
    return None


def _is_joint(ensemble: FilterEnsemble, documents: Sequence[Sequence[Instance]]) -> bool:
    alone, again = ([_filtered(ensemble, i, [doc])[0] for i, doc in enumerate(documents)]
                    for _ in range(2))  # fmt: skip
    by_chance = alone != again
    return not by_chance and alone != _filtered(ensemble, 0, documents)


def _filtered(
    ensemble: FilterEnsemble, first: int, documents: Sequence[Sequence[Instance]]
) -> list[list[Any]]:
    """What the filter makes of made-up responses, by document; they differ by its number."""
    made_up = [
        [_made_up(instance, number) for instance in instances]
        for number, instances in enumerate(documents, first)
    ]
    ensemble.apply([instance for instances in made_up for instance in instances])
    return [[instance.filtered_resps[ensemble.name] for instance in one] for one in made_up]


def _made_up(instance: Instance, number: int) -> Instance:
    response: Any = f"{number}: the answer is ({'ABCD'[number % 4]}) #### {number}"
    if instance.request_type == "loglikelihood":
        response = (-1.0 - number - instance.idx, number % 2 == 0)
    elif instance.request_type == "loglikelihood_rolling":
        response = -1.0 - number
    return answered(instance, [response] * (instance.repeats or 1), instance.doc)
