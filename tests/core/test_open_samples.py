"""A strategy and the samples of a spec, without a run."""

from __future__ import annotations

from typing import ClassVar

import pytest

from evalcore import SpecError, open_samples
from evalcore.data import Case, Sample, Score
from evalcore.settings import Settings
from evalcore.task import Task
from evalcore.testing import scripted


class Letters(Task[Settings]):
    """Two samples; `state` says whether the task is open."""

    state: ClassVar[list[str]] = []

    def open(self):
        self.state.append("open")

    def close(self):
        self.state.append("closed")

    def cases(self):
        yield from (Case(Sample(letter, letter), "hidden") for letter in "ab")

    def score(self, case, attempt):
        return Score(1.0)


@pytest.fixture
def spec(tmp_path, evalcore_offer):
    Letters.state = []
    evalcore_offer("letters", Letters)
    evalcore_offer("author", scripted(lambda request: pytest.fail("a model was asked")))
    file = tmp_path / "spec.yaml"
    file.write_text("""
        evalcore: 1
        name: letters
        task: offered:letters
        models: {author: offered:author}
        strategy: single
        sweep: {strategy.temperature: [0.0, 1.0]}
    """)
    return file


def test_the_samples_come_without_their_hidden_sides(spec):
    with open_samples(spec) as (strategy, samples):
        assert list(samples) == [Sample("a", "a"), Sample("b", "b")]
        assert strategy.settings.temperature == 0.0
        assert Letters.state == ["open"]
    assert Letters.state == ["open", "closed"]


def test_a_cell_is_found_by_its_name(spec):
    with open_samples(spec, cell="temperature=1.0") as (strategy, _):
        assert strategy.settings.temperature == 1.0


def test_settings_are_overridden_as_by_set(spec):
    overrides = ("sweep={strategy.temperature: [0.5]}",)
    with open_samples(spec, cell="temperature=0.5", overrides=overrides) as (strategy, _):
        assert strategy.settings.temperature == 0.5


def test_of_many_cells_the_nearest_are_told(spec):
    many = (f"sweep={{strategy.temperature: {[n / 10 for n in range(9)]}}}",)
    told = r"found no cell 'temp=0\.7', expected one of 9, the nearest of which are: \S+0\.7, "
    with (
        pytest.raises(SpecError, match=told),
        open_samples(spec, cell="temp=0.7", overrides=many),
    ):
        pass


def test_an_unknown_cell_is_told(spec):
    with (
        pytest.raises(SpecError, match=r"found no cell 'x', expected one of: temperature=0\.0, "),
        open_samples(spec, cell="x"),
    ):
        pass
    assert Letters.state == []
