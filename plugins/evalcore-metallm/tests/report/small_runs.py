"""Specs of small runs of routers, and the log that they are about."""

from __future__ import annotations

import json

import numpy as np
import yaml

_WORDS = ["sum", "list", "odd", "even", "count", "sort", "reverse", "word", "table", "max"]
_FEATURES = {"use": "tfidf", "components": 8, "ngrams": 1}
METRICS = ["route-quality", "route-cost", "route-share", "route-regret", "route-frontier"]
ROUTERS = {
    "warm": {"policy": {"use": "linucb"}, "online": False, "prices": [0.0, 0.2, 1.0]},
    "cold": {"policy": {"use": "linucb"}, "warm_start": False, "prices": [0.0, 0.2]},
    "any": {"policy": {"use": "random"}},
    "one": {"policy": {"use": "static", "arm": "small"}, "online": False},
}
NAMES = ("small", "big")


def write_log(folder, names=NAMES):
    """Writes it, and returns its name: by the path of a file attempts would draw otherwise."""
    rng = np.random.default_rng(7)
    rows = []
    for number in range(60):
        query = " ".join(rng.choice(_WORDS, 4))
        quality = (float("sort" not in query), float(rng.random() < 0.9))
        cost = (0.0001, 0.001 + number * 1e-5)
        of_arms = [dict(zip(names, of, strict=True)) for of in (quality, cost)]
        rows.append({"id": number, "query": query, "quality": of_arms[0], "cost": of_arms[1]})
    file = folder / "log.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return file.name


def spec(path, routers=ROUTERS, **task):
    made = {
        name: {"use": "route", "features": _FEATURES, **settings}
        for name, settings in routers.items()
    }
    written = {
        "evalcore": 1,
        "name": "routers",
        "task": {"use": "routing-log", "path": path, "orders": 3, **task},
        "strategy": {"use": "route"},
        "metrics": METRICS,
        "reports": [],
        "sweep": {"strategy": made},
    }
    return yaml.safe_dump(written, sort_keys=False)
