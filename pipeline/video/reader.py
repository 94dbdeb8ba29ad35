"""Reading frames of a video by their number, exactly."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from pipeline.errors import SkeinError
from pipeline.video.images import Format, Image, as_image
from pipeline.video.index import opened
from pipeline.video.indexed import Indexed


class VideoReader(Indexed):
    """A video whose frames are found by exact presentation time, never by number ÷ rate.

    A context manager; it holds one decoder, so use one reader per thread. What does not decode is left out and said in
    `problems`; frames of a damaged file keep their numbers.

    Parameters
    ----------
    path
        The file.
    threads
        Decoder threads. More cost memory (about 10 MB per thread at 4 MP) and help only sequential reading.

    Attributes
    ----------
    lost, damaged
        Frames that turned out not to decode, or only with errors, among those that were read.

    Raises
    ------
    SkeinError
        If the file is missing, is not a video, or holds no readable frame.
    """

    def __init__(self, path: str | Path, threads: int = 2) -> None:
        super().__init__(path)
        self._threads = threads
        self._container: Any = None
        self._stream: Any = None
        self._decoded: Iterator[av.VideoFrame] = iter(())
        self._current: tuple[int, av.VideoFrame] | None = None
        self._start = 0  # number, in the list of keyframes, of the one where this run of decoding began
        self._doubtful_until = 0  # tick up to which frames lean on something that did not decode
        self.lost: set[int] = set()
        self.damaged: set[int] = set()

    def close(self) -> None:
        """Free the decoder. Reading again opens a new one."""
        self._decoded, self._current = iter(()), None
        if self._container is not None:
            self._container.close()
            self._container = None

    @property
    def problems(self) -> list[str]:
        """Sentences on what the file lacks; those on frames that do not decode are known once they were tried."""
        found = super().problems
        if self.lost:
            found.append(f"{len(self.lost)} frames cannot be decoded and are left out: {spans(self.lost)}")
        if self.damaged:
            found.append(f"{len(self.damaged)} frames are damaged but used: {spans(self.damaged)}")
        return found

    def read(self, index: int, fmt: Format = "bgr24") -> Image:
        """One frame: (H, W, 3) BGR, or (H, W) grey, uint8, 0-255.

        Raises
        ------
        SkeinError
            If there is no such frame, or it cannot be decoded.
        """
        if not 0 <= index < len(self):
            raise SkeinError(f"{self.path.name} has frames 0 to {len(self) - 1}; there is no frame {index}.")
        frame = self._frame(index)
        if frame is None:
            raise SkeinError(f"Frame {index} of {self.path.name} cannot be decoded: the file is damaged there.")
        return as_image(frame, fmt)

    def frames(
        self, start: int = 0, stop: int | None = None, step: int = 1, fmt: Format = "bgr24"
    ) -> Iterator[tuple[int, Image]]:
        """Yield ``(index, image)`` in order, frames that cannot be decoded left out."""
        return self.some(range(start, len(self) if stop is None else min(stop, len(self)), step), fmt)

    def some(self, indices: Iterable[int], fmt: Format = "bgr24") -> Iterator[tuple[int, Image]]:
        """Yield ``(index, image)`` of any frames, those that cannot be decoded left out; fastest in rising order."""
        for index, frame in self.decoded(indices):
            yield index, as_image(frame, fmt)

    def decoded(self, indices: Iterable[int]) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield ``(index, frame)`` as the decoder gives them, for those who encode again."""
        for index in indices:
            frame = self._frame(index)
            if frame is not None:
                yield index, frame

    def _frame(self, index: int) -> av.VideoFrame | None:
        if index in self.lost:
            return None
        target = int(self.index.ticks[index])
        keys = self.index.keyframes[:, 0]
        latest = max(0, int(np.searchsorted(keys, target, side="right")) - 1)
        reached = self._current[0] if self._current else None
        if reached is None or reached > target or (latest > self._start and keys[latest] > reached):
            self._seek(latest)
        frame = self._forward_to(target)
        back = latest
        while frame is None and back > 0 and self._start == back:
            # The frame may lean on what lies before its keyframe, or the seek went astray: begin earlier, once from
            # the keyframe before, at last from the file's beginning if that is near.
            back = back - 1 if back == latest else 0
            if latest - back > 3:
                break
            self._seek(back)
            frame = self._forward_to(target)
        if frame is None:
            self.lost.add(index)
        elif frame.is_corrupt or target < self._doubtful_until:
            self.damaged.add(index)
        if frame is None or frame.is_corrupt:
            self._doubt(target)
        return frame

    def _doubt(self, tick: int) -> None:
        """What follows an error leans on it, up to the next keyframe."""
        keys = self.index.keyframes[:, 0]
        after = int(np.searchsorted(keys, tick, side="right"))
        end = int(keys[after]) if after < len(keys) else int(self.index.ticks[-1]) + 1
        self._doubtful_until = max(self._doubtful_until, end)

    def _seek(self, keyframe: int) -> None:
        """Begin decoding at a keyframe; packets before it are read but not decoded."""
        self._current, self._start, self._doubtful_until = None, keyframe, int(self.index.ticks[0])
        shown, decoded = (int(tick) for tick in self.index.keyframes[keyframe])
        for back in (0, 1, 2):
            if self._container is None:
                self._open()
            earlier = self.index.keyframes[max(0, keyframe - back)]
            if keyframe - back > 0 or back == 0:
                try:
                    self._container.seek(int(earlier.min()), stream=self._stream, backward=True)
                except av.FFmpegError:
                    continue
            if self._begin_at(shown, decoded):
                return
        self.close()  # at last: a fresh decoder, from the very beginning
        self._open()
        self._begin_at(shown, decoded)

    def _begin_at(self, shown: int, decoded: int) -> bool:
        packets = self._container.demux(self._stream)
        try:
            for packet in packets:
                time = packet.pts if packet.pts is not None else packet.dts
                if time == shown and packet.is_keyframe:
                    self._decoded = self._decode(packet, packets)
                    return True
                if packet.dts is not None and packet.dts > decoded:
                    return False
        except av.FFmpegError:
            pass
        return False

    def _open(self) -> None:
        self._container = opened(self.path)
        self._stream = self._container.streams.video[0]
        self._stream.codec_context.thread_count = self._threads
        self._stream.codec_context.thread_type = "AUTO"

    def _decode(self, first: av.Packet, packets: Iterator[av.Packet]) -> Iterator[av.VideoFrame]:
        packet: av.Packet | None = first
        while packet is not None:
            try:
                yield from packet.decode()
            except av.FFmpegError:  # this packet is damaged; the decoder finds its way again at one of the next
                tick = packet.pts if packet.pts is not None else packet.dts
                if tick is not None:
                    self._doubt(tick)
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                packet = None
        # The demuxer's last, empty packet has flushed the decoder.

    def _forward_to(self, target: int) -> av.VideoFrame | None:
        """Decode until the target's time; the frame shown then, or None if the decoder passes it by."""
        while self._current is None or self._current[0] < target:
            frame = next(self._decoded, None)
            if frame is None:
                return None
            tick = frame.pts if frame.pts is not None else frame.dts
            if tick is not None and (frame.width, frame.height) == self.size:
                self._current = (tick, frame)
        return self._current[1] if self._current[0] == target else None


def spans(numbers: set[int] | list[int]) -> str:
    """Numbers as people write them: ``3, 7-12, 40``; after ten spans an ellipsis."""
    ordered = sorted(numbers)
    runs: list[list[int]] = []
    for number in ordered:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [f"{first}" if first == last else f"{first}-{last}" for first, last in runs[:10]]
    return ", ".join(words) + (" …" if len(runs) > 10 else "")
