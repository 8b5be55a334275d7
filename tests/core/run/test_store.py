"""What is put into the store comes out of it the same."""

from __future__ import annotations

import json
import math
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalcore import Failure, Generation, Message, Record, Request, RunError, Score, Usage
from evalcore.cli.records import rows_of
from evalcore.encoding import call_digest
from evalcore.store import CallRow, Store
from evalcore.writer import Writer

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=20) | st.builds(
    lambda piece, count: piece * count, st.text(min_size=1, max_size=3), st.integers(150, 400)
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
details = st.dictionaries(texts, json_values, max_size=3)
ids = st.text(min_size=1, max_size=8)
usages = st.builds(
    Usage,
    *[st.integers(0, 2**40)] * 3,
    *[st.floats(0, 1e9)] * 2,
    st.integers(0, 2**40),
)
messages = st.builds(Message, st.sampled_from(["system", "user", "assistant", "tool"]), texts)


@st.composite
def a_record(draw):
    failed = draw(st.booleans())
    label = draw(st.text(max_size=5))
    value = draw(st.floats(allow_nan=False, allow_infinity=False))
    return Record(
        cell="base",
        sample=draw(ids),
        attempt=draw(st.integers(0, 1_000)),
        seed=draw(st.integers(0, 2**63 - 1)),
        answer=draw(json_values),
        score=None if failed else Score(value, label, draw(details)),
        failure=Failure("model", "E", draw(st.text()), draw(st.text())) if failed else None,
        usage=draw(usages),
        messages=tuple(draw(st.lists(messages, max_size=3))),
        details=draw(details),
        metadata=draw(details),
    )


def written(path, *items):
    """The store after these have been committed."""
    store = Store.create(path)
    store.set_cells([("base", "hash", {})])
    errors = []
    with Writer(path, {"base": 1}, lambda records: None, errors.append) as writer:
        for item in items:
            writer.put(item)
    if errors:
        store.close()
        raise errors[0]
    return store


@settings(max_examples=15, suppress_health_check=[*HealthCheck])
@given(st.lists(a_record(), max_size=4, unique_by=lambda r: (r.sample, r.attempt)))
def test_records_come_back_the_same(tmp_path_factory, records):
    store = written(tmp_path_factory.mktemp("store") / "run.db", *records)
    expected = sorted(records, key=lambda r: (r.sample.encode(), r.attempt))
    assert list(store.records()) == expected
    assert [json.loads(json.dumps(row)) for row in rows_of(expected)] == list(rows_of(expected))
    store.close()


def record(**changes):
    keys = {
        "cell": "base", "sample": "a", "attempt": 0, "seed": 1, "answer": "x",
        "score": Score(1.0), "failure": None, "usage": Usage(),
    }  # fmt: skip
    return Record(**{**keys, **changes})


def test_numbers_and_mappings_of_other_libraries_become_plain_ones(tmp_path):
    found = {"a": np.float32(0.5), "b": np.arange(3), "c": MappingProxyType({"d": np.int64(4)})}
    score = Score(np.float32(0.25), details=found)
    store = written(tmp_path / "run.db", record(score=score, details=found))
    (back,) = store.records()
    assert back.score.value == 0.25
    assert back.details == back.score.details == {"a": 0.5, "b": [0, 1, 2], "c": {"d": 4}}
    store.close()


def test_not_a_number_in_details_is_kept_and_failures_are_still_counted(tmp_path):
    failure = Failure("task", "E", "why", "")
    changes = {"score": None, "failure": failure, "details": {"x": math.nan, "y": math.inf}}
    store = written(tmp_path / "run.db", record(**changes))
    assert store.failures() == [("base", "task", "why", 1)]
    (back,) = store.records()
    assert math.isnan(back.details["x"])
    assert back.details["y"] == math.inf
    store.close()


def test_a_long_text_is_stored_once(tmp_path):
    prompt = Message("user", "A long prompt. " * 10_000)
    many = [record(sample=str(i), messages=(prompt,)) for i in range(50)]
    store = written(tmp_path / "run.db", *many)
    assert all(back.messages == (prompt,) for back in store.records())
    store.close()
    assert (tmp_path / "run.db").stat().st_size < 400_000


def call(number, text="x"):
    request = Request((Message("user", "?"),), sample="a", call=number)
    return CallRow(1, "m", request, Generation(text, "stop", 2, 3), Usage(1, 2, 3, 0.5, 0.25))


@pytest.mark.parametrize("text", ["x", "\ud800", "\0", "x" * 100_000])
def test_calls_are_kept_until_their_attempt_is_committed(tmp_path, text):
    store = written(tmp_path / "run.db", call(0, text), call(1))
    first, second = call(0, text), call(1)
    assert store.open_calls() == {
        (1, "a", 0): {
            call_digest("m", first.call): (first.answer, first.cost),
            call_digest("m", second.call): (second.answer, second.cost),
        }
    }
    with Writer(store.path, {"base": 1}, lambda records: None, pytest.fail) as writer:
        writer.put(record())
    assert store.open_calls() == {}
    store.close()


def test_what_the_writer_cannot_write_is_told_and_hangs_nobody(tmp_path):
    with pytest.raises(RunError, match="two samples of the task have the id 'a'"):
        written(tmp_path / "run.db", record(), record())
    errors = []
    with Writer(tmp_path / "gone" / "run.db", {"base": 1}, print, errors.append) as writer:
        for _ in range(30_000):
            writer.put(record())
    assert "cannot be written" in str(errors[0])


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0" + b"x" * 2_000])
def test_a_file_that_is_no_store(tmp_path, content):
    (tmp_path / "run.db").write_bytes(content)
    for readonly in (True, False):
        with pytest.raises(RunError, match=r"run\.db: "):
            Store(tmp_path / "run.db", readonly=readonly)


def test_a_store_is_read_where_nothing_can_be_written(tmp_path):
    written(tmp_path / "run.db", record()).close()
    (tmp_path / "run.db").chmod(0o400)
    tmp_path.chmod(0o500)
    store = Store(tmp_path / "run.db", readonly=True)
    assert len(list(store.records())) == 1
    store.close()
    tmp_path.chmod(0o700)
    assert [item.name for item in tmp_path.iterdir() if "draft" in item.name] == []
