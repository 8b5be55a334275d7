"""The records of a run, for programs."""

from __future__ import annotations

import pytest
from parts import records, run

from evalcore import RunError, open_records


def test_the_records_come_in_the_order_of_cells_samples_and_attempts(tmp_path):
    run(tmp_path, attempts=2)
    with open_records(tmp_path / "run") as found:
        seen = list(found)
    assert seen == list(records(tmp_path))
    keys = [(record.sample, record.attempt) for record in seen]
    assert len(keys) == 10
    assert keys == sorted(keys)


def test_records_that_are_committed_meanwhile_do_not_count(tmp_path):
    run(tmp_path)
    with open_records(tmp_path / "run") as found:
        first = next(found)
        run(tmp_path, attempts=2, session={"accept_change": True})
        assert [first, *found] == [r for r in records(tmp_path) if r.attempt == 0]
    with open_records(tmp_path / "run") as found:
        assert len(list(found)) == 10


def test_what_is_no_run_is_told(tmp_path):
    with pytest.raises(RunError, match="no run here"), open_records(tmp_path):
        pass
