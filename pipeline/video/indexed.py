"""What every reader of a video tells of it without decoding: contents of its index."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.video.index import VideoIndex, video_index


class Indexed:
    """A video with an index; a context manager whose `close` frees the decoder."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.index: VideoIndex = video_index(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the decoder."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.index)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px."""
        return self.index.size

    @property
    def times(self) -> NDArray[np.float64]:
        """(N,) presentation times by the container, from the first frame, s."""
        return self.index.times

    @property
    def container_fps(self) -> float:
        """Frames per second by the container (recorders are known to be wrong about it)."""
        return self.index.container_fps

    @property
    def problems(self) -> list[str]:
        """Sentences on what the file lacks."""
        return list(self.index.problems)
