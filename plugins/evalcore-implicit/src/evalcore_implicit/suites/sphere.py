"""Places, distances and a region on the Earth, taken as a sphere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from evalcore.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["RADIUS", "Region", "angle", "coordinates", "random_vectors", "unit_vectors"]

Floats = NDArray[np.float64]

RADIUS = 6371.0
"""Mean radius of the Earth, km."""


class Region(Settings):
    """A part of the sphere between two meridians and two parallels, the edges included."""

    west: float = Field(ge=-180, le=180)
    """Longitude of its western edge, degrees."""
    east: float = Field(ge=-180, le=360)
    """Longitude of its eastern edge, degrees; less than `west`, or more than 180, where the region
    crosses the meridian of 180."""
    south: float = Field(-90.0, ge=-90, le=90)
    """Latitude of its southern edge, degrees."""
    north: float = Field(90.0, ge=-90, le=90)
    """Latitude of its northern edge, degrees."""

    @model_validator(mode="after")
    def _has_an_area(self) -> Self:
        if self.south >= self.north:
            raise ValueError(f"found south {self.south:g} and north {self.north:g}: south is less")
        if self.east - self.west > 360:
            raise ValueError(f"found {self.west:g} to {self.east:g}, expected at most 360 degrees")
        if not self.width:
            raise ValueError(f"found west and east at {self.west:g}, expected some width")
        return self

    @property
    def width(self) -> float:
        """Degrees of longitude from west to east."""
        return (self.east - self.west) % 360 or abs(self.east - self.west)

    def contains(self, longitude: Floats, latitude: Floats) -> NDArray[np.bool_]:
        """Whether places lie in it; all of shape (m,), in degrees."""
        between = (self.south <= latitude) & (latitude <= self.north)
        return self._spans(longitude) & between

    def distance(self, longitude: Floats, latitude: Floats) -> Floats:
        """Degrees of a great circle from places to the nearest of the region, 0 in it.

        Args:
            longitude: in degrees, shape (m,).
            latitude: in degrees, shape (m,).
        """
        beyond = np.maximum(np.maximum(self.south - latitude, latitude - self.north), 0.0)
        return np.where(self._spans(longitude), beyond, self._to_meridians(longitude, latitude))

    def depth(self, longitude: Floats, latitude: Floats) -> Floats:
        """Degrees of a great circle from places to the nearest outside of it, 0 outside.

        Args:
            longitude: in degrees, shape (m,).
            latitude: in degrees, shape (m,).
        """
        ways = [np.full(latitude.shape, 180.0)]
        if self.north < 90:
            ways.append(self.north - latitude)
        if self.south > -90:
            ways.append(latitude - self.south)
        if self.width < 360:
            ways.append(self._to_meridians(longitude, latitude))
        return np.where(self.contains(longitude, latitude), np.min(ways, axis=0), 0.0)

    def outline(self) -> list[list[float]]:
        """Its corners, the first one again at the end; longitudes go on beyond 180."""
        west, east = self.west, self.west + self.width
        corners = [(west, self.south), (east, self.south), (east, self.north), (west, self.north)]
        return [[*corner] for corner in (*corners, corners[0])]

    def _spans(self, longitude: Floats) -> NDArray[np.bool_]:
        return np.asarray((longitude - self.west) % 360 <= self.width)

    def _to_meridians(self, longitude: Floats, latitude: Floats) -> Floats:
        """Degrees to the nearer of the western and the eastern edge."""
        places = unit_vectors(longitude, latitude)
        found = []
        for edge in (self.west, self.east):
            along = places @ np.stack(
                [unit_vectors(edge, 0.0), unit_vectors(edge, 90.0)], axis=-1
            )  # on the great circle of the edge, from the equator towards the north pole
            nearest = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
            for at in (np.clip(nearest, self.south, self.north), self.south, self.north):
                found.append(angle(places, unit_vectors(edge, at)))
        distances: Floats = np.degrees(np.min(found, axis=0))
        return distances


def unit_vectors(longitude: ArrayLike, latitude: ArrayLike) -> Floats:
    """Vectors of length 1 to places in degrees, shape (..., 3); z points to the north pole."""
    across, up = np.broadcast_arrays(np.radians(longitude), np.radians(latitude))
    level = np.cos(up)
    return np.stack([level * np.cos(across), level * np.sin(across), np.sin(up)], axis=-1)


def coordinates(vectors: Floats) -> tuple[Floats, Floats]:
    """Longitude from -180 to 180 and latitude, in degrees, of vectors of shape (..., 3)."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))


def angle(a: Floats, b: Floats) -> Floats:
    """Angle between vectors in radians, exact to rounding for small and great ones.

    A vector of length 0 has no direction: its angle is a right one, the mean over all directions.

    Args:
        a: shape (..., 3).
        b: a shape that broadcasts with it.
    """
    a, b = np.broadcast_arrays(_scaled(a), _scaled(b))
    found: Floats = np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), np.sum(a * b, axis=-1))
    nowhere = np.logical_not(np.any(a, axis=-1) & np.any(b, axis=-1))
    return np.where(nowhere, np.pi / 2, found)


def random_vectors(rng: np.random.Generator, count: int) -> Floats:
    """Vectors of length 1 with directions uniform on the sphere, shape (count, 3)."""
    vectors = rng.standard_normal((count, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _scaled(vectors: Floats) -> Floats:
    """The same directions at lengths whose squares are in range."""
    greatest = np.max(np.abs(vectors), axis=-1, keepdims=True)
    scaled: Floats = vectors / np.where(greatest > 0, greatest, 1.0)
    return scaled
