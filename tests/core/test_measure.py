from __future__ import annotations

import math

import pytest

from evalcore import Metric, Picture, Settings
from evalcore.measure import CellScores, draw
from evalcore.spec import load_spec
from evalcore.testing import record, scores_of

MISSING = None


def attempts(sample, *values, **metadata):
    return [
        record(sample, value, attempt=i, label=f"v{value}", metadata=metadata)
        for i, value in enumerate(values)
    ]


RECORDS = [
    *attempts("a", 1.0, 0.0, level="easy", tags="dp, graphs", rating=9, sure=True),
    *attempts("b", None, 1.0, level="hard", tags="dp,,dp ", rating=800, sure=False),
    *attempts("c", 1.0, 1.0, level="easy", tags=["graphs", "two, three"], rating=10.5),
    *attempts("d", 0.0, None, level="", tags="", rating=math.nan, odd={"x": 1}),
    *attempts("e", 0.5),
]


@pytest.fixture
def scores(tmp_path):
    with scores_of(RECORDS, tmp_path / "run.db") as scores:
        yield scores


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("level", {"easy": "ac", "hard": "b", MISSING: "de"}),
        ("tags", {"dp": "ab", "graphs": "ac", "two, three": "c", MISSING: "de"}),
        ("rating", {9: "a", 10.5: "c", 800: "b", MISSING: "de"}),
        ("sure", {False: "b", True: "a", MISSING: "cde"}),
        ("odd", {MISSING: "abcde"}),
    ],
)
def test_groups_are_what_the_metadata_says_in_order(scores, key, expected):
    found = {group.group[key]: group for group in scores.groups(key)}
    assert list(found) == list(expected)
    for name, group in found.items():
        assert group.group == {key: name}
        assert "".join(dict.fromkeys(item.sample for item in group.records())) == expected[name]


def test_a_group_is_what_a_run_of_its_samples_alone_would_be(scores, tmp_path):
    def seen(part: CellScores):
        return {
            "value": str(part.column("value")),
            "calls": part.column("calls").tolist(),
            "failed": part.failed.tolist(),
            "sample": part.sample.tolist(),
            "attempt": part.attempt.tolist(),
            "labels": str(part.labels()),
            "details": part.details("metadata.level", "score.x"),
            "records": [(item.sample, item.attempt) for item in part.records()],
        }

    for number, group in enumerate(scores.groups("tags")):
        names = {item.sample for item in group.records()}
        alone = [item for item in RECORDS if item.sample in names]
        with scores_of(alone, tmp_path / f"{number}.db") as expected:
            assert seen(group) == seen(expected)


def test_groups_of_no_attempts(tmp_path):
    with scores_of([], tmp_path / "run.db") as scores:
        assert scores.groups("level") == []


class Draws(Metric[Settings]):
    def compute(self, scores):
        raise AssertionError

    def pictures(self, cells):
        for cell in cells:
            if cell.scores.column("value").size > 1:
                raise ValueError("too many")
            yield Picture(cell.cell, "<svg/>")


def test_a_metric_that_cannot_draw_is_a_problem_and_not_the_end(tmp_path, evalcore_offer):
    evalcore_offer("draws", Draws)
    spec = tmp_path / "spec.yaml"
    spec.write_text("evalcore: 1\nname: t\ntask: {use: jsonl, path: a}\nmetrics: [mean, draws]\n")
    (tmp_path / "a").write_text('{"id": "1", "question": "?", "answer": "!"}\n')
    metrics = load_spec(spec).metrics
    for count, drawn, problems in ((1, 1, 0), (2, 0, 1)):
        records = [record("a", 1.0, attempt=i) for i in range(count)]
        with scores_of(records, tmp_path / f"{count}.db") as scores:
            pictures, told = draw(scores._store, metrics)
        assert (len(pictures), len(told)) == (drawn, problems)
    assert told == ["metric draws cannot draw: ValueError: too many"]
