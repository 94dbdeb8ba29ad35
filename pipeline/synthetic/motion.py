"""How the animals swim: burst and coast, persistent headings, meetings, and distance kept from walls and each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from pipeline.synthetic.scene import ARENA, EXTRA_FRAMES, GATE, RECORDED_FPS, Scene, stream

Floats = NDArray[np.float64]

_SUBSTEPS = 3
_DT = 1 / (RECORDED_FPS * _SUBSTEPS)
_CRUISE, _FASTEST = 0.05, 0.5  # m/s
_MARGIN = np.array([0.065, 0.065, 0.035])  # of the body centre from the walls, the floor and the surface, m
_SPINE = np.linspace(-0.5, 0.5, 7)
_NEAREST = 0.036  # distance that two spines keep, m: more than the height of a body
_AVOID = 0.085  # distance at which animals start to turn away, m


@dataclass(frozen=True)
class Motion:
    """T frames of N animals.

    Parameters
    ----------
    position
        (T, N, 3) centre of volume of the body, m.
    yaw, pitch
        (T, N) heading, rad: yaw from world x towards y, pitch upwards.
    phase
        (T, N) phase of the tail beat, rad.
    effort
        (T, N) strength of the tail beat, 0 (coasting) to 1 (burst).
    bend
        (T, N) turn of the body from nose to tail, rad, positive to the left.
    entered
        (N,) first frame in which the animal is in the arena.
    """

    position: Floats
    yaw: Floats
    pitch: Floats
    phase: Floats
    effort: Floats
    bend: Floats
    entered: NDArray[np.int64]


def swim(scene: Scene) -> Motion:
    """Simulate the recording, and the frames that the longest video has beyond it."""
    return _Simulation(scene).run(scene.parameters.frames + EXTRA_FRAMES)


class _Simulation:
    def __init__(self, scene: Scene) -> None:
        self.rng = stream(scene.parameters, 5)
        self.length = np.array([animal.length for animal in scene.animals])
        n = len(self.length)
        low, high = np.array(ARENA.bounds).T
        self.low, self.high = low + _MARGIN, high - _MARGIN
        grid = _spread(n, self.low, self.high, self.rng)
        self.position = grid
        self.yaw = self.rng.uniform(-np.pi, np.pi, n)
        self.pitch = np.zeros(n)
        self.turn = np.zeros(n)
        self.speed = self.rng.uniform(_CRUISE, 0.25, n)
        self.effort = np.zeros(n)
        self.phase = self.rng.uniform(0, 2 * np.pi, n)
        self.depth = self.position[:, 2].copy()
        self.partner = np.full(n, -1)
        self.follows_until = np.zeros(n)
        self.waiting = np.zeros(n, bool)
        self.entering = np.zeros(n, bool)
        self.release = scene.parameters.frames * 0.2 / RECORDED_FPS
        if n > 1:
            self.waiting[-1] = True
            self.position[-1] = (-0.12, np.mean(GATE[0]), 0.11)
            self.yaw[-1], self.speed[-1], self.depth[-1] = 0.0, 0.2, 0.11

    def run(self, frames: int) -> Motion:
        states = []
        for step in range(frames * _SUBSTEPS):
            states.append(
                (self.position.copy(), self.yaw.copy(), self.pitch.copy(), self.phase.copy(), self.effort.copy(),
                 self.turn.copy())
            )  # fmt: skip
            self.step(step * _DT)
        position, yaw, pitch, phase, effort, turn = (np.array(column) for column in zip(*states, strict=True))
        smooth = [
            gaussian_filter1d(values, _SUBSTEPS, axis=0)[::_SUBSTEPS]
            for values in (position, np.unwrap(yaw, axis=0), pitch, turn)
        ]
        position, yaw, pitch, turn = smooth
        inside = position[..., 0] >= ARENA.bounds[0][0]
        return Motion(
            position, yaw, pitch, phase[::_SUBSTEPS], effort[::_SUBSTEPS],
            np.clip(0.22 * turn, -0.9, 0.9), inside.argmax(axis=0),
        )  # fmt: skip

    def step(self, time: float) -> None:
        rng, n = self.rng, len(self.length)
        if time >= self.release:
            self.entering |= self.waiting
            self.waiting[:] = False
        free = ~(self.waiting | self.entering)

        bursts = rng.random(n) < 0.9 * _DT
        self.effort = np.where(bursts, rng.uniform(0.4, 1.0, n), self.effort * np.exp(-_DT / 0.7))
        self.speed += _DT * (0.6 * self.effort - (self.speed - _CRUISE) / 0.9)
        self.speed = np.clip(self.speed, 0.0, _FASTEST)

        forward = self.forward()
        wish = forward[:, :2] + 2.2 * self.away_from_walls(forward) + self.towards_partner(time)
        apart, climb = self.away_from_others(forward)
        wish += 1.5 * apart
        error = np.angle(np.exp(1j * (np.arctan2(wish[:, 1], wish[:, 0]) - self.yaw)))
        self.turn += _DT * (np.clip(4 * error, -4, 4) - self.turn) / 0.22
        self.turn += 3.2 * np.sqrt(_DT) * rng.normal(size=n)
        self.depth += _DT * (0.5 * (self.low[2] + self.high[2]) - self.depth) / 20 + 0.05 * np.sqrt(_DT) * rng.normal(
            size=n
        )
        self.depth = np.clip(self.depth, self.low[2], self.high[2])
        rise = np.clip(1.6 * np.arctan2(self.depth - self.position[:, 2], 0.3) + climb, -0.55, 0.55)
        self.pitch += _DT * (rise - self.pitch) / 0.4

        self.turn[~free], self.pitch[~free] = 0.0, 0.0
        self.speed[self.waiting] = 0.0
        self.speed[self.entering] = 0.2
        self.yaw = self.yaw + _DT * self.turn
        self.phase = self.phase + _DT * 2 * np.pi * (1.6 + 3.0 * self.effort)
        self.position = self.position + _DT * self.speed[:, None] * self.forward()
        self.separate(free)
        self.entering &= self.position[:, 0] < self.low[0] + 0.03

    def forward(self) -> Floats:
        flat = np.cos(self.pitch)
        return np.stack([np.cos(self.yaw) * flat, np.sin(self.yaw) * flat, np.sin(self.pitch)], axis=1)

    def away_from_walls(self, forward: Floats) -> Floats:
        ahead = (self.position + forward * (0.05 + 0.35 * self.speed)[:, None])[:, :2]
        reach = 0.12
        from_low = np.clip(1 - (ahead - self.low[:2]) / reach, 0, 2)
        from_high = np.clip(1 - (self.high[:2] - ahead) / reach, 0, 2)
        return from_low - from_high

    def towards_partner(self, time: float) -> Floats:
        """Now and then an animal swims up to another one for a while."""
        rng, n = self.rng, len(self.length)
        chosen = rng.integers(0, n, n)
        starts = (rng.random(n) < 0.15 * _DT) & (time > self.follows_until)
        self.partner = np.where(starts, chosen, self.partner)
        self.follows_until = np.where(starts, time + rng.uniform(1.5, 4.0, n), self.follows_until)
        follows = (time < self.follows_until) & ~self.waiting[self.partner] & (self.partner != np.arange(n))
        way = (self.position[self.partner] - self.position)[:, :2]
        way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
        self.depth = np.where(follows, self.depth + _DT * (self.depth[self.partner] - self.depth), self.depth)
        return np.where(follows[:, None], 1.2 * way, 0.0)

    def nearest(self) -> tuple[Floats, Floats]:
        """Between the spines of each pair: shortest distance (N, N), and the vector to i from j there (N, N, 3)."""
        n, k = len(self.length), len(_SPINE)
        spines = self.position[:, None] + (self.length[:, None] * _SPINE)[..., None] * self.forward()[:, None]
        gap = spines[:, None, :, None] - spines[None, :, None, :]
        distance = np.sqrt((gap**2).sum(-1)).reshape(n, n, k * k)
        closest = distance.argmin(-1)
        rows, columns = np.indices((n, n))
        distance = distance[rows, columns, closest]
        apart = self.waiting[:, None] | self.waiting[None]
        np.fill_diagonal(apart, True)
        distance[apart] = np.inf
        return distance, gap.reshape(n, n, k * k, 3)[rows, columns, closest]

    def away_from_others(self, forward: Floats) -> tuple[Floats, Floats]:
        """Wish to turn (N, 2) and to climb (N,), rad, away from animals that are too near."""
        distance, vector = self.nearest()
        strength = np.clip(1 - distance / _AVOID, 0, 1)
        unit = vector / np.maximum(np.where(np.isfinite(distance), distance, 1.0), 1e-6)[..., None]
        push = (strength[..., None] * unit).sum(axis=1)
        return push[:, :2], 0.6 * push[:, 2]

    def separate(self, free: NDArray[np.bool_]) -> None:
        """Move spines that are too near apart, and keep everyone in the arena."""
        for _ in range(3):
            inside = np.clip(self.position, self.low, self.high)
            self.position = np.where(free[:, None], inside, self.position)
            distance, vector = self.nearest()
            lack = np.clip(_NEAREST - distance, 0, None)
            if not lack.any():
                break
            unit = vector / np.maximum(np.where(np.isfinite(distance), distance, 1.0), 1e-6)[..., None]
            self.position = self.position + np.where(free[:, None], (0.5 * lack[..., None] * unit).sum(axis=1), 0.0)


def _spread(n: int, low: Floats, high: Floats, rng: np.random.Generator) -> Floats:
    """N places in the arena, each the farthest of 30 random ones from those before."""
    places = [rng.uniform(low, high)]
    while len(places) < n:
        tries = rng.uniform(low, high, (30, 3))
        gaps = np.linalg.norm(tries[:, None] - np.array(places), axis=-1).min(axis=1)
        places.append(tries[gaps.argmax()])
    return np.array(places)
