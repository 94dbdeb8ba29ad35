"""Reconstruct trajectories."""
