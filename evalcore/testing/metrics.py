"""The contract of metrics."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from evalcore.metric import Metric
from evalcore.stats import Estimate
from evalcore.testing.contract import ComponentContract
from evalcore.testing.scores import record, scores_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from evalcore.data import Record
    from evalcore.measure import CellScores
    from evalcore.plugins import Found
    from evalcore.settings import Settings

    Ask = Callable[[Callable[[Metric[Any], CellScores], Any], Sequence[Record]], dict[str, Any]]
    Measure = Callable[[Sequence[Record]], dict[str, Estimate]]
    PerSample = Callable[[Sequence[Record]], dict[str, dict[str, float | None]]]

__all__ = ["MetricContract"]


def _some_records() -> list[Record]:
    """Three attempts at each of twelve samples, of which two failed."""
    records = []
    for i in range(12):
        for attempt in range(3):
            right = (i * 5 + attempt * 3) % 7 < 3
            value = None if (i, attempt) in {(2, 1), (9, 0)} else float(right)
            label = "right" if right else "wrong"
            records.append(record(f"s{i:02}", value, attempt=attempt, label=label))
    return records


class MetricContract(ComponentContract):
    """What every metric must hold to."""

    kind = "metric"
    interface = Metric

    records: ClassVar[Sequence[Record]] = _some_records()
    """Attempts that it can measure, made by `evalcore.testing.record`; some should be failed."""

    @pytest.fixture
    def ask(self, found: Found, validated: Settings, tmp_path: Path) -> Ask:
        """Asks a metric of its own about records, through a run store of their own."""
        stores = iter(range(1_000))

        def asked(
            question: Callable[[Metric[Any], CellScores], Any], records: Sequence[Record]
        ) -> dict[str, Any]:
            metric: Metric[Any] = found.component.load()(validated)
            with scores_of(records, tmp_path / f"{next(stores)}.db") as scores:
                answer = question(metric, scores)
            return dict(answer) if isinstance(answer, Mapping) else {"": answer}

        return asked

    @pytest.fixture
    def measure(self, ask: Ask) -> Measure:
        """Measures records."""
        return partial(ask, lambda metric, scores: metric.compute(scores))

    @pytest.fixture
    def per_sample(self, ask: Ask) -> PerSample:
        """The values of records per sample, with NaN as `None`; of each part, if it has any."""

        def asked(metric: Metric[Any], scores: CellScores) -> dict[str, dict[str, float | None]]:
            values = metric.per_sample(scores)
            if values is None:
                return {}
            parts = values if isinstance(values, Mapping) else {"": values}
            return {part: _by_name(part, of_part, scores) for part, of_part in parts.items()}

        return partial(ask, asked)

    def test_estimates_hold_together(self, measure: Measure) -> None:
        """A value is a number within its interval, over no more attempts than there are."""
        estimates = measure(self.records)
        assert estimates, "the metric measured nothing"
        for part, estimate in estimates.items():
            assert isinstance(part, str)
            assert isinstance(estimate, Estimate)
            assert math.isfinite(estimate.value), f"{part} is {estimate.value}"
            assert 0 <= estimate.n <= len(self.records), f"{part} is over {estimate.n} attempts"
            assert not estimate.low > estimate.value, f"{part} is below its interval"
            assert not estimate.high < estimate.value, f"{part} is above its interval"
            placed = estimate.at is not None and math.isfinite(estimate.at)
            assert placed == bool(estimate.axis), f"{part} has no place on its axis, or no axis"

    def test_measures_the_same_again(self, measure: Measure) -> None:
        """The same attempts have the same estimates, in whatever order they were committed."""
        shuffled = random.Random(0).sample(self.records, len(self.records))  # noqa: S311
        first = measure(self.records)
        assert _comparable(measure(shuffled)) == _comparable(first)

    def test_names_of_samples_do_not_count(self, measure: Measure) -> None:
        """Samples under other names, and thereby in another order, have the same value."""
        names = sorted({item.sample for item in self.records})
        other = dict(zip(names, reversed(names), strict=True))
        renamed = [replace(item, sample=other[item.sample]) for item in self.records]
        before, after = measure(self.records), measure(renamed)
        assert after.keys() == before.keys()
        for part, estimate in after.items():
            assert estimate.value == pytest.approx(before[part].value)
            assert estimate.n == before[part].n

    def test_values_per_sample_are_of_its_parts(
        self, measure: Measure, per_sample: PerSample
    ) -> None:
        """What has values per sample is a part of what it measures."""
        assert per_sample(self.records).keys() <= measure(self.records).keys()

    def test_values_per_sample_go_with_their_samples(self, per_sample: PerSample) -> None:
        """A sample has the same value in whatever order it comes, and whatever it is called."""
        names = sorted({item.sample for item in self.records})
        other = dict(zip(names, reversed(names), strict=True))
        renamed = [replace(item, sample=other[item.sample]) for item in self.records]
        before, after = per_sample(self.records), per_sample(renamed)
        assert after.keys() == before.keys()
        for part, values in before.items():
            there = {name: after[part][other[name]] for name in names}
            assert there == pytest.approx({name: values[name] for name in names}), part

    def test_has_no_value_per_sample_of_nothing(self, per_sample: PerSample) -> None:
        """Of no attempts there are no values, of failed ones alone there are some or none."""
        assert not any(per_sample([]).values())
        per_sample([record(item.sample, None, attempt=item.attempt) for item in self.records])

    def test_measures_no_attempts(self, measure: Measure) -> None:
        """Of nothing there is no value: nan, over 0 attempts."""
        for estimate in measure([]).values():
            assert math.isnan(estimate.value)
            assert estimate.n == 0

    def test_measures_failed_attempts_alone(self, measure: Measure) -> None:
        """Attempts that all failed are measured, or have no value."""
        failed = [record(item.sample, None, attempt=item.attempt) for item in self.records]
        for estimate in measure(failed).values():
            assert 0 <= estimate.n <= len(failed)

    def test_measures_a_single_attempt(self, measure: Measure) -> None:
        """One attempt is measured, with an interval or without."""
        alone = next(item for item in self.records if item.failure is None)
        for estimate in measure([alone]).values():
            assert 0 <= estimate.n <= 1


def _by_name(part: str, values: Any, scores: CellScores) -> dict[str, float | None]:
    """The values of a part by the names of the samples."""
    assert isinstance(values, np.ndarray), f"the values of {part!r} are {type(values).__name__}"
    assert values.shape == scores.names.shape, (
        f"the values of {part!r} have shape {values.shape}, expected one for each of "
        f"{scores.names.size} samples"
    )
    assert not np.isinf(values).any(), f"a value of {part!r} is infinite"
    known = [None if math.isnan(value) else float(value) for value in values]
    return dict(zip(scores.names.tolist(), known, strict=True))


def _comparable(estimates: Mapping[str, Estimate]) -> str:
    """The estimates as a text, in which nan equals nan."""
    return repr(dict(estimates))
