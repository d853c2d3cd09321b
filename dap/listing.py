"""The plan's tables and reviews on the command line: chosen rows and columns, as text, CSV or JSON."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dap import review
from dap.errors import RequestError, nearest
from dap.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

# What a terminal has room for; the other forms give every column.
_SHOWN = {
    "collections": ("collection", "title", "domain", "frequency", "status", "elements"),
    "elements": ("collection", "element", "title", "frequency", "mandates", "sensitivity"),
    "mandates": ("id", "citation", "title", "jurisdiction", "collections", "elements"),
    "codes": ("code_list", "code", "label", "since", "until", "complete"),
    "asked-twice": ("fact", "collection", "element", "role", "part"),
    "ask-once": ("fact", "certainty", "role", "asked", "home", "take"),
    "unsupported": ("collection", "element", "lacks", "open"),
    "calendar": ("date", "event", "collection", "respondent", "note"),
    "load": ("month", "open", "due", "elements_due", "undocumented_due", "accurate", "years"),
    "confidence": ("kind", "confidence", "facts", "share"),
    "laws": ("mandate", "citation", "jurisdiction", "collections", "elements", "in_force", "alone"),
    "jurisdictions": ("jurisdiction", "mandates", "unused", "collections", "elements", "in_force", "alone"),
}
_REVIEWS = {
    "asked-twice": review.asked_more_than_once,
    "ask-once": review.could_be_asked_once,
    "unsupported": review.unsupported_elements,
    "confidence": review.confidence_coverage,
    "laws": review.demands_by_law,
    "jurisdictions": review.demands_by_jurisdiction,
}
_BY_YEAR = {"calendar": review.calendar, "load": review.district_load}
KINDS = tuple(_SHOWN)


def table_of(plan: Plan, kind: str, school_year: str | None = None) -> pd.DataFrame:
    """The table of one kind (`KINDS`): one of the plan's own, or one of `dap.review`.

    RequestError for a school year where the kind is not told by years: it is for `calendar` and `load` alone.
    """
    if kind in _BY_YEAR:
        return _BY_YEAR[kind](plan, school_year)
    if school_year is not None:
        raise RequestError(f"A school year is for these alone: {', '.join(_BY_YEAR)}.")
    if kind in _REVIEWS:
        return _REVIEWS[kind](plan)
    table: pd.DataFrame = getattr(plan, kind)
    return table


def listing(
    plan: Plan, kind: str, where: Sequence[str] = (), form: str = "text", school_year: str | None = None
) -> str:
    """The table of one kind (`KINDS`), as text with its main columns, or whole as `csv` or `json`.

    `where` holds conditions of which all must hold: `column=value` for the very value, `column~text` for a text
    within it, case not counted; a column of joined values holds a value when one of them is it. RequestError, with the
    nearest name, for a column that does not exist.
    """
    table = _days_as_text(table_of(plan, kind, school_year))
    for condition in where:
        table = table[_holds(table, condition)]
    if form == "csv":
        return table.to_csv(index=False, lineterminator="\n")
    if form == "json":
        return table.to_json(orient="records", indent=2, force_ascii=False) + "\n"
    return _text(table[list(_SHOWN[kind])], kind)


def _days_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its days as `YYYY-MM-DD`, None where unknown, as every form writes them."""
    texts = {name: table[name].dt.strftime("%Y-%m-%d") for name in table.select_dtypes("datetime").columns}
    return table.assign(**{name: text.astype(object).where(text.notna(), None) for name, text in texts.items()})


def _holds(table: pd.DataFrame, condition: str) -> pd.Series:
    place = min((condition.find(sign) for sign in "=~" if sign in condition), default=-1)
    if place < 1:
        raise RequestError("A condition is written column=value or column~text, such as domain=student.")
    column, sign, wanted = condition[:place].strip(), condition[place], condition[place + 1 :].strip().casefold()
    if column not in table.columns:
        known = ", ".join(map(str, table.columns))
        raise RequestError(
            f"There is no such column.{nearest(column, map(str, table.columns))} The columns are: {known}."
        )
    texts = table[column].map(lambda value: "" if value is None else str(value).casefold())
    if sign == "~":
        return texts.map(lambda text: wanted in text)
    return texts.map(lambda text: text == wanted or wanted in text.split("; "))


def _text(table: pd.DataFrame, kind: str) -> str:
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=None, header_style="bold", pad_edge=False)
    for place, column in enumerate(table.columns):
        # The first is an id, to be copied whole; in a review, which is narrow enough, the others are too.
        whole = place == 0 or (kind in (*_REVIEWS, *_BY_YEAR) and column in ("collection", "element", "home"))
        shown.add_column(str(column).replace("_", " "), overflow="fold", no_wrap=whole)
    for row in table.itertuples(index=False):
        shown.add_row(*(_said(value) for value in row))
    out = io.StringIO()
    console = Console(file=out, width=max(100, Console().width), highlight=False, emoji=False, markup=False)
    console.print(shown)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    # The rows of a review are no laws or loads but what is said of them.
    what = kind if kind not in (*_REVIEWS, *_BY_YEAR) else "rows"
    count = f"{len(table)} {what if len(table) != 1 else what.removesuffix('s')}"
    return "\n".join([*lines, "", f"{count}."]) + "\n"


def _said(value: Any) -> str:
    if value is None or value != value:  # NaN, alone, is not itself.
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
