"""Reads a submission from any path that Spark reads: delimited text in parts, Parquet by Spark, the rest in one piece.

Delimited text takes two jobs: one in which each part says what it is, and one that splits it and hands the blocks to
Spark to hold. What only the whole can tell (another encoding, carriage returns as line ends, quotation marks that do
not pair) is read by the reader of a single process, within that reader's limits.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pyarrow as pa
from pyspark.sql import SparkSession, functions

from dap.engine.spark.table import BLOCK_SCHEMA, BLOCKS, SparkTable, batch, kept, table_of_frame
from dap.engine.texts import TextColumn
from dap.errors import RequestError
from dap.identifiers.spread import Sample
from dap.plan import Layout
from dap.submission import Content, Fault, Opened, Reading
from dap.submission.cells import packed
from dap.submission.kinds import kind_of
from dap.submission.limits import LIMITS
from dap.submission.parquet import head_of_parquet
from dap.submission.parts import ROW, Block, End, PartReader, RowReader, Scan, Start, Told, begin, join
from dap.submission.parts import Head as TextHead
from dap.submission.table import Faults, Head, Record, known_names, read_head, unreadable
from dap.submission.text import RowError

_HEAD_BYTES = 1 << 20
_FIRST_LINES = 200
_PARQUET = b"PAR1"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Source:
    """A file as Hadoop's file systems name it, its size, its own name, and what it is called in messages."""

    path: str
    size: int
    file_name: str
    label: str


def source_of(spark: SparkSession, path: str, label: str) -> Source:
    """The file at a path such as `s3a://bucket/file.csv`; RequestError, calling it `label`, where there is none."""
    jvm: Any = spark.sparkContext._jvm
    found = None
    try:
        name = jvm.org.apache.hadoop.fs.Path(path)
        system = name.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
        status = system.getFileStatus(name)
        found = bool(status.isFile()), int(status.getLen()), str(status.getPath().toString()), str(name.getName())
    except Exception:
        found = None
    # Raised outside the handler: Java's words quote the path.
    if found is None:
        raise RequestError(f"{label}: Spark finds no such file, or cannot open it.")
    is_file, size, whole, file_name = found
    if not is_file:
        raise RequestError(f"{label}: not a file. Name each file of a folder by itself.")
    return Source(whole, size, file_name, label)


def read_on_spark(spark: SparkSession, source: Source, layout: Layout) -> SparkTable:
    """The file as a table of this layout. Never raises for what the file holds: faults go into the Reading."""
    head = _bytes(spark, source, min(source.size, _HEAD_BYTES))
    if head.startswith(_PARQUET) and "parquet" in layout.formats:
        return _parquet(spark, source, layout) or _in_one_piece(spark, source, layout)
    plain = (
        kind_of(head) == "text"
        and not layout.positions
        and "csv" in layout.formats
        and head[:2] not in _UTF16
        and bool(head.strip())
    )
    table = None
    if plain:
        with ThreadPoolExecutor(1) as apart:
            digest = apart.submit(_sha256(spark, source))
            table = _in_parts(spark, source, layout, head, digest)
    return table or _in_one_piece(spark, source, layout)


def _stream(spark: SparkSession, source: Source) -> Any:
    name = spark.sparkContext._jvm.org.apache.hadoop.fs.Path(source.path)
    return name.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()).open(name)


def _bytes(spark: SparkSession, source: Source, size: int, start: int = 0) -> bytes:
    """The first bytes of the file, or those from `start` on."""
    stream = _stream(spark, source)
    try:
        stream.seek(start)
        return bytes(spark.sparkContext._jvm.org.apache.commons.io.IOUtils.toByteArray(stream, size))
    finally:
        stream.close()


def _sha256(spark: SparkSession, source: Source) -> Callable[[], str]:
    """What computes the file's SHA-256, by Java from any file system, while the jobs run."""
    jvm: Any = spark.sparkContext._jvm
    digest = jvm.java.security.MessageDigest.getInstance("SHA-256")
    stream = jvm.java.security.DigestInputStream(_stream(spark, source), digest)
    nowhere = jvm.java.io.OutputStream.nullOutputStream()
    copy = jvm.org.apache.hadoop.io.IOUtils.copyBytes

    def computed() -> str:
        copy(stream, nowhere, 1 << 20, True)
        return bytes(digest.digest()).hex()

    return computed


