"""Projection, triangulation, bundle adjustment, homographies, polygons and volumes."""

from pipeline.geometry import polygon, volume
from pipeline.geometry.projection import project, rays, undistort

__all__ = ["polygon", "project", "rays", "undistort", "volume"]
