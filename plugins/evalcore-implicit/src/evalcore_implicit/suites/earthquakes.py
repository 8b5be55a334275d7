"""Task `earthquakes`: where an earthquake was, from when it arrived at stations."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from evalcore.data import Case, Sample
from evalcore.errors import TaskError
from evalcore.settings import DataPath, Settings
from evalcore.task import Task
from evalcore_implicit.suites.csvfile import Missing, read_csv
from evalcore_implicit.suites.drawing import Drawing, Shift, generator
from evalcore_implicit.suites.events import arrivals, read_events, uniform_events
from evalcore_implicit.suites.scoring import Point, predictions, scored
from evalcore_implicit.suites.sphere import RADIUS, Region, angle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from evalcore.data import Attempt, Score
    from evalcore_implicit.suites.events import Events

    Floats = NDArray[np.float64]

__all__ = ["Earthquakes", "EarthquakesSettings"]

_ON_A_MAP = 400
"""Events of a map on record, at most."""

Degrees = Annotated[float, Field(gt=0, le=180)]


class EarthquakesSettings(Settings):
    """Where earthquakes are from, who hears them, and which of them are learned from."""

    path: DataPath | None = None
    """A catalogue as a CSV file such as those of the USGS; without one, events are uniform on the
    sphere and down to 700 km."""
    delimiter: str = Field(",", min_length=1, max_length=1)
    """What stands between cells."""
    longitude: str = "longitude"
    """Column of the longitudes, degrees."""
    latitude: str = "latitude"
    """Column of the latitudes, degrees."""
    depth: str | float = "depth"
    """Column of the depths, km; or a number, the depth of all."""
    missing: Missing = "error"
    """Rows that lack a coordinate."""
    events: int | None = Field(None, ge=10)
    """Events of a drawing, chosen by chance from a catalogue; if not set, all of a catalogue, and
    10,000 uniform ones."""
    region: Region = Region(west=100, east=180)
    """Where events are learned from, or are not."""
    train: Literal["inside", "outside"] = "inside"
    """Whether the events to learn from are those inside of the region, or those outside."""
    bands: tuple[Degrees, ...] = Field((15, 30, 45, 60, 75), min_length=1)
    """Degrees from where events are learned from at which bands end, each of which begins where the
    one before ends; a region held out takes small ones."""
    reference: float = Field(0.2, gt=0, lt=1)
    """Share of the events to learn from that is held out as in distribution, chosen by chance."""
    stations: int = Field(30, ge=1)
    """Stations of a drawing."""
    hears: int = Field(5, ge=1)
    """Stations that hear an event, chosen by chance for each."""
    noise: float = Field(0.5, ge=0, allow_inf_nan=False)
    """Standard deviation of an arrival time, seconds."""
    drawings: int = Field(5, ge=1)
    """How many samples the task has, each with stations, noise and events held out of its own."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Of the data."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if any(later <= earlier for earlier, later in pairwise(self.bands)):
            raise ValueError("`bands` must ascend: each is the distance at which a band ends")
        if self.hears > self.stations:
            raise ValueError(
                f"{self.hears} stations cannot hear an event: there are {self.stations}"
            )
        return self


