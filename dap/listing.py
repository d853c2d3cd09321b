"""The plan's tables on the command line: chosen rows and columns, as text, CSV or JSON."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

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
}
KINDS = tuple(_SHOWN)


def listing(plan: Plan, kind: str, where: Sequence[str] = (), form: str = "text") -> str:
    """The table of one kind (`KINDS`), as text with its main columns, or whole as `csv` or `json`.

    `where` holds conditions of which all must hold: `column=value` for the very value, `column~text` for a text
    within it, case not counted; a column of joined values holds a value when one of them is it. RequestError, with the
    nearest name, for a column that does not exist.
    """
    table: pd.DataFrame = getattr(plan, kind)
    for condition in where:
        table = table[_holds(table, condition)]
    if form == "csv":
        return table.to_csv(index=False, lineterminator="\n")
    if form == "json":
        return table.to_json(orient="records", indent=2, force_ascii=False) + "\n"
    return _text(table[list(_SHOWN[kind])], kind)


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
        # The first is an id, to be copied whole.
        shown.add_column(str(column).replace("_", " "), overflow="fold", no_wrap=place == 0)
    for row in table.itertuples(index=False):
        shown.add_row(*("" if value is None else str(value) for value in row))
    out = io.StringIO()
    console = Console(file=out, width=max(100, Console().width), highlight=False, emoji=False, markup=False)
    console.print(shown)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    count = f"{len(table)} {kind if len(table) != 1 else kind.removesuffix('s')}"
    return "\n".join([*lines, "", f"{count}."]) + "\n"
