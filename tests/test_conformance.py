"""The detector meets its targets on cells and columns made up from ten seeds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from benchmarks.conformance import Cell, Column, cells, columns
from dap.identifiers import find_in_column, screen_table

SEEDS = range(10)
_EACH_CELL, _EACH_COLUMN = 8, 1


@cache
def _cells(seed: int) -> tuple[Cell, ...]:
    return tuple(cells(seed, each=_EACH_CELL))


def _flagged_cell(cell: Cell) -> bool:
    return any(True for _ in find_in_column([cell.text], cell.header, cell.allows))


def _flagged_column(column: Column) -> bool:
    rows = range(2, 2 + len(column.columns[0][1]))
    return bool(screen_table(column.columns, rows, 1, {1: column.allows} if column.allows else None).places)


def _rates(answers: Iterator[tuple[bool, bool]]) -> tuple[float, float]:
    """Recall and precision of pairs of what should be and what is."""
    listed = list(answers)
    found = sum(wanted and got for wanted, got in listed)
    return found / sum(wanted for wanted, _ in listed), found / sum(got for _, got in listed)


@pytest.mark.parametrize("seed", SEEDS)
def test_cells_are_found_and_their_clean_twins_pass_with_every_seed(seed: int) -> None:
    recall, precision = _rates((cell.positive, _flagged_cell(cell)) for cell in _cells(seed))
    assert recall >= 0.99
    assert precision >= 0.98


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_are_found_and_their_clean_twins_pass_with_every_seed(seed: int) -> None:
    recall, precision = _rates(
        (column.positive, _flagged_column(column)) for column in columns(seed, each=_EACH_COLUMN)
    )
    assert recall >= 0.97
    assert precision >= 0.98


def test_the_conformance_suite_is_large_and_holds_both_kinds() -> None:
    made = list(cells(0))
    assert len(made) > 800
    assert len({cell.group for cell in made}) >= 30
    assert 0.3 < sum(cell.positive for cell in made) / len(made) < 0.7
    assert len(list(columns(0))) > 100


def test_the_same_seed_makes_the_same_cells_and_another_one_others() -> None:
    assert list(cells(1, each=2)) == list(cells(1, each=2)) != list(cells(2, each=2))
    assert list(columns(1, each=1)) == list(columns(1, each=1)) != list(columns(2, each=1))
