"""Apache Parquet, as Skein keeps its own tables: types, units, definitions and origin are in the file itself."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.files import replacing
from pipeline.formats.tables import Tables, batches, paths, read_failed


def sniff(path: Path) -> str | None:
    """Why a file is not of this format, or None."""
    with path.open("rb") as handle:
        return None if handle.read(4) == b"PAR1" else "it does not begin with PAR1"


def write_tables(path: Path, tables: Tables) -> list[Path]:
    """Write each table into a file of its own, in pieces; returns the files."""
    targets = paths(path, list(tables))
    for name, target in targets.items():
        table = tables[name]
        with replacing(target) as temporary, pq.ParquetWriter(temporary, table.schema, compression="zstd") as writer:
            for batch in batches(table):
                writer.write_batch(batch)
    return list(targets.values())


def read(path: Path) -> pa.Table:
    """A table with its types, units and origin.

    Raises
    ------
    SkeinError
        If the file is not Parquet or is damaged.
    """
    try:
        return pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        raise read_failed(path, "a Parquet table", error) from error
