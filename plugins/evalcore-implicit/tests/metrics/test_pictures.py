"""Pictures are whole, and show what is on record."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_curves import curve, drawings

from evalcore.metric import Shown
from evalcore_implicit.metrics.forecast import (
    ExtrapolationForecast,
    ExtrapolationForecastSettings,
)
from evalcore_implicit.metrics.map import ExtrapolationMap, ExtrapolationMapSettings
from evalcore_implicit.pictures.panels import Panel, panels
from evalcore_implicit.pictures.scales import Scale
from evalcore_implicit.pictures.world import World, error_edges, worlds

GOLDEN = Path(__file__).with_name("golden")
SVG = "{http://www.w3.org/2000/svg}"

floats = st.floats(-1e300, 1e300)
series = st.integers(2, 12).flatmap(
    lambda k: st.tuples(*(st.lists(floats, min_size=k, max_size=k) for _ in range(3)))
)


def parsed(drawing):
    root = ET.fromstring(drawing)
    assert not re.search(r"\b(nan|inf)\b", drawing)
    return root


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text")]


def forecast(name, truth, predicted):
    time = list(range(len(truth)))
    return {"name": name, "time": time, "truth": truth, "predicted": predicted}


def as_golden(name, drawing):
    """The drawing is as it was looked at; without the file it is written, and the test fails."""
    file = GOLDEN / f"{name}.svg"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(drawing, encoding="utf-8")
        pytest.fail(f"{file} was not there: look at it, and run again")
    assert drawing == file.read_text(encoding="utf-8")


def test_forecasts_look_as_they_should():
    time = ["2020-01-01", "2020-01-02", "2020-01-03"]
    shown = [
        Panel("calm", [0.0, 1.0, 2.0], [0.0, 1.0, 0.0], {"lstm": [0.2, 0.8, 0.1]}),
        Panel("0-6 months", time, [0.0, 1.0, 0.0], {"lstm": [0.0, 9.0, 0.0], "a<b": [1, 1, 1]}),
    ]
    as_golden("forecasts", panels(shown, "Forecasts", "Two panels."))


def test_maps_look_as_they_should():
    events = [(0.0, 0.0, 10.0), (120.0, 45.0, 100.0), (-170.0, -30.0, 1000.0), (190.0, 80.0, 5.0)]
    region = [(150.0, -20.0), (200.0, -20.0), (200.0, 40.0), (150.0, 40.0)]
    as_golden("maps", worlds([World("mlp", events, region)], "Maps", "One map."))


def test_a_line_is_not_drawn_over_times_of_which_nothing_is_known():
    days = [f"2020-01-{day:02}" for day in (1, 2, 3, 4)]
    lines = []
    for time in (days, [*days[:2], "2020-03-01", "2020-03-02"], ["a", "b", "c", "d"]):
        drawing = parsed(panels([Panel("", time, [0.0, 1.0, 0.0, 1.0], {})], "", ""))
        lines.append(len(list(drawing.iter(f"{SVG}polyline"))))
    assert lines == [2, 3, 2]  # one of them is in the key


def test_a_forecast_is_cut_where_it_leaves_the_axis():
    shown = Panel("band", [0, 1, 2, 3], [0.0, 1.0, 0.0, 1.0], {"wild": [0.5, 99.0, -99.0, 0.5]})
    root = parsed(panels([shown], "", ""))
    lines = [line.get("points").split() for line in root.iter(f"{SVG}polyline")]
    heights = [float(point.split(",")[1]) for line in lines for point in line]
    assert max(heights) - min(heights) < 260
    assert sum(len(line) for line in lines) > 8


@given(series)
def test_any_numbers_can_be_drawn(numbers):
    truth, first, second = numbers
    panel = Panel("band", list(range(len(truth))), truth, {"first": first, "second": second})
    parsed(panels([panel], "title", "description"))


@given(st.lists(st.tuples(st.floats(-360, 360), st.floats(-90, 90), st.floats(0, 2e4)), max_size=9))
def test_any_events_can_be_mapped(events):
    root = parsed(worlds([World("a", events, []), World("b", events, [])], "title", ""))
    assert len(list(root.iter(f"{SVG}circle"))) == 2 * len(events)
    for circle in root.iter(f"{SVG}circle"):
        assert -0.1 <= float(circle.get("cx")) <= 1000.1


@given(st.lists(st.floats(1e-3, 2e4), max_size=30))
def test_the_edges_of_the_key_ascend_between_the_errors(errors):
    edges = error_edges(errors)
    assert len(edges) <= 5
    assert edges == sorted(set(edges))
    assert all(min(errors) < edge < max(errors) for edge in edges)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_on_the_axis(low, span):
    scale = Scale(low, low + span)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 6
    assert all(-1e-6 <= scale.position(value) <= 1 + 1e-6 for value, _ in ticks)


def test_a_region_over_the_date_line_is_drawn_at_both_ends():
    region = [(150.0, -20.0), (210.0, -20.0), (210.0, 40.0), (150.0, 40.0)]
    root = parsed(worlds([World("a", [], region)], "", ""))
    across = [
        float(point.split(",")[0])
        for line in root.iter(f"{SVG}polyline")
        for point in line.get("points").split()
    ]
    assert min(across) == 0
    assert max(across) == 1000
    assert not any(100 < x < 900 for x in across)


@pytest.fixture
def shown(scores):
    """Cells as a report hands them over, each with its settings and records."""
    return lambda *cells: [
        Shown(f"cell-{i}", settings, scores(records)) for i, (settings, records) in enumerate(cells)
    ]


def test_the_report_has_a_picture_of_forecasts_for_each_task(shown):
    def cell(task, model, *predicted):
        curves = [
            None
            if values is None
            else curve([1.0] * 4, forecast=[forecast("band", [1, 2], values)])
            for values in predicted
        ]
        return {"task": task, "models.model": model}, drawings(curves)

    metric = ExtrapolationForecast(ExtrapolationForecastSettings())
    cells = shown(
        cell("a", "lstm", [1.0, 2.0], [1.0, 3.0]),
        cell("a", "gru", None, [2.0, 2.0]),
        cell("b", "lstm", [1.0, 2.0]),
        ({"task": "c", "models.model": "lstm"}, drawings([curve([1.0] * 4)])),
    )
    pictures = list(metric.pictures(cells))
    assert [picture.title for picture in pictures] == ["Forecasts, task=a", "Forecasts, task=b"]
    # The first drawing of the one model failed: both are shown on the second.
    assert {"truth", "lstm", "gru", "band"} <= set(texts(parsed(pictures[0].svg)))
    assert "gru" not in texts(parsed(pictures[1].svg))


def test_the_report_has_a_map_for_each_model(shown):
    world = {"longitude": [10.0], "latitude": [20.0], "error": [300.0], "shift": [0]}
    world["region"] = [[0, 0], [30, 0], [30, 30], [0, 30]]
    records = drawings([curve([1.0] * 4, map=world)])
    metric = ExtrapolationMap(ExtrapolationMapSettings())
    (picture,) = metric.pictures(
        shown(({"models.model": "mlp"}, records), ({"models.model": "ridge"}, records))
    )
    root = parsed(picture.svg)
    assert picture.title == "Maps of errors"
    assert {"mlp", "ridge", "error in km"} <= set(texts(root))
    assert [circle.find(f"{SVG}title").text for circle in root.iter(f"{SVG}circle")] == [
        "300 km"
    ] * 2


def test_without_records_there_is_no_picture(shown):
    cells = shown(({}, drawings([curve([1.0] * 4)])), ({}, []))
    assert not list(ExtrapolationMap(ExtrapolationMapSettings()).pictures(cells))
    assert not list(ExtrapolationForecast(ExtrapolationForecastSettings()).pictures(cells))


def test_what_is_not_finite_cannot_be_drawn_by_mistake():
    with pytest.raises(ValueError, match="found nan as a coordinate"):
        worlds([World("a", [(math.nan, 0.0, 1.0)], [])], "", "")
    assert np.isfinite(Scale.around([math.nan, math.inf]).low)
