"""Asks metrics about records."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import pytest

from evalcore.testing import scores_of


@pytest.fixture
def scores(tmp_path):
    """The scores of records, while the test runs."""
    with ExitStack() as stack:
        stores = iter(range(1000))
        yield lambda records: stack.enter_context(
            scores_of(records, tmp_path / f"{next(stores)}.db")
        )


@pytest.fixture
def asked(scores):
    """Asks a metric about records, by `compute` or `per_sample`."""

    def ask(metric, records, what="compute", **settings):
        settings_of = getattr(sys.modules[metric.__module__], f"{metric.__name__}Settings")
        return getattr(metric(settings_of(**settings)), what)(scores(records))

    return ask
