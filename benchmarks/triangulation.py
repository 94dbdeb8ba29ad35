"""Triangulation against aniposelib's `CameraGroup.triangulate`: speed and error, on undistorted rays."""

from importlib.metadata import version

import numpy as np

from benchmarks import Row, compared
from pipeline.errors import SkeinError
from pipeline.geometry import project, rays, undistort
from pipeline.geometry.intersection import intersect
from pipeline.geometry.triangulation import triangulate
from pipeline.types import Camera, CameraGroup

POINTS, CAMERAS, MISSING, NOISE_PX = 360_000, 4, 0.2, 0.5
_FOCAL = 400.0


def rig() -> CameraGroup:
    """Four fisheye cameras over a 2 m × 1 m arena."""
    matrix = np.array([[_FOCAL, 0, 640], [0, _FOCAL, 480], [0, 0, 1]])
    cameras = []
    for k in range(CAMERAS):
        turn = [np.pi - 0.1 * (k % 2), 0.08 * k, 0.05 * k]
        camera = Camera(f"cam_{k}", (1280, 960), "fisheye", matrix, [0.02, -0.004, 0.001, -0.0002], turn)
        centre = np.array([0.3 + 0.47 * k, 0.3 + 0.4 * (k % 2), 1.2])
        shift = -camera.rotation_matrix @ centre
        cameras.append(Camera(camera.name, camera.size, "fisheye", matrix, camera.distortion, turn, shift))
    return CameraGroup(tuple(cameras))


def run() -> list[Row]:
    """Rows for speed and for the ratio of the errors."""
    try:
        from aniposelib.cameras import Camera as Peer
        from aniposelib.cameras import CameraGroup as PeerGroup
    except ImportError as error:
        raise SkeinError(f"aniposelib cannot be imported here ({error}); `make bench` installs it.") from error
    cameras, rng = rig(), np.random.default_rng(0)
    points = rng.uniform([0, 0, 0], [2, 1, 0.4], (POINTS, 3))
    pixels = np.stack([project(camera, points) for camera in cameras])
    pixels += rng.normal(0, NOISE_PX, pixels.shape)
    pixels[rng.random(pixels.shape[:2]) < MISSING] = np.nan
    directions = np.stack([rays(camera, seen) for camera, seen in zip(cameras, pixels, strict=True)])
    flat = np.stack([undistort(camera, seen) for camera, seen in zip(cameras, pixels, strict=True)])
    centres = np.stack([camera.centre for camera in cameras])
    peers = PeerGroup(
        [Peer(matrix=np.eye(3), dist=np.zeros(5), size=c.size, rvec=c.rotation, tvec=c.translation) for c in cameras]
    )
    found: dict[str, np.ndarray] = {}

    def ours() -> None:
        found["ours"], _ = intersect(centres, directions, NOISE_PX / _FOCAL)

    def refined() -> None:
        found["refined"] = triangulate(cameras, pixels, sigma_px=NOISE_PX).points

    def theirs() -> None:
        found["theirs"] = peers.triangulate(flat, undistort=False)

    size = f"{POINTS:,} points, {CAMERAS} cameras, {MISSING:.0%} missing"
    peer = f"aniposelib {version('aniposelib')}"
    speed = compared(
        f"triangulation, {size}", ours, theirs, peer=peer, target="≥ 5",
        note="both from undistorted rays; ours includes standard deviations",
    )  # fmt: skip
    whole = compared(
        f"triangulation from fisheye pixels, {size}", refined, theirs, peer=peer,
        note="ours includes the lens model, refinement by reprojection error, rejection of outlier views and standard "
        "deviations; theirs is still from undistorted rays",
    )  # fmt: skip
    both = np.isfinite(found["ours"]).all(axis=1) & np.isfinite(found["theirs"]).all(axis=1)
    error = {name: np.linalg.norm(value[both] - points[both], axis=1) for name, value in found.items()}
    means = {"rms": lambda e: float(np.sqrt((e**2).mean())), "median": lambda e: float(np.median(e))}
    rows = [speed, whole]
    for name, mean in means.items():
        mm = {side: 1e3 * mean(value) for side, value in error.items()}
        said = f"ours {mm['ours']:.3f} mm, refined {mm['refined']:.3f} mm, theirs {mm['theirs']:.3f} mm"
        what = f"triangulation error ({name}), {size}, {NOISE_PX} px noise"
        rows.append(Row(what, mm["ours"] / mm["theirs"], "× theirs", peer=peer, target="≤ 1.00", note=said))
    return rows
