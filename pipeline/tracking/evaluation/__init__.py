"""How good tracks are against truth: CLEAR MOT, identity F1 and HOTA, for boxes and for 2D or 3D points."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.tracking.evaluation.clear import Clear, clear
from pipeline.tracking.evaluation.hota import Hota, hota
from pipeline.tracking.evaluation.identity import Identity, identity
from pipeline.tracking.evaluation.purity import purity
from pipeline.tracking.evaluation.sequence import Labels, align, overlaps

__all__ = ["Clear", "Hota", "Identity", "Labels", "MotScores", "combine", "evaluate_mot", "overlaps", "purity"]


@dataclass(frozen=True)
class MotScores:
    """The three families of scores of one sequence, or of several together."""

    clear: Clear = field(default_factory=Clear)
    identity: Identity = field(default_factory=Identity)
    hota: Hota = field(default_factory=Hota.empty)

    def __add__(self, other: "MotScores") -> "MotScores":
        return MotScores(self.clear + other.clear, self.identity + other.identity, self.hota + other.hota)

    def row(self) -> dict[str, float]:
        """All numbers by name: rates in 0 to 1 (`mota` may be negative), counts, `motp` as a distance."""
        clear, identity, hota = self.clear, self.identity, self.hota
        return {
            "mota": clear.mota, "motp": clear.motp, "recall": clear.recall, "precision": clear.precision,
            "idf1": identity.idf1, "idp": identity.idp, "idr": identity.idr,
            "hota": hota.hota, "deta": hota.deta, "assa": hota.assa, "loca": hota.loca,
            "truth": clear.truth, "individuals": clear.individuals, "mostly_tracked": clear.mostly_tracked,
            "partly_tracked": clear.partly_tracked, "mostly_lost": clear.mostly_lost,
            "false_positives": clear.false_positives, "misses": clear.misses,
            "switches": clear.switches, "fragmentations": clear.fragmentations,
        }  # fmt: skip


def evaluate_mot(truth: Labels, tracks: Labels, *, distance: float | None = None, iou: float = 0.5) -> MotScores:
    """Score tracks against truth.

    Parameters
    ----------
    truth, tracks
        Boxes, or points in the same unit and frame of reference. A frame that only one of them has counts too: leave
        out of both what must not count.
    distance
        For points: largest distance of a match, in their unit (e.g. 0.03 m). None for boxes.
    iou
        For boxes: smallest intersection over union of a match.

    Raises
    ------
    SkeinError
        If the values are not boxes (points with `distance`), or the gate is not positive.
    """
    sequence = align(truth, tracks, distance=distance, iou=iou)
    return MotScores(clear(sequence), identity(sequence), hota(sequence))


def combine(scores: Iterable[MotScores]) -> MotScores:
    """Scores over several sequences: counts are added, identities of different sequences are different animals."""
    return sum(scores, start=MotScores())
