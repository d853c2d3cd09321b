"""The texts of a file that are in no cell of its table: each held once, and packed where there are very many."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import overload

from dap.submission.cells import packed, unpacked
from dap.submission.reading import Outside

_HELD = 100_000
"""So many different texts are held as they are, and know all their rows."""
_TO_A_BLOCK = 250_000


class Texts:
    """Collects the texts outside the table: a header that a million rows repeat is searched once."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[int, ...] | array[int]] = {}
        self._more: list[str] = []
        self._more_rows = array("I")
        self._blocks: list[bytes] = []
        self._sizes: list[int] = []

    def add(self, row: int, *texts: str) -> None:
        """The texts of a row; empty ones are none."""
        held = self._rows
        for text in filter(None, texts):
            rows = held.get(text)
            if rows is None:
                if len(held) < _HELD:
                    # Most texts are met once, and an array takes twice the room.
                    held[text] = (row,)
                else:
                    self._put_by(row, text)
            elif isinstance(rows, array):
                rows.append(row)
            else:
                held[text] = array("I", (*rows, row))

    def all(self, before: Sequence[Outside] = ()) -> Sequence[Outside]:
        """The texts, behind those before: in the order in which they were first met."""
        self._pack()
        known = (*before, *(Outside(rows, text) for text, rows in self._rows.items()))
        return PackedTexts(known, tuple(self._blocks), tuple(self._sizes)) if self._blocks else known

    def _put_by(self, row: int, text: str) -> None:
        self._more.append(text)
        self._more_rows.append(row)
        if len(self._more) >= _TO_A_BLOCK:
            self._pack()

    def _pack(self) -> None:
        if self._more:
            import polars as pl

            rows = pl.Series("row", self._more_rows, dtype=pl.Int64)
            self._blocks.append(packed(pl.DataFrame([rows, pl.Series("text", self._more, dtype=pl.String)])))
            self._sizes.append(len(self._more))
            self._more.clear()
            self._more_rows = array("I")


@dataclass(frozen=True, eq=False)
class PackedTexts(Sequence[Outside]):
    """More texts than are held as they are: the first ones, and blocks of others, of which each has one row.

    A text of a block may stand in it, or in other blocks, more than once. `sizes` are how many each block has.
    """

    known: tuple[Outside, ...]
    blocks: tuple[bytes, ...] = field(repr=False)
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.known) + sum(self.sizes)

    @overload
    def __getitem__(self, place: int) -> Outside: ...
    @overload
    def __getitem__(self, place: slice) -> list[Outside]: ...
    def __getitem__(self, place: int | slice) -> Outside | list[Outside]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        if place < len(self.known):
            return self.known[place]
        ends = list(accumulate(self.sizes, initial=len(self.known)))
        block = bisect_right(ends, place) - 1
        row, text = unpacked(self.blocks[block]).row(place - ends[block])
        return Outside((row,), text)

    def __iter__(self) -> Iterator[Outside]:
        for texts, rows in in_blocks(self):
            yield from map(Outside, rows, texts)


def in_blocks(outside: Sequence[Outside]) -> Iterator[tuple[list[str], list[Sequence[int]]]]:
    """The texts, and the rows of each, so many at a time as are in memory together."""
    known = outside.known if isinstance(outside, PackedTexts) else outside
    yield [each.text for each in known], [each.rows for each in known]
    for block in outside.blocks if isinstance(outside, PackedTexts) else ():
        frame = unpacked(block)
        yield frame["text"].to_list(), list(zip(frame["row"].to_list(), strict=True))


def times_met(outside: Sequence[Outside]) -> int:
    """How often any of the texts is met."""
    if isinstance(outside, PackedTexts):
        return times_met(outside.known) + sum(outside.sizes)
    return sum(len(each.rows) for each in outside)
