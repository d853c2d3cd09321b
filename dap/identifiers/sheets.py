"""Sheets of which only the filled cells are known, searched as the tables they are: by header, numbers, neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dap.identifiers.results import LABELLED, MASKED, SEPARATED, Hit
from dap.identifiers.table import screen_table
from dap.identifiers.words import names_ssn

HeldCell = tuple[int | None, int, int, str]
"""A filled cell: the number of its sheet, its row and its column from 1, its text."""

_HEADS = 10
_LONGEST_HEAD = 60
_MOST_CELLS = 2_000_000

_Cells = dict[tuple[int, int], str]
_Table = tuple[list[tuple[str, list[str | None]]], list[int]]


def find_in_sheets(cells: Iterable[HeldCell]) -> Iterator[tuple[int, tuple[Hit, ...]]]:
    """What only a header, many numbers or neighbouring columns tell of the cells of some sheets: row and hits.

    What a cell shows by itself is left to whoever searches its text.
    """
    sheets: dict[int | None, _Cells] = {}
    for sheet, row, column, text in cells:
        # Of a long cell that was cut the first piece is enough: the others are searched as texts.
        sheets.setdefault(sheet, {}).setdefault((row, column), text)
    for held in sheets.values():
        for columns, rows in _tables(held):
            for found in screen_table(columns, rows, 0).places:
                if found.form not in (SEPARATED, LABELLED) and (found.form != MASKED or _by_header(found.evidence)):
                    hits = tuple(Hit(label, found.form, said) for label in found.labels for said in found.evidence[:1])
                    yield from ((row, hits) for row in found.rows if row)


def _by_header(evidence: Sequence[str]) -> bool:
    """Whether a mask was told by its header, as no text shows by itself."""
    return any("under a header" in said for said in evidence)


def _tables(cells: _Cells) -> Iterator[_Table]:
    """The sheet as a table; where its cells lie too far apart for that, each of its columns as one."""
    columns = sorted({column for _, column in cells})
    rows = sorted({row for row, _ in cells})
    widths = {row: sum((row, column) in cells for column in columns) for row in rows[:_HEADS]}
    # Titles are narrow. The header's row stays among the others: where there is no header it is one of them.
    header_row = next(row for row, width in widths.items() if 2 * width >= max(widths.values()))
    if len(rows) * len(columns) <= _MOST_CELLS:
        # One empty column stands for those between, so that no two are neighbours that were none.
        beside = [place for before, place in zip([0, *columns], columns, strict=False) for place in _gap(before, place)]
        yield [(_head(cells, column, header_row, rows), _values(cells, column, rows)) for column in beside], rows
        return
    by_column: dict[int, list[int]] = {}
    for row, column in sorted(cells):
        by_column.setdefault(column, []).append(row)
    for column, held in by_column.items():
        yield [(_head(cells, column, header_row, held), _values(cells, column, held))], held


def _gap(before: int, place: int) -> tuple[int, ...]:
    return (place - 1, place) if before and place > before + 1 else (place,)


def _values(cells: _Cells, column: int, rows: Iterable[int]) -> list[str | None]:
    return [cells.get((row, column)) for row in rows]


def _head(cells: _Cells, column: int, header_row: int, rows: Sequence[int]) -> str:
    """What heads a column: its cell in the header's row, and a word for the number in one of its first cells."""
    title = cells.get((header_row, column), "")
    near = [cells.get((row, column), "") for row in rows[:_HEADS]]
    named = (each for each in near if len(each) <= _LONGEST_HEAD and not any(map(str.isdigit, each)))
    said = next((each for each in named if each and names_ssn(each)), "")
    return " ".join(dict.fromkeys(each for each in (title if len(title) <= _LONGEST_HEAD else "", said) if each))
