"""The built-in components hold to the contracts that plugins' components are held to."""

# ruff: noqa: RUF012 - the attributes of a contract are there to be read

from __future__ import annotations

import json

import pytest

from evalcore.data import Message, Request
from evalcore.testing import MetricContract, ModelContract, StrategyContract, TaskContract

_QUESTIONS = [
    {"id": "sum", "question": "2 + 3 = ?", "answer": "5", "level": 1},
    {"id": "product", "question": "12 * 12 = ?", "answer": "144", "level": 2},
]


class TestJsonLines(TaskContract):
    component = "jsonl"
    right = {"sum": "It is 5.", "product": "144"}
    wrong = {"sum": "6", "product": ""}

    @pytest.fixture
    def component_settings(self, tmp_path):
        file = tmp_path / "questions.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in _QUESTIONS), encoding="utf-8")
        return {"path": str(file), "match": "numeric", "metadata": ["level"]}


class TestCsv(TaskContract):
    component = "csv"
    right = {"1": "Paris", "2": " Lima "}
    wrong = {"1": "paris", "2": "Quito"}

    @pytest.fixture
    def component_settings(self, tmp_path):
        file = tmp_path / "capitals.csv"
        file.write_text("id,country,capital\n1,France,Paris\n2,Peru,Lima\n", encoding="utf-8")
        return {"path": str(file), "question": "country", "answer": "capital"}


class TestReplay(ModelContract):
    component = "replay"
    requests = [
        Request((Message("user", "?"),), sample="a"),
        Request((Message("user", "?"),), sample="a", attempt=1),
        Request((Message("user", "?"),), sample="b"),
    ]

    @pytest.fixture
    def component_settings(self, tmp_path):
        rows = [
            {"sample": "a", "answer": "first"},
            {"sample": "b", "answer": "other", "prompt_tokens": 3, "completion_tokens": 1},
            {"sample": "a", "answer": "second"},
        ]
        file = tmp_path / "answers.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return {"path": str(file)}


class TestSingle(StrategyContract):
    component = "single"
    settings = {"system": "Be brief.", "temperature": 0.5}


class TestMean(MetricContract):
    component = "mean"


class TestProportion(MetricContract):
    component = "proportion"


class TestCount(MetricContract):
    component = "count"


class TestCost(MetricContract):
    component = "cost"
