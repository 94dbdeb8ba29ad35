"""Detections to tracks, camera by camera.

`scale` measures what is large and fast, `tracker` makes tracklets: `chains` links what nobody contests in all frames at
once, an `event` decides a frame in which something is in doubt (`plausibility`, `association`, `blobs`), and `follower`
takes the rows into `live` tracks (`kalman`).
`tracklets` keeps them on disk, `stitching` joins them over the whole recording, `filling` writes the table.
`overlap` is the classic mode, `run` the job, `evaluation` the scores against truth.
"""
