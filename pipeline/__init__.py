"""Skein's headless pipeline: from videos to 3D trajectories. It never imports the dashboard or a plugin."""

__version__ = "0.1.0"
