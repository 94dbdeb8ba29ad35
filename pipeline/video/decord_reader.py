"""Reading with decord, for installations that have built it with NVIDIA's decoder.

It is not the default: of videos with open GOPs, MPEG-TS, or MPEG-4 with B-frames in AVI its frames are not always the
right ones, and it holds gigabytes after one 4 MP frame. Needs the extra ``decord``.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipeline.errors import SkeinError
from pipeline.video.images import Format, Image
from pipeline.video.indexed import Indexed


class DecordReader(Indexed):
    """The contract of :class:`pipeline.video.VideoReader`, kept by decord.

    Parameters
    ----------
    path
        The file.
    threads
        Decoder threads.
    gpu
        Number of the GPU that decodes, or None for the CPU.

    Raises
    ------
    SkeinError
        If decord is not installed or was built without the GPU, or counts other frames in the file than there are.
    """

    def __init__(self, path: str | Path, threads: int = 2, gpu: int | None = None) -> None:
        try:
            import decord
        except ImportError as error:
            raise SkeinError(
                "decord is not installed: pip install 'skein[decord]', or use the default reader."
            ) from error
        super().__init__(path)
        context = decord.cpu(0) if gpu is None else decord.gpu(gpu)
        try:
            self._reader: Any = decord.VideoReader(str(path), ctx=context, num_threads=threads)
        except (decord.DECORDError, RuntimeError) as error:
            raise SkeinError(f"decord cannot open {self.path.name}: {str(error).splitlines()[0]}") from error
        if len(self._reader) != len(self.index):
            raise SkeinError(
                f"decord counts {len(self._reader)} frames in {self.path.name}, there are {len(self.index)}: "
                "it would give wrong ones. Use the default reader."
            )

    def close(self) -> None:
        """Free the decoder."""
        self._reader = None

    def read(self, index: int, fmt: Format = "bgr24") -> Image:
        """One frame, see :meth:`pipeline.video.VideoReader.read`."""
        if not 0 <= index < len(self):
            raise SkeinError(f"{self.path.name} has frames 0 to {len(self) - 1}; there is no frame {index}.")
        image = self._reader[index].asnumpy()
        self._reader.seek(0)  # bounds what decord keeps in memory
        code = cv2.COLOR_RGB2GRAY if fmt == "gray" else cv2.COLOR_RGB2BGR
        return np.asarray(cv2.cvtColor(image, code), np.uint8)

    def frames(
        self, start: int = 0, stop: int | None = None, step: int = 1, fmt: Format = "bgr24"
    ) -> Iterator[tuple[int, Image]]:
        """Yield ``(index, image)`` in order."""
        return self.some(range(start, len(self) if stop is None else min(stop, len(self)), step), fmt)

    def some(self, indices: Iterable[int], fmt: Format = "bgr24") -> Iterator[tuple[int, Image]]:
        """Yield ``(index, image)`` of any frames."""
        code = cv2.COLOR_RGB2GRAY if fmt == "gray" else cv2.COLOR_RGB2BGR
        for index in indices:
            yield index, np.asarray(cv2.cvtColor(self._reader[index].asnumpy(), code), np.uint8)
        self._reader.seek(0)