def _in_one_piece(spark: SparkSession, source: Source, layout: Layout) -> SparkTable:
    """The file as the reader of one process reads it, and refuses what is too large for one."""
    whole = source.size <= LIMITS.file_bytes
    content = Content(_bytes(spark, source, source.size) if whole else b"", source.size)
    submission = Opened(content, source.file_name, source.label).read(layout)
    return table_of_frame(spark, submission.frame, submission.reading)


def _in_parts(
    spark: SparkSession, source: Source, layout: Layout, first: bytes, digest: Future[str]
) -> SparkTable | None:
    """The file read part by part; None where that is not certain to be how the whole would be read."""
    lines = spark.read.text(source.path, lineSep="\n").select(functions.col("value").cast("binary"))
    numbers, scans = _scanned(lines, layout.quote)
    reading = Reading(source.file_name, source.size, "", format="csv")
    fatal: Fault | None = None
    begun = None
    try:
        begun = begin(scans, first, layout, whole=source.size <= len(first))
    except RowError as error:
        fatal = Fault(error.kind, (error.row,) if error.row else ())
    if fatal is not None:
        return _nothing(spark, replace(reading, sha256=digest.result(), faults=(fatal,)))
    if begun is None:
        return None
    head, starts = begun
    blocks = lines.mapInArrow(_Splitter(head, layout, dict(zip(numbers, starts, strict=True))), BLOCKS)
    return _table(spark, blocks, layout, head.top, head.faults, reading, digest)


def _parquet(spark: SparkSession, source: Source, layout: Layout) -> SparkTable | None:
    """A Parquet file of text and whole numbers, read by Spark; None where the reader of one process has to tell."""
    found = head_of_parquet(_Remote(spark, source))
    if found is None or layout.title_lines or not known_names(found[0], layout):
        return None
    names, hidden, kinds = found
    faults = Faults()
    for kind in kinds:
        faults.add(kind)
    top = read_head([Record(1, names)], layout, faults, grid=True)
    if len(top.header.cells) < len(names):
        return None
    with ThreadPoolExecutor(1) as apart:
        digest = apart.submit(_sha256(spark, source))
        columns = [functions.col("`" + name.replace("`", "``") + "`") for name in names]
        blocks = spark.read.parquet(source.path).select(*columns).mapInArrow(_Rows(top, layout), BLOCKS)
        reading = Reading(source.file_name, source.size, "", hidden=hidden, format="parquet")
        return _table(spark, blocks, layout, top, faults.all(), reading, digest, offset=top.header.number)


class _Remote(io.RawIOBase):
    """A file of any of Hadoop's file systems, read where one looks: the end of a Parquet file tells what it holds."""

    def __init__(self, spark: SparkSession, source: Source) -> None:
        self._spark, self._source, self._at = spark, source, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, from the start, from here or from the end."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from here on."""
        size = max(0, min(len(buffer), self._source.size - self._at))
        buffer[:size] = _bytes(self._spark, self._source, size, self._at) if size else b""
        self._at += size
        return size


def _nothing(spark: SparkSession, reading: Reading) -> SparkTable:
    """The table of a file that gave none; the reading says why."""
    submission = unreadable(reading, *reading.faults)
    return table_of_frame(spark, submission.frame, submission.reading)


class _Scanner:
    """Looks through one part; the answer names the part."""

    schema = pa.schema([("part", pa.int32()), ("scan", pa.binary())])

    def __init__(self, quote: str) -> None:
        self._quote = quote.encode()

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scan = Scan()
        for each in batches:
            scan.take(each.column(0).to_pylist(), self._quote)
        yield batch([(_part(), pickle.dumps(scan))], self.schema)


def _part() -> int:
    from pyspark import TaskContext

    context = TaskContext.get()
    if context is None:
        raise RuntimeError("this runs in a task of Spark only")
    return int(context.partitionId())


def _scanned(lines: Any, quote: str) -> tuple[list[int], list[Scan]]:
    """The numbers of the parts and what they say, in the order of the file."""
    rows = sorted(lines.mapInArrow(_Scanner(quote), "part int, scan binary").collect(), key=lambda row: row["part"])
    return [row["part"] for row in rows], [pickle.loads(row["scan"]) for row in rows]


