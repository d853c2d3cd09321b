"""Reads a plain delimited file at the speed of memory, where its bytes prove that it can be split in one way only.

The reader of `delimited` is the authority: this one answers only where it can prove that both give the same table, and
None where it cannot. What it proves on the raw bytes, before they are split: UTF-8, no NUL, line ends that are line
ends, as many delimiters as so many lines have, quotation marks only around whole cells. Polars then splits, and the
lengths of the cells of each row have to add up to the bytes of its line, where none has a quotation mark; else all
lengths to all bytes, and each line was proven to have as many cells as the header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import add
from typing import TYPE_CHECKING, Any

from dap.plan import Layout
from dap.submission.limits import LIMITS
from dap.submission.reading import Columns, Reading, Submission
from dap.submission.table import Faults, Record, looks_like_header, read_head
from dap.submission.text import in_utf8, is_utf8

if TYPE_CHECKING:
    import polars as pl

FROM_BYTES = 1_000_000
"""Below this size loading Polars takes longer than it saves."""

_BOM = b"\xef\xbb\xbf"
_LETTER_LOST = "\ufffd".encode()
# So much stays in a processor's own memory while all else is compared with it.
_BLOCK = 1 << 18
# So many columns are added up in one expression: it takes time and memory by the square of them.
_ADDED = 16
# The first bytes of zlib's, gzip's and zstd's files.
_LIKE_PACKED = (b"x", b"\x1f", b"(")
_ALL = frozenset(range(256))
_LINE_END, _RETURN, _SPACE, _DELETE = b"\n\r \x7f"
_CONTROLS = frozenset((*range(_SPACE), _DELETE))
_FOREIGN_BREAKS = tuple(each.encode() for each in "\x85\u2028\u2029")
# Beyond this width the pattern of a row with quotation marks is too large for RE2.
_WIDEST_QUOTED = 300
_MOST_LIKE_HEADERS = 1_000


@dataclass(frozen=True)
class Top:
    """The lines of a file down to its header: their records, the delimiter they prove, and where the rows begin."""

    records: tuple[Record, ...]
    delimiter: str
    begin: int


@dataclass(frozen=True)
class Body:
    """What the bytes below the header prove: how many rows, where the last one ends, whether cells are quoted.

    `controls` says that a cell may hold a control character or a line break of Unicode.
    """

    rows: int
    end: int
    carriage_returns: int
    quotes: int
    controls: bool


def as_utf8(content: bytes, layout: Layout) -> bytes | None:
    """The content in UTF-8, from whichever encoding it is read in; None where that is unclear, or letters were lost."""
    if is_utf8(content):
        return None if lost_a_letter(content) else content
    text = in_utf8(content, layout)
    # A second mark of the byte order is a letter of the header, and would be taken for the first.
    return None if text is None or text.startswith(_BOM) or _LETTER_LOST in text else text


def lost_a_letter(content: bytes) -> bool:
    """Whether the mark of a letter that was lost before, in another program, stands in the content."""
    return not content.isascii() and _LETTER_LOST in content


def lines_of_top(content: bytes, layout: Layout) -> tuple[str, int] | None:
    """The text of the lines down to the header and where they end; None where there are not so many."""
    begin = position = len(_BOM) if content.startswith(_BOM) else 0
    for _ in range(len(layout.title_lines) + 1):
        position = content.find(b"\n", position) + 1
        if not position:
            return None
    try:
        return content[begin:position].decode("utf-8"), position
    except UnicodeDecodeError:
        return None


def read_fast(content: bytes, layout: Layout, reading: Reading, top: Top) -> Submission | None:
    """The submission that the exact reader would give; None where the bytes do not prove that this one can.

    `content` is from `as_utf8`; `top` is what the exact reader makes of the first lines, the header's record the last.
    """
    header = top.records[-1].cells
    if not is_sayable(header, layout, top.delimiter):
        return None
    end = len(content)
    while end > top.begin and content[end - 1] in b"\r\n":
        end -= 1
    body = prove(content, layout, top, end)
    if body is None or body.rows * len(header) > LIMITS.cells or top.records[-1].number + body.rows > LIMITS.rows:
        return None
    faults = Faults()
    head = read_head(top.records, layout, faults)
    frame = table_of(content, layout, top, body, head.columns)
    if frame is None:
        return None
    found = head.reading(reading, body.rows, faults, head.outside)
    rows = range(head.header.number + 1, head.header.number + 1 + body.rows)
    return Submission(Columns(frame, rows, body.controls), found)


def table_of(content: bytes, layout: Layout, top: Top, body: Body, names: tuple[str, ...]) -> pl.DataFrame | None:
    """The rows that were proven, split by Polars; None where the cells are not what the exact reader would give."""
    frame = split(content, layout, top, body, names)
    if frame is None or not adds_up(frame, content, layout, top, body):
        return None
    return None if _has_odd_rows(frame, top.records[-1].cells, layout) else frame


def is_sayable(header: tuple[str, ...], layout: Layout, delimiter: str) -> bool:
    """Whether the dialect and the width are such as the proofs below are made for."""
    marks = (delimiter, layout.quote, layout.escape)
    plain = all(len(mark) == 1 and mark.isascii() for mark in marks if mark)
    # A line of blanks is an empty line, and with two cells or more no empty line is a row.
    return plain and delimiter not in " \r\n" and 2 <= len(header) <= LIMITS.columns and bool(header[0])


def prove(content: bytes, layout: Layout, top: Top, end: int) -> Body | None:
    """What the rows up to the line end at `end` prove by their bytes; None where they are not plain.

    Nothing is looked for but delimiters, line ends, quotes, escapes and control characters. Of rows without quotation
    marks only their cells together are counted: how many each line has is proven by `table_of` or `has_even_rows`.
    """
    delimiter, quote, escape = (mark.encode() for mark in (top.delimiter, layout.quote, layout.escape))
    low, many = _tally(content, top.begin, end, b"\n\x7f" + delimiter + quote + escape)
    around = content[: top.begin] + content[end:]
    lines, quotes = many[_LINE_END], many[quote[0]] if quote else 0
    returned = content.count(b"\r", top.begin, end) if low > lines else 0
    if (low > lines + returned and b"\0" in content) or b"\0" in around:
        return None
    if (returned or b"\r" in around) and content.count(b"\r") != content.count(b"\r\n"):
        return None
    if escape and (many[escape[0]] or escape in around):
        return None
    controls = low - lines - returned + many[_DELETE]
    if quotes:
        if not _are_rows_with_quotes(content, layout, top, end):
            return None
    elif many[delimiter[0]] != (lines + 1) * (len(top.records[-1].cells) - 1):
        # Polars would fill up what is missing: much memory for a small file.
        return None
    elif delimiter[0] in _CONTROLS:
        # No cell holds it, as one in quotation marks may.
        controls -= many[delimiter[0]]
    foreign = not content.isascii() and any(each in content for each in _FOREIGN_BREAKS)
    return Body(lines + 1, end, returned, quotes, controls > 0 or foreign)


def _tally(content: bytes, begin: int, end: int, marks: bytes) -> tuple[int, dict[int, int]]:
    """How many bytes of a part of the content are below 0x20, and how many each mark is."""
    import numpy as np

    low, many = 0, dict.fromkeys(marks, 0)
    for place in range(begin, end, _BLOCK):
        block = np.frombuffer(content, np.uint8, min(_BLOCK, end - place), place)
        low += int(np.count_nonzero(block < _SPACE))
        for mark in many:
            many[mark] += int(np.count_nonzero(block == mark))
    return low, many


def _are_rows_with_quotes(content: bytes, layout: Layout, top: Top, end: int) -> bool:
    """Whether each line has as many cells as the header, each without any quotation mark or wholly in them."""
    delimiter, quote, width = top.delimiter.encode(), layout.quote.encode(), len(top.records[-1].cells)
    # As Excel writes a number that is to stay text: the exact reader takes the guard off.
    guarded = layout.text_guards and b"=" + quote + quote in content
    if layout.escape or guarded or width > _WIDEST_QUOTED:
        return False
    return _row(delimiter, quote, width).fullmatch(content, top.begin, end) is not None


def _are_even(content: bytes, top: Top, body: Body) -> bool:
    """Whether each line without quotation marks has as many delimiters as the header, by the marks in their order."""
    line = top.delimiter.encode() * (len(top.records[-1].cells) - 1) + b"\n"
    marks = content[top.begin : body.end].translate(None, bytes(_ALL - set(line)))
    return _repeats(line, body.rows, marks)


def _repeats(line: bytes, times: int, marks: bytes) -> bool:
    """Whether the marks are so many times those of the line, but for the last one's end."""
    if len(marks) != times * len(line) - 1:
        return False
    block = line * max(1, min(_BLOCK, len(marks) + 1) // len(line))
    places = range(0, len(marks) - len(block) + 1, len(block))
    rest = marks[len(places) * len(block) :]
    return all(marks.startswith(block, place) for place in places) and block.startswith(rest)


@cache
def _row(delimiter: bytes, quote: bytes, width: int) -> Any:
    """Matches lines of so many cells, each without any quotation mark or wholly in them, and no line end in a cell."""
    import re2

    options = re2.Options()
    options.max_mem, options.log_errors, options.never_capture = 64 << 20, False, True
    options.encoding = re2.Options.Encoding.LATIN1
    mark, between = (f"\\x{each[0]:02x}".encode() for each in (quote, delimiter))
    cell = (
        b"(?:[^" + mark + between + b"\\r\\n]*|" + mark + b"(?:[^" + mark + b"\\r\\n]|" + mark * 2 + b")*" + mark + b")"
    )
    line = cell + b"(?:" + between + cell + b"){%d}" % (width - 1)
    return re2.compile(b"(?:" + line + b"\\r?\\n)*" + line, options)


def read_text(content: bytes, skip_lines: int = 0, **how: Any) -> pl.DataFrame:
    """Text as Polars reads it, which unpacks what begins as a packed file does: `x^` is enough for that.

    It also takes off a mark of the byte order at the beginning, which in rows is a letter of the first cell.
    """
    import polars as pl

    if content.startswith(_BOM) and not skip_lines:
        content = _BOM + content
    if content.startswith(_LIKE_PACKED):
        content, skip_lines = b"\n" + content, skip_lines + 1
    return pl.read_csv(content, skip_lines=skip_lines, **how)


def split(
    content: bytes,
    layout: Layout,
    top: Top,
    body: Body,
    names: tuple[str, ...],
    wanted: Sequence[str] | None = None,
) -> pl.DataFrame | None:
    """The proven rows as Polars splits them, or only the wanted columns of `names`; None where it will not."""
    import polars as pl

    # Lines that are empty behind the last row are nothing to the exact reader, and rows to Polars.
    whole = content if len(content) - body.end <= len(b"\r\n") and content.count(b"\n", body.end) < 2 else None
    try:
        frame = read_text(
            content[: body.end] if whole is None else whole,
            has_header=False,
            columns=None if wanted is None else [place for place, name in enumerate(names) if name in wanted],
            skip_lines=content.count(b"\n", 0, top.begin),
            schema=dict.fromkeys(names, pl.String),
            infer_schema=False,
            separator=top.delimiter,
            quote_char=layout.quote if body.quotes else None,
        )
    except pl.exceptions.PolarsError:
        # What Polars refuses the exact reader names, with its row.
        return None
    if frame.height != body.rows or frame.columns != [each for each in names if wanted is None or each in wanted]:
        return None
    if body.quotes:
        frame = frame.with_columns(pl.when(pl.all().str.len_bytes() > 0).then(pl.all()).name.keep())
    return frame


def adds_up(frame: pl.DataFrame, content: bytes, layout: Layout, top: Top, body: Body) -> bool:
    """Whether cells and marks together are as long as the file below its header: nothing was lost, nothing added.

    Without quotation marks each row is held against its line, which must have as many delimiters as the header has.
    False as well where a cell is longer than a cell may be.
    """
    import polars as pl

    if body.quotes:
        # A quotation mark in a cell stands in the file twice.
        asked = frame.select(
            total=pl.sum_horizontal(pl.all().str.len_bytes().sum()),
            inside=pl.sum_horizontal(pl.all().str.count_matches(layout.quote, literal=True).sum()),
        ).row(0)
        marks = body.rows * frame.width - 1 + body.carriage_returns + body.quotes - asked[1]
        whole = asked[0] + marks == body.end - top.begin
        return whole and _longest(frame) <= LIMITS.cell_characters
    lines = _lengths(content, top, body)
    if len(lines) != frame.height:
        return False
    left = lines - (frame.width - 1)
    # Columns by their places: Polars takes some names for patterns of names.
    cells = [pl.nth(place).str.len_bytes().fill_null(0) for place in range(frame.width)]
    for place in range(0, frame.width, _ADDED):
        left -= frame.select(reduce(add, cells[place : place + _ADDED])).to_series().to_numpy()
    if left.any():
        return False
    return int(lines.max()) <= LIMITS.cell_characters or _longest(frame) <= LIMITS.cell_characters


def _longest(frame: pl.DataFrame) -> int:
    """How many bytes the longest cell has."""
    import polars as pl

    return int(frame.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item() or 0)


def _lengths(content: bytes, top: Top, body: Body) -> Any:
    """How many bytes each line has below the header, without its end."""
    import numpy as np

    rows = np.frombuffer(content, np.uint8, body.end - top.begin, top.begin)
    places = range(0, len(rows), _BLOCK)
    ends = np.concatenate([np.flatnonzero(rows[place : place + _BLOCK] == _LINE_END) + place for place in places])
    lengths = np.diff(ends, prepend=-1, append=len(rows)) - 1
    if body.carriage_returns:
        lengths[:-1] -= rows[np.maximum(ends - 1, 0)] == _RETURN
    return lengths


def _has_odd_rows(frame: pl.DataFrame, header: tuple[str, ...], layout: Layout) -> bool:
    """Whether a row is empty or is the header again: the exact reader sets such rows apart."""
    import polars as pl

    if frame.select(pl.all_horizontal(pl.all().is_null()).any()).item():
        return True
    alike = frame.filter(_like_header(header, layout)).head(_MOST_LIKE_HEADERS + 1)
    rows = (tuple(cell or "" for cell in row) for row in alike.iter_rows())
    return alike.height > _MOST_LIKE_HEADERS or any(row == header or looks_like_header(row, layout) for row in rows)


def _like_header(header: tuple[str, ...], layout: Layout) -> pl.Expr:
    import polars as pl

    names = [*(element.name for element in layout.elements), header[0]]
    return pl.nth(0).is_in(names) | pl.nth(1).is_in(names)


def has_even_rows(content: bytes, layout: Layout, top: Top, body: Body, names: tuple[str, ...]) -> bool:
    """Whether the first two cells of the proven rows show already that `table_of` would find nothing amiss in any.

    False says nothing: a row is long, holds quotation marks, or looks empty or like the header by those two cells.
    """
    import polars as pl

    half = LIMITS.cell_characters // 2
    if body.quotes or not _are_even(content, top, body):
        return False
    if any(content.find(b"\n", place, place + half) < 0 for place in range(top.begin, body.end, half)):
        return False
    firsts = split(content, layout, top, body, names, names[:2])
    if firsts is None:
        return False
    looks = _like_header(top.records[-1].cells, layout) | pl.all_horizontal(pl.all().is_null())
    return not firsts.select(looks.any()).item()
