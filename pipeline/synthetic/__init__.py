"""A rendered multi-camera experiment with exact ground truth: the demo, and the tests' truth."""

from pipeline.synthetic.job import Render
from pipeline.synthetic.scene import Scene, build_scene
from pipeline.synthetic.writing import write_experiment

__all__ = ["Render", "Scene", "build_scene", "write_experiment"]
