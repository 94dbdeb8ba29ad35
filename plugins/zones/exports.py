"""Zone tables to take away."""

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.api import Experiment, Export, SkeinError
from plugins.zones.tables import NAMES


def tables(experiment: Experiment, recording: str) -> dict[str, pa.Table]:
    """The four zone tables of a recording, with units, definitions and parameters.

    Raises
    ------
    SkeinError
        If zone statistics have not been computed.
    """
    folder = experiment.results_folder(recording, "zones")
    paths = {name: folder / f"{name}.parquet" for name in NAMES}
    if not all(path.is_file() for path in paths.values()):
        raise SkeinError(f"Recording {recording} has no zone statistics yet: run `skein zones` first.")
    return {name: pq.read_table(path) for name, path in paths.items()}


EXPORT = Export(
    name="zones",
    title="Zone statistics",
    help="Times, visits, entries, latencies, distances, transitions per animal and zone; animals per zone.",
    tables="plugins.zones.exports:tables",
    job="zones",
)
