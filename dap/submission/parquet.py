"""Reads a Parquet file whose columns hold text or whole numbers; nothing else has one text only."""

from __future__ import annotations

import itertools
from typing import Any

from dap.submission.archive import ReadError
from dap.submission.cell_text import BOOLEAN, DATE, NO_FORMAT, TEXT
from dap.submission.found import Found, whole
from dap.submission.limits import LIMITS


def read_parquet(content: bytes, found: Found) -> None:
    """Read the table in a Parquet file: its column names are row 1, its rows go to `found`.

    Whole numbers and dates have one text; of other numbers each program writes another, so they get no format. Raises
    ReadError where the file is damaged, encrypted or breaks a limit.
    """
    if content.endswith(b"PARE"):
        raise ReadError("encrypted")
    try:
        _read(content, found)
    except (ReadError, MemoryError):
        raise
    except Exception:
        # pyarrow's own words may quote the file.
        raise ReadError("workbook_damaged") from None


def _read(content: bytes, found: Found) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    file = pq.ParquetFile(
        pa.BufferReader(content), thrift_string_size_limit=1 << 24, thrift_container_size_limit=1 << 20
    )
    facts = file.metadata
    if facts.num_columns > LIMITS.columns:
        raise ReadError("too_wide")
    unpacked = sum(facts.row_group(place).total_byte_size for place in range(facts.num_row_groups))
    if facts.num_rows > LIMITS.rows or unpacked > LIMITS.unpacked_bytes:
        raise ReadError("too_large")
    schema = file.schema_arrow
    # What programs and people wrote to the file, and to each of its columns.
    for said in (facts.metadata, *(each.metadata for each in schema)):
        for text in itertools.chain.from_iterable((said or {}).items()):
            found.hide("document property", whole(text.decode("utf-8", "replace")))
    names = [whole(name) for name in schema.names]
    found.row(1, names, TEXT * len(names))
    kinds = [_kind(pa, field.type) for field in schema]
    number = 2
    for batch in file.iter_batches(batch_size=5_000, use_threads=False):
        columns = [column.to_pylist() for column in batch.columns]
        for cells in zip(*columns, strict=True):
            found.row(number, [_text(cell) for cell in cells], "".join(kinds))
            number += 1


def _kind(pa: Any, type: Any) -> str:
    types = pa.types
    if types.is_dictionary(type):
        type = type.value_type
    if types.is_string(type) or types.is_large_string(type) or types.is_integer(type) or types.is_null(type):
        return TEXT
    if types.is_boolean(type):
        return BOOLEAN
    return DATE if types.is_date(type) else NO_FORMAT


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return whole(str(cell))
