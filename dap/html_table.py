"""Facts as an HTML table: captioned, its headers scoped, every text escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

_CAPTION = "caption-side: top; text-align: left; font-weight: bold; padding: 6px 0"


def facts_table(caption: str, facts: Iterable[tuple[str, str]]) -> str:
    """A table of two columns, what and its value; facts without a value are left out."""
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{_said(name)}</th>'
        f'<td style="text-align: left">{_said(value)}</td></tr>'
        for name, value in facts
        if value
    )
    return f'<table><caption style="{_CAPTION}">{_said(caption)}</caption><tbody>{rows}</tbody></table>'


def list_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a column for each head, the first cell of a row naming it."""
    head = "".join(f'<th scope="col" style="text-align: left">{_said(each)}</th>' for each in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row" style="text-align: left">{_said(cell)}</th>'
            if place == 0
            else f'<td style="text-align: left">{_said(cell)}</td>'
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table><caption style="{_CAPTION}">{_said(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def bundle(shown: str, said: str) -> dict[str, str]:
    """What Jupyter shows: the table, and a line of text for what cannot show it."""
    return {"text/html": shown, "text/plain": said}


def _said(text: str) -> str:
    return html.escape(str(text))
