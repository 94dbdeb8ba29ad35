"""The published numbers of a public tracker's output (py-motmetrics' reference run)."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.formats import mot
from pipeline.tracking.evaluation import Labels, MotScores, combine, evaluate_mot

# In the order of the table of ../shared/data/README.md.
COLUMNS = (
    "idf1", "idp", "idr", "recall", "precision", "individuals", "mostly_tracked", "partly_tracked", "mostly_lost",
    "false_positives", "misses", "switches", "fragmentations", "mota", "motp",
)  # fmt: skip
EXPECTED = {
    "TUD-Campus": (55.8, 73.0, 45.1, 58.2, 94.1, 8, 1, 6, 1, 13, 150, 7, 7, 52.6, 0.277),
    "TUD-Stadtmitte": (64.5, 82.0, 53.1, 60.9, 94.0, 10, 5, 4, 1, 45, 452, 7, 6, 56.4, 0.346),
}


def labels(path: Path) -> Labels:
    table = mot.read(path).to_pandas()
    return Labels(
        table["frame"].to_numpy(), table["id"].to_numpy(), table[["left", "top", "width", "height"]].to_numpy()
    )


def scores(folder: Path) -> MotScores:
    return evaluate_mot(labels(folder / "gt.txt"), labels(folder / "test.txt"))


@pytest.mark.real_data
@pytest.mark.parametrize("name", EXPECTED)
def test_every_published_number_is_reproduced(real_data: Path, name: str) -> None:
    row = scores(real_data / "mot_tud" / name).row()
    percent = {"idf1", "idp", "idr", "recall", "precision", "mota"}
    shown = tuple(round(100 * row[key], 1) if key in percent else round(row[key], 3) for key in COLUMNS)
    assert shown == EXPECTED[name]


@pytest.mark.real_data
def test_both_sequences_together_add_their_counts(real_data: Path) -> None:
    parts = [scores(real_data / "mot_tud" / name) for name in EXPECTED]
    both = combine(parts).row()
    assert both["misses"] == 150 + 452
    assert both["switches"] == 14
    assert both["mota"] == pytest.approx(1 - (13 + 150 + 7 + 45 + 452 + 7) / sum(part.clear.truth for part in parts))
    assert np.isfinite(both["hota"])
