"""Reads a Parquet file whose columns hold text or whole numbers; nothing else has one text only."""

from __future__ import annotations

import json
import re
from typing import Any

from dap.submission.archive import ReadError
from dap.submission.cell_text import BOOLEAN, DATE, NO_FORMAT, TEXT
from dap.submission.found import Found, whole
from dap.submission.limits import LIMITS
from dap.submission.reading import HiddenText

# Under which names Arrow, Spark, Hudi, Hive, Iceberg and the writers of Avro, Thrift and Protocol Buffers keep what
# they need to read the file again, by their sources; pandas and R have one each, of a form of its own.
_PROGRAMS_OWN = re.compile(
    r"ARROW:[\w:]+|PARQUET:field_id|org\.apache\.(?:spark|hudi)\.[\w.]+|writer\.[\w.]+|iceberg\.schema"
    r"|(?:parquet\.)?avro\.schema|parquet\.(?:proto|thrift)\.[\w.]+|thrift\.(?:class|descriptor)"
)
_PANDAS_FACTS = frozenset(
    {"attributes", "column_indexes", "columns", "creator", "index_columns", "pandas_version", "partition_columns"}
)


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
    _hide_properties(file, found)
    names = [whole(name) for name in schema.names]
    found.row(1, names, TEXT * len(names))
    kinds = [_kind(pa, field.type) for field in schema]
    number = 2
    for batch in file.iter_batches(batch_size=5_000, use_threads=False):
        columns = [column.to_pylist() for column in batch.columns]
        for cells in zip(*columns, strict=True):
            found.row(number, [_text(cell) for cell in cells], "".join(kinds))
            number += 1


def _hide_properties(file: Any, found: Found) -> None:
    """What programs and people wrote to the file, and to each of its columns: what a person did must not be there."""
    for said in (file.metadata.metadata, *(each.metadata for each in file.schema_arrow)):
        for name, value in (said or {}).items():
            texts = [whole(each.decode("utf-8", "replace")) for each in (name, value)]
            for text in texts:
                found.hide("document property", text)
            if not _is_programs_own(*texts):
                found.note(*texts)


def _is_programs_own(name: str, value: str) -> bool:
    """Whether a program wrote this for itself, and nobody's notes on the table went with it."""
    if name == "pandas":
        try:
            facts = json.loads(value)
        except (ValueError, RecursionError):
            return False
        # Its attributes are what somebody noted on the frame.
        return isinstance(facts, dict) and facts.keys() <= _PANDAS_FACTS and not facts.get("attributes")
    if name == "r":
        return re.match(r"[AX]\n[0-9]+\n", value) is not None
    return _PROGRAMS_OWN.fullmatch(name) is not None


def head_of_parquet(file: Any) -> tuple[tuple[str, ...], tuple[HiddenText, ...], tuple[str, ...]] | None:
    """The columns' names, the texts beside the table and the kinds of faults that those are, from the file's end.

    `file` is opened for reading. None where any column holds other than text or whole numbers, or the end alone cannot
    tell that all is well.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = Found(lambda number, cells, kinds: None)
    try:
        read = pq.ParquetFile(
            pa.PythonFile(file, mode="r"), thrift_string_size_limit=1 << 24, thrift_container_size_limit=1 << 20
        )
        _hide_properties(read, found)
    except Exception:
        # pyarrow's own words may quote the file.
        return None
    types = [field.type for field in read.schema_arrow]
    text = all(pa.types.is_string(each) or pa.types.is_large_string(each) or _is_whole(pa, each) for each in types)
    names = tuple(whole(name) for name in read.schema_arrow.names)
    if (
        not text
        or not read.metadata.num_rows
        or len(names) > LIMITS.columns
        or len({name.casefold() for name in names}) < len(names)
    ):
        return None
    hidden = tuple(HiddenText(place, said) for place, said, *_ in found.hidden)
    return names, hidden, tuple(kind for kind, _ in found.faults)


def _is_whole(pa: Any, type: Any) -> bool:
    # Spark knows no unsigned number of 64 bits.
    return bool(pa.types.is_integer(type)) and type != pa.uint64()


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
