"""Altair charts over the plan's tables: each states its finding, says itself in words, and brings its table."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import vl_convert

from dap.charts.letters import held
from dap.charts.vega import alt
from dap.engine.starting import defer_unused_imports
from dap.fonts import FAMILY, FOLDER

# JupyterLab 4.6 knows Vega-Lite up to version 5 (it carries 5.6.1), so that is what its bundle says and holds.
# The picture is drawn by the oldest version that vl-convert has, the nearest to the lab's.
SPEC_TYPE = "application/vnd.vegalite.v5+json"
SPEC_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
DRAWN_BY = "5.8"

# We bring the font that a picture is measured by, so it is the same on every machine.
FONT = f"{FAMILY}, Arial, Helvetica, sans-serif"
INK, PALE, PAPER = "#1b1b1b", "#d0d0d0", "#ffffff"
NEUTRAL, FAINT = "#1f5f99", "#707070"
JURISDICTIONS: Mapping[str, tuple[str, str]] = {
    "federal": ("Federal law", "#1f5f99"),
    "state": ("State law", "#b3501b"),
    "other": ("Other reasons", "#5c5c5c"),
}

# How a frequency of the plan reads in a sentence, from the most to the least often.
FREQUENCIES: Mapping[str, str] = {
    "continuous": "continuously",
    "per incident": "for each incident",
    "at enrollment": "at enrollment",
    "at entry and exit": "at entry and exit",
    "weekly": "every week",
    "monthly": "every month",
    "quarterly": "every quarter",
    "three a year": "three times a year",
    "semiannual": "twice a year",
    "October and June": "in October and June",
    "annual": "once a year",
    "every two years": "every two years",
    "once": "once only",
    "on request": "on request",
}
UNSTATED = "not stated"
# Of more laws than these a chart is read by nobody; the table beneath it has them all.
MOST_LAWS = 15

# In the lab: drawn as SVG, which a screen reader can enter, and no menu entry that sends the data to vega.github.io.
_EMBED = {"renderer": "svg", "actions": {"export": True, "source": True, "compiled": False, "editor": False}}
# In pixels and letters: a chart with its labels is as wide as a notebook on a laptop shows.
_WIDTH, _TITLE, _NOTE, _LINE, _BAR = 440, 78, 108, 16, 18


@dataclass(frozen=True)
class Table:
    """A table as a page shows it: captioned, its first column naming the rows."""

    rows: pd.DataFrame
    caption: str

    @property
    def html(self) -> str:
        """The table as HTML, its text escaped."""
        return _table_html(self.rows, self.caption)

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.rows.to_string(index=False)}"


@dataclass(frozen=True)
class Figure:
    """A chart that is never shown without its table: shown in a notebook, both appear.

    `finding` is the chart's title and `note` the line beneath it, both computed from the data; `description` tells
    those who cannot see the chart what it shows; `table` holds the same numbers.
    """

    finding: str
    note: str
    description: str
    table: Table
    chart: alt.ChartType

    @property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification with our theme and all its data inside."""
        with alt.theme.enable("dap"):
            return dict(self.chart.to_dict())

    @property
    def svg(self) -> str:
        """The chart as an SVG picture."""
        return draw(self.spec)

    def _ipython_display_(self) -> None:
        from IPython.display import publish_display_data

        data, metadata = bundle(self.spec)
        publish_display_data(data, metadata)  # type: ignore[no-untyped-call]
        table = {"text/html": self.table.html, "text/plain": repr(self.table)}
        publish_display_data(table)  # type: ignore[no-untyped-call]


def notebook_setup() -> None:
    """Let every Altair chart of this session be drawn by our renderer, in our theme, with nothing from outside.

    A notebook that checks a file afterwards waits for no statistics that Great Expectations would import and not use.
    """
    defer_unused_imports()
    alt.renderers.register("dap", bundle)
    alt.renderers.enable("dap")
    alt.theme.enable("dap")


