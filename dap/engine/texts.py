"""A column of text as the screen for identifiers takes it, without a text for each cell; needs Polars alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import overload

import polars as pl

from dap.identifiers.prefilter import SHORTEST

_MANY_CELLS = 1_000
_AT_ONCE = 10_000
"""So many cells are texts of Python at a time, which take five times the room that they take in Polars."""


class TextColumn(Sequence[str | None]):
    """A column of text whose cells are made only when they are asked for.

    `longest` is how many bytes its longest cell has, where that is known; `apart` says that no cell holds a NUL,
    `quiet` that its different texts were looked at and there is nothing in them.
    """

    def __init__(
        self, series: pl.Series, longest: int | None = None, *, apart: bool = False, quiet: bool = False
    ) -> None:
        self._series, self._longest = series, longest
        self.apart, self.quiet = apart, quiet
        self._asked = 0
        self._begin, self._cells = 0, list[str | None]()

    @classmethod
    def all_of(cls, frame: pl.DataFrame, *, apart: bool = False, quiet: Collection[str] = ()) -> list[TextColumn]:
        """The columns of a frame of text, by name quiet; the lengths of the others are asked for all at once."""
        loud = [place for place, name in enumerate(frame.columns) if name not in quiet]
        longest = frame.select(pl.nth(loud).str.len_bytes().max().fill_null(0)).row(0) if loud else ()
        lengths = dict(zip(loud, longest, strict=True))
        return [
            cls(column, lengths.get(place), apart=apart, quiet=place not in lengths)
            for place, column in enumerate(frame.get_columns())
        ]

    def __len__(self) -> int:
        return self._series.len()

    @overload
    def __getitem__(self, place: int) -> str | None: ...
    @overload
    def __getitem__(self, place: slice) -> list[str | None]: ...
    def __getitem__(self, place: int | slice) -> str | list[str | None] | None:
        if isinstance(place, slice):
            return self._series[place].to_list()
        # One cell of many is looked up; from some on a list of those around it is the quicker way.
        self._asked += 1
        if self._asked <= _MANY_CELLS:
            return self._series[place]  # type: ignore[no-any-return]
        place = range(len(self))[place]
        if not 0 <= place - self._begin < len(self._cells):
            self._begin = place - place % _AT_ONCE
            self._cells = self[self._begin : self._begin + _AT_ONCE]
        return self._cells[place - self._begin]

    def __iter__(self) -> Iterator[str | None]:
        for begin in range(0, len(self), _AT_ONCE):
            yield from self[begin : begin + _AT_ONCE]

    def joined(self) -> bytes:
        """The cells in UTF-8, with a NUL before the first, between each two and behind the last.

        Of a column of short codes none is there, only the NULs: no identifier is so short.
        """
        if not len(self):
            return b"\0\0"
        longest = self._series.str.len_bytes().max() if self._longest is None else self._longest
        if not isinstance(longest, int) or longest < SHORTEST:
            return b"\0" * (len(self) + 1)
        cells = self._series.fill_null("") if self._series.null_count() else self._series
        around = pl.Series(cells.name, [""])
        whole: bytes = pl.concat([around, cells, around], rechunk=False).str.join("\0").cast(pl.Binary)[0]
        return whole
