"""A run of four routers over a small log, of which two choose query by query."""

from __future__ import annotations

import pytest
from small_runs import NAMES, spec, write_log

from evalcore.testing import SpecRunner


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def run(folder):
    """Its directory."""
    done = SpecRunner(folder)(spec(write_log(folder)), out="four")
    assert all(record.failure is None for record in done.records)
    return done.path


@pytest.fixture
def other_run(tmp_path):
    """Makes another run, and returns its directory."""

    def make(out="other", limit=None, **settings):
        log = write_log(tmp_path, settings.pop("names", NAMES))
        return SpecRunner(tmp_path)(spec(log, **settings), out=out, limit=limit).path

    return make
