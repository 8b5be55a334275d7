"""Task `earthquakes`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from suite_contracts import ErrorContract, answers, score_of, task_of

from evalcore import DataPath
from evalcore.errors import TaskError
from evalcore_implicit.suites.csvfile import read_csv
from evalcore_implicit.suites.earthquakes import Earthquakes, EarthquakesSettings
from evalcore_implicit.suites.events import Events, arrivals, read_events, uniform_events
from evalcore_implicit.suites.sphere import unit_vectors

FOLDER = Path(os.environ.get("EVALCORE_SHARED", ""), "data", "series")
needs_data = pytest.mark.skipif(
    "EVALCORE_SHARED" not in os.environ or not FOLDER.is_dir(),
    reason="EVALCORE_SHARED names no folder with catalogues",
)

SMALL = {"drawings": 2, "events": 600, "bands": [30, 90]}


def earthquakes(**given):
    return task_of(Earthquakes, EarthquakesSettings, **{**SMALL, **given})


class TestEarthquakes(ErrorContract):
    component = "earthquakes"
    settings: ClassVar = SMALL
    right: ClassVar = answers(earthquakes(), lambda events: events.positions())
    wrong: ClassVar = answers(earthquakes(), lambda events: -events.positions())


class TestEarthquakesOfACatalogue(ErrorContract):
    component = "earthquakes"
    right: ClassVar = {}

    @pytest.fixture
    def component_settings(self, tmp_path):
        events = uniform_events(np.random.default_rng(0), 700)
        rows = zip(events.latitude, events.longitude, events.depth, strict=True)
        text = "\n".join(["latitude,longitude,depth", *(",".join(map(str, row)) for row in rows)])
        (tmp_path / "catalogue.csv").write_text(text)
        return {"path": str(tmp_path / "catalogue.csv"), **SMALL}

    @pytest.fixture(autouse=True)
    def answers(self, cases):
        positions = {
            name: [events.positions() for events in case.hidden] for name, case in cases.items()
        }
        self.right = {name: tuple(found) for name, found in positions.items()}
        self.wrong = {name: tuple(-of for of in found) for name, found in positions.items()}


@pytest.fixture
def read(tmp_path):
    def write_and_read(content, *given, **named):
        path = tmp_path / "catalogue.csv"
        path.write_text(content)
        return read_events(read_csv(DataPath(path)), *given, **named)

    return write_and_read


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(0, 5), st.floats(0, 5))
def test_arrivals_are_in_order_at_different_stations(seed, hears, others, noise):
    rng = np.random.default_rng(seed)
    found = arrivals(rng, uniform_events(rng, 40), hears + others, hears, noise)
    assert found.shape == (40, hears, 4)
    np.testing.assert_allclose(np.linalg.norm(found[..., :3], axis=2), 1)
    assert (found[:, 0, 3] == 0).all()
    assert (np.diff(found[..., 3], axis=1) >= 0).all()
    for event in found:
        assert len(np.unique(event[:, :3], axis=0)) == hears
    assert len(np.unique(found[..., :3].reshape(-1, 3), axis=0)) <= hears + others


def test_arrivals_are_those_of_the_straight_way():
    events = Events(np.array([0.0, 90.0]), np.array([0.0, 45.0]), np.array([0.0, 600.0]))
    found = arrivals(np.random.default_rng(1), events, 7, 7, 0.0)
    for event, depth, longitude, latitude in zip(found, (0, 600), (0, 90), (0, 45), strict=True):
        place = unit_vectors(longitude, latitude) * (6371 - depth)
        way = np.linalg.norm(6371 * event[:, :3] - place, axis=1)
        seconds = way / (6 + 0.005 * depth)
        np.testing.assert_allclose(1000 * event[:, 3], seconds - seconds.min(), atol=1e-9)


def test_the_noise_of_arrivals_has_its_deviation():
    events = Events(*(np.zeros(5000) for _ in range(3)))
    noisy = arrivals(np.random.default_rng(1), events, 1, 1, 0.5)
    assert (noisy[..., 3] == 0).all()
    pairs = arrivals(np.random.default_rng(1), events, 2, 2, 0.5)
    clean = arrivals(np.random.default_rng(1), events, 2, 2, 0.0)
    moved = 1000 * (pairs[:, 1, 3] - clean[:, 1, 3])
    assert moved.std() == pytest.approx(0.5 * np.sqrt(2), rel=0.05)


def test_uniform_events():
    events = uniform_events(np.random.default_rng(0), 20_000)
    assert (np.abs(events.latitude) <= 30).mean() == pytest.approx(0.5, abs=0.02)
    assert (events.longitude > 0).mean() == pytest.approx(0.5, abs=0.02)
    assert events.depth.mean() == pytest.approx(350, abs=5)
    np.testing.assert_allclose(np.linalg.norm(events.positions(), axis=1), 1 - events.depth / 6371)


def test_right_and_opposite_places():
    exact = score_of(earthquakes(), lambda events: 7 * events.positions())
    opposite = score_of(earthquakes(), lambda events: -events.positions())
    nowhere = score_of(earthquakes(), lambda events: 0 * events.positions())
    for score, km in ((exact, 0), (opposite, np.pi * 6371), (nowhere, np.pi * 6371 / 2)):
        assert score.value == pytest.approx(km, abs=1e-3)
        for shift in score.details["shifts"]:
            assert shift["values"] == pytest.approx({"km": km, "median-km": km}, abs=1e-3)


def test_the_score_has_a_curve_and_a_map():
    made = earthquakes(events=2000)
    score = score_of(made, lambda events: events.positions()[:, [1, 0, 2]])
    details = score.details
    assert (details["axis"], details["measure"], details["better"]) == ("degrees", "km", "lower")
    assert [shift["at"] for shift in details["shifts"]] == [0, 30, 90]
    assert [shift["inside"] for shift in details["shifts"]] == [True, False, False]
    names = ["held out", "0-30 degrees", "30-90 degrees"]
    assert [shift["name"] for shift in details["shifts"]] == names
    drawn = details["map"]
    assert [len(drawn[name]) for name in ("longitude", "latitude", "error")] == [400] * 3
    assert drawn["region"] == [[100, -90], [180, -90], [180, 90], [100, 90], [100, -90]]
    assert np.mean(drawn["error"]) == pytest.approx(
        np.average(
            [shift["values"]["km"] for shift in details["shifts"]],
            weights=[shift["n"] for shift in details["shifts"]],
        ),
        rel=0.1,
    )


@settings(max_examples=20)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["inside", "outside"]),
    st.floats(-180, 180),
    st.floats(30, 200),
    st.floats(0.05, 0.9),
)
def test_parts_divide_the_events(seed, train, west, width, reference):
    region = {"west": west, "east": (west + width + 180) % 360 - 180}
    made = earthquakes(
        region=region, train=train, bands=[8, 180], reference=reference, seed=seed, drawings=1
    )
    (case,) = made.cases()
    drawing = case.sample.public
    learned, tested = drawing.targets, [events.positions() for events in case.hidden]
    assert sum(map(len, (learned, *tested))) == 600
    assert len(np.unique(np.concatenate([learned, *tested]), axis=0)) == 600
    assert len(tested[0]) == np.ceil(reference * (len(learned) + len(tested[0])))
    assert [len(shift.inputs) for shift in drawing.shifts] == [len(of) for of in tested]
    inside = [made.settings.region.contains(of.longitude, of.latitude) for of in case.hidden]
    assert (inside[0] == (train == "inside")).all()
    assert (np.concatenate(inside[1:]) == (train == "outside")).all()
    far = made.settings.region.distance if train == "inside" else made.settings.region.depth
    assert (far(case.hidden[1].longitude, case.hidden[1].latitude) <= 8).all()
    assert (far(case.hidden[2].longitude, case.hidden[2].latitude) > 8).all()


def test_inputs_belong_to_their_targets():
    (case,) = earthquakes(noise=0.0, drawings=1, hears=8).cases()
    drawing = case.sample.public
    inputs = [drawing.inputs, *(shift.inputs for shift in drawing.shifts)]
    targets = [drawing.targets, *(events.positions() for events in case.hidden)]
    for arrived, positions in zip(inputs, targets, strict=True):
        way = np.linalg.norm(arrived[..., :3] - positions[:, None], axis=2)
        later = way - way[:, :1]
        speed = 6 + 5e-3 * 6371 * (1 - np.linalg.norm(positions, axis=1))
        np.testing.assert_allclose(arrived[..., 3] * speed[:, None], 6.371 * later, atol=1e-9)


def test_drawings_of_a_catalogue_hold_out_other_events(tmp_path):
    rows = "\n".join(f"{i % 80},{110 + i % 50 + i / 1000},10" for i in range(200))
    away = "\n".join(f"{i % 80},{-60 + i},10" for i in range(120))
    text = f"latitude,longitude,depth\n{rows}\n{away}\n"
    (tmp_path / "catalogue.csv").write_text(text)
    made = earthquakes(path=str(tmp_path / "catalogue.csv"), events=None)
    first, second = (set(case.hidden[0].longitude) for case in made.cases())
    assert len(first) == len(second)
    assert len(first & second) < 0.6 * len(first)
    assert min(first) < 125 < 145 < max(first)


def test_drawings_differ_and_come_again():
    first, second = earthquakes().cases()
    assert first.sample.public != second.sample.public
    assert first.sample.public == next(earthquakes(drawings=1).cases()).sample.public
    assert first.sample.public != next(earthquakes(seed=1).cases()).sample.public
    stations = [
        np.unique(one.sample.public.inputs[..., :3].reshape(-1, 3), axis=0)
        for one in (first, second)
    ]
    assert [len(of) for of in stations] == [30, 30]


USGS = """\
time,latitude,longitude,depth,type
a,10,20,30,earthquake
b,11,21,31,nuclear explosion
c,12,222,32,Earthquake
"""


def test_a_catalogue_of_the_usgs(read):
    found = read(USGS)
    assert found.longitude.tolist() == [20, -138]
    assert found.latitude.tolist() == [10, 12]
    assert found.depth.tolist() == [30, 32]


def test_a_catalogue_without_depths(read):
    text = "Date,Latitude,Longitude\na,10,20\nb,11,21\n"
    with pytest.raises(TaskError, match=r"no column 'depth' of depths.*`depth: 10`"):
        read(text)
    assert read(text, depth=10.0).depth.tolist() == [10, 10]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("91,20,30,earthquake", r"csv:5: latitude: found 91, and 1 of 4 rows outside of -90 to 90"),
        ("10,361,30,earthquake", r"csv:5: longitude: found 361.*-180 to 360"),
        ("10,20,30000,earthquake", r"csv:5: depth: found 30000.*-10 to 1000"),
        ("10,20,,earthquake", r"csv:5: depth: found '', expected a value.*`missing: skip`"),
        ("10,20 E,3,earthquake", r"csv:5: longitude: found '20 E', expected a finite number"),
    ],
)
def test_a_catalogue_with_a_wrong_row(read, row, problem):
    with pytest.raises(TaskError, match=problem):
        read(f"{USGS}d,{row}\n")


def test_rows_without_a_coordinate_are_left_out(read):
    assert len(read(f"{USGS}d,10,20,,earthquake\n", missing="skip")) == 2


def test_a_catalogue_without_earthquakes(read):
    with pytest.raises(TaskError, match="no row of 1 with the type 'earthquake'"):
        read("latitude,longitude,depth,type\n1,2,3,explosion\n")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            {"region": {"west": 0, "east": 0.001, "south": 0, "north": 0.001}},
            "of 600 events found 0 inside of the region",
        ),
        ({"bands": [30, 90, 180]}, r"found \d+ inside.* up to 90, 0 up to 180, the farthest at \d"),
        (
            {"region": {"west": -180, "east": 180}, "bands": [10]},
            "found 600 inside .* 0 up to 10, the farthest at nowhere",
        ),
    ],
)
def test_parts_without_events_are_refused_with_counts(given, problem):
    with pytest.raises(TaskError, match=problem):
        earthquakes(**given).preflight()


def test_more_events_than_the_catalogue_has_are_refused(tmp_path):
    (tmp_path / "catalogue.csv").write_text(USGS)
    with pytest.raises(TaskError, match="found 2 events in the catalogue, expected `events: 600`"):
        earthquakes(path=str(tmp_path / "catalogue.csv")).preflight()


def test_settings_that_do_not_go_together():
    with pytest.raises(ValidationError, match="must ascend"):
        earthquakes(bands=[30, 20])
    with pytest.raises(ValidationError, match="40 stations cannot hear an event: there are 30"):
        earthquakes(hears=40)


@needs_data
@pytest.mark.parametrize(
    ("file", "given", "most"),
    [
        ("earthquakes_usgs_m5_2013_2023.csv", {}, 18275),
        ("earthquakes_m55_1965_2016_plotly.csv", {"depth": 10}, 23412),
    ],
)
def test_real_catalogues(file, given, most):
    made = task_of(Earthquakes, EarthquakesSettings, path=str(FOLDER / file), **given)
    case = next(made.cases())
    parts = [len(case.sample.public.inputs), *map(len, case.hidden)]
    assert 0.9 * most < sum(parts) <= most
    assert min(parts) > 900


@needs_data
def test_a_region_held_out_of_a_real_catalogue():
    made = task_of(
        Earthquakes,
        EarthquakesSettings,
        path=str(FOLDER / "earthquakes_usgs_m5_2013_2023.csv"),
        region={"west": 120, "east": 150, "south": 25, "north": 50},
        train="outside",
        bands=[5, 12],
    )
    case = next(made.cases())
    assert sum(map(len, case.hidden[1:])) == 1147
