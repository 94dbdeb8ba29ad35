"""Constant-velocity motion of one animal.

A nearly constant velocity with white acceleration noise (Bar-Shalom, Li & Kirubarajan 2001, section 6.2.2). The noise
is the same along x and y, so that the covariance is one 2 × 2 matrix shared by both axes. Plain numbers: for the few
tracks that need a decision in a frame, calling NumPy costs more than the arithmetic.
"""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Motion:
    """State of the filter.

    Parameters
    ----------
    x, y
        Position, px.
    pp, vv, pv
        Variances of position and velocity along one axis, and their covariance.
    vx, vy
        Velocity, px per frame.
    """

    x: float
    y: float
    pp: float
    vv: float
    pv: float = 0.0
    vx: float = 0.0
    vy: float = 0.0

    def predict(self, frames: int, power: float) -> None:
        """Move ahead.

        Parameters
        ----------
        frames
            How far, ≥ 1.
        power
            Variance of the acceleration along one axis, px² per frame⁴.
        """
        if frames == 1:  # by far the most; the same without the powers
            self.x += self.vx
            self.y += self.vy
            self.pp += 2 * self.pv + self.vv + power / 3
            self.pv += self.vv + power / 2
            self.vv += power
            return
        self.x += self.vx * frames
        self.y += self.vy * frames
        self.pp += (2 * self.pv + self.vv * frames) * frames + power * frames**3 / 3
        self.pv += self.vv * frames + power * frames**2 / 2
        self.vv += power * frames

    def update(self, x: float, y: float, variance: float) -> float:
        """Take in a measured position.

        Parameters
        ----------
        variance
            Of the measurement along one axis, px².

        Returns
        -------
        Squared distance of what was foretold and what was measured, in variances of that distance along one axis.
        """
        scale = 1 / (self.pp + variance)
        gain, gain_v = self.pp * scale, self.pv * scale
        dx, dy = x - self.x, y - self.y
        self.x += gain * dx
        self.y += gain * dy
        self.vx += gain_v * dx
        self.vy += gain_v * dy
        self.vv -= gain_v * self.pv
        self.pp *= 1 - gain
        self.pv *= 1 - gain
        return (dx * dx + dy * dy) * scale


def steady(variance: float, power: float) -> Motion:
    """What the variances settle at (after an update) where the animal is measured in every frame."""
    motion = Motion(0, 0, variance, variance + power)
    before = (0.0, 0.0)
    while abs(motion.pp - before[0]) > 1e-9 * motion.pp or abs(motion.vv - before[1]) > 1e-9 * motion.vv:
        before = motion.pp, motion.vv
        motion.predict(1, power)
        motion.update(0, 0, variance)
    return motion
