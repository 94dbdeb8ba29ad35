"""A small experiment with trajectories, for the tests of the job and the page."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.api import TRAJECTORIES, Experiment, Provenance, write_table
from pipeline.experiment import write_provenance
from tests.plugins.zone_tracks import positions
from tests.video.numbered import write_numbered

TOML = """
name = "pond"
animals = 2
[arena]
bounds = [[0, 6], [0, 1], [0, 1]]
[[camera]]
name = "cam_1"
[[zone]]
name = "A"
polygon = [[0, 0], [1, 0], [1, 1], [0, 1]]
[[zone]]
name = "B"
box = [[4, 5], [0, 1], [-0.5, 0.5]]
[[recording]]
name = "trial"
videos = { cam_1 = "v.mp4" }
recorded_fps = 10
"""


def experiment(root: Path, tracks: dict[str, str], unit: str = "m", planar: bool = False) -> Experiment:
    """One recording; `tracks` are letters per frame as in `zone_tracks`, by animal."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "experiment.toml").write_text(TOML)
    write_numbered(root / "v.mp4", len(next(iter(tracks.values()))))
    opened = Experiment.open(root)
    rows = []
    for individual, track in tracks.items():
        places = positions(track)
        frame = np.flatnonzero(~np.isnan(places[:, 0]))
        values = {
            "frame": frame.astype(np.int32),
            "time_s": frame / 10,
            "individual": [individual] * len(frame),
            "state": ["observed"] * len(frame),
            **{axis: places[frame, index] for index, axis in enumerate("xyz")},
        }
        if planar:
            values["z"] = np.full(len(frame), np.nan)
        missing = {name: np.zeros(len(frame)) for name in TRAJECTORIES.names if name not in values}
        rows.append(pa.table({**values, **missing}).select(TRAJECTORIES.names).cast(TRAJECTORIES))
    table = pa.concat_tables(rows).sort_by([("frame", "ascending"), ("individual", "ascending")])
    write_table(opened.trajectories_path("trial"), table.replace_schema_metadata({"unit": unit}))
    for job in ("segment", "track", "reconstruct"):
        write_provenance(opened, Provenance(job, "trial", {}, {}))
    return opened
