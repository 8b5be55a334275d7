"""The metric: what the tasks' values become, from the records alone."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from lm_eval.api import metrics

from evalcore.errors import EvalcoreError
from evalcore.settings import Settings
from evalcore.testing import MetricContract, record, scores_of
from evalcore_lm_eval.functions import name_function
from evalcore_lm_eval.metric import LmEvalMetric
from evalcore_lm_eval.packing import pack


def scored(task, doc, values, *, attempt=0, suite="", **more):
    functions = {"acc": metrics.mean, "ppl": metrics.weighted_perplexity, "ll": metrics.perplexity}
    details = {f"{name},none": pack(value) for name, value in values.items()}
    names = {name: name_function(functions.get(name, metrics.median)) for name in values}
    item = record(f"{task}/{doc}", 0.0, attempt=attempt,
                  details={**details, "aggregation": names, **more})  # fmt: skip
    origin = {"suite": suite} if suite else {}
    return replace(item, metadata={"task": task, "doc": doc, **origin})


def measured(records, tmp_path):
    with scores_of(records, tmp_path / "run.db") as scores:
        return LmEvalMetric(Settings()).compute(scores)


class TestContract(MetricContract):
    component = "lm-eval"
    records: ClassVar = [
        *(scored("t", i, {"acc": i % 3 == 0, "ppl": (-i - 1.5, i + 1)}) for i in range(12)),
        replace(record("t/12", None), metadata={"task": "t", "doc": 12}),
    ]


def test_values_are_aggregated_by_the_functions_of_the_task(tmp_path):
    values = [(-3.0 - i, 2 + i) for i in range(20)]
    records = [
        scored("t", i, {"acc": float(i % 2), "ppl": pair, "ll": pair[0], "x": i})
        for i, pair in enumerate(values)
    ]
    found = measured(records, tmp_path)
    assert found["acc,none"].value == 0.5
    assert found["ppl,none"].value == metrics.weighted_perplexity(values)
    assert found["ll,none"].value == metrics.perplexity([ll for ll, _ in values])
    assert found["x,none"].value == metrics.median(range(20))
    assert {estimate.n for estimate in found.values()} == {20}


def test_intervals_are_where_they_can_be_told(tmp_path):
    rng = np.random.default_rng(0)
    records = [
        scored("t", i, {"ppl": (-float(rng.gamma(9.0)), 9), "acc": float(rng.random()), "x": i})
        for i in range(50)
    ]
    found = measured(records, tmp_path)
    for name in ("ppl,none", "acc,none"):
        assert found[name].low < found[name].value < found[name].high
    assert math.isnan(found["x,none"].low)


def test_attempts_at_a_document_are_one_cluster(tmp_path):
    records = [scored("t", i, {"acc": float(i % 2)}, attempt=k) for i in range(9) for k in range(3)]
    estimate = measured(records, tmp_path)["acc,none"]
    assert (estimate.n, estimate.clusters) == (27, 9)


def test_documents_stand_in_the_order_of_lm_eval(tmp_path):
    records = [scored("t", i, {"x": float(i)}) for i in range(12)]
    function = f"{__name__}:concatenated"
    for item in records:
        item.score.details["aggregation"]["x"] = function
    assert measured(records, tmp_path)["x,none"].value == 1234567891011.0


def concatenated(items):
    return float("".join(f"{item:.0f}" for item in items))


def test_groups_weigh_their_tasks(tmp_path):
    groups = {"groups": {"all": {"acc,none": True}, "even": {"acc,none": False}}}
    records = [
        *(scored("a", i, {"acc": 1.0}, suite="all", **groups) for i in range(1)),
        *(scored("b", i, {"acc": 0.0}, suite="all", **groups) for i in range(3)),
    ]
    found = measured(records, tmp_path)
    assert {name: estimate.value for name, estimate in found.items()} == {
        "all/acc,none": 0.25,
        "even/acc,none": 0.5,
        "a/acc,none": 1.0,
        "b/acc,none": 0.0,
    }
    assert found["all/acc,none"].n == 4


def test_attempts_at_other_tasks_are_refused(tmp_path):
    with pytest.raises(EvalcoreError, match="measures attempts at the task `lm-eval`"):
        measured([record("a", 1.0)], tmp_path)
