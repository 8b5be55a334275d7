"""Task `table`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from suite_contracts import ErrorContract

from evalcore import Attempt
from evalcore.errors import TaskError
from evalcore.testing import TaskContract
from evalcore_implicit.suites.table import Table, TableSettings

SMALL = {"split": "place", "target": "y", "features": ["a", "b"], "drawings": 2}
CLASSES = {**SMALL, "target": "class", "kind": "classification"}


def rows(count=60):
    """Every other row to learn from, and two shifts of as many; y is a - 2 b."""
    a, b = np.random.default_rng(0).normal(size=(2, count)).tolist()
    names = ["train", "far", "train", "farther"]
    return [
        f"{a[i]},{b[i]},{a[i] - 2 * b[i]},{'up' if a[i] > 0 else 'down'},{names[i % 4]}"
        for i in range(count)
    ]


def text_of(lines, header="a,b,y,class,place"):
    return "\n".join([header, *lines])


@pytest.fixture
def table(tmp_path):
    def write_and_make(content, **given):
        path = tmp_path / "table.csv"
        path.write_text(content)
        return Table(TableSettings.model_validate({"path": str(path), **SMALL, **given}))

    return write_and_make


def truths(case):
    return tuple(case.hidden[1])


def one_hot(case):
    names, found = case.hidden
    return tuple(5.0 * np.eye(len(names))[of] for of in found)


class TestTable(ErrorContract):
    component = "table"

    @pytest.fixture
    def component_settings(self, tmp_path):
        (tmp_path / "table.csv").write_text(text_of(rows()))
        return {"path": str(tmp_path / "table.csv"), **SMALL}

    @pytest.fixture(autouse=True)
    def answers(self, cases):
        self.right = {name: truths(case) for name, case in cases.items()}
        self.wrong = {
            name: tuple(1 - truth for truth in truths(case)) for name, case in cases.items()
        }


class TestTableOfClasses(TaskContract):
    component = "table"

    @pytest.fixture
    def component_settings(self, tmp_path):
        (tmp_path / "table.csv").write_text(text_of(rows()))
        return {"path": str(tmp_path / "table.csv"), **CLASSES}

    @pytest.fixture(autouse=True)
    def answers(self, cases):
        self.right = {name: one_hot(case) for name, case in cases.items()}
        self.wrong = {
            name: tuple(-scores for scores in one_hot(case)) for name, case in cases.items()
        }


def test_each_other_value_is_a_shift(table):
    case = next(table(text_of(rows())).cases())
    shifts = case.sample.public.shifts
    assert [(shift.at, shift.name) for shift in shifts] == [
        (0, "held out"),
        (1, "far"),
        (2, "farther"),
    ]
    assert [len(shift.inputs) for shift in shifts] == [6, 15, 15]
    assert len(case.sample.public.inputs) == 24
    for shift, truth in zip(shifts, truths(case), strict=True):
        np.testing.assert_allclose(truth[:, 0], shift.inputs @ [1, -2])


def test_shifts_in_another_order_and_fewer(table):
    text = text_of(rows())
    of_both = next(table(text, shifts=["farther", "far"]).cases()).sample.public.shifts
    assert [shift.name for shift in of_both] == ["held out", "farther", "far"]
    of_one = next(table(text, shifts=["far"]).cases()).sample.public.shifts
    assert [shift.name for shift in of_one] == ["held out", "far"]
    of_far = next(table(text, train="far").cases()).sample.public.shifts
    assert [shift.name for shift in of_far] == ["held out", "train", "farther"]


def test_a_value_called_as_the_reference_stays_a_shift(table):
    text = text_of(rows()).replace("farther", "held out")
    shifts = next(table(text).cases()).sample.public.shifts
    assert [(shift.name, len(shift.inputs)) for shift in shifts] == [
        ("held out", 6),
        ("far", 15),
        ("held out", 15),
    ]


def test_columns_but_the_target_and_the_split_are_features(table):
    made = table(text_of(rows()), target=["Y", "CLASS"], features=None, split="Place")
    with pytest.raises(TaskError, match=r"csv:2: CLASS: found 'up', expected a finite number"):
        made.preflight()
    numbers = [line.replace("up", "1").replace("down", "2") for line in rows()]
    case = next(table(text_of(numbers), target=["Y", "a"], features=None).cases())
    assert case.sample.public.inputs.shape == (24, 2)
    assert set(case.sample.public.inputs[:, 1]) == {1, 2}
    np.testing.assert_allclose(
        case.sample.public.targets[:, 0],
        case.sample.public.targets[:, 1] - 2 * case.sample.public.inputs[:, 0],
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.lists(st.sampled_from(["train", "far"]), min_size=20, max_size=60),
    st.floats(0.2, 0.95),
    st.integers(0, 2**32 - 1),
)
def test_parts_divide_the_rows(tmp_path, places, reference, seed):
    places = [*places, *["train"] * 20, "far"]
    path = tmp_path / "table.csv"
    lines = [f"{i},{i % 3},{place}" for i, place in enumerate(places)]
    path.write_text(text_of(lines, "a,class,place"))
    chosen = {
        **CLASSES,
        "path": str(path),
        "features": ["a"],
        "reference": reference,
        "seed": seed,
    }
    case = next(Table(TableSettings.model_validate(chosen)).cases())
    drawing = case.sample.public
    inside, outside = (set(shift.inputs[:, 0]) for shift in drawing.shifts)
    learned = set(drawing.inputs[:, 0])
    assert outside == {i for i, place in enumerate(places) if place == "far"}
    assert learned | inside == set(range(len(places))) - outside
    assert not learned & inside
    assert (drawing.targets == drawing.inputs[:, 0] % 3).all()
    for name in range(3):
        held = int((truths(case)[0] == name).sum())
        kept = int((drawing.targets == name).sum())
        assert held == int(reference * (held + kept))
        assert kept


def test_drawings_hold_out_other_rows_and_come_again(table):
    first, second = (case.sample.public for case in table(text_of(rows())).cases())
    assert first.shifts[0] != second.shifts[0]
    assert first.shifts[1:] == second.shifts[1:]
    assert first == next(table(text_of(rows()), drawings=1).cases()).sample.public
    assert first != next(table(text_of(rows()), seed=1).cases()).sample.public


def test_measures_of_values(table):
    made = table(text_of(rows()))
    case = next(made.cases())
    score = made.score(case, Attempt(tuple(truth + 0.5 for truth in truths(case))))
    details = score.details
    assert (details["axis"], details["measure"], details["better"]) == ("split", "rmse", "lower")
    assert score.value == pytest.approx(0.5)
    for shift, truth in zip(details["shifts"], truths(case), strict=True):
        r2 = 1 - 0.25 / truth.var()
        assert shift["values"] == pytest.approx({"rmse": 0.5, "mae": 0.5, "r2": r2})
        assert shift["n"] == len(truth)


def test_measures_of_classes(table):
    made = table(text_of(rows()), **CLASSES)
    case = next(made.cases())
    assert case.hidden[0] == ("down", "up")
    up = tuple(np.tile([0.0, 1.0], (len(truth), 1)) for truth in truths(case))
    details = made.score(case, Attempt(up)).details
    assert (details["measure"], details["better"]) == ("accuracy", "higher")
    for shift, truth in zip(details["shifts"], truths(case), strict=True):
        share = truth.mean()
        entropy = np.log(1 + np.e) - share
        assert shift["values"] == pytest.approx({"accuracy": share, "cross_entropy": entropy})


def test_r2_is_left_out_where_the_truth_is_constant(table):
    lines = [line if line.endswith("train") else f"1,2,3,up,{line[-3:]}" for line in rows()]
    made = table(text_of(lines))
    case = next(made.cases())
    shifts = made.score(case, Attempt(truths(case))).details["shifts"]
    assert ["r2" in shift["values"] for shift in shifts] == [True, False, False]


@pytest.mark.parametrize("column", ["a", "y", "place"])
def test_a_missing_cell(table, column):
    cells = {"a": "1", "b": "2", "y": "3", "class": "up", "place": "far", column: ""}
    text = text_of([*rows(), ",".join(cells.values())])
    with pytest.raises(TaskError, match=rf"csv:62: {column}: found '', .* `missing: skip`"):
        table(text).preflight()
    case = next(table(text, missing="skip").cases())
    assert [len(truth) for truth in truths(case)] == [6, 15, 15]


def test_a_missing_class(table):
    text = text_of([*rows(), "1,2,3,,far"])
    with pytest.raises(TaskError, match=r"csv:62: class: found '', expected a value"):
        table(text, **CLASSES).preflight()
    table(text).preflight()
    table(text, **CLASSES, missing="skip").preflight()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"train": "near"}, r"'place' is 'near'; the others are 'train' \(30\), 'far' \(15\)"),
        ({"shifts": ["far", "near"]}, r"'place' is 'near'"),
        ({"features": ["a", "class"]}, r"class: found 'up'.*under `features`"),
        ({"features": ["a", "Y"]}, "'y' is the target or the split"),
        ({"features": ["a", "c"]}, "found no column 'c'"),
        ({"split": "a", "features": ["b"]}, r"no complete row where 'a' is 'train'"),
        ({"reference": 0.01}, "`reference: 0.01` of 30 rows to learn from is none"),
    ],
)
def test_what_cannot_be_divided_is_refused(table, given, problem):
    with pytest.raises(TaskError, match=problem):
        table(text_of(rows()), **given).preflight()


def test_too_many_shifts_are_refused(table):
    lines = [f"{i},0,0,up,{'train' if i % 2 else i}" for i in range(300)]
    with pytest.raises(TaskError, match="found 150 values of 'place', expected at most 100"):
        table(text_of(lines)).preflight()
    table(text_of(lines), shifts=["2", "4"]).preflight()


def test_only_rows_to_learn_from_are_refused(table):
    lines = [f"{i},0,0,up,train" for i in range(30)]
    with pytest.raises(TaskError, match="'place' is something else than 'train'"):
        table(text_of(lines)).preflight()


def test_a_class_that_is_not_learned_is_refused_with_its_line(table):
    text = text_of([*rows(), "1,2,3,sideways,far"])
    message = r"csv:62: found the class 'sideways' in 'far', which is none of those to learn"
    with pytest.raises(TaskError, match=message):
        table(text, **CLASSES).preflight()


def test_one_class_is_refused(table):
    lines = [f"{i},0,0,up,{'train' if i % 2 else 'far'}" for i in range(30)]
    with pytest.raises(TaskError, match="found one class 'up' to learn"):
        table(text_of(lines), **CLASSES).preflight()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"kind": "classification", "target": ["y", "a"]}, "found 2 target columns"),
        ({"shifts": ["far", "train"]}, "'train' is what is learned from"),
        ({"features": ["a", "a"]}, "a name twice among the features: a, a"),
        ({"target": []}, "at least 1 item"),
        ({"reference": 1.0}, "less than 1"),
    ],
)
def test_settings_that_do_not_go_together(table, given, problem):
    with pytest.raises(ValidationError, match=problem):
        table(text_of(rows()), **given)
