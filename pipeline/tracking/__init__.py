"""Detections to tracks, camera by camera.

`scale` measures what is large and fast, `tracker` makes tracklets frame by frame (`kalman`, `association`, `blobs`),
`tracklets` keeps them on disk, `stitching` joins them over the whole recording, `filling` writes the table.
`overlap` is the classic mode, `run` the job, `evaluation` the scores against truth.
"""
