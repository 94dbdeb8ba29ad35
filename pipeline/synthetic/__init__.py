"""A rendered multi-camera experiment with exact ground truth: the demo, and the tests' truth."""

from typing import TYPE_CHECKING

from pipeline.jobs.declaration import resolve
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

    def __getattr__(name: str) -> object:
        """Loaded late, because the job's declaration in this package must not load a renderer."""
        if name not in _AT_FIRST_USE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return resolve(_AT_FIRST_USE[name])
