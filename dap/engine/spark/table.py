"""A submission's table on Spark: blocks of rows as Arrow data, on which Python workers compute with Polars.

Spark stores, moves and shuffles the blocks; each is judged by the code that judges a table in one process.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from dap.engine.starting import defer_unused_imports
from dap.identifiers.spread import Sample
from dap.submission import Outside as Beside
from dap.submission import Reading
from dap.submission.beside import times_met
from dap.submission.cells import packed, unpacked
from dap.submission.parts import ROW

BLOCKS = "part int, block int, body binary, outside binary, note binary"
_ANSWERS = "part int, block int, answer binary"

Outside = list[tuple[int, str]]
Work = Callable[[pl.DataFrame, list[int], Outside], Any]
"""What is computed of a block: from its frame, the numbers of its rows and the texts beside the table, by row."""


def batch(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    """Rows as Spark takes them from a Python worker."""
    columns = [[row[place] for row in rows] for place in range(len(schema))]
    return pa.RecordBatch.from_arrays(
        [pa.array(column, type=each.type) for column, each in zip(columns, schema, strict=True)], schema=schema
    )


BLOCK_SCHEMA = pa.schema(
    [
        ("part", pa.int32()),
        ("block", pa.int32()),
        ("body", pa.binary()),
        ("outside", pa.binary()),
        ("note", pa.binary()),
    ]
)
_ANSWER_SCHEMA = pa.schema([("part", pa.int32()), ("block", pa.int32()), ("answer", pa.binary())])


@dataclass(eq=False)
class SparkTable:
    """The blocks, where each part's rows begin (`offsets`), the Reading, and what was learnt while reading.

    The texts beside the table lie with the blocks, but for those in `above`; `outside` is how many there are of both.
    """

    blocks: DataFrame = field(repr=False)
    columns: tuple[str, ...]
    offsets: Mapping[int, int]
    height: int
    reading: Reading | None
    samples: Sequence[Sample] = field(default=(), repr=False)
    above: Sequence[Beside] = field(default=(), repr=False)
    outside: int = 0

    def each(self, work: Work) -> list[Any]:
        """What `work` gives of each block, in the order of the rows: one Spark job."""
        answers = self.blocks.mapInArrow(_Worker(work, dict(self.offsets)), _ANSWERS).collect()
        ordered = sorted(answers, key=lambda row: (row["part"], row["block"]))
        return [pickle.loads(row["answer"]) for row in ordered]

    @cached_property
    def dataframe(self) -> DataFrame:
        """The table as a Spark DataFrame of text, made when a stock metric asks for it."""
        names = ", ".join(f"`{name}` string" for name in self.columns)
        return self.blocks.mapInArrow(_unpacked, names)


class _Worker:
    """Runs a piece of work on the blocks that a Python worker is given."""

    def __init__(self, work: Work, offsets: dict[int, int]) -> None:
        self._packed, self._offsets = pickle.dumps(work), offsets

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # To unpack the work is to import Great Expectations, which a Python worker needs as little of as the gate.
        defer_unused_imports()
        work = pickle.loads(self._packed)
        for each in batches:
            for row in each.to_pylist():
                frame = unpacked(row["body"])
                offset = self._offsets[row["part"]]
                rows = (frame[ROW] + offset).to_list()
                outside = [(number + offset, text) for number, text in pickle.loads(row["outside"])]
                answer = work(frame.drop(ROW), rows, outside)
                yield batch([(row["part"], row["block"], pickle.dumps(answer))], _ANSWER_SCHEMA)


def _unpacked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for each in batches:
        for body in each.column("body").to_pylist():
            table = unpacked(body).drop(ROW).to_arrow(compat_level=pl.CompatLevel.oldest())
            text = pa.schema([(name, pa.string()) for name in table.column_names])
            yield from table.cast(text).to_batches()


def kept(blocks: DataFrame) -> DataFrame:
    """The blocks, held by Spark from their first use on: in memory, and on disk where that is full."""
    return blocks.persist(StorageLevel.MEMORY_AND_DISK)


def table_of_frame(spark: SparkSession, frame: Any, reading: Reading | None, rows: int = 50_000) -> SparkTable:
    """A table that one process has read (a pandas frame of text, rows by number), handed to Spark in blocks."""
    columns = tuple(map(str, frame.columns))
    outside = reading.outside if reading else ()
    listed, samples = [], []
    for start in range(0, max(1, len(frame)), rows):
        part = frame.iloc[start : start + rows]
        texts = [part.iloc[:, place].tolist() for place in range(len(columns))]
        series = [pl.Series(name, values, dtype=pl.String) for name, values in zip(columns, texts, strict=True)]
        block = pl.DataFrame([pl.Series(ROW, part.index.tolist(), dtype=pl.Int64), *series])
        samples.append(Sample.of(texts))
        listed.append((0, start // rows, packed(block), pickle.dumps([]), b""))
    blocks = spark.createDataFrame(spark.sparkContext.parallelize(listed, min(len(listed), 64)), BLOCKS)
    return SparkTable(kept(blocks), columns, {0: 0}, len(frame), reading, samples, outside, times_met(outside))
