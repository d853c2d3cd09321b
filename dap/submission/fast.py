"""Reads a plain delimited file at the speed of memory, where its bytes prove that it can be split in one way only.

The reader of `delimited` is the authority: this one answers only where it can prove that both give the same table, and
None where it cannot. What it proves on the raw bytes, before they are split: UTF-8, no NUL, line ends that are line
ends, as many delimiters in each line as in the header, quotation marks only around whole cells. Polars then splits, and
the lengths of its cells have to add up to the bytes of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
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
# The first bytes of zlib's, gzip's and zstd's files.
_LIKE_PACKED = (b"x", b"\x1f", b"(")
_ALL = frozenset(range(256))
_CONTROLS = frozenset((*range(0x20), 0x7F))
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
    header = top.records[-1].cells
    sound = frame is not None and adds_up(frame, layout, top, body) and not _has_odd_rows(frame, header, layout)
    return frame if sound else None


def is_sayable(header: tuple[str, ...], layout: Layout, delimiter: str) -> bool:
    """Whether the dialect and the width are such as the proofs below are made for."""
    marks = (delimiter, layout.quote, layout.escape)
    plain = all(len(mark) == 1 and mark.isascii() for mark in marks if mark)
    # A line of blanks is an empty line, and with two cells or more no empty line is a row.
    return plain and delimiter not in " \r\n" and 2 <= len(header) <= LIMITS.columns and bool(header[0])


def prove(content: bytes, layout: Layout, top: Top, end: int) -> Body | None:
    """What the rows up to the line end at `end` prove; None where they are not plain.

    Of the bytes nothing is looked at but delimiters, line ends, quotes, escapes and control characters.
    """
    width = len(top.records[-1].cells)
    delimiter, quote, escape = (mark.encode() for mark in (top.delimiter, layout.quote, layout.escape))
    others = bytes(_ALL - _CONTROLS - set(delimiter + quote + escape))
    marks = content.translate(None, others)
    returns = marks.count(b"\r")
    if b"\0" in marks or (escape and escape in marks) or (returns and returns != content.count(b"\r\n")):
        return None
    above, below = (len(part.translate(None, others)) for part in (content[: top.begin], content[end:]))
    marks = marks[above : len(marks) - below]
    returned = marks.count(b"\r") if returns else 0
    quotes = marks.count(quote) if quote else 0
    if quotes:
        # As Excel writes a number that is to stay text: the exact reader takes the guard off.
        guarded = layout.text_guards and b"=" + quote + quote in content
        if (
            escape
            or guarded
            or width > _WIDEST_QUOTED
            or not _row(delimiter, quote, width).fullmatch(content, top.begin, end)
        ):
            return None
        # A quoted cell may hold the delimiter, and the mark itself.
        controls = bool(marks.translate(None, b"\r\n" + bytes(set(delimiter + quote) - _CONTROLS)))
        rows = marks.count(b"\n") + 1
    else:
        marks = marks.replace(b"\r\n", b"\n") if returned else marks
        rows = marks.count(b"\n") + 1
        line = delimiter * (width - 1) + b"\n"
        controls = not _repeats(line, rows, marks)
        if controls and not _repeats(line, rows, marks.translate(None, bytes(_CONTROLS - set(line)))):
            return None
    foreign = not content.isascii() and any(each in content for each in _FOREIGN_BREAKS)
    return Body(rows, end, returned, quotes, controls or foreign)


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


def adds_up(frame: pl.DataFrame, layout: Layout, top: Top, body: Body) -> bool:
    """Whether cells and marks together are as long as the file below its header: nothing was lost, nothing added.

    False as well where a cell is longer than a cell may be.
    """
    import polars as pl

    lengths = [pl.nth(place).str.len_bytes() for place in range(frame.width)]
    asked = [each.max() for each in lengths] + [each.sum() for each in lengths]
    measured = frame.select(each.alias(str(place)) for place, each in enumerate(asked)).row(0)
    longest, total = measured[: frame.width], measured[frame.width :]
    if max((each for each in longest if each is not None), default=0) > LIMITS.cell_characters:
        return False
    marks = body.rows * (frame.width - 1) + body.rows - 1 + body.carriage_returns
    if body.quotes:
        # A quotation mark in a cell stands in the file twice.
        inside = frame.select(pl.all().str.count_matches(layout.quote, literal=True).sum()).row(0)
        marks += body.quotes - sum(each or 0 for each in inside)
    return sum(each or 0 for each in total) + marks == body.end - top.begin


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
    if body.quotes or any(content.find(b"\n", place, place + half) < 0 for place in range(top.begin, body.end, half)):
        return False
    firsts = split(content, layout, top, body, names, names[:2])
    if firsts is None:
        return False
    looks = _like_header(top.records[-1].cells, layout) | pl.all_horizontal(pl.all().is_null())
    return not firsts.select(looks.any()).item()
