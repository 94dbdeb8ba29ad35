"""The exact truth of a synthetic experiment, in `truth/`; only evaluation reads it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pycocotools import mask as coco

from pipeline.files import write_table
from pipeline.formats import anipose
from pipeline.geometry import project
from pipeline.synthetic.motion import Motion
from pipeline.synthetic.painting import Silhouette
from pipeline.synthetic.scene import RECORDED_FPS, RECORDING, Scene
from pipeline.types import TRAJECTORIES, Camera

SILHOUETTES = pa.schema(
    [
        ("frame", pa.int32()), ("individual", pa.string()), ("x", pa.float32()), ("y", pa.float32()),
        ("left", pa.float32()), ("top", pa.float32()), ("width", pa.float32()), ("height", pa.float32()),
        ("area", pa.float32()), ("visible", pa.float32()), ("mask", pa.binary()),
    ]
)  # fmt: skip
"""Per camera: projected centre of the body (px), then box, area and mask of what is seen, and which share that is."""


def write_rig(root: Path, scene: Scene) -> None:
    """Write the cameras."""
    anipose.write(root / "truth" / "calibration.toml", scene.cameras)


def write_trajectories(root: Path, scene: Scene, motion: Motion) -> None:
    """Write every animal's centre, from the frame in which it enters."""
    columns: dict[str, list] = {name: [] for name in ("frame", "individual", "x", "y", "z")}
    for number, animal in enumerate(scene.animals):
        frames = np.arange(motion.entered[number], scene.parameters.frames)
        columns["frame"].append(frames)
        columns["individual"].append(np.repeat(animal.name, len(frames)))
        for axis, name in enumerate("xyz"):
            columns[name].append(motion.position[frames, number, axis])
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.lexsort((joined["individual"], joined["frame"]))
    joined = {name: values[order] for name, values in joined.items()}
    n = len(order)
    none = np.zeros(n)
    table = pa.table(
        {
            "frame": joined["frame"].astype(np.int32), "time_s": joined["frame"] / RECORDED_FPS,
            "individual": joined["individual"].tolist(), "x": joined["x"], "y": joined["y"], "z": joined["z"],
            "sx": none, "sy": none, "sz": none, "reprojection_px": none.astype(np.float32),
            "n_views": np.full(n, len(scene.cameras), np.int16), "state": ["observed"] * n,
        },
        schema=TRAJECTORIES,
    )  # fmt: skip
    path = root / "truth" / RECORDING / "trajectories.parquet"
    write_table(path, table.replace_schema_metadata({"unit": "m"}))


def silhouettes_table(
    scene: Scene, camera: Camera, motion: Motion, frames: list[int], seen: list[list[Silhouette]]
) -> pa.Table:
    """One row per frame and animal of which a part is in the image and not hidden."""
    rows = []
    for frame, silhouettes in zip(frames, seen, strict=True):
        centres = project(camera, motion.position[frame])
        for silhouette in silhouettes:
            area = int(silhouette.mask.sum())
            if not area:
                continue
            columns, lines = np.flatnonzero(silhouette.mask.any(axis=0)), np.flatnonzero(silhouette.mask.any(axis=1))
            x, y = centres[silhouette.animal]
            rows.append(
                (frame, scene.animals[silhouette.animal].name, x, y,
                 silhouette.left + columns[0], silhouette.top + lines[0],
                 columns[-1] - columns[0] + 1, lines[-1] - lines[0] + 1,
                 area, silhouette.visible, run_lengths(silhouette, camera.size))
            )  # fmt: skip
    arrays = zip(*rows, strict=True) if rows else [[] for _ in SILHOUETTES]
    return pa.table(dict(zip(SILHOUETTES.names, map(list, arrays), strict=True)), schema=SILHOUETTES)


def run_lengths(silhouette: Silhouette, size: tuple[int, int]) -> bytes:
    """Compressed COCO counts of a mask in an image of `size` (w, h), without ever making the whole image."""
    width, height = size
    columns, lines = np.nonzero(silhouette.mask.T)
    places = (columns + silhouette.left) * height + lines + silhouette.top
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    starts = places[np.concatenate([[0], breaks])]
    stops = places[np.concatenate([breaks - 1, [len(places) - 1]])] + 1
    edges: NDArray[np.int64] = np.stack([starts, stops], axis=1).ravel()
    counts = np.diff(edges, prepend=0, append=width * height)
    return coco.frPyObjects({"size": [height, width], "counts": counts.tolist()}, height, width)["counts"]
