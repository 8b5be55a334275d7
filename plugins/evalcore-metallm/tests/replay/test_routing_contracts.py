"""What every task and every strategy must hold to."""

from __future__ import annotations

from typing import ClassVar

import pytest

from evalcore.testing import StrategyContract, TaskContract
from evalcore_metallm.logs.routing import Arm
from evalcore_metallm.router import Router, RouterSettings

LOG = {
    "path": "package://evalcore_metallm/data/microcoder.jsonl",
    "columns": {"prompt_tokens": "prompt_tokens", "completion_tokens": "completion_tokens"},
    "prices": {arm: {"prompt": 1.0, "completion": 4.0} for arm in ("small", "medium", "large")},
    "orders": 3,
}


def always(arm):
    return {"prices": [0.0], "scale": 1.0, "arms": [[arm] * 200]}


class TestRoutingLog(TaskContract):
    component = "routing-log"
    settings: ClassVar = LOG
    right: ClassVar = {"order-0": always(2), "order-2": always(2)}
    wrong: ClassVar = {"order-0": always(-1), "order-1": always(-1)}


class TestRoute(StrategyContract):
    """Of a router that does not learn: each attempt is then for itself."""

    component = "route"
    models = ("one", "two")

    @pytest.fixture
    def component_settings(self, tmp_path):
        settings = RouterSettings(policy="random", features={"use": "hashing", "columns": 4})
        Router.cold([Arm("one"), Arm("two")], [1.0, 2.0], settings).save(tmp_path / "router")
        return {"router": str(tmp_path / "router"), "online": False}
