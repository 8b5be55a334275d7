"""Asks metrics about records."""

from __future__ import annotations

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
        made = metric.__orig_bases__[0].__args__[0] if hasattr(metric, "__orig_bases__") else None
        return getattr(metric(made(**settings)), what)(scores(records))

    return ask
