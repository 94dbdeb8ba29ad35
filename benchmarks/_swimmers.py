"""Animals that swim in a plane, and what a segmenter makes of them: misses, false finds, touching ones as one blob."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.tracking.evaluation import Labels
from pipeline.types import DETECTIONS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Swimmers:
    """Truth of N animals in F frames.

    Parameters
    ----------
    xy
        (F, N, 2) centres, px.
    heading
        (F, N) rad.
    length
        (N,) of the elliptical bodies, px; they are a quarter as wide.
    size
        Image width and height, px.
    """

    xy: Floats
    heading: Floats
    length: Floats
    size: tuple[int, int]

    def boxes(self) -> Floats:
        """(F, N, 4) left, top, width, height of the bodies."""
        a, b = self.length / 2, self.length / 8
        half_x = np.sqrt((a * np.cos(self.heading)) ** 2 + (b * np.sin(self.heading)) ** 2)
        half_y = np.sqrt((a * np.sin(self.heading)) ** 2 + (b * np.cos(self.heading)) ** 2)
        half = np.stack([half_x, half_y], axis=-1)
        return np.concatenate([self.xy - half, 2 * half], axis=-1)

    def labels(self) -> Labels:
        """Boxes with their identities."""
        frames, animals = self.xy.shape[:2]
        return Labels(
            np.repeat(np.arange(frames), animals), np.tile(np.arange(animals), frames), self.boxes().reshape(-1, 4)
        )


def swim(seed: int, animals: int, frames: int, size: tuple[int, int] = (1600, 1200), length: float = 60) -> Swimmers:
    """Smooth paths with changing speed and turning, sudden starts, and walls that are avoided."""
    rng = np.random.default_rng(seed)
    lengths = length * rng.uniform(0.85, 1.15, animals)
    position = rng.uniform(0.1, 0.9, (animals, 2)) * size
    heading, turning = rng.uniform(-np.pi, np.pi, animals), np.zeros(animals)
    speed = np.full(animals, 0.06 * length)
    xy, headings = np.empty((frames, animals, 2)), np.empty((frames, animals))
    margin = 0.08 * min(size)
    for frame in range(frames):
        turning = 0.9 * turning + rng.normal(0, 0.012, animals)
        speed += 0.05 * (0.06 * length - speed) + rng.normal(0, 0.004 * length, animals)
        started = rng.random(animals) < 0.002
        speed = np.clip(np.where(started, 0.25 * length, speed), 0.01 * length, 0.3 * length)
        turning = np.where(started, rng.normal(0, 0.15, animals), turning)
        inwards = np.arctan2(*(np.array(size) / 2 - position).T[::-1])
        near = ((position < margin) | (position > np.array(size) - margin)).any(axis=1)
        away = (inwards - heading + np.pi) % (2 * np.pi) - np.pi
        heading = heading + turning + np.where(near, 0.08 * away, 0)
        position = position + speed[:, None] * np.column_stack([np.cos(heading), np.sin(heading)])
        position = np.clip(position, 2, np.array(size) - 3)
        xy[frame], headings[frame] = position, heading
    return Swimmers(xy, headings, lengths, size)


def detect(
    truth: Swimmers, seed: int, *, merge: bool = True, miss: float = 0.02, false: float = 0.1, noise: float = 0.02
) -> pa.Table:
    """Detections of every frame (schema DETECTIONS; the masks are empty).

    Parameters
    ----------
    merge
        Bodies that overlap become one blob (background subtraction); else each has its own box (a trained model).
    miss
        Probability that an animal is not found.
    false
        Mean number of false finds per frame.
    noise
        Standard deviation of the centroid, in body lengths.
    """
    rng = np.random.default_rng([seed, 1])
    rows: list[Floats] = []
    radius, angle = np.sqrt(rng.random(64)), rng.uniform(0, 2 * np.pi, 64)
    disc = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    boxes = truth.boxes()
    for frame, (xy, heading) in enumerate(zip(truth.xy, truth.heading, strict=True)):
        groups = _groups(xy, heading, truth.length) if merge else [[i] for i in range(len(xy))]
        found = [_blob(group, xy, heading, truth.length, boxes[frame], disc) for group in groups]
        found = [blob for blob in found if rng.random() > miss]
        for _ in range(rng.poisson(false)):
            place, extent = rng.random(2) * truth.size, rng.uniform(0.2, 0.6, 2) * truth.length.mean()
            found.append(np.array([*place, *(place - extent / 2), *extent, extent.prod() * 0.7, 0.0, 0.0]))
        blobs = np.array(found).reshape(-1, 9)
        n = len(blobs)
        shift = rng.normal(0, noise * truth.length.mean(), (n, 2))
        blobs[:, :2] += shift
        blobs[:, 2:4] += shift
        blobs[:, 6] *= np.exp(rng.normal(0, 0.06, n))
        blobs[:, 7] = (blobs[:, 7] + rng.normal(0, 0.06, n) + np.pi / 2) % np.pi - np.pi / 2
        blobs[:, 8] = np.where(blobs[:, 8] > 0, rng.uniform(0.75, 1, n), rng.uniform(0.3, 0.8, n))
        order = rng.permutation(n)
        rows.append(np.column_stack([np.full(n, frame), np.arange(n), blobs[order]]))
    table = np.concatenate(rows)
    names = [name for name in DETECTIONS.names if name not in ("class_id", "mask")]
    columns = {name: table[:, k].astype(DETECTIONS.field(name).type.to_pandas_dtype()) for k, name in enumerate(names)}
    columns["class_id"], columns["mask"] = np.zeros(len(table), np.int16), [b""] * len(table)
    return pa.table(columns, schema=DETECTIONS)


def _groups(xy: Floats, heading: Floats, length: Floats) -> list[list[int]]:
    """Indices of the animals of each blob: bodies whose ellipses overlap, linked."""
    along = np.linspace(-0.45, 0.45, 7)
    axis = np.column_stack([np.cos(heading), np.sin(heading)])
    points = xy[:, None] + (along[:, None] * axis[:, None]) * length[:, None, None]
    label = np.arange(len(xy))
    close = np.linalg.norm(xy[:, None] - xy, axis=-1) < length[:, None]
    for i, j in zip(*np.nonzero(np.triu(close, 1)), strict=True):
        apart = np.linalg.norm(points[i][:, None] - points[j], axis=-1).min()
        if apart < 0.2 * length[i]:
            label[label == label[j]] = label[i]
    return [list(np.flatnonzero(label == value)) for value in np.unique(label)]


def _blob(group: list[int], xy: Floats, heading: Floats, length: Floats, boxes: Floats, disc: Floats) -> Floats:
    """x, y, left, top, width, height, area, orientation, 1 of the union of the group's ellipses."""
    clouds, weights = [], []
    for number, i in enumerate(group):
        cosine, sine = np.cos(heading[i]), np.sin(heading[i])
        cloud = xy[i] + (disc * length[i] / (2, 8)) @ np.array([[cosine, sine], [-sine, cosine]])
        hidden = np.zeros(len(cloud), bool)
        for j in group[:number]:
            cosine, sine = np.cos(heading[j]), np.sin(heading[j])
            local = (cloud - xy[j]) @ np.array([[cosine, -sine], [sine, cosine]]) / length[j] * (2, 8)
            hidden |= (local**2).sum(axis=1) < 1
        clouds.append(cloud)
        weights.append(np.where(hidden, 0, np.pi / 16 * length[i] ** 2 / len(cloud)))
    if len(group) == 1:
        centre, orientation = xy[group[0]], heading[group[0]]
    else:
        cloud, weight = np.concatenate(clouds), np.concatenate(weights)
        centre = np.average(cloud, axis=0, weights=weight)
        (xx, xy_), (_, yy) = np.cov(cloud.T, aweights=weight)
        orientation = 0.5 * np.arctan2(2 * xy_, xx - yy)
    low = boxes[group, :2].min(axis=0)
    high = (boxes[group, :2] + boxes[group, 2:]).max(axis=0)
    area = sum(weight.sum() for weight in weights)
    return np.array([*centre, *low, *(high - low), area, orientation, 1.0])