def bundle(spec: dict[str, Any], **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give a specification as Jupyter shows it: for the lab, as a picture for others and in words; with metadata."""
    named = {**spec, "$schema": SPEC_SCHEMA}
    data = {SPEC_TYPE: named, "image/svg+xml": draw(named), "text/plain": _words(spec)}
    return data, {SPEC_TYPE: {"embed_options": _EMBED}}


def draw(spec: dict[str, Any]) -> str:
    """Draw a specification as SVG without any connection; ValueError where its data would have to be fetched."""
    _know_the_font()
    named = {**spec, "$schema": SPEC_SCHEMA}
    picture = str(vl_convert.vegalite_to_svg(named, vl_version=DRAWN_BY, allowed_base_urls=[]))
    # Vega says what a chart shows in the page around it; a picture that travels alone has to say it itself.
    # And where a page sets its letters wider all the same, they may reach over the edge but are not cut.
    said = f'<svg role="img" aria-label="{html.escape(_words(spec))}" style="overflow: visible" '
    return held(picture).replace("<svg ", said, 1)


@cache
def _know_the_font() -> None:
    vl_convert.register_font_directory(str(FOLDER))


def elements_by_frequency(elements: pd.DataFrame, collections: pd.DataFrame) -> Figure:
    """Count the elements and their collections by how often they are collected, from the plan's tables so called."""
    elements = _with_columns(elements, "collection", "frequency")
    counted = _count_frequencies(elements)
    finding, note = _frequency_finding(counted), _frequency_note(elements, collections)
    description = _frequency_description(counted, note)
    table = counted[["label", "number", "collections"]].set_axis(
        ["How often", "Elements", "Collections"], axis="columns"
    )
    return Figure(
        finding=finding,
        note=note,
        description=description,
        table=Table(table, "Elements, and collections that hold them, by how often they are collected"),
        chart=_titled(_frequency_chart(counted), finding, note, description),
    )


def elements_by_mandate(element_mandates: pd.DataFrame, mandates: pd.DataFrame, elements: pd.DataFrame) -> Figure:
    """Count the elements that rest on each mandate, from the plan's tables of these names."""
    element = ["collection", "layout", "element"]
    links = _with_columns(element_mandates, *element, "mandate", "jurisdiction").drop_duplicates([*element, "mandate"])
    counted = _count_mandates(links, _with_columns(mandates, "id", "title", "citation", "jurisdiction"))
    behind = {
        each: len(links[links["jurisdiction"] == each].drop_duplicates(element))
        for each in JURISDICTIONS
        if (counted["jurisdiction"] == each).any()
    }
    total, unnamed = len(elements), len(elements) - len(links.drop_duplicates(element))
    finding, note = _mandate_finding(counted, total), _mandate_note(behind, total, unnamed)
    description = _mandate_description(counted, note)
    table = counted[["law", "citation", "kind", "number"]]
    table = table.set_axis(["Law or other reason", "Citation", "Kind", "Elements"], axis="columns")
    return Figure(
        finding=finding,
        note=note,
        description=description,
        table=Table(table, f"Elements that rest on each law, of {total} in the plan"),
        chart=_titled(_mandate_chart(counted, behind, links), finding, note, description),
    )


def counted(rows: pd.DataFrame, finding: str, note: str, description: str, table: Table) -> Figure:
    """Draw a bar for each row under its label, in the order of the rows and narrow enough for a phone.

    `rows` has the columns label (text) and number (whole, not negative). The texts are the caller's, so
    that they can be in any language; finding and note are not drawn: they stand in the page around the picture.
    """
    return Figure(finding, note, description, table, _narrow(rows).properties(description=description))


# In pixels and letters: a chart that fits a phone of 320 pixels.
_NARROW, _NARROW_LABEL = 276, 42


def _narrow(rows: pd.DataFrame) -> alt.ChartType:
    if rows.empty:
        return _nothing()
    drawn = rows[["label", "number"]].assign(shown=rows["number"].astype(str), zero=0)
    lines = [textwrap.wrap(each, _NARROW_LABEL) or [""] for each in drawn["label"]]
    tops, labels, top = [], [], 0
    for each in lines:
        labels += [{"line": line, "place": top + number * _LINE} for number, line in enumerate(each)]
        tops.append(top + len(each) * _LINE + 2)
        top = tops[-1] + _BAR + 10
    drawn = drawn.assign(top=tops, bottom=[each + _BAR for each in tops], middle=[each + _BAR / 2 for each in tops])
    down = alt.Scale(domain=[0, top], reverse=True, nice=False)
    across = alt.X("number:Q", axis=None, scale=alt.Scale(domain=[0, _room(drawn, _NARROW) or 1], nice=False))
    base = alt.Chart(_inline(drawn))
    bars = base.mark_rect(color=NEUTRAL).encode(
        x=alt.X("zero:Q", axis=None), x2="number:Q", y=alt.Y("top:Q", axis=None, scale=down), y2="bottom:Q"
    )
    numbers = base.mark_text(align="left", baseline="middle", dx=5).encode(
        x=across, y=alt.Y("middle:Q", scale=down), text="shown:N"
    )
    words = (
        alt.Chart(_inline(pd.DataFrame(labels)))
        .mark_text(align="left", baseline="top")
        .encode(x=alt.value(0), y=alt.Y("place:Q", scale=down), text="line:N")
    )
    return alt.LayerChart(layer=[bars, numbers, words]).properties(width=_NARROW, height=top)


def _count_frequencies(elements: pd.DataFrame) -> pd.DataFrame:
    """One row a frequency: frequency, label, number, collections; that of the most elements first, open ones last."""
    groups = elements.groupby("frequency")["collection"]
    counted = pd.DataFrame({"number": groups.size(), "collections": groups.nunique()})
    counted = counted.reindex(_by_how_often(counted.index)).rename_axis("frequency").reset_index()
    counted = counted.assign(label=[_label(each) for each in counted["frequency"]], open=counted["frequency"] == "")
    return counted.sort_values(["open", "number"], ascending=[True, False], kind="stable", ignore_index=True)


def _count_mandates(links: pd.DataFrame, mandates: pd.DataFrame) -> pd.DataFrame:
    """One row a mandate: law, citation, jurisdiction, kind, number; federal first, in each the most used first."""
    titles = [title or citation for title, citation in zip(mandates["title"], mandates["citation"], strict=True)]
    counted = pd.DataFrame(
        {
            "id": mandates["id"].to_list(),
            "law": _distinct(titles, mandates["id"]),
            "citation": mandates["citation"].to_list(),
            "jurisdiction": pd.Categorical(mandates["jurisdiction"], list(JURISDICTIONS), ordered=True),
            "kind": [JURISDICTIONS[each][0] for each in mandates["jurisdiction"]],
            "number": [int((links["mandate"] == each).sum()) for each in mandates["id"]],
        }
    )
    return counted.sort_values(["jurisdiction", "number", "law"], ascending=[True, False, True], ignore_index=True)


@alt.theme.register("dap", enable=False)
def _theme() -> alt.theme.ThemeConfig:
    # Every colour is set, paper included: in the lab's dark theme vega-embed would fill in its own.
    return {
        "config": {
            "font": FONT,
            "background": PAPER,
            "padding": 12,
            "view": {"stroke": "transparent", "fill": PAPER},
            "title": {
                "anchor": "start",
                "frame": "bounds",
                "offset": 14,
                "color": INK,
                "fontSize": 17,
                "lineHeight": 22,
                "subtitleColor": INK,
                "subtitleFontSize": 13,
                "subtitlePadding": 6,
            },
            "axis": {
                "labelColor": INK,
                "labelFontSize": 13,
                "labelLimit": 480,
                "titleColor": INK,
                "titleFontSize": 13,
                "domainColor": PALE,
                "tickColor": PALE,
                "gridColor": PALE,
            },
            "header": {
                "labelColor": INK,
                "labelFontSize": 13,
                "labelFontWeight": "bold",
                "labelLimit": 600,
                "titleColor": INK,
                "titleFontSize": 13,
            },
            "legend": {
                "labelColor": INK,
                "labelFontSize": 13,
                "labelLimit": 480,
                "titleColor": INK,
                "titleFontSize": 13,
            },
            "text": {"color": INK, "fontSize": 13},
            "bar": {"color": NEUTRAL},
        }
    }


def _frequency_chart(counted: pd.DataFrame) -> alt.ChartType:
    if counted.empty:
        return _nothing()
    among = [_many(each, "collection") for each in counted["collections"]]
    numbers = [_many(each, "element") for each in counted["number"]]
    rows = counted.drop(columns="open").assign(
        label=[_folded(each, 44) for each in counted["label"]],
        shown=[f"{number} in {each}" for number, each in zip(numbers, among, strict=True)],
        spoken=[f"{each}: {number}, {own}" for each, number, own in zip(counted["label"], numbers, among, strict=True)],
    )
    tips = _tips(label="How often", number="Elements", collections="Collections")
    return _bars(rows, rows["label"].to_list(), _room(rows, _WIDTH), tips, width=_WIDTH)


def _mandate_chart(counted: pd.DataFrame, behind: Mapping[str, int], links: pd.DataFrame) -> alt.ChartType:
    if counted.empty:
        return _nothing()
    drawn = counted.assign(
        label=[_folded(each, 62) for each in counted["law"]],
        shown=[" · ".join(filter(None, (str(each), own))) for each, own in _pairs(counted, "number", "citation")],
    )
    rest = drawn.loc[_rest(counted)]
    rows = pd.concat([drawn.drop(rest.index), _summed(rest, links)], ignore_index=True)
    rows["spoken"] = rows["law"] + ", " + rows["kind"] + ": " + rows["number"].astype(str)
    tips = _tips(law="Law", citation="Citation", kind="Kind", number="Elements")
    width, groups = _WIDTH - 70, []
    room = _room(rows, width)
    headings = {each: f"{JURISDICTIONS[each][0]}: behind {_many(number, 'element')}" for each, number in behind.items()}
    headings[_REST] = f"All others, each behind {_at_most(rest['number'])}"
    for each, heading in headings.items():
        # The heading says in words what the colour says.
        group = rows[rows["jurisdiction"] == each].drop(columns=["id", "jurisdiction"])
        if group.empty:
            continue
        colour = JURISDICTIONS[each][1] if each in JURISDICTIONS else FAINT
        bars = _bars(group, group["label"].to_list(), room, tips, width=width, colour=colour)
        title = alt.TitleParams(heading, fontSize=13, frame="group", offset=8)
        groups.append(bars.properties(title=title))
    return alt.VConcatChart(vconcat=groups, spacing=16)


_REST = "rest"


def _rest(counted: pd.DataFrame) -> pd.Index[int]:
    """Which rows are summed in one bar: all but the longest. One law alone would not be worth a bar "one more"."""
    ranked = counted.sort_values("number", ascending=False, kind="stable").index
    return ranked[MOST_LAWS:] if len(ranked) > MOST_LAWS + 1 else ranked[:0]


def _summed(rest: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """One row for all of the rest, with how many elements rest on one of them; no row where there is no rest."""
    if rest.empty:
        return rest
    elements = links[links["mandate"].isin(rest["id"])].drop_duplicates(["collection", "layout", "element"])
    law = f"{len(rest)} more laws and other reasons"
    row = {"law": law, "label": law, "citation": "", "kind": "All kinds", "jurisdiction": _REST}
    return pd.DataFrame([{**row, "number": len(elements), "shown": f"{len(elements)} in all"}])


def _at_most(numbers: pd.Series[int]) -> str:
    most = 0 if numbers.empty else int(numbers.max())
    return f"at most {_many(most, 'element')}" if most else "no element"


def _bars(
    rows: pd.DataFrame,
    labels: list[str],
    to: float,
    tips: list[alt.Tooltip],
    *,
    width: int,
    colour: str = NEUTRAL,
) -> alt.LayerChart:
    """Draw a bar for each row, under its label in the order of `labels`, on a scale from 0 `to` a number.

    What is `shown` stands behind the bar, so there is no axis to read. What is `spoken` is what a screen reader says
    at the bar.
    """
    most_lines = max(each.count("\n") + 1 for each in labels)
    axis = _row_axis(most_lines)
    base = alt.Chart(_inline(rows)).encode(
        y=alt.Y("label:N", title=None, scale=alt.Scale(domain=labels), axis=axis),
        x=alt.X("number:Q", axis=None, scale=alt.Scale(domain=[0, to or 1], nice=False)),
        tooltip=tips,
        description="spoken:N",
    )
    words = base.mark_text(align="left", dx=5, aria=False).encode(text="shown:N")
    height = alt.Step(max(_BAR + 8, most_lines * _LINE + 10))
    return alt.LayerChart(layer=[base.mark_bar(size=_BAR, color=colour), words]).properties(width=width, height=height)


def _room(rows: pd.DataFrame, width: int) -> float:
    """How far a scale of that width must go, so that what is shown behind each bar fits: eight pixels a letter."""
    free = (width - 8 * rows["shown"].str.len() - 8).clip(lower=width / 4)
    return float((rows["number"] * width / free).max())


def _row_axis(most_lines: int) -> alt.Axis:
    # Vega centres the first line of a label at the bar; each further one lifts the label by half a line.
    lift = [
        {"test": f"length(split(datum.label, '\\n')) == {many}", "value": -(many - 1) * _LINE / 2}
        for many in range(2, most_lines + 1)
    ]
    return alt.Axis(
        labelExpr=r"split(datum.label, '\n')",
        labelLineHeight=_LINE,
        labelOffset={"condition": lift, "value": 0} if lift else 0,
        labelPadding=8,
        domain=False,
        ticks=False,
        grid=False,
    )


def _inline(rows: pd.DataFrame) -> alt.InlineData:
    # Rather than the frame itself, which a data transformer of the session could turn into an address.
    return alt.InlineData([{str(name): value for name, value in row.items()} for row in rows.to_dict("records")])


def _tips(**columns: str) -> list[alt.Tooltip]:
    kinds = {"number": "Q", "collections": "Q"}
    return [alt.Tooltip(f"{name}:{kinds.get(name, 'N')}", title=title) for name, title in columns.items()]


def _nothing() -> alt.ChartType:
    return (
        alt.Chart(_inline(pd.DataFrame({"shown": ["Nothing to draw"]}))).mark_text(align="left").encode(text="shown:N")
    )


def _titled(chart: alt.ChartType, finding: str, note: str, description: str) -> alt.ChartType:
    title = alt.TitleParams(text=_balanced(finding, _TITLE), subtitle=_balanced(note, _NOTE))
    return chart.properties(title=title, description=description)


def _balanced(text: str, letters: int) -> list[str]:
    """The text in as few lines as that many letters allow, about equally long, so that no word is left alone."""
    lines = textwrap.wrap(text, letters)
    while lines and len(shorter := textwrap.wrap(text, letters - 1)) == len(lines):
        lines, letters = shorter, letters - 1
    return lines


def _frequency_finding(counted: pd.DataFrame) -> str:
    totals = {str(each): int(number) for each, number in _pairs(counted, "frequency", "number")}
    total, unstated = sum(totals.values()), totals.pop("", 0)
    ranked = [(many, each) for each, many in totals.items()]
    if not total:
        return "The plan holds no element yet"
    if not ranked:
        return f"For {_many(total, 'element')} the plan does not say how often"
    (most, frequency), *others = ranked if len(ranked) < 4 else ranked[:2]
    are = "is" if most == 1 else "are"
    parts = [f"{most} of {_many(total, 'element')} {are} collected {_in_words(frequency)}"]
    parts += [f"{many} {_in_words(each)}" for many, each in others]
    if len(ranked) > 3:
        parts.append(f"{sum(many for many, _ in ranked[2:])} at other times")
    return _listed(parts) + (f"; for {unstated} the plan does not say" if unstated else "")


def _frequency_note(elements: pd.DataFrame, collections: pd.DataFrame) -> str:
    total, counted = len(collections), elements["collection"].nunique()
    if not counted:
        return ""
    none = f"; no element of the other {total - counted} is documented" if counted < total else ""
    said = f"The elements of {_many(counted, 'collection')}, and in how many of these they are{none}."
    return f"{said} One collection can ask at several times."


def _frequency_description(counted: pd.DataFrame, note: str) -> str:
    parts = [f"Bars: one for each of {len(counted)} frequencies, that of the most elements first.", note]
    for label, number, collections in _pairs(counted, "label", "number", "collections"):
        parts.append(f"{label}: {_many(number, 'element')} in {_many(collections, 'collection')}.")
    return " ".join([*filter(None, parts), "The table gives every number."])


def _mandate_finding(counted: pd.DataFrame, total: int) -> str:
    most = int(counted["number"].max()) if len(counted) else 0
    if most == 0:
        return "No element rests on a law yet"
    first = counted[counted["number"] == most]
    top = [f'"{each}"' for each in first["law"]]
    if len(top) == 1:
        cited = "".join(f" ({each})" for law, each in _pairs(first, "law", "citation") if each and each != law)
        return f"{top[0]}{cited} is behind the most elements: {most} of {total}"
    named = _listed(top if len(top) < 4 else [*top[:2], f"{len(top) - 2} more"])
    return f"{named} are behind the most elements: {most} of {total} each"


def _mandate_note(behind: Mapping[str, int], total: int, unnamed: int) -> str:
    parts = [f"{number} on {JURISDICTIONS[each][0].lower()}" for each, number in behind.items()]
    parts += [f"{unnamed} on none"] if unnamed else []
    if not parts:
        return ""
    number, on = parts[0].split(" ", 1)
    verb = "rests" if number == "1" else "rest"
    listed = _listed([f"{number} {verb} {on}", *parts[1:]])
    return f"Of {_many(total, 'element')}, {listed}. An element can rest on several laws."


def _mandate_description(counted: pd.DataFrame, note: str) -> str:
    many, more = len(counted), len(_rest(counted))
    bars = f"Bars: one for each of {_many(many - more, 'law')} or other reasons, grouped by who made it"
    bars += f", and one for the {more} that are behind fewer elements." if more else "."
    longest = counted.sort_values("number", ascending=False, kind="stable").head(3)
    named = [f"{law}, {number}" for law, number in zip(longest["law"], longest["number"], strict=True)]
    said = [f"The longest: {'; '.join(named)}."] if named else []
    return " ".join([bars, *([note] if note else []), *said, "The table gives every number."])


def _words(spec: Mapping[str, Any]) -> str:
    """The chart in words: its title and description, as far as it has them."""
    title = spec.get("title", "")
    text = title.get("text", "") if isinstance(title, dict) else title
    heading = " ".join(text) if isinstance(text, list) else str(text)
    words = [each for each in (heading, str(spec.get("description", ""))) if each]
    return ". ".join(words) or "A chart that nobody has described yet."


def _table_html(table: pd.DataFrame, caption: str) -> str:
    def cell(value: object, first: bool) -> str:
        side = "right" if isinstance(value, int) and not isinstance(value, bool) else "left"
        tag, scope = ("th", ' scope="row"') if first else ("td", "")
        return f'<{tag}{scope} style="text-align: {side}">{html.escape(str(value))}</{tag}>'

    heads = "".join(
        f'<th scope="col" style="text-align: {_side(table.iloc[:, place])}">{html.escape(str(each))}</th>'
        for place, each in enumerate(table.columns)
    )
    rows = "".join(
        "<tr>" + "".join(cell(value, place == 0) for place, value in enumerate(row)) + "</tr>"
        for row in table.astype(object).itertuples(index=False, name=None)
    )
    style = "caption-side: top; text-align: left; font-weight: bold; padding: 6px 0"
    return (
        f'<table><caption style="{style}">{html.escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _side(column: pd.Series[Any]) -> str:
    # The heading of numbers stands above their last digit.
    numbers = len(column) and all(
        isinstance(each, int) and not isinstance(each, bool) for each in column.astype(object)
    )
    return "right" if numbers else "left"


def _with_columns(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    # A plan's table without rows has no columns either.
    return table if len(table) else pd.DataFrame({each: pd.Series(dtype=str) for each in columns})


def _by_how_often(frequencies: Iterable[str]) -> list[str]:
    """Sort frequencies from the most to the least often; those without a known place next to last, open ones last."""
    place = {each: number for number, each in enumerate(FREQUENCIES)}
    return sorted(frequencies, key=lambda each: (not each, place.get(each, len(place)), each))


def _label(frequency: object) -> str:
    return str(frequency) or UNSTATED


def _in_words(frequency: str) -> str:
    return FREQUENCIES.get(frequency, f'at the frequency "{frequency}"')


def _pairs(table: pd.DataFrame, *columns: str) -> Iterable[tuple[Any, ...]]:
    return zip(*(table[each] for each in columns), strict=True)


def _distinct(names: Iterable[str], ids: Iterable[str]) -> list[str]:
    """The names, with the id behind each that stands more than once: two rows with one label would be one bar."""
    listed = list(names)
    return [name if listed.count(name) == 1 else f"{name} ({own})" for name, own in zip(listed, ids, strict=True)]


def _folded(label: str, letters: int) -> str:
    return "\n".join(textwrap.wrap(label, letters))


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
