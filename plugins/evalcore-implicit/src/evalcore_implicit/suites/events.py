"""Earthquakes of a catalogue or by chance, and when they arrive at stations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalcore.errors import TaskError
from evalcore_implicit.suites.csvfile import complete
from evalcore_implicit.suites.sphere import RADIUS, coordinates, random_vectors, unit_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalcore_implicit.suites.csvfile import CsvFile, Missing

    Floats = NDArray[np.float64]

__all__ = ["Events", "arrivals", "read_events", "uniform_events"]

_DEEPEST = 700.0
"""Greatest depth of uniform events, km; about that of the deepest earthquakes on record."""
_IN_RANGE = {"latitude": (-90.0, 90.0), "longitude": (-180.0, 360.0), "depth": (-10.0, 1000.0)}
_PER_UNIT = 1000.0
"""Seconds in the unit of time of the inputs, in which a wave crosses about the Earth's radius."""


@dataclass(frozen=True, slots=True)
class Events:
    """Where earthquakes were.

    Attributes:
        longitude: degrees from -180 to 180, shape (m,).
        latitude: degrees, shape (m,).
        depth: km below the surface, shape (m,).
    """

    longitude: Floats
    latitude: Floats
    depth: Floats

    def __len__(self) -> int:
        return len(self.depth)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Events:
        """Copies of those at indices, or of a mask."""
        return Events(self.longitude[rows], self.latitude[rows], self.depth[rows])

    def positions(self) -> Floats:
        """In radii of the Earth from its centre, shape (m, 3)."""
        radius = 1 - self.depth / RADIUS
        return unit_vectors(self.longitude, self.latitude) * radius[:, None]


def read_events(
    file: CsvFile,
    longitude: str = "longitude",
    latitude: str = "latitude",
    depth: str | float = "depth",
    missing: Missing = "error",
) -> Events:
    """The earthquakes of a catalogue such as those of the USGS.

    Where there is a column `type`, only rows whose type is `earthquake` are read.

    Args:
        file: the catalogue.
        longitude: name of the column, degrees.
        latitude: name of the column, degrees.
        depth: name of the column, km; or a depth for all.
        missing: what to do with a row that lacks one of these.

    Raises:
        TaskError: if a column is not there, a value is out of range or missing, or there is no
            earthquake; the text names the line.
    """
    if isinstance(depth, str) and not file.has(depth):
        raise TaskError(
            f"{file.path}: found no column {depth!r} of depths, expected it among "
            f"{', '.join(map(repr, file.header))}; `depth: 10` takes 10 km for all"
        )
    names = {"latitude": latitude, "longitude": longitude}
    columns = {role: file.numbers(name) for role, name in names.items()}
    if isinstance(depth, str):
        names["depth"] = depth
        columns["depth"] = file.numbers(depth)
    else:
        columns["depth"] = np.full(len(file), float(depth))
    named = {names.get(role, role): numbers for role, numbers in columns.items()}
    kept = complete(file, named, missing)
    for role, (least, most) in _IN_RANGE.items():
        _check_range(file, names.get(role, role), columns[role], least, most)
    if file.has("type"):
        kept &= np.array([text.casefold() == "earthquake" for text in file.texts("type")])
        if not kept.any():
            raise TaskError(f"{file.path}: found no row of {len(file)} with the type 'earthquake'")
    east = columns["longitude"]
    found = Events(np.where(east > 180, east - 360, east), columns["latitude"], columns["depth"])
    return found.take(kept)


def uniform_events(rng: np.random.Generator, count: int) -> Events:
    """Events with places uniform on the sphere and depths uniform from 0 to 700 km."""
    longitude, latitude = coordinates(random_vectors(rng, count))
    return Events(longitude, latitude, rng.uniform(0, _DEEPEST, count))


def arrivals(
    rng: np.random.Generator, events: Events, stations: int, hears: int, noise: float
) -> Floats:
    """When each event arrives at some of the stations.

    Stations are drawn uniform on the sphere, and for each event those that hear it. A wave travels
    on the straight line at 6 + 0.005 km/s for each km of the event's depth.

    Args:
        rng: draws the stations, who hears what, and the noise.
        events: m of them.
        stations: how many there are.
        hears: how many of them hear an event.
        noise: standard deviation of an arrival time, seconds.

    Returns:
        shape (m, hears, 4): the unit vector to each station, and how much later than the first the
        event arrived there, in 1000 seconds; the first first.
    """
    places = random_vectors(rng, stations)
    heard = rng.permuted(np.tile(np.arange(stations), (len(events), 1)), axis=1)[:, :hears]
    way = np.linalg.norm(places[heard] - events.positions()[:, None], axis=2) * RADIUS
    speed = 6 + 0.005 * events.depth
    times = way / speed[:, None] + rng.normal(0, noise, way.shape)
    order = np.argsort(times, axis=1)
    heard, times = (np.take_along_axis(of, order, axis=1) for of in (heard, times))
    later = (times - times[:, :1]) / _PER_UNIT
    return np.concatenate([places[heard], later[:, :, None]], axis=2)


def _check_range(file: CsvFile, name: str, numbers: Floats, least: float, most: float) -> None:
    wrong = (numbers < least) | (numbers > most)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise TaskError(
            f"{file.place(row)}: {name}: found {numbers[row]:g}, and {int(wrong.sum())} of "
            f"{len(file)} rows outside of {least:g} to {most:g}; are the columns and units right?"
        )
