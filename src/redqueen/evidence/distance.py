"""Gives how far economies lie from one another, from the main city of each (coordinates.toml)."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources

import numpy as np

__all__ = ["EARTH", "City", "coordinates", "distances", "great_circle"]

#: Mean radius of the Earth, km. Source: International Union of Geodesy and Geophysics.
EARTH = 6371.0088

#: Name, latitude and longitude in degrees.
City = tuple[str, float, float]


@functools.cache
def coordinates() -> Mapping[str, City]:
    """Gives the main city of each economy by ISO alpha-3 code, with its latitude (north) and longitude (east) in degrees."""
    text = resources.files(__package__).joinpath("coordinates.toml").read_text(encoding="utf-8")
    return {code: (entry["city"], entry["latitude"], entry["longitude"]) for code, entry in tomllib.loads(text).items()}


def distances(codes: Sequence[str]) -> np.ndarray:
    """Gives the great-circle distances between the main cities of economies [n, n] in km; NaN where one is not known.

    `codes` are ISO alpha-3 codes; codes of other systems (metros, provinces, ROW) are not known.
    """
    known = coordinates()
    places = np.array([known[code][1:] if code in known else (np.nan, np.nan) for code in codes], dtype=float).reshape(-1, 2)
    return great_circle(places[:, None, 0], places[:, None, 1], places[None, :, 0], places[None, :, 1])


def great_circle(latitude: np.ndarray, longitude: np.ndarray, to_latitude: np.ndarray, to_longitude: np.ndarray) -> np.ndarray:
    """Gives the shortest way over a sphere between points, in km.

    d = 2 r asin(sqrt(sin^2((b - a) / 2) + cos a cos b sin^2((m - l) / 2))), the haversine formula, with latitudes a, b and
    longitudes l, m. All in degrees, any shapes that broadcast. The Earth is no sphere: up to 0.6 % off.
    """
    start, end = np.radians(latitude), np.radians(to_latitude)
    across = np.radians(np.asarray(to_longitude) - np.asarray(longitude))
    haversine = np.sin((end - start) / 2) ** 2 + np.cos(start) * np.cos(end) * np.sin(across / 2) ** 2
    # Rounding may pass 1 for points opposite each other.
    return 2 * EARTH * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
