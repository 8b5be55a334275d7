"""What every metric must hold to."""

from __future__ import annotations

from typing import ClassVar

from test_route_metrics import knowing, records

from evalcore.testing import MetricContract, record

PASSES = [*records(knowing), record("order-6", None)]


class TestRouteQuality(MetricContract):
    component = "route-quality"
    records: ClassVar = PASSES


class TestRouteCost(MetricContract):
    component = "route-cost"
    records: ClassVar = PASSES


class TestRouteShare(MetricContract):
    component = "route-share"
    records: ClassVar = PASSES


class TestRouteRegret(MetricContract):
    component = "route-regret"
    records: ClassVar = PASSES


class TestRouteModels(MetricContract):
    component = "route-models"
    records: ClassVar = PASSES


class TestRouteFrontier(MetricContract):
    component = "route-frontier"
    records: ClassVar = PASSES
