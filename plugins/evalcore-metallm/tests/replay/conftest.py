"""A small log: of two models the small one fails at all that is to be sorted."""

from __future__ import annotations

import json

import numpy as np
import pytest

_WORDS = ["sum", "list", "odd", "even", "count", "sort", "reverse", "word", "table", "max"]


@pytest.fixture
def log(tmp_path):
    """Writes a log of some queries, and returns the task's settings."""

    def written(queries=60, missing=None, **settings):
        rng = np.random.default_rng(7)
        rows = []
        for number in range(queries):
            query = " ".join(rng.choice(_WORDS, 4))
            quality = {"small": float("sort" not in query), "big": float(rng.random() < 0.9)}
            if missing and number in missing:
                quality[missing[number]] = None
            rows.append(
                {
                    "id": f"q{number:03}",
                    "query": query,
                    "split": ("train", "test")[number % 2],
                    "quality": quality,
                    "cost": {"small": 0.001, "big": 0.01 + number * 1e-5},
                }
            )
        file = tmp_path / "log.jsonl"
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return {"use": "routing-log", "path": str(file), "orders": 3, **settings}

    return written
