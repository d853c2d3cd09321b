"""Gathers the rows of a table, and makes them a submission: in pandas, in Polars where there are many, or packed."""

from __future__ import annotations

import io
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dap.submission.limits import LIMITS
from dap.submission.reading import ATTRIBUTE, Columns, Pieces, Reading, Submission

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 1_000_000
"""So many cells are held as texts of Python, which takes five times the room that they take in Polars."""
_TO_A_PIECE = 4
"""So often so many cells are packed together."""


class Cells:
    """The cells of a table that is met row by row."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.rows = array("q")
        self._columns = tuple(columns)
        self._held: list[Sequence[str]] = []
        self._most = max(1, _AT_ONCE // max(1, len(self._columns)))
        self._parts: list[pl.DataFrame] = []
        self._packed: list[bytes] = []
        self._heights: list[int] = []

    def add(self, number: int, cells: Sequence[str]) -> None:
        """Take a row: its number, and a text for each column."""
        self.rows.append(number)
        self._held.append(cells)
        if len(self._held) > self._most:
            self._put_by()
            if len(self._parts) >= _TO_A_PIECE and len(self.rows) * len(self._columns) > LIMITS.packed_from:
                self._pack()

    def submission(self, reading: Reading) -> Submission:
        """The table that a suite judges, with None for an empty cell; nothing is added after that."""
        if not self._parts and not self._packed:
            return self._small(reading)
        import polars as pl

        self._put_by()
        if not self._packed:
            return Submission(Columns(pl.concat(self._parts, rechunk=False), self.rows), reading)
        self._pack()
        return Submission(Pieces(self._columns, self.rows, tuple(self._heights), self._load, held=True), reading)

    def _put_by(self) -> None:
        import polars as pl

        if self._held:
            columns = (pl.Series(name, self._column(place), pl.String) for place, name in enumerate(self._columns))
            self._parts.append(pl.DataFrame(list(columns)))
            self._held.clear()

    def _pack(self) -> None:
        """Pack what was put by: of the codes that most columns hold next to nothing is left."""
        import polars as pl

        while self._parts:
            piece = pl.concat(self._parts[:_TO_A_PIECE])
            del self._parts[:_TO_A_PIECE]
            self._packed.append(packed(piece))
            self._heights.append(piece.height)

    def _load(self, number: int, names: Sequence[str] | None) -> pl.DataFrame:
        return unpacked(self._packed[number], names)

    def _column(self, place: int) -> list[str | None]:
        return [row[place] or None for row in self._held]

    def _small(self, reading: Reading) -> Submission:
        import pandas as pd

        # Without a name: GX would list a named index as records that repeat the column's values.
        index = pd.Index(self.rows.tolist(), dtype="int64")
        by_column = {name: self._column(place) for place, name in enumerate(self._columns)}
        frame = pd.DataFrame(by_column, index=index, columns=list(self._columns), dtype=object)
        frame.attrs[ATTRIBUTE] = reading
        return Submission(frame, reading)


def packed(frame: pl.DataFrame) -> bytes:
    """A frame, made small, in memory."""
    target = io.BytesIO()
    frame.write_ipc(target, compression="zstd")
    return target.getvalue()


def unpacked(content: bytes, names: Sequence[str] | None = None) -> pl.DataFrame:
    """The frame that was packed, or these columns of it."""
    import polars as pl

    return pl.read_ipc(io.BytesIO(content), columns=None if names is None else list(names))
