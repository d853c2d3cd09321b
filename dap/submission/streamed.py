"""Reads plain delimited text that is larger than memory: proven and split piece by piece, from line end to line end.

The proofs are those of `fast`, made of each piece; nothing of the file is written anywhere. A piece is read from the
file again whenever it is needed, and is taken only while its bytes are those that were proven.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dap.errors import CouldNotRun
from dap.plan import Layout
from dap.submission.delimited import top_of
from dap.submission.fast import (
    Body,
    adds_up,
    has_even_rows,
    is_sayable,
    lost_a_letter,
    prove,
    split,
    table_of,
)
from dap.submission.limits import LIMITS
from dap.submission.reading import Fault, Pieces, Reading, Source, Submission
from dap.submission.table import Faults, read_head, unreadable
from dap.submission.text import is_utf8

if TYPE_CHECKING:
    import polars as pl

HEAD = 1 << 20
"""How much of the file is looked at for its kind and its header."""


@dataclass(frozen=True)
class _Piece:
    """Whole lines of the file: where they stand, what they prove, and the hash of the file before and behind them."""

    begin: int
    end: int
    body: Body
    before: Any = field(repr=False)
    behind: bytes = field(repr=False)


class _NotPlainError(Exception):
    """The file cannot be split piece by piece as the exact reader would split it, from `row` on where one is known."""

    def __init__(self, row: int = 0) -> None:
        super().__init__()
        self.row = row


def read_streamed(source: Source, layout: Layout, reading: Reading) -> Submission:
    """The file as a table in pieces; one that is not plain, or larger than is streamed, is unreadable: `too_large`.

    The fault has the first row that is not plain, where a row is what is not.
    """
    try:
        return _Reader(source, layout).submission(replace(reading, format="csv"))
    except _NotPlainError as error:
        fault = Fault("too_large", (error.row,) if error.row else ())
        return unreadable(replace(reading, format="csv"), fault)
    except OSError:
        raise CouldNotRun("the file could not be read to its end. Try again.") from None


def read_in_pieces(content: bytes, layout: Layout, reading: Reading) -> Submission | None:
    """`read_streamed` of a file that is in memory; None where it is not plain, or larger than is streamed."""
    try:
        return _Reader(_Held(content), layout, find_row=False).submission(replace(reading, format="csv"))
    except _NotPlainError:
        return None


class _Held:
    """Bytes in memory, read as a file is."""

    def __init__(self, content: bytes) -> None:
        self._content, self.size = content, len(content)

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from `begin` to before `end`."""
        return self._content[begin:end]


class _Reader:
    def __init__(self, source: Source | _Held, layout: Layout, *, find_row: bool = True) -> None:
        head = source.read(0, min(HEAD, source.size))
        # The head may end inside a letter: only whole lines are looked at.
        top = top_of(head, layout) if "csv" in layout.formats and not layout.positions else None
        if top is None or not is_sayable(top.records[-1].cells, layout, top.delimiter):
            raise _NotPlainError
        self._source, self._layout, self._top, self._find_row = source, layout, top, find_row
        self._below = replace(top, begin=0)
        self._hash = hashlib.sha256(head[: top.begin])
        self._head = head[: top.begin]

    def submission(self, reading: Reading) -> Submission:
        faults = Faults()
        if b"\0" in self._head or lost_a_letter(self._head) or not is_utf8(self._head):
            raise _NotPlainError
        head = read_head(self._top.records, self._layout, faults)
        self._names = head.columns
        self._pieces = list(self._proven(head.header.number))
        if not self._pieces:
            raise _NotPlainError
        heights = tuple(each.body.rows for each in self._pieces)
        reading = replace(reading, sha256=self._hash.hexdigest())
        found = head.reading(reading, sum(heights), faults, head.outside)
        controls = any(each.body.controls for each in self._pieces)
        first = head.header.number + 1
        rows = range(first, first + sum(heights))
        return Submission(Pieces(self._names, rows, heights, self._load, controls), found)

    def _proven(self, above: int) -> Iterator[_Piece]:
        rows = 0
        end = self._end_of_rows()
        for begin, content in self._contents(self._top.begin, end):
            so_far = self._hash.copy()
            self._hash.update(content)
            body = self._proof(content)
            if body is None:
                before = self._plain_lines(content) if self._find_row else None
                raise _NotPlainError(0 if before is None else above + rows + 1 + before)
            rows += body.rows
            if above + rows > LIMITS.streamed_rows or rows * len(self._names) > LIMITS.streamed_cells:
                raise _NotPlainError
            yield _Piece(begin, begin + len(content), body, so_far, self._hash.digest())

    def _end_of_rows(self) -> int:
        """Where the last line ends that is not empty, with its line end."""
        size = self._source.size
        begin = max(self._top.begin, size - LIMITS.piece_bytes)
        tail = self._source.read(begin, size)
        if begin + len(tail) != size:
            raise _NotPlainError
        kept = len(tail.rstrip(b"\r\n"))
        after = tail[kept:]
        if not kept or after.count(b"\r") != after.count(b"\r\n"):
            raise _NotPlainError
        return begin + kept

    def _contents(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Where each piece begins, and its bytes: whole lines with their line ends, but for the last one's."""
        while begin < end:
            content = self._source.read(begin, min(begin + LIMITS.piece_bytes, end))
            if not content:
                raise _NotPlainError
            if begin + len(content) < end:
                content = content[: content.rfind(b"\n") + 1]
            if not content:
                # No line end in so many bytes.
                raise _NotPlainError
            yield begin, content
            begin += len(content)
        self._hash.update(self._source.read(end, self._source.size))

    def _proof(self, content: bytes) -> Body | None:
        """What whole lines prove; None where one of them is not plain."""
        end = len(content) - (2 if content.endswith(b"\r\n") else 1 if content.endswith(b"\n") else 0)
        body = prove(content, self._layout, self._below, end) if is_utf8(content) else None
        if body is None or lost_a_letter(content):
            return None
        known = (content, self._layout, self._below, body, self._names)
        return body if has_even_rows(*known) or table_of(*known) is not None else None

    def _plain_lines(self, content: bytes) -> int | None:
        """How many lines come before the first that is not plain, found by halving: as much work as one proof more.

        None where no line is at fault by itself.
        """
        begin, end = 0, len(content)
        while True:
            middle = (begin + end) // 2
            middle = content.rfind(b"\n", begin, middle) + 1 or content.find(b"\n", middle, end) + 1
            if not begin < middle < end:
                return content.count(b"\n", 0, begin) if self._proof(content[begin:end]) is None else None
            if self._proof(content[begin:middle]) is None:
                end = middle
            else:
                begin = middle

    def _load(self, number: int, names: Sequence[str] | None) -> pl.DataFrame:
        piece = self._pieces[number]
        found = None
        try:
            content = self._source.read(piece.begin, piece.end)
            running = piece.before.copy()
            running.update(content)
            if running.digest() == piece.behind:
                found = split(content, self._layout, self._below, piece.body, self._names, names)
        except OSError:
            pass
        if found is None:
            raise CouldNotRun("the file was changed while it was judged. Try again when nobody writes it any more.")
        if names is None and not adds_up(found, content, self._layout, self._below, piece.body):
            raise CouldNotRun("the cells of the file do not add up to it. This should not happen; please report it.")
        return found
