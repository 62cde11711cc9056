"""A way round: a path that leaves the road for a while and comes back to it."""

from dataclasses import replace

import numpy as np

from simulators.roads import METRES_PER_DEGREE, lengths_m
from simulators.routes import Path

RAMP_M, AWAY_M, POINT_EVERY_M = 1_500.0, 700.0, 50.0


def with_detour(path: Path, from_m: float, lasts_m: float) -> Path:
    """The path, but `AWAY_M` to the left of it from some way along on, with a smooth way out and back."""
    inside = np.arange(from_m, from_m + lasts_m + 2 * RAMP_M, POINT_EVERY_M)
    along_m = np.unique(np.concatenate([path.along_m, inside]))
    lon = np.interp(along_m, path.along_m, path.longitude_deg)
    lat = np.interp(along_m, path.along_m, path.latitude_deg)
    out = np.clip((along_m - from_m) / RAMP_M, 0.0, 1.0)
    back = np.clip((from_m + lasts_m + 2 * RAMP_M - along_m) / RAMP_M, 0.0, 1.0)
    away_m = AWAY_M * (1 - np.cos(np.pi * np.minimum(out, back))) / 2
    scale = np.cos(np.radians(lat))
    east, north = np.gradient(lon) * scale, np.gradient(lat)
    size = np.hypot(east, north)
    lon = lon - away_m / METRES_PER_DEGREE * north / size / scale
    lat = lat + away_m / METRES_PER_DEGREE * east / size
    new_m = np.concatenate(([0.0], np.cumsum(lengths_m(lon, lat))))
    return replace(path, longitude_deg=lon, latitude_deg=lat, along_m=new_m)
