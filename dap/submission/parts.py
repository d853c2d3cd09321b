"""Reads delimited text in parts, such as the partitions of a cluster, so that together they are what the whole is.

A part is a run of whole lines. It is read from where a record begins, which the parts before it decide: `Scan` is what
each part can say of itself, `begin` puts that together with the first lines, `PartReader` reads, and `join` makes of
what the readers say the Reading of the whole. Wherever a part ends inside a record although another begins behind it,
or only the whole text can tell how it is to be read, the answer is None: then the file is to be read in one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from dap.plan import Layout
from dap.submission import table
from dap.submission.beside import Texts, times_met
from dap.submission.delimited import Dialect, header_row_elsewhere, proven_dialect, records_of
from dap.submission.fast import read_text
from dap.submission.limits import LIMITS
from dap.submission.reading import Fault, Reading
from dap.submission.table import LETTER_LOST, Faults, Record, kept_rows
from dap.submission.text import RowError

if TYPE_CHECKING:
    import polars as pl

ROW = "#row"
"""The column of a block with the number that each record has in its part, from 1."""

LONGEST_SEAM = 1 << 20
"""The most bytes of a record that may lie beyond its part; beyond that the file is read in one piece."""


@dataclass
class Scan:
    """What one part says of itself before anybody knows where its records begin.

    `quotes` is whether it has an odd number of quotation marks; `inner` how many lines, and which bytes, belong to a
    record that began before it, should one be open there. Of a line end `even` and `odd` say after which number of
    quotation marks any stands.
    """

    lines: int = 0
    quotes: bool = False
    any_quote: bool = False
    nul: bool = False
    utf8: bool = True
    returns: bool = False
    even: bool = False
    odd: bool = False
    closed: bool = False
    inner: int = 0
    seam: list[bytes] = field(default_factory=list)
    too_long: bool = False

    def take(self, lines: Sequence[bytes], quote: bytes) -> None:
        """Go on with the next lines of the part, without their line feeds."""
        text = b"\n".join(lines)
        self.lines += len(lines)
        self.nul = self.nul or b"\0" in text
        self.returns = self.returns or b"\r" in text
        if self.utf8 and not text.isascii():
            self.utf8 = _is_utf8(text)
        found = text.count(quote) if quote else 0
        if found:
            self.any_quote = True
            self._follow(lines, quote)
            return
        self.odd, self.even = self.odd or self.quotes, self.even or not self.quotes
        if not self.closed:
            self._hold(lines)

    def _hold(self, lines: Sequence[bytes]) -> None:
        """Lines that would be inside a record, as long as none of their quotation marks has closed it."""
        if self.too_long:
            return
        self.seam.extend(lines)
        self.inner += len(lines)
        # What no quotation mark closes within a megabyte is an ordinary part, whose seam nobody asks for.
        if sum(map(len, self.seam)) > LONGEST_SEAM:
            self.seam, self.too_long = [], True

    def _follow(self, lines: Sequence[bytes], quote: bytes) -> None:
        for line in lines:
            if line.count(quote) % 2:
                self.quotes = not self.quotes
            self.odd, self.even = self.odd or self.quotes, self.even or not self.quotes
            if not self.closed:
                self._hold((line,))
                self.closed = self.quotes


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True)
class Start:
    """Where a part is to be read: how many of its lines another reads, and the lines of others that it reads."""

    skipped: int
    added: tuple[bytes, ...]


def starts(scans: Sequence[Scan]) -> list[Start] | None:
    """For each part, where it begins and what it takes from those behind it; None where only the whole can tell."""
    opened = False
    inside: list[bool] = []
    for scan in scans:
        inside.append(opened)
        opened ^= scan.quotes
    found: list[Start] = []
    added: tuple[bytes, ...] = ()
    for scan, within in zip(reversed(scans), reversed(inside), strict=True):
        if within and scan.too_long:
            return None
        if within and not scan.closed:
            # The record goes on beyond this part, which has no record of its own.
            found.append(Start(scan.lines, ()))
            added = (*scan.seam, *added)
            continue
        found.append(Start(scan.inner if within else 0, added))
        added = tuple(scan.seam) if within else ()
    return found[::-1]


@dataclass(frozen=True)
class Head:
    """What the first lines of a file say of all: how it is split, the lines down to the header, and how many they are.

    `faults` are those of the title lines and the header.
    """

    dialect: Dialect
    top: table.Head
    above: int
    faults: tuple[Fault, ...]


def begin(scans: Sequence[Scan], first: bytes, layout: Layout, *, whole: bool) -> tuple[Head, list[Start]] | None:
    """How the parts, of which there is at least one, are to be read; None where the file is to be read in one piece.

    `first` is the file's first bytes, or all where it is `whole`. Raises RowError where the file has no table.
    """
    if not first.strip() or not _is_plain(scans):
        return None
    begun = starts(scans)
    if begun is None:
        return None
    if not whole:
        first = first[: first.rfind(b"\n") + 1]
    try:
        head = read_head(first.removeprefix(b"\xef\xbb\xbf").decode("utf-8"), layout)
    except RowError as error:
        # A record that the first bytes cut off says nothing of the file.
        if error.kind == "quote_not_closed":
            return None
        raise
    return None if head is None or scans[0].lines < head.above else (head, begun)


def _is_plain(scans: Sequence[Scan]) -> bool:
    """Whether all is UTF-8 without NUL, and lines end with line feeds, as the reader of the whole would say."""
    if not all(scan.utf8 and not scan.nul for scan in scans):
        return False
    opened, ends = False, False
    for scan in scans:
        ends = ends or (scan.odd if opened else scan.even)
        opened ^= scan.quotes
    # Carriage returns end the lines where no line feed does, but inside quotation marks.
    return not any(scan.returns for scan in scans) or (ends and sum(scan.lines for scan in scans) > 1)


def read_head(text: str, layout: Layout) -> Head | None:
    """The head of a file from its first whole lines; None where they are too few. RowError where it has no table."""
    dialect = proven_dialect(text, layout)
    above = len(layout.title_lines)
    records = list(islice(records_of(text, dialect), above + 1))
    if len(records) <= above or not any(record.cells for record in records):
        return None
    if (row := header_row_elsewhere(text, dialect, layout)) is not None:
        raise RowError("header_elsewhere", row)
    for record in records:
        _demand_limits(record)
    faults = Faults()
    top = table.read_head(records, layout, faults)
    return Head(dialect, top, above + 1, faults.all())


@dataclass
class Block:
    """Some records of a part: a frame of text with `ROW` (empty where no row was kept), what lies beside the table."""

    frame: pl.DataFrame
    outside: list[tuple[int, str]] = field(default_factory=list)
    faults: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """How a part ended: how many records it had, and whether any was more than an empty line.

    `pending` are the empty lines at its end, which are a fault only if anything follows; `fatal` is the fault and row
    that end the reading; `open` says that the part ends inside a record, the first row of which is `records + 1`.
    """

    records: int
    filled: bool
    pending: tuple[int, ...]
    fatal: tuple[str, int] | None
    open: bool

    @property
    def began(self) -> bool:
        """Whether the part had any record of its own, or the beginning of one."""
        return self.records > 0 or self.open or self.fatal is not None


@dataclass
class PartReader:
    """Reads one part, block by block; `first` is the part with the head. Rows are numbered from 1 within the part."""

    head: Head
    layout: Layout
    first: bool
    records: int = 0
    filled: bool = False
    pending: list[int] = field(default_factory=list)
    fatal: tuple[str, int] | None = None
    _carried: list[str] = field(default_factory=list)

    def end(self) -> End:
        """How the part ended, after its last block."""
        return End(self.records, self.filled, tuple(self.pending), self.fatal, bool(self._carried))

    def take(self, lines: Sequence[bytes]) -> Block:
        """Read the next lines, given without their line feeds."""
        if self.fatal is not None or not lines:
            return _block(self.head.top.columns, [], Faults(), Texts(), {})
        text = b"\n".join(lines).decode("utf-8")
        quick = None if self._carried or (self.first and self.records < self.head.above) else self._quick(text, lines)
        if quick is not None:
            return quick
        listed = [*self._carried, *text.split("\n")]
        self._carried = []
        return self._kept(list(self._split(listed)))

    def _quick(self, text: str, lines: Sequence[bytes]) -> Block | None:
        """The block of lines that are nothing but full rows without quotation marks; None where any is more or less.

        As good as all lines of a large file are, and Polars splits them fifty times as fast.
        """
        import polars as pl

        dialect, width = self.head.dialect, len(self.head.top.columns)
        if any(each and each in text for each in (dialect.quote, dialect.escape)) or LETTER_LOST in text:
            return None
        if "\r" in text:
            plain = text.replace("\r\n", "\n").removesuffix("\r")
            if "\r" in plain:
                return None
            text = plain
        written = pl.Series(text.split("\n"), dtype=pl.String)
        counts = written.str.count_matches(dialect.delimiter, literal=True)
        if (
            (counts != width - 1).any()
            or (written.str.len_bytes() > LIMITS.cell_characters).any()
            or (written.str.strip_chars(" ") == "").any()
        ):
            return None
        frame = read_text(
            text.encode("utf-8"),
            has_header=False,
            new_columns=list(self.head.top.columns),
            separator=dialect.delimiter,
            quote_char=None,
            infer_schema=False,
        )
        if frame.height != len(lines) or frame.width != width:
            return None
        names = list(self.layout.header_names)
        first = frame.get_columns()[:2]
        if (
            frame.select(pl.all_horizontal(pl.all().is_null()).any()).item()
            or any(column.is_in(names).any() for column in first)
            or (first[0] == self.head.top.header.cells[0]).any()
        ):
            return None
        faults: dict[str, list[int]] = {}
        self._flush(faults)
        numbers = pl.int_range(self.records + 1, self.records + 1 + frame.height, eager=True, dtype=pl.Int64)
        self.records += frame.height
        return Block(frame.insert_column(0, numbers.alias(ROW)), [], faults)

    def _split(self, lines: list[str]) -> Iterator[Record]:
        """The records of these lines; those of the last, if it is open, are carried to the next."""
        # The text ends before its last line feed, and a last line that is empty would not be seen without one.
        text = "\n".join(lines) + ("" if lines[-1] else "\n")
        used = 0
        before = self.records
        try:
            for record in records_of(text, self.head.dialect, "\n"):
                _demand_limits(record)
                used += 1 + sum(cell.count("\n") for cell in record.cells)
                self.records = before + record.number
                yield Record(self.records, record.cells, record.faults)
        except RowError as error:
            if error.kind == "quote_not_closed":
                self._carried = lines[used:]
            else:
                self.fatal = error.kind, before + error.row
            return
        if used != len(lines):
            raise RuntimeError("the lines of a part and those of its records are not as many")

    def _kept(self, records: list[Record]) -> Block:
        above = max(0, self.head.above - records[0].number + 1) if self.first and records else 0
        body = records[above:]
        faults, outside = Faults(), Texts()
        last = max((place for place, record in enumerate(body, start=1) if record.cells), default=0)
        gathered: dict[str, list[int]] = {}
        if last:
            self._flush(gathered)
        kept = list(kept_rows(body[:last], self.head.top.header, self.layout, faults, outside, False))
        self.pending += [record.number for record in body[last:]]
        return _block(self.head.top.columns, kept, faults, outside, gathered)

    def _flush(self, faults: dict[str, list[int]]) -> None:
        """Something follows the empty lines that were met last."""
        if self.pending and not self.layout.skip_blank_rows:
            faults.setdefault("empty_line", []).extend(self.pending)
        self.pending, self.filled = [], True


@dataclass
class RowReader:
    """Reads one part of a table that has rows already, such as a Parquet file's, block by block; as `PartReader`.

    Its header is no row of any part; no row is an empty line or of another width.
    """

    top: table.Head
    layout: Layout
    records: int = 0
    fatal: tuple[str, int] | None = None

    def end(self) -> End:
        """How the part ended, after its last block."""
        return End(self.records, self.records > 0, (), self.fatal, False)

    def take(self, frame: pl.DataFrame) -> Block:
        """Read the next rows: a frame of text with the table's columns."""
        import polars as pl

        columns = self.top.columns
        if self.fatal is None and any(
            (column.str.len_chars() > LIMITS.cell_characters).any() for column in frame.get_columns()
        ):
            self.fatal = "cell_too_long", 0
        if self.fatal is not None:
            return _block(columns, [], Faults(), Texts(), {})
        start = self.records + 1
        self.records += frame.height
        frame = frame.select(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in columns)
        if not self._is_plain(frame):
            records = [
                Record(number, tuple(cell or "" for cell in row), (), "t" * len(columns))
                for number, row in enumerate(frame.iter_rows(), start=start)
            ]
            faults, outside = Faults(), Texts()
            kept = list(kept_rows(records, self.top.header, self.layout, faults, outside, True))
            return _block(columns, kept, faults, outside, {})
        numbers = pl.int_range(start, start + frame.height, eager=True, dtype=pl.Int64)
        return Block(frame.insert_column(0, numbers.alias(ROW)))

    def _is_plain(self, frame: pl.DataFrame) -> bool:
        """Whether every row is one of the table, with nothing to say of it."""
        import polars as pl

        names = list(self.layout.header_names)
        first = frame.get_columns()[:2]
        return not (
            frame.select(pl.all_horizontal(pl.all().is_null()).any()).item()
            or any(column.str.contains(LETTER_LOST, literal=True).any() for column in frame.get_columns())
            or any(column.is_in(names).any() for column in first)
            or (first[0] == self.top.header.cells[0]).any()
        )


