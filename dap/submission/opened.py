"""A file that was opened: what it is, told once, and how it reads under one layout or another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from dap.errors import CouldNotRun
from dap.plan import Layout
from dap.submission.delimited import has_header, header_of_delimited, read_delimited, read_exactly, read_plain
from dap.submission.fast import FROM_BYTES, as_utf8
from dap.submission.fixed import read_fixed
from dap.submission.kinds import PACKED, kind_of
from dap.submission.limits import LIMITS
from dap.submission.reading import NOT_INSTALLED, Content, Fault, Reading, Source, Submission, digest
from dap.submission.streamed import HEAD, read_in_pieces, read_streamed
from dap.submission.table import Faults, Record, build_table, header_elsewhere, unreadable
from dap.submission.text import is_utf8

if TYPE_CHECKING:
    from dap.submission.child import Answer


# How much of a text is looked at to prove how it is stored: the lines in which a header is looked for fit in.
_PROVING = 1 << 18


class Opened:
    """The content of one file. A child process reads what is packed, once for each sheet that a layout names.

    `label` is what an error calls the file, such as `file 2`.
    """

    def __init__(self, content: Content, file_name: str = "", label: str = "the file") -> None:
        self._content = content
        self._label = label
        self._file_name = file_name
        self._answers: dict[tuple[tuple[str, ...], str], Answer] = {}
        source = content.source
        # Of a file that is read in parts the first one tells what it is and where its header stands.
        self._head = content.data if source is None else source.read(0, HEAD)
        self._kind = kind_of(self._head)
        self._not_plain: list[Layout] = []

    def read(self, layout: Layout) -> Submission:
        """The file as a table of this layout. Never raises for what the file holds: faults go into the Reading."""
        content = self._content
        if content.refused:
            return unreadable(Reading(self._file_name, content.size, ""), Fault("too_large"))
        if content.source is not None:
            return self._streamed(content.source, layout)
        reading = Reading(self._file_name, content.size, digest(content.data))
        if self._kind in PACKED:
            return self._packed(layout, reading)
        return _text(content.data, self._kind, layout, reading, is_not_plain=layout in self._not_plain)

    @property
    def is_large(self) -> bool:
        """Whether reading takes long enough for something else to be done meanwhile."""
        return self._content.size >= FROM_BYTES and not self._content.refused

    def plain(self, layout: Layout, *, whole: bool = False) -> Submission | None:
        """What `read` gives for a large delimited text, made by Polars alone; None where only `read` can tell.

        A very large one is given in pieces, with `whole` only one of more rows or cells than a table may have: that one
        `read` refuses.
        It is safe in a thread of its own while another one imports pandas.
        """
        content = self._content
        if content.source is not None:
            return self._streamed(content.source, layout)
        if not self.is_large or self._kind != "text" or layout.positions or "csv" not in layout.formats:
            return None
        data, reading = content.data, Reading(self._file_name, content.size, "")
        if len(data) >= LIMITS.pieces_from and not whole:
            found = _in_pieces(data, layout, reading)
        else:
            found = _plain(data, layout, reading)
            if found is None and (len(data) > LIMITS.cells or data.count(b"\n") > LIMITS.rows):
                found = read_in_pieces(data, layout, reading)
        if found is None:
            self._not_plain.append(layout)
        return found

    def _streamed(self, source: Source, layout: Layout) -> Submission:
        reading = Reading(self._file_name, source.size, "")
        if self._kind != "text":
            return unreadable(reading, Fault("too_large"))
        return read_streamed(source, layout, reading)

    def header(self, layout: Layout) -> tuple[str, ...]:
        """The cells of the line where this layout has its header; none where there is none or it cannot be read."""
        if self._content.refused or self._kind == "other":
            return ()
        if self._kind not in PACKED:
            return header_of_delimited(_with_mark(self._lines, layout), layout)
        answer = self._answer(layout)
        if answer.fatal:
            return ()
        if answer.content is not None:
            return header_of_delimited(_with_mark(answer.content, layout), layout)
        above = len(layout.title_lines)
        records = _as_records(answer)
        return records[above].cells if above < len(records) else ()

    @property
    def _lines(self) -> bytes:
        """The content; of a file that is read in parts the whole lines among its first bytes."""
        return self._head[: self._head.rfind(b"\n") + 1] if self._content.is_streamed else self._head

    def _answer(self, layout: Layout) -> Answer:
        from dap.submission.child import read_apart

        key = layout.formats, layout.sheet
        if key not in self._answers:
            self._answers[key] = read_apart(self._content.data, layout.formats, layout.sheet, self._label)
        if self._answers[key].fatal == NOT_INSTALLED:
            raise CouldNotRun("the layout takes Parquet files, and what reads them is not installed (dap[parquet]).")
        return self._answers[key]

    def _packed(self, layout: Layout, reading: Reading) -> Submission:
        answer = self._answer(layout)
        reading = replace(
            reading,
            format=answer.format or self._kind,
            hidden=answer.hidden,
            sheets=answer.sheets,
            archive_members=answer.members,
        )
        if answer.fatal:
            return unreadable(reading, Fault(answer.fatal))
        if answer.content is not None:
            beside = tuple(Fault(kind, rows) for kind, rows in answer.faults)
            return _text(answer.content, kind_of(answer.content), layout, replace(reading, faults=beside))
        records = _as_records(answer)
        if (row := header_elsewhere(records, layout)) is not None:
            return unreadable(reading, Fault("header_elsewhere", (row,)))
        faults = Faults()
        for kind, rows in answer.faults:
            # A title over several columns is often one cell.
            rows = tuple(row for row in rows if row > len(layout.title_lines)) if kind == "merged_cells" else rows
            if rows or kind != "merged_cells":
                faults.add(kind, *rows)
        return build_table(reading, records, layout, faults, grid=True)


def _plain(content: bytes, layout: Layout, reading: Reading) -> Submission | None:
    """`read_plain`, and the hash at the same time."""
    with ThreadPoolExecutor(1) as pool:
        hashed = pool.submit(digest, content)
        found = read_plain(content, layout, reading)
        return found and replace(found, reading=replace(found.reading, sha256=hashed.result()))


def _in_pieces(content: bytes, layout: Layout, reading: Reading) -> Submission | None:
    """A large plain text in pieces, in whichever encoding it is: never in memory as a whole table."""
    found = read_in_pieces(content, layout, reading)
    if found is not None or is_utf8(content) or (text := as_utf8(content, layout)) is None:
        return found
    found = read_in_pieces(text, layout, reading)
    return found and replace(found, reading=replace(found.reading, sha256=digest(content)))


def _text(content: bytes, kind: str, layout: Layout, reading: Reading, *, is_not_plain: bool = False) -> Submission:
    """What a text holds; `is_not_plain` says that it was asked as it stands whether it can be read fast."""
    if kind != "text":
        return unreadable(replace(reading, format=kind), Fault("other_kind"))
    marked = _with_mark(content, layout)
    is_not_plain, content = is_not_plain and marked is content, marked
    fixed = bool(layout.positions) and not ("csv" in layout.formats and has_header(content, layout))
    if not fixed and "csv" not in layout.formats and content.strip():
        return unreadable(reading, Fault("other_kind"))
    # What an archive holds stays the archive's: its rules are asked too.
    packed = reading.format in ("zip", "gzip")
    reading = reading if packed else replace(reading, format="fixed" if fixed else "csv")
    if fixed:
        return read_fixed(content, layout, reading)
    return (read_exactly if is_not_plain else read_delimited)(content, layout, reading)


def _with_mark(content: bytes, layout: Layout) -> bytes:
    """The content; UTF-16 without a mark of its byte order gets the mark that the layout's header proves.

    Programs write UTF-16 without a mark too. A nought in the first letter alone proves nothing, but text that shows
    the layout's own header where it should stand, and only in this order of bytes, was written in it.
    """
    if content[:1] == b"\0" or content[1:2] == b"\0":
        mark, line_end = (b"\xff\xfe", b"\n\0") if content[1:2] == b"\0" else (b"\xfe\xff", b"\0\n")
        # Up to a line's end, so that no letter is cut in two.
        end = content.rfind(line_end, 0, _PROVING) + 2 if len(content) > _PROVING else len(content)
        if "utf-16" in layout.encodings and has_header(mark + content[:end], layout):
            return mark + content
    return content


def _as_records(answer: Answer) -> list[Record]:
    """The rows of a sheet, with an empty record for each row that the sheet does not have."""
    records: list[Record] = []
    for line in answer.lines:
        while len(records) + 1 < line.number:
            records.append(Record(len(records) + 1, ()))
        records.append(Record(line.number, line.cells, (), line.kinds))
    return records
