"""Normal equations of a bundle: few camera unknowns, and board poses that do not touch one another.

The Schur complement removes the poses, so that the dense system is as small as the cameras (Triggs et al. 2000,
section 6). Fixed unknowns and absent poses have a number past the last one, where their sums are thrown away.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]
POSE = 6
_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class Unknowns:
    """Where each view's columns go.

    Parameters
    ----------
    camera
        (V, k) number of the unknown behind each camera column; `n_camera` where it is fixed.
    pose
        (V,) number of the view's pose among the free ones; `n_pose` where it is fixed or absent.
    """

    camera: Numbers
    pose: Numbers
    n_camera: int
    n_pose: int


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """JᵀWJ and JᵀWr in blocks: cameras (a, a), cameras by poses (m, a, 6), poses (m, 6, 6), and their slopes."""

    cameras: Floats
    mixed: Floats
    poses: Floats
    camera_slope: Floats
    pose_slope: Floats

    @classmethod
    def summed(cls, unknowns: Unknowns, blocks: Floats, slopes: Floats) -> "NormalEquations":
        """From the (V, k + 6, k + 6) and (V, k + 6) of each view."""
        a, m, k = unknowns.n_camera, unknowns.n_pose, unknowns.camera.shape[1]
        cameras, mixed, poses = np.zeros((a + 1, a + 1)), np.zeros((m + 1, a + 1, POSE)), np.zeros((m + 1, POSE, POSE))
        camera_slope, pose_slope = np.zeros(a + 1), np.zeros((m + 1, POSE))
        columns = unknowns.camera
        np.add.at(cameras, (columns[:, :, None], columns[:, None, :]), blocks[:, :k, :k])
        np.add.at(mixed, (unknowns.pose[:, None], columns), blocks[:, :k, k:])
        np.add.at(poses, unknowns.pose, blocks[:, k:, k:])
        np.add.at(camera_slope, columns, slopes[:, :k])
        np.add.at(pose_slope, unknowns.pose, slopes[:, k:])
        return cls(cameras[:a, :a], mixed[:m, :a], poses[:m], camera_slope[:a], pose_slope[:m])

    def step(self, damping: float) -> tuple[Floats, Floats, float]:
        """The damped step of the cameras (a,) and poses (m, 6), and by how much the linearised cost falls.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the equations are singular.
        """
        by_camera = damping * np.maximum(np.diag(self.cameras), _LEAST)
        by_pose = damping * np.maximum(np.diagonal(self.poses, axis1=1, axis2=2), _LEAST)
        reduced, inverse, eliminated = self._reduced(by_camera, by_pose)
        right = np.einsum("maj,mj->a", eliminated, self.pose_slope) - self.camera_slope
        camera_step = cho_solve(cho_factor(reduced), right) if len(right) else right
        back = self.pose_slope + np.einsum("maj,a->mj", self.mixed, camera_step)
        pose_step = -np.einsum("mij,mj->mi", inverse, back)
        fall = camera_step @ (by_camera * camera_step - self.camera_slope)
        fall += (pose_step * (by_pose * pose_step - self.pose_slope)).sum()
        return camera_step, pose_step, float(fall) / 2

    def camera_variances(self) -> Floats:
        """(a,) diagonal of the inverse for the camera unknowns; what is not determined has variance 0."""
        least = np.full(self.pose_slope.shape, _LEAST)
        reduced, _, _ = self._reduced(np.zeros(len(self.camera_slope)), least)
        return np.maximum(np.diag(np.linalg.pinv(reduced, hermitian=True)), 0.0)

    def _reduced(self, by_camera: Floats, by_pose: Floats) -> tuple[Floats, Floats, Floats]:
        inverse: Floats = np.asarray(np.linalg.inv(self.poses + by_pose[:, :, None] * np.eye(POSE)), np.float64)
        eliminated = self.mixed @ inverse
        # Pose by pose: one large product would go to several threads, which costs more than it brings at this size.
        reduced = self.cameras + np.diag(by_camera) - (eliminated @ np.swapaxes(self.mixed, 1, 2)).sum(axis=0)
        return reduced, inverse, eliminated
