"""Which rows a metric is about, as Polars expressions: row conditions, and rows passed over for missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl
from great_expectations.expectations.row_conditions import (
    AndCondition,
    ComparisonCondition,
    Condition,
    NullityCondition,
    Operator,
    OrCondition,
    deserialize_row_condition,
)

from dap.engine.batch import PolarsBatchData


class StockOnlyError(Exception):
    """Only the stock metric on pandas knows the answer."""


def columns_of(domain: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns a metric is about."""
    if "column" in domain:
        return (domain["column"],)
    if "column_A" in domain and "column_B" in domain:
        return domain["column_A"], domain["column_B"]
    return tuple(domain.get("column_list") or ())


def rows_of(batch: PolarsBatchData, domain: Mapping[str, Any]) -> pl.Expr | None:
    """True for the rows the metric is about, never null; None stands for every row.

    Raises StockOnlyError for what pandas treats in its own way: conditions in strings, order of texts, missing columns.
    """
    if domain.get("table"):
        raise StockOnlyError
    parts: list[pl.Expr] = []
    if condition := domain.get("row_condition"):
        parts.append(_condition(batch, _parsed(condition)))
    names = columns_of(domain)
    for name in names:
        demand(batch, name)
    if "column" not in domain and names and "ignore_row_if" in domain:
        parts += _ignored(names, domain["ignore_row_if"], pair="column_list" not in domain)
    return reduce(and_, parts) if parts else None


def demand(batch: PolarsBatchData, name: str) -> None:
    """StockOnlyError unless Polars can compute on the column."""
    if name not in batch.schema:
        raise StockOnlyError


def condition_columns(condition: Any) -> set[str] | None:
    """The columns a row condition names; None where only pandas can tell."""
    if not condition:
        return set()
    try:
        return _named(_parsed(condition))
    except StockOnlyError:
        return None


def _named(condition: Condition) -> set[str]:
    if isinstance(condition, AndCondition | OrCondition):
        return set().union(*(_named(each) for each in condition.conditions))
    if isinstance(condition, NullityCondition | ComparisonCondition):
        return {condition.column.name}
    raise StockOnlyError


def _parsed(condition: Any) -> Condition:
    parsed = deserialize_row_condition(condition) if isinstance(condition, Mapping) else condition
    if not isinstance(parsed, Condition):
        raise StockOnlyError
    return parsed


def _condition(batch: PolarsBatchData, condition: Condition) -> pl.Expr:
    if isinstance(condition, AndCondition | OrCondition):
        joint = and_ if isinstance(condition, AndCondition) else or_
        return reduce(joint, (_condition(batch, each) for each in condition.conditions))
    if isinstance(condition, NullityCondition):
        name = condition.column.name
        demand(batch, name)
        return pl.col(name).is_null() if condition.is_null else pl.col(name).is_not_null()
    if isinstance(condition, ComparisonCondition):
        return _comparison(batch, condition)
    raise StockOnlyError


def _comparison(batch: PolarsBatchData, condition: ComparisonCondition) -> pl.Expr:
    """In pandas a missing text is equal to nothing and unequal to everything, so both answers are never null."""
    name, operator = condition.column.name, Operator(condition.operator)
    listed = operator in (Operator.IN, Operator.NOT_IN)
    values = list(condition.parameter) if listed else [condition.parameter]
    if not batch.is_text(name) or not all(isinstance(each, str) for each in values):
        raise StockOnlyError
    among = pl.col(name).is_in(values).fill_null(False)
    if operator in (Operator.IN, Operator.EQUAL):
        return among
    if operator in (Operator.NOT_IN, Operator.NOT_EQUAL):
        return ~among
    raise StockOnlyError


_IGNORED = {
    (True, "both_values_are_missing"): or_,
    (True, "either_value_is_missing"): and_,
    (False, "all_values_are_missing"): or_,
    (False, "any_value_is_missing"): and_,
}


def _ignored(names: Sequence[str], ignore: Any, *, pair: bool) -> list[pl.Expr]:
    if ignore == ("neither" if pair else "never"):
        return []
    if (pair, ignore) not in _IGNORED:
        raise StockOnlyError
    return [reduce(_IGNORED[pair, ignore], [pl.col(name).is_not_null() for name in names])]
