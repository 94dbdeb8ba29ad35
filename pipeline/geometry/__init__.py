"""Projection, triangulation, bundle adjustment, homographies, polygons and volumes."""

from pipeline.geometry.projection import project, rays, undistort

__all__ = ["project", "rays", "undistort"]
