"""The chart of who owes what: a bar a collection and period, cut by where its districts stand."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from datetime import date

import altair as alt
import pandas as pd

from dap import charts
from dap.intake.obligations import Obligation, Standing, counts

# Told apart without colours too: each piece wide enough has its number, and the table has all of them.
_COLOURS: dict[Standing, tuple[str, str]] = {
    Standing.REPORTED: ("Reported", "#1f5f99"),
    Standing.CONFIRMED_ZERO: ("Nothing to report", "#7fb0dd"),
    Standing.LATE: ("Late", "#e0a030"),
    Standing.MISSING: ("Missing", "#a02c2c"),
    Standing.EXPECTED: ("Not yet due", "#9a9a9a"),
    Standing.UNKNOWN: ("Not known when or by whom", "#d8d8d8"),
}
_WIDTH = 560


def status_figure(rows: Sequence[Obligation], today: date) -> charts.Figure:
    """The chart, its finding in words, and its table; districts that do not owe a collection are not drawn."""
    every = counts(rows)
    drawn = {key: states for key, states in every.items() if set(states) - {Standing.UNKNOWN, Standing.NOT_REQUIRED}}
    table = pd.DataFrame(
        [
            {
                "Collection": collection,
                "Period": period,
                **{said: counted[state] for state, (said, _) in _COLOURS.items()},
            }
            for (collection, period), counted in drawn.items()
        ],
        columns=["Collection", "Period", *(said for said, _ in _COLOURS.values())],
    )
    missing = sum(row.state is Standing.MISSING for row in rows)
    owed = sum(row.state in (*_JUDGED, Standing.MISSING) for row in rows)
    finding = (
        f"{missing:,} of {owed:,} obligations that can be judged are missing"
        if owed
        else "No obligation can be judged yet"
    )
    note = f"On {today.isoformat()}: how many districts stand where, for each collection and period."
    if silent := len(every) - len(drawn):
        note += f" Not drawn: {silent} of which nothing was received and no due day is known."
    worst = table.sort_values("Missing", ascending=False).head(3)
    said = "; ".join(f"{row.Collection} {row.Period}: {row.Missing} missing" for row in worst.itertuples())
    description = f"{note} {finding}. {said}."
    chart = _chart(table).properties(
        title=alt.TitleParams(finding, subtitle=textwrap.wrap(note, 90)), description=description
    )
    return charts.Figure(finding, note, description, charts.Table(table, note), chart)


_JUDGED = (Standing.REPORTED, Standing.CONFIRMED_ZERO, Standing.LATE)


def _chart(table: pd.DataFrame) -> alt.LayerChart:
    pieces: list[dict[str, object]] = []
    for row in table.to_dict("records"):
        total = sum(int(row[said]) for said, _ in _COLOURS.values()) or 1
        from_ = 0
        for said, _ in _COLOURS.values():
            number = int(row[said])
            if number:
                label = f"{row['Collection']} {row['Period']}"
                shown = str(number) if number / total > 0.05 else ""
                pieces.append(
                    {
                        "label": label,
                        "state": said,
                        "number": number,
                        "from": from_,
                        "to": from_ + number,
                        "shown": shown,
                    }
                    | {"middle": from_ + number / 2, "spoken": f"{label}, {said}: {number}"}
                )
            from_ += number
    order = list(dict.fromkeys(str(each["label"]) for each in pieces))
    names = [said for said, _ in _COLOURS.values()]
    colours = [colour for _, colour in _COLOURS.values()]
    base = alt.Chart(alt.InlineData(pieces)).encode(
        y=alt.Y("label:N", title=None, scale=alt.Scale(domain=order), axis=alt.Axis(domain=False, ticks=False)),
        description="spoken:N",
    )
    bars = base.mark_bar(size=18).encode(
        x=alt.X("from:Q", title="Districts", scale=alt.Scale(nice=False)),
        x2="to:Q",
        color=alt.Color(
            "state:N",
            scale=alt.Scale(domain=names, range=colours),
            legend=alt.Legend(title=None, orient="top", columns=3, labelLimit=260),
        ),
        tooltip=[alt.Tooltip("label:N"), alt.Tooltip("state:N"), alt.Tooltip("number:Q")],
    )
    dark = alt.FieldOneOfPredicate(field="state", oneOf=[names[0], names[3]])
    words = base.mark_text(aria=False, fontSize=12).encode(
        x="middle:Q",
        text="shown:N",
        color=alt.when(dark).then(alt.value("#ffffff")).otherwise(alt.value(charts.INK)),
    )
    return alt.LayerChart(layer=[bars, words]).properties(width=_WIDTH, height=alt.Step(26))


def as_page(figure: charts.Figure) -> str:
    """The chart with its table as one HTML page that needs nothing else."""
    title = html.escape(figure.finding)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><style>'
        f"body{{font:16px/1.5 {charts.FONT};"
        "max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}svg{max-width:100%;height:auto}"
        "table{border-collapse:collapse}td,th{border-bottom:1px solid #d0d0d0;padding:.25rem .75rem;text-align:left}"
        f"</style></head><body><main><h1>{title}</h1><p>{html.escape(figure.note)}</p>{figure.svg}"
        f"{figure.table.html}</main></body></html>\n"
    )
