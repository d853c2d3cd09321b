"""The conditions of map metrics as Polars expressions: for each metric name, which rows are unexpected."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from dap.engine.batch import Piece
from dap.engine.domains import StockOnlyError
from dap.engine.patterns import translated


@dataclass(frozen=True)
class Asked:
    """What a condition is asked of: a piece of the batch, its columns (there, and computable), the metric's arguments.

    A batch in memory is one piece. Of any other the condition is asked for each piece anew, and first for one without
    rows, so the answer may go by the columns of the piece, and the arguments must be refused whatever its rows are.
    """

    batch: Piece
    columns: tuple[str, ...]
    arguments: Mapping[str, Any]

    def text(self, place: int = 0) -> pl.Expr:
        """A column that holds text; StockOnlyError where it holds anything else."""
        if not self.batch.is_text(self.columns[place]):
            raise StockOnlyError
        return pl.col(self.columns[place])


@dataclass(frozen=True)
class Unique:
    """The answer that no row can give alone: unexpected is each whose values stand in another row too."""


Answer = pl.Expr | Unique
"""True, false or null where the row holds, or null for a value that is missing; or that values must be unique."""

Condition = Callable[[Asked], Answer]

_CONDITIONS: dict[str, Condition] = {}
_BY_TEXT: dict[str, str] = {}
_ALSO_MISSING = {"column_values.null", "column_values.nonnull"}


ALL, FEW = "all", "few"
"""When a condition goes by the different texts of its columns: always, or where they are few."""


def condition(name: str, *, by_text: str = "") -> Callable[[Condition], Condition]:
    """Register how a map metric's condition is computed: `@condition("column_values.in_set")`.

    The function returns an expression that is true where the row is as expected. Of a column metric only the values
    that are there are judged; of the others every row of the domain is, and null counts as unexpected. It raises
    StockOnlyError for arguments and columns that it cannot answer exactly as the metric on pandas would. `by_text`
    tells that it goes by the different texts of its columns, so that they are found beforehand: ALL with
    `batch.texts_of`, FEW only where there are few, with `batch.known_texts`.
    """

    def register(function: Condition) -> Condition:
        _CONDITIONS[name] = function
        _BY_TEXT[name] = by_text
        return function

    return register


def known(name: str) -> Condition | None:
    """How the condition of a metric is computed; None for one that only pandas knows."""
    return _CONDITIONS.get(name)


def goes_by_text(name: str) -> str:
    """Whether the condition asks for the different texts of its columns: ALL, FEW or never."""
    return _BY_TEXT.get(name, "")


def judges_missing(name: str) -> bool:
    """Whether a column metric is about missing values too."""
    return name in _ALSO_MISSING


@condition("column_values.nonnull")
def _nonnull(asked: Asked) -> Answer:
    return pl.col(asked.columns[0]).is_not_null()


@condition("column_values.null")
def _null(asked: Asked) -> Answer:
    return pl.col(asked.columns[0]).is_null()


@condition("column_values.unique")
@condition("compound_columns.unique")
def _unique(asked: Asked) -> Answer:
    return Unique()


def _of_texts(asked: Asked, holds: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """What `holds` says of a column of text: of its different texts, where the piece knows them, and so of the rows."""
    cell = asked.text()
    known = asked.batch.known_texts(asked.columns[0])
    if known is None:
        return holds(cell)
    refused = known.to_frame("text").filter(~holds(pl.col("text")))["text"]
    if not len(refused):
        return pl.lit(True)
    return ~cell.is_in(refused.implode())


@condition("column_values.match_regex", by_text=FEW)
def _match(asked: Asked) -> Answer:
    return _matches(asked, asked.arguments.get("regex"))


@condition("column_values.not_match_regex", by_text=FEW)
def _not_match(asked: Asked) -> Answer:
    return ~_matches(asked, asked.arguments.get("regex"))


@condition("column_values.match_regex_list", by_text=FEW)
def _match_list(asked: Asked) -> Answer:
    how = asked.arguments.get("match_on") or "any"
    if how not in ("any", "all"):
        raise StockOnlyError
    return reduce(or_ if how == "any" else and_, _each_matches(asked))


@condition("column_values.not_match_regex_list", by_text=FEW)
def _match_none(asked: Asked) -> Answer:
    return ~reduce(or_, _each_matches(asked))


def _each_matches(asked: Asked) -> list[pl.Expr]:
    patterns = asked.arguments.get("regex_list")
    if not isinstance(patterns, list) or not patterns:
        raise StockOnlyError
    return [_matches(asked, each) for each in patterns]


def _matches(asked: Asked, pattern: Any) -> pl.Expr:
    rust = translated(pattern) if isinstance(pattern, str) else None
    if rust is None:
        raise StockOnlyError
    return _of_texts(asked, lambda cell: cell.str.contains(rust))


@condition("column_values.in_set")
def _in_set(asked: Asked) -> Answer:
    texts = _texts(asked.arguments.get("value_set"))
    return _of_texts(asked, lambda cell: _is_one_of(cell, texts))


@condition("column_values.not_in_set")
def _not_in_set(asked: Asked) -> Answer:
    texts = _texts(asked.arguments.get("value_set"))
    return ~_of_texts(asked, lambda cell: _is_one_of(cell, texts))


_FEW = 6
"""Up to so many texts are compared one by one in a third of the time that looking them up takes."""


def _is_one_of(column: pl.Expr, texts: list[str]) -> pl.Expr:
    different = dict.fromkeys(texts)
    if 1 <= len(different) <= _FEW:
        return reduce(or_, (column == text for text in different))
    return column.is_in(texts)


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list | tuple | set | frozenset) or not all(isinstance(each, str) for each in values):
        raise StockOnlyError
    return list(values)


@condition("column_values.value_length.equals")
def _length(asked: Asked) -> Answer:
    length = asked.arguments.get("value")
    if not _is_number(length):
        raise StockOnlyError
    return _of_texts(asked, lambda cell: cell.str.len_chars() == length)


@condition("column_values.value_length.between")
def _lengths(asked: Asked) -> Answer:
    return _of_texts(asked, lambda cell: _between(cell.str.len_chars().cast(pl.Int64), asked.arguments))


@condition("column_values.between")
def _numbers(asked: Asked) -> Answer:
    if not asked.batch.is_number(asked.columns[0]):
        raise StockOnlyError
    return _between(pl.col(asked.columns[0]), asked.arguments)


def _between(value: pl.Expr, arguments: Mapping[str, Any]) -> pl.Expr:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    bounds = [each for each in (low, high) if each is not None]
    # Wrong bounds raise in the stock metric, and have to.
    if not bounds or not all(map(_is_number, bounds)) or bounds != sorted(bounds):
        raise StockOnlyError
    parts: list[pl.Expr] = []
    if low is not None:
        parts.append(value > low if arguments.get("strict_min") else value >= low)
    if high is not None:
        parts.append(value < high if arguments.get("strict_max") else value <= high)
    return reduce(and_, parts)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < 2**53


@condition("column_pair_values.equal")
def _equal(asked: Asked) -> Answer:
    return asked.text(0) == asked.text(1)


@condition("column_pair_values.a_greater_than_b")
def _greater(asked: Asked) -> Answer:
    # Texts stand in the order of their code points in both: UTF-8 keeps it.
    first, second = asked.text(0), asked.text(1)
    return first >= second if asked.arguments.get("or_equal") else first > second
