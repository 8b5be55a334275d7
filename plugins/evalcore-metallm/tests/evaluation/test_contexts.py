"""The contexts of a pass, fitted once for all cells."""

from __future__ import annotations

import numpy as np
import pytest

from evalcore_metallm import features
from evalcore_metallm.evaluation import contexts
from evalcore_metallm.evaluation.passes import Pass
from evalcore_metallm.features.catalogue import TfidfSettings
from evalcore_metallm.logs.routing import RoutingLog

SETTINGS = TfidfSettings(components=4)


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(contexts, "_known", {})


def log(*queries):
    n = len(queries)
    return RoutingLog(
        ids=tuple(map(str, range(n))),
        queries=queries,
        groups=("",) * n,
        split=("",) * n,
        arms=("a", "b"),
        prices=(None, None),
        quality=np.ones((n, 2)),
        cost=np.ones((n, 2)),
    )


def a_pass(*to_come, train=("add two numbers", "sort the words", "add the words")):
    one = log(*to_come)
    return Pass(log(*train), log("two words"), one.ids, one.queries, one.models)


def known(one, settings=SETTINGS):
    return contexts.contexts_of(one, one.train, settings)


def test_they_are_those_of_features_fitted_on_the_training_part():
    one = a_pass("sort numbers", "add")
    fitted = features.make(SETTINGS)
    fitted.fit(one.train.queries)
    found = known(one)
    assert found.width == fitted.width
    for queries in (one.train.queries, one.validation.queries, one.queries):
        assert np.array_equal(found.transform(queries), fitted.transform(queries))


def test_an_equal_pass_is_known_and_another_is_not():
    one = known(a_pass("sort numbers"))
    assert known(a_pass("sort numbers")) is one
    assert known(a_pass("sort words")) is not one
    assert known(a_pass("sort numbers", train=("sort the words", "add"))) is not one
    assert known(a_pass("sort numbers"), TfidfSettings(components=2)) is not one


def test_no_more_is_held_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(contexts, "_HELD", known(a_pass("sort")).size)
    assert known(a_pass("add")) is not known(a_pass("add"))
    assert known(a_pass("sort")) is known(a_pass("sort"))