def _block(
    columns: Sequence[str],
    kept: Sequence[Record],
    faults: Faults,
    outside: Texts,
    before: dict[str, list[int]],
) -> Block:
    """The block of these records, with all that was found in them; `before` are faults of lines above."""
    import polars as pl

    for record in kept:
        if LETTER_LOST in "".join(record.cells):
            faults.add("letters_lost", record.number)
    for fault in faults.all():
        before.setdefault(fault.kind, []).extend(fault.rows)
    numbers = pl.Series(ROW, [record.number for record in kept], dtype=pl.Int64)
    cells = [
        pl.Series(name, [record.cells[place] or None for record in kept], dtype=pl.String)
        for place, name in enumerate(columns)
    ]
    return Block(
        pl.DataFrame([numbers, *cells]), [(row, each.text) for each in outside.all() for row in each.rows], before
    )


@dataclass
class Told:
    """What the reader of one part tells: faults, rows by number within the part, how much it kept, how it ended."""

    faults: dict[str, list[int]]
    kept: int
    outside: int
    end: End


@dataclass(frozen=True)
class Joined:
    """The whole: its Reading (without texts but the title lines'), each part's rows' offset, how many texts are beside.

    Where something ended the reading the Reading has no columns.
    """

    reading: Reading
    offsets: tuple[int, ...]
    outside: int