class Earthquakes(Task[EarthquakesSettings]):
    """Learn to locate earthquakes of one region, and locate those ever farther from it.

    Inputs are those of `evalcore_implicit.suites.events.arrivals`, shape (m, hears, 4); targets the
    position of each event from the Earth's centre, in its radii, shape (m, 3).

    The measure is the mean distance on the surface between the directions of the prediction and of
    the event, in km. A prediction at the very centre names no place and counts a quarter of the
    circumference, the mean over all places. A band lies on the axis at its end, events held out at
    0; those beyond the last band are left out.
    """

    def cases(self) -> Iterator[Case]:
        """The drawings, each made when it is asked for."""
        return (self._case(number) for number in range(self.settings.drawings))

    def size(self) -> int:
        """The number of drawings."""
        return self.settings.drawings

    def preflight(self) -> None:
        """Read the catalogue and draw once.

        Raises:
            TaskError: if that cannot be done; the text has the line, or the counts of events.
        """
        self._case(0)

    def score(self, case: Case, attempt: Attempt) -> Score:
        """The mean error in km of events held out; on record, it and the median at every shift.

        Raises:
            TaskError: if the answer is not a finite array of three columns for every shift.
        """
        shifts: Sequence[Shift] = case.sample.public.shifts
        tested: Sequence[Events] = case.hidden
        errors = [
            RADIUS * angle(outputs, events.positions())
            for outputs, events in zip(predictions(attempt.answer, shifts, 3), tested, strict=True)
        ]
        curve = [
            Point(
                shift.at,
                {"km": float(np.mean(km)), "median-km": float(np.median(km))},
                len(km),
                inside=not shift.at,
                name=shift.name,
            )
            for shift, km in zip(shifts, errors, strict=True)
        ]
        map_ = {**_map(tested, errors), "region": self.settings.region.outline()}
        return scored("degrees", "km", "lower", curve, map=map_)

    @cached_property
    def _catalogue(self) -> Events | None:
        settings = self.settings
        if settings.path is None:
            return None
        file = read_csv(settings.path, settings.delimiter)
        return read_events(
            file, settings.longitude, settings.latitude, settings.depth, settings.missing
        )

    def _case(self, number: int) -> Case:
        settings = self.settings
        rng = generator(settings.seed, number)
        events = self._events(rng)
        inputs = arrivals(rng, events, settings.stations, settings.hears, settings.noise)
        training, held_out, *bands = self._parts(rng, events)
        tested = [events.take(rows) for rows in (held_out, *bands)]
        ends = (0.0, *settings.bands)
        names = ["held out", *(f"{begin:g}-{end:g} degrees" for begin, end in pairwise(ends))]
        shifts = tuple(
            Shift(at, inputs[rows], name)
            for at, rows, name in zip(ends, (held_out, *bands), names, strict=True)
        )
        sample = Sample(
            f"drawing-{number}",
            f"Learn where earthquakes were from {len(training)} of them {settings.train} of a "
            f"region, and locate others up to {settings.bands[-1]:g} degrees from these.",
            Drawing(inputs[training], events.take(training).positions(), shifts),
            {"drawing": number},
        )
        return Case(sample, tuple(tested))

    def _events(self, rng: np.random.Generator) -> Events:
        wanted = self.settings.events
        if self._catalogue is None:
            return uniform_events(rng, wanted or 10_000)
        found = len(self._catalogue)
        if wanted is None:
            return self._catalogue
        if wanted > found:
            raise TaskError(f"found {found} events in the catalogue, expected `events: {wanted}`")
        return self._catalogue.take(rng.choice(found, wanted, replace=False))

    def _parts(self, rng: np.random.Generator, events: Events) -> list[NDArray[np.intp]]:
        """Indices of the events to learn from, of those held out, and of those of each band."""
        settings = self.settings
        inside = settings.region.contains(events.longitude, events.latitude)
        if settings.train == "inside":
            learned, far = inside, settings.region.distance
        else:
            learned, far = ~inside, settings.region.depth
        known = rng.permutation(np.flatnonzero(learned))
        others = np.flatnonzero(~learned)
        distance = far(events.longitude, events.latitude)[others]
        # The first band begins below 0: an event on the edge of a region held out is at 0.
        edges = (-1.0, *settings.bands)
        bands = [others[(begin < distance) & (distance <= end)] for begin, end in pairwise(edges)]
        count = int(np.ceil(settings.reference * known.size))
        if known.size - count < 1 or any(not band.size for band in bands):
            counts = ", ".join(
                f"{band.size} up to {end:g}"
                for band, end in zip(bands, settings.bands, strict=True)
            )
            reach = f"{distance.max():.1f} degrees" if distance.size else "nowhere"
            raise TaskError(
                f"of {len(events)} events found {known.size} {settings.train} of the region to "
                f"learn from and hold out, and by degrees from these {counts}, the farthest at "
                f"{reach}; expected at least 2 and 1 in each band: set another `region` or `bands`"
            )
        return [known[count:], known[:count], *bands]


def _map(tested: Sequence[Events], errors: Sequence[Floats]) -> dict[str, Any]:
    """Some of the events with their errors, spread evenly over all."""
    longitude = np.concatenate([events.longitude for events in tested])
    latitude = np.concatenate([events.latitude for events in tested])
    count = min(len(latitude), _ON_A_MAP)
    kept = np.linspace(0, len(latitude) - 1, count).round().astype(int)
    return {
        "longitude": longitude[kept].round(4).tolist(),
        "latitude": latitude[kept].round(4).tolist(),
        "error": np.concatenate(errors)[kept].round(1).tolist(),
    }
