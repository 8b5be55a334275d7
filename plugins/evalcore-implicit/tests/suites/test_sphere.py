"""Places, distances and regions on the Earth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from evalcore_implicit.suites.sphere import (
    Region,
    angle,
    coordinates,
    random_vectors,
    unit_vectors,
)

longitudes = st.floats(-180, 180)
latitudes = st.floats(-90, 90)
places = st.tuples(longitudes, latitudes)


@st.composite
def regions(draw):
    west = draw(st.floats(-180, 180))
    south = draw(st.floats(-90, 85))
    width = draw(st.floats(2, 358))
    east = (west + width + 180) % 360 - 180
    return Region(west=west, east=east, south=south, north=draw(st.floats(south + 2, 90)))


def haversine(one, other):
    (lon1, lat1), (lon2, lat2) = np.radians([one, other])
    half = np.sin((lat2 - lat1) / 2) ** 2
    half += np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * np.arcsin(np.sqrt(min(half, 1.0)))


@given(places, places, st.floats(1e-9, 1e9))
def test_the_angle_is_that_of_the_haversine_and_symmetric(one, other, length):
    a, b = unit_vectors(*one), unit_vectors(*other)
    assert angle(a, b) == pytest.approx(haversine(one, other), abs=3e-8)
    assert angle(a, b) == angle(b, a)
    assert angle(length * a, b) == pytest.approx(angle(a, b), abs=1e-15)


@given(places, places, places)
def test_a_way_over_a_third_place_is_no_shorter(one, other, third):
    a, b, c = (unit_vectors(*place) for place in (one, other, third))
    assert angle(a, b) <= angle(a, c) + angle(c, b) + 1e-12


@given(places)
def test_angles_of_a_place_to_itself_and_to_what_is_opposite(place):
    here = unit_vectors(*place)
    assert angle(here, here) == 0
    assert angle(here, -here) == pytest.approx(np.pi, abs=1e-15)


def test_angles_of_very_long_vectors_and_of_none():
    east, north = unit_vectors(90, 0), unit_vectors(0, 90)
    assert angle(1e300 * east, 1e-300 * north) == pytest.approx(np.pi / 2)
    assert angle(1e300 * east, 1e300 * east) == 0
    assert angle(np.zeros(3), east) == angle(east, np.zeros(3)) == np.pi / 2


@given(longitudes, st.floats(-89.9, 89.9), st.floats(0.1, 10))
def test_coordinates_are_those_of_the_vector(longitude, latitude, length):
    found = coordinates(length * unit_vectors(longitude, latitude))
    assert (found[0] - longitude + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)
    assert found[1] == pytest.approx(latitude, abs=1e-9)


def test_random_vectors_are_uniform():
    vectors = random_vectors(np.random.default_rng(0), 20_000)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(vectors.T @ vectors / len(vectors), np.eye(3) / 3, atol=0.02)


def sampled(region, inside, step=1.5):
    """Places on the edge of a region, or on that of the rest, that are dense to about `step`."""
    along = np.linspace(region.west, region.west + region.width, int(region.width / step) + 2)
    up = np.linspace(region.south, region.north, int((region.north - region.south) / step) + 2)
    edges = [(np.full_like(up, at), up) for at in (along[0], along[-1])]
    parallels = [region.south, region.north]
    if not inside:  # a pole is the edge of a region, but not that of what is outside
        parallels = [at for at in parallels if abs(at) < 90]
    edges += [(along, np.full_like(along, at)) for at in parallels]
    longitude, latitude = (np.concatenate(of) for of in zip(*edges, strict=True))
    return unit_vectors(longitude, latitude)


@settings(max_examples=60)
@given(regions(), places)
def test_the_distance_to_a_region_is_that_to_its_nearest_place(region, place):
    longitude, latitude = (np.array([of]) for of in place)
    edge = np.degrees(angle(sampled(region, inside=True), unit_vectors(*place)).min())
    found = region.distance(longitude, latitude)[0]
    if region.contains(longitude, latitude)[0]:
        assert found == 0
    else:
        assert found <= edge + 1e-6
        assert found >= edge - 1.5


@settings(max_examples=60)
@given(regions(), places)
def test_the_depth_in_a_region_is_the_distance_to_the_rest(region, place):
    longitude, latitude = (np.array([of]) for of in place)
    found = region.depth(longitude, latitude)[0]
    if region.contains(longitude, latitude)[0]:
        edge = np.degrees(angle(sampled(region, inside=False), unit_vectors(*place)).min())
        assert found <= edge + 1e-6
        assert found >= edge - 1.5
    else:
        assert found == 0


def test_a_region_over_the_date_line():
    one = Region(west=150, east=-160, south=-30, north=30)
    other = Region(west=150, east=200, south=-30, north=30)
    longitude = np.array([179.0, -179.0, -150.0, 140.0, 0.0])
    level = np.zeros(5)
    for region in (one, other):
        assert region.width == 50
        assert region.contains(longitude, level).tolist() == [True, True, False, False, False]
        np.testing.assert_allclose(region.distance(longitude, level)[2:4], 10)
        assert region.outline()[1] == [200, -30]
        assert region.outline()[0] == region.outline()[-1] == [150, -30]


def test_a_region_around_the_whole_earth():
    north = Region(west=-180, east=180, south=60)
    longitude, latitude = np.array([0.0, 90.0]), np.array([50.0, 75.0])
    assert north.distance(longitude, latitude).tolist() == [10, 0]
    assert north.depth(longitude, latitude).tolist() == [0, 15]


@pytest.mark.parametrize(
    ("edges", "problem"),
    [
        ({"west": 10, "east": 10}, "expected some width"),
        ({"west": 10, "east": 20, "south": 5, "north": 5}, "south is less"),
        ({"west": -90, "east": 300}, "at most 360"),
        ({"west": -190, "east": 0}, "greater than or equal to -180"),
        ({"west": 0, "east": 10, "north": 91}, "less than or equal to 90"),
    ],
)
def test_what_is_no_region_is_refused(edges, problem):
    with pytest.raises(ValidationError, match=problem):
        Region(**edges)
