"""Full-information logs: every layout, dollars from tokens, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore.errors import EvalcoreError
from evalcore.prices import Price
from evalcore_metallm.logs.reading import LogError
from evalcore_metallm.logs.routing import Arm, LogColumns, RoutingLog, read_routing_log

PRICES = {"a": Price(prompt=1.0, completion=2.0), "b.1/x": Price(prompt=10.0, completion=20.0)}
DOLLARS = [[40e-6, 400e-6], [50e-6, 500e-6]]
ROWS = [
    {
        "id": number,
        "query": "four" * number,
        "task": "sums",
        "quality": {"a": 0, "b.1/x": 1},
        "cost": {"a": DOLLARS[number - 1][0], "b.1/x": DOLLARS[number - 1][1]},
        "usage": {
            "a": {"in": 20, "out": 5 * number + 5},
            "b.1/x": {"in": 20, "out": 5 * number + 5},
        },
    }
    for number in (1, 2)
]
TOKENS = {"prompt_tokens": "usage.{arm}.in", "completion_tokens": "usage.{arm}.out"}


def changed(**changes):
    return [ROWS[0], ROWS[1] | changes]


def read(files, **columns):
    return read_routing_log(files, LogColumns(**columns), PRICES)


def check(log):
    assert log.ids == ("1", "2")
    assert log.queries == ("four", "fourfour")
    assert log.arms == ("a", "b.1/x")
    np.testing.assert_array_equal(log.quality, [[0, 1], [0, 1]])


def test_mappings_by_model_are_read_by_default(written):
    log = read(written(ROWS))
    check(log)
    assert log.groups == ("sums", "sums")
    assert log.split == ("", "")
    assert log.prices == (None, None)
    np.testing.assert_array_equal(log.cost, DOLLARS)
    assert log.notes == ()


def test_dollars_are_computed_from_tokens_where_there_are_any(written):
    log = read(written(ROWS), cost="cost", **TOKENS)
    check(log)
    assert log.models == tuple(Arm(name, price) for name, price in PRICES.items())
    np.testing.assert_allclose(log.cost, [[40e-6, 400e-6], [50e-6, 500e-6]])


@pytest.mark.parametrize("nothing", [{"in": 0, "out": 0}, {"in": 9, "out": None}, None])
def test_tokens_that_were_not_recorded_leave_the_recorded_dollars(written, nothing):
    rows = changed(usage={"a": nothing, "b.1/x": {"in": 100, "out": 0}}, cost={"a": 7.0})
    log = read(written(rows), cost="cost", **TOKENS)
    np.testing.assert_allclose(log.cost[1], [7.0, 1e-3])


def test_characters_may_stand_for_a_cost_that_nobody_recorded(written):
    log = read(written(ROWS), proxy="characters")
    np.testing.assert_allclose(log.cost, [[1e-6, 10e-6], [2e-6, 20e-6]])
    assert log.notes[0].startswith(
        "where no cost was recorded, a quarter of the query's characters"
    )


def test_columns_may_have_the_model_in_their_name(written):
    table = "id,query,score_a,score_b.1/x,a|usd,b.1/x|usd\n1,four,0,1,4e-5,4e-4\n"
    table += "2,fourfour,0,1,5e-5,5e-4\n"
    log = read(written(table, "log.csv"), quality="score_{arm}", cost="{arm}|usd")
    check(log)
    np.testing.assert_allclose(log.cost, DOLLARS)


def test_columns_may_be_named_as_the_models_are(written):
    table = "id,query,b.1/x,a,usd_a,usd_b.1/x\n1,four,1,0,1,2\n2,fourfour,1,0,1,2\n"
    columns = {"quality": "{arm}", "cost": "usd_{arm}", "arms": ("a", "b.1/x")}
    check(read(written(table, "log.csv"), **columns))


LONG = {
    "id": "{set}/{id}", "query": "id", "group": "set", "arm": "{model} {way}", "quality": "ok",
    "cost": "usd",
}  # fmt: skip


def long_rows(*outcomes):
    keys = ("set", "id", "model", "way", "ok", "usd")
    return [dict(zip(keys, outcome, strict=True)) for outcome in outcomes]


def test_a_row_may_be_one_outcome(written):
    rows = long_rows(
        ("s", 1, "a", "plain", 1, 0.1),
        ("t", 1, "a", "plain", 0, 0.2),
        ("s", 1, "b", "long", True, 0.3),
        ("t", 1, "c", "long", True, 0.3),
    )
    log = read(written(rows), **LONG)
    assert log.ids == ("s/1", "t/1")
    assert log.groups == ("s", "t")
    assert log.arms == ("a plain", "b long", "c long")
    nan = math.nan
    np.testing.assert_array_equal(log.quality, [[1, 1, nan], [0, nan, 1]])
    assert log.notes == ("2 of 6 outcomes are not known",)
    log = read(written(rows), **LONG, arms=("c long", "a plain"))
    np.testing.assert_array_equal(log.quality, [[nan, 1], [1, 0]])


def test_several_outcomes_of_a_model_on_a_query_are_refused_or_averaged(written):
    rows = long_rows(
        ("s", 1, "a", "x", 1, 0.1), ("s", 1, "a", "x", 0, 0.3), ("s", 1, "a", "x", None, 0.3),
        ("s", 1, "b", "x", 1, 0.1),
    )  # fmt: skip
    files = written(rows)
    with pytest.raises(LogError, match=r"log.jsonl:2: a x answered 's/1' already"):
        read(files, **LONG)
    log = read(files, **LONG, repeated="mean")
    np.testing.assert_allclose((log.quality, log.cost), [[[0.5, 1.0]], [[0.2, 0.1]]])


@pytest.mark.parametrize("unknown", [None, "", math.nan])
def test_what_is_not_known_is_missing_and_counted(written, unknown):
    log = read(written(changed(quality={"a": 1, "b.1/x": unknown})))
    np.testing.assert_array_equal(np.isnan(log.quality), [[False, False], [False, True]])
    assert log.notes == ("1 of 4 outcomes are not known",)


def test_a_quality_without_its_cost_does_not_count(written):
    log = read(written(changed(cost={"a": 0.1, "b.1/x": None})))
    np.testing.assert_array_equal(np.isnan(log.quality), [[False, False], [False, True]])


def test_queries_without_any_outcome_are_left_out_and_counted(written):
    log = read(written(changed(quality={"a": None, "b.1/x": None})))
    assert log.ids == ("1",)
    assert log.notes == ("left out 1 queries without any outcome that is known",)


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ([], {}, "log.jsonl: found no row"),
        (changed(id=1), {}, r"log.jsonl:2: id '1' stands at .*log.jsonl:1 already"),
        (changed(id=None), {}, "log.jsonl:2: id: found nothing, expected a text"),
        (changed(query=["x"]), {}, "log.jsonl:2: query: found list, expected a text"),
        (ROWS, {"query": "prompt.text"}, "log.jsonl:1: found no column 'prompt.text', .*: .*query"),
        (ROWS, {"query": "usage.a.inn"}, "'usage.a.inn', expected it among: in, out"),
        (ROWS, {"query": "{task"}, "log.jsonl:1: '{task' is no template"),
        (ROWS, {"group": "subject"}, "log.jsonl:1: found no column 'subject'"),
        (ROWS, {"quality": "scores"}, "found no models under 'scores', .*: .*cost"),
        (ROWS, {"quality": "score_{arm}"}, "found no models under 'score_{arm}'"),
        (ROWS, {"cost": "costs"}, "found no models under 'costs', .*: cost"),
        (ROWS, {"arms": ("b", "a")}, r"found no model 'b'; the nearest in the log: b.1/x"),
        (changed(quality={"a": 1.5}), {}, "log.jsonl:2: quality of a: found 1.5, .* from 0 to 1"),
        (changed(quality={"a": -1}), {}, "log.jsonl:2: quality of a: found -1, .* from 0 to 1"),
        (changed(quality={"a": "yes"}), {}, "quality of a: found 'yes', expected a number"),
        (changed(quality={"a": [1]}), {}, r"quality of a: found \[1\], expected a number"),
        (changed(cost={"a": -1}), {}, "log.jsonl:2: cost of a: found -1, .* 0 or more"),
        (changed(cost={"a": math.inf}), {}, "log.jsonl:2: cost of a: found inf, .* 0 or more"),
        (changed(usage={"a": {"in": -1, "out": 5}}), TOKENS, "found -1, expected a number 0"),
        ([row | {"quality": {"a": 1}} for row in ROWS], {}, "holds a, expected two models"),
        ([row | {"cost": {"a": 1}} for row in ROWS], {}, "b.1/x has no outcome of which"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_with_its_place(written, rows, columns, said):
    with pytest.raises(EvalcoreError, match=said):
        read(written(rows), **columns)


def test_a_model_without_a_price_is_told_with_the_nearest_names(written):
    with pytest.raises(LogError, match=r"log.jsonl:1: found no price of 'b.1/x', .*: b/x"):
        read_routing_log(
            written(ROWS), LogColumns(**TOKENS), {"a": PRICES["a"], "b/x": PRICES["a"]}
        )


def test_tokens_of_one_kind_alone_are_refused():
    with pytest.raises(ValueError, match="go together"):
        LogColumns(prompt_tokens="tokens")


def made(quality, cost, ids=None):
    n, k = np.shape(quality)
    texts = tuple(map(str, range(n)))
    arms = tuple("abcdefgh"[:k])
    return RoutingLog(ids or texts, texts, texts, texts, arms, (None,) * k, quality, cost)


@pytest.mark.parametrize(
    ("quality", "cost", "ids", "said"),
    [
        (np.zeros((0, 2)), np.zeros((0, 2)), None, "no query"),
        ([[1.0]], [[1.0]], None, "two models"),
        ([[1.0, 2.0]], [[1.0, 1.0]], None, "quality of b on query '0': found 2"),
        ([[1.0, 1.0]], [[1.0, -1.0]], None, "cost of b on query '0': found -1"),
        ([[1.0, 1.0]], [[1.0, math.nan]], None, "cost of b .*: found nan"),
        ([[1.0, 1.0]] * 2, [[1.0, 1.0]] * 2, ("0", "0"), "'0' twice among its ids"),
        ([[1.0, 1.0]], [[1.0]], None, "outcomes of shape"),
    ],
)
def test_a_log_is_whole_or_is_not_made(quality, cost, ids, said):
    with pytest.raises(EvalcoreError, match=said):
        made(quality, cost, ids)


def test_a_log_cannot_be_written_to():
    log = made([[1.0, 0.0]], [[1.0, 1.0]])
    with pytest.raises(ValueError, match="read-only"):
        log.quality[0, 0] = 0.0


def test_means_are_of_what_is_known():
    nan = math.nan
    log = made([[1.0, 0.0, nan], [0.0, nan, nan]], [[1.0, 2.0, nan], [3.0, nan, nan]])
    np.testing.assert_array_equal(log.mean_quality(), [0.5, 0.0, nan])
    np.testing.assert_array_equal(log.mean_cost(), [2.0, 2.0, nan])


@given(st.data())
def test_taking_queries_is_indexing(data):
    n, k = data.draw(st.integers(1, 6)), data.draw(st.integers(2, 5))
    quality = np.arange(n * k).reshape(n, k) / (n * k)
    log = made(quality, quality * 3)
    rows = data.draw(st.lists(st.integers(0, n - 1), min_size=1, unique=True))
    taken = log.take(rows)
    np.testing.assert_array_equal(taken.quality, quality[rows])
    np.testing.assert_array_equal(taken.cost, 3 * quality[rows])
    assert taken.ids == tuple(map(str, rows))
    mask = np.isin(np.arange(n), rows)
    assert log.take(mask).ids == tuple(map(str, sorted(rows)))