@dataclass
class _Note:
    """What one block tells the driver; the last of a part, how the part ended."""

    faults: dict[str, list[int]]
    sample: Sample | None
    kept: int
    outside: int
    end: End | None = None


def _block(part: int, number: int, block: Block, end: End | None = None) -> pa.RecordBatch:
    columns = [TextColumn(column) for column in block.frame.drop(ROW).get_columns()]
    sample = Sample.of(columns) if block.frame.height else None
    note = _Note(block.faults, sample, block.frame.height, len(block.outside), end)
    row = part, number, packed(block.frame), pickle.dumps(block.outside), pickle.dumps(note)
    return batch([row], BLOCK_SCHEMA)


class _Rows:
    """Reads one part of a Parquet file into blocks, as `_Splitter` does with lines."""

    def __init__(self, top: Head, layout: Layout) -> None:
        self._top, self._layout = top, layout

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        part = _part()
        reader = RowReader(self._top, self._layout)
        number = 0
        for each in batches:
            rows = pl.DataFrame(pa.Table.from_batches([each]).rename_columns(list(self._top.columns)))
            yield _block(part, number, reader.take(rows.cast(pl.String)))
            number += 1
        nothing = pl.DataFrame(
            {name: [] for name in self._top.columns}, schema=dict.fromkeys(self._top.columns, pl.String)
        )
        yield _block(part, number, reader.take(nothing), reader.end())


class _Splitter:
    """Reads one part into blocks, each with a note; the last says how the part ended."""

    def __init__(self, head: TextHead, layout: Layout, begun: dict[int, Start]) -> None:
        self._head, self._layout, self._begun = head, layout, begun

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        part = _part()
        start = self._begun[part]
        first = part == min(self._begun)
        reader = PartReader(self._head, self._layout, first)
        number = 0
        for lines in self._lines(batches, start, first):
            yield _block(part, number, reader.take(lines))
            number += 1
        yield _block(part, number, Block(reader.take([]).frame), reader.end())

    def _lines(self, batches: Iterator[pa.RecordBatch], start: Start, first: bool) -> Iterator[list[bytes]]:
        left = start.skipped
        for each in batches:
            lines = each.column(0).to_pylist()
            left, lines = max(0, left - len(lines)), lines[left:]
            if first and lines:
                # The head is read slowly, and with it no more than has to be.
                yield lines[:_FIRST_LINES]
                lines = lines[_FIRST_LINES:]
                first = False
            if lines:
                yield lines
        if start.added:
            yield list(start.added)


def _table(
    spark: SparkSession,
    blocks: Any,
    layout: Layout,
    top: Head,
    faults: Sequence[Fault],
    reading: Reading,
    digest: Future[str],
    offset: int = 0,
) -> SparkTable | None:
    """The blocks of all parts; None where a part did not end where the next begins."""
    blocks = kept(blocks)
    listed = sorted(blocks.select("part", "block", "note").collect(), key=lambda row: (row["part"], row["block"]))
    notes: dict[int, list[_Note]] = {}
    for row in listed:
        notes.setdefault(row["part"], []).append(pickle.loads(row["note"]))
    joined = join([_told(notes[part]) for part in sorted(notes)], top, faults, layout, reading, offset)
    if joined is None or not joined.reading.columns:
        blocks.unpersist()
        return None if joined is None else _nothing(spark, replace(joined.reading, sha256=digest.result()))
    found = replace(joined.reading, sha256=digest.result())
    samples = [note.sample for part in sorted(notes) for note in notes[part] if note.sample is not None]
    offsets = dict(zip(sorted(notes), joined.offsets, strict=True))
    # The texts beside the table that stand below its header stay with their blocks.
    return SparkTable(blocks, found.columns, offsets, found.rows, found, samples, found.outside, joined.outside)


def _told(notes: list[_Note]) -> Told:
    """What the blocks of one part tell together."""
    end = notes[-1].end
    if end is None:
        raise RuntimeError("a part of the file gave no end")
    faults: dict[str, list[int]] = {}
    for note in notes:
        for kind, rows in note.faults.items():
            faults.setdefault(kind, []).extend(rows)
    return Told(faults, sum(note.kept for note in notes), sum(note.outside for note in notes), end)
