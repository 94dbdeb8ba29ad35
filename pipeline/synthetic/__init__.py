"""A rendered multi-camera experiment with exact ground truth: the demo, and the tests' truth."""

from typing import TYPE_CHECKING

from pipeline.jobs.declaration import loaded_late
from pipeline.synthetic.job import Render

if TYPE_CHECKING:
    from pipeline.synthetic.scene import Scene, build_scene
    from pipeline.synthetic.writing import write_experiment

__all__ = ["Render", "Scene", "build_scene", "write_experiment"]

_AT_FIRST_USE = {
    "Scene": "pipeline.synthetic.scene:Scene",
    "build_scene": "pipeline.synthetic.scene:build_scene",
    "write_experiment": "pipeline.synthetic.writing:write_experiment",
}

if not TYPE_CHECKING:
    __getattr__ = loaded_late(__name__, _AT_FIRST_USE)
