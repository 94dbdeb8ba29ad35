"""The columns of Skein's tables, with units. Every Parquet file that a stage writes has one of these schemas.

`frame` is always the frame of the *recording* (0 = its first frame, common to all cameras), never of a video file;
`pipeline.video.Timeline` translates. Pixel coordinates are those of the recorded (distorted) image, the centre of the
top-left pixel being (0, 0). A value that is not known is null or NaN, never 0 or -1 (but for `detection`).
"""

import pyarrow as pa

from pipeline.errors import SkeinError


def _column(name: str, kind: pa.DataType, unit: str, definition: str) -> pa.Field:
    return pa.field(name, kind, metadata={"unit": unit, "definition": definition})


_F32, _F64, _I32 = pa.float32(), pa.float64(), pa.int32()

DETECTIONS = pa.schema(
    [
        _column("frame", _I32, "frame", "frame of the recording, from 0"),
        _column("detection", _I32, "", "number of the detection within its frame and camera, from 0"),
        _column("x", _F32, "px", "centroid of the mask"),
        _column("y", _F32, "px", "centroid of the mask"),
        _column("left", _F32, "px", "bounding box, left edge"),
        _column("top", _F32, "px", "bounding box, top edge"),
        _column("width", _F32, "px", "bounding box"),
        _column("height", _F32, "px", "bounding box"),
        _column("area", _F32, "px²", "number of pixels of the mask"),
        _column("orientation", _F32, "rad", "major axis of the mask, in (-π/2, π/2], from image x towards image y"),
        _column("score", _F32, "", "confidence, 0 to 1"),
        _column("class_id", pa.int16(), "", "index into the experiment's classes"),
        _column("mask", pa.binary(), "COCO RLE", "compressed run-length counts of the mask in the whole image"),
    ]
)
TRACKS = pa.schema(
    [
        _column("frame", _I32, "frame", "frame of the recording, from 0"),
        _column("track", _I32, "", "identity within this camera, from 0"),
        _column("tracklet", _I32, "", "unbroken piece of a track, unique within this camera"),
        _column("detection", _I32, "", "the detection's number within its frame; -1 where interpolated"),
        _column("x", _F32, "px", "centroid"),
        _column("y", _F32, "px", "centroid"),
        _column("left", _F32, "px", "bounding box, left edge"),
        _column("top", _F32, "px", "bounding box, top edge"),
        _column("width", _F32, "px", "bounding box"),
        _column("height", _F32, "px", "bounding box"),
        _column("area", _F32, "px²", "number of pixels of the mask"),
        _column("orientation", _F32, "rad", "major axis of the mask"),
        _column("score", _F32, "", "confidence of the detection, 0 to 1"),
        _column("class_id", pa.int16(), "", "index into the experiment's classes"),
        _column("state", pa.string(), "", "observed or interpolated"),
    ]
)
TRAJECTORIES = pa.schema(
    [
        _column("frame", _I32, "frame", "frame of the recording, from 0"),
        _column("time_s", _F64, "s", "time from the recording's start, by the recorded frame rate or timestamps"),
        _column("individual", pa.string(), "", "the animal"),
        _column("x", _F64, "m", "position in the world (px in pixel-only planar mode; see the file's metadata)"),
        _column("y", _F64, "m", "position in the world"),
        _column("z", _F64, "m", "position in the world; null in planar mode"),
        _column("sx", _F64, "m", "standard deviation of x"),
        _column("sy", _F64, "m", "standard deviation of y"),
        _column("sz", _F64, "m", "standard deviation of z"),
        _column("reprojection_px", _F32, "px", "root mean square reprojection error over the views used"),
        _column("n_views", pa.int16(), "", "number of views used; 0 where interpolated"),
        _column("state", pa.string(), "", "observed or interpolated; a lost frame has no row"),
    ]
)


def checked(table: pa.Table, schema: pa.Schema, what: str) -> pa.Table:
    """Cast to the schema (columns in its order, the table's own file metadata kept), or say which columns do not fit.

    Raises
    ------
    SkeinError
        If a column is missing, unknown or of a type that cannot be cast without loss.
    """
    missing = [name for name in schema.names if name not in table.column_names]
    unknown = [name for name in table.column_names if name not in schema.names]
    if missing or unknown:
        raise SkeinError(f"{what}: expected the columns {schema.names}; missing {missing}, unknown {unknown}.")
    try:
        cast = table.select(schema.names).cast(schema)
    except pa.ArrowInvalid as error:
        raise SkeinError(f"{what}: a column has the wrong type: {error}") from error
    return cast.replace_schema_metadata(table.schema.metadata)