def join(
    parts: Sequence[Told], top: table.Head, above: Sequence[Fault], layout: Layout, reading: Reading, offset: int = 0
) -> Joined | None:
    """What the parts are together, in their order; None where one does not end where the next one begins.

    `top` is what the lines down to the header say, `above` the faults found there; `offset` is how many rows stand
    before those of the first part.
    """
    faults: dict[str, list[int]] = {fault.kind: list(fault.rows) for fault in above}
    offsets: list[int] = []
    pending: list[int] = []
    for place, part in enumerate(parts):
        end = part.end
        offsets.append(offset)
        if end.open and any(each.end.began for each in parts[place + 1 :]):
            return None
        fatal = end.fatal or (("quote_not_closed", end.records + 1) if end.open else None)
        if fatal is not None:
            kind, row = fatal
            return Joined(replace(reading, faults=(Fault(kind, (row + offset,) if row else ()),)), (), 0)
        if end.filled and pending and not layout.skip_blank_rows:
            faults.setdefault("empty_line", []).extend(pending)
        pending = [*([] if end.filled else pending), *(each + offset for each in end.pending)]
        for kind, rows in part.faults.items():
            faults.setdefault(kind, []).extend(each + offset for each in rows)
        offset += end.records
    height = sum(part.kept for part in parts)
    if not height:
        faults["no_rows"] = []
    found = replace(
        reading,
        header=top.header.cells,
        header_row=top.header.number,
        columns=top.columns,
        faults=tuple(Fault(kind, tuple(rows)) for kind, rows in faults.items()),
        outside=top.outside,
        rows=height,
    )
    return Joined(found, tuple(offsets), times_met(top.outside) + sum(part.outside for part in parts))


def _demand_limits(record: Record) -> None:
    if len(record.cells) > LIMITS.columns:
        raise RowError("too_wide", record.number)
    if any(len(cell) > LIMITS.cell_characters for cell in record.cells):
        raise RowError("cell_too_long", record.number)
