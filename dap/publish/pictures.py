"""The charts of the site as inline SVG: in the page's colours, named, described, and fit for a strict policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from dap.publish.facts import Facts
from dap.publish.words import VOCABULARY, Words

_SVG = "http://www.w3.org/2000/svg"


@dataclass(frozen=True)
class Picture:
    """A chart as a page shows it: its finding and note, the drawing, and the table with the same numbers."""

    finding: str
    note: str
    svg: Markup
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class _Counted:
    """What a chart shows: its rows as label and number, and the sentences around it."""

    rows: tuple[tuple[str, int], ...]
    finding: str
    note: str
    what: str
    number: str
    caption: str


def picture(facts: Facts, name: str, words: Words) -> Picture | None:
    """The chart of that name in a language; None where the plan has nothing to draw."""
    counted = _CHARTS[name](facts, words)
    if not any(number for _, number in counted.rows):
        return None
    return _drawn(name, counted, words)


def _drawn(name: str, counted: _Counted, words: Words) -> Picture:
    import pandas as pd

    from dap import charts

    drawn = counted.rows[: charts.MOST_LAWS]
    table = charts.Table(pd.DataFrame(counted.rows, columns=["label", "number"]), counted.caption)
    # What a screen reader says instead of the bars.
    longest = sorted(drawn, key=lambda row: -row[1])[:3]
    said = "; ".join(f"{label}: {number}" for label, number in longest)
    description = words.say("Bars, one for each row. The longest: %(said)s. The table below has every number.") % {
        "said": said
    }
    figure = charts.counted(
        pd.DataFrame(drawn, columns=["label", "number"]), counted.finding, counted.note, description, table
    )
    svg = inline(figure.svg, f"chart-{name}", counted.finding, description)
    return Picture(
        counted.finding, counted.note, Markup(svg), counted.caption, (counted.what, counted.number), counted.rows
    )


def inline(svg: str, id: str, title: str, description: str) -> str:
    """The drawing for a page: one image with a title and a description, its colours the stylesheet's.

    Inner roles and names, which a screen reader would read one by one, and style attributes, which the page's policy
    forbids, are taken out.
    """
    from defusedxml.ElementTree import fromstring

    from dap import charts

    ElementTree.register_namespace("", _SVG)
    root = fromstring(svg)
    colours = {charts.INK: "ink", charts.NEUTRAL: "bar"}
    for node in root.iter():
        for key in [each for each in node.attrib if each.startswith("aria-") or each in ("role", "style", "class")]:
            del node.attrib[key]
        for key in ("fill", "stroke"):
            colour = node.attrib.get(key, "")
            if colour in colours:
                node.set("class", colours[colour])
            if colour in (charts.PAPER, "transparent"):
                node.set(key, "none")
    for key in ("width", "height"):
        root.attrib.pop(key, None)
    root.attrib |= {"role": "img", "aria-labelledby": f"{id}-title {id}-text", "focusable": "false"}
    text = ElementTree.Element(f"{{{_SVG}}}desc", {"id": f"{id}-text"})
    text.text = description
    root.insert(0, text)
    named = ElementTree.Element(f"{{{_SVG}}}title", {"id": f"{id}-title"})
    named.text = title
    root.insert(0, named)
    drawn = ElementTree.tostring(root, encoding="unicode")
    return re.sub(r"<(\w+)([^<>]*?) ?/>", r"<\1\2></\1>", drawn)


def _by_sensitivity(facts: Facts, words: Words) -> _Counted:
    values = [entry.element.sensitivity for entry in facts.entries]
    rows = [(words.term("sensitivity", each) or each, values.count(each)) for each in VOCABULARY["sensitivity"]]
    named = values.count("direct-identifier")
    total = len(values)
    return _Counted(
        tuple(sorted((row for row in rows if row[1]), key=lambda row: -row[1])),
        words.count("%(num)s fact names a person directly", "%(num)s facts name a person directly", named),
        words.say("How sensitive are the %(total)s facts that the plan holds?") % {"total": total},
        words.say("How sensitive"),
        words.say("Elements"),
        words.say("Elements by how sensitive they are"),
    )


def _by_law(facts: Facts, words: Words) -> _Counted:
    from dap import charts

    plan = facts.plan
    counted = charts.elements_by_mandate(plan.element_mandates, plan.mandates, plan.elements).table.rows
    cited = {each.title or each.citation: words.translated(each.title) or each.title for each in plan.all_mandates}
    ranked = sorted(
        (
            (cited.get(law) or law, int(number))
            for law, number in zip(counted.iloc[:, 0], counted.iloc[:, -1], strict=True)
        ),
        key=lambda row: -row[1],
    )
    first = ranked[0] if ranked else ("", 0)
    return _Counted(
        tuple(ranked),
        words.say('"%(law)s" is behind the most elements: %(number)s of %(total)s')
        % {"law": first[0], "number": first[1], "total": len(plan.elements)},
        words.say("An element can rest on several laws. The laws behind the most elements are drawn."),
        words.say("Law"),
        words.say("Elements"),
        words.say("Elements that rest on each law"),
    )


def _by_month(facts: Facts, words: Words) -> _Counted:
    due = {(each.collection.id, each.month) for each in facts.latest_dates if each.kind == "due"}
    months = [*(f"{number:02}" for number in range(7, 13)), *(f"{number:02}" for number in range(1, 7))]
    counts = {month: sum(1 for _, each in due if each == month) for month in months}
    names = [words.term("month", month) or month for month in months]
    most = _longest(names, [counts[month] for month in months], words)
    return _Counted(
        tuple(zip(names, (counts[month] for month in months), strict=True)),
        words.say("Most collections with a known date are due in %(month)s") % {"month": most},
        words.say("Collections due in each month, for the newest school year that a source gives."),
        words.say("Month"),
        words.say("Collections due"),
        words.say("Collections due in each month"),
    )


def _by_respondent(facts: Facts, words: Words) -> _Counted:
    rows = [(words.translated(name) or name, len(each)) for name, each in facts.respondents.items()]
    first = rows[0] if rows else ("", 0)
    return _Counted(
        tuple(rows),
        words.say('The most collections, %(number)s, are answered by "%(who)s"')
        % {"number": first[1], "who": first[0]},
        words.say("Who must answer how many collections, in the words of each source."),
        words.say("Who must answer"),
        words.say("Collections"),
        words.say("Collections by who must answer"),
    )


def _load(facts: Facts, words: Words) -> _Counted:
    from dap import review

    load = review.district_load(facts.plan)
    months, rest = load.iloc[:12], load.iloc[12:].set_index("month")["open"]
    due = [int(each) for each in months["due"]]
    names = [words.say(month) for month in months["month"]]
    most = max(due)
    return _Counted(
        tuple(zip(names, due, strict=True)),
        words.say("A district owes the most in %(month)s: %(number)s collections")
        % {"month": _longest(names, due, words), "number": most},
        words.say(
            "By the newest dates that a source gives. %(running)s more are asked all through the year, "
            "and of %(undated)s no date is known."
        )
        % {"running": int(rest["all year"]), "undated": int(rest["no date stated"])},
        words.say("Month"),
        words.say("Collections due"),
        words.say("Collections that a district owes in each month"),
    )


def _longest(names: list[str], numbers: list[int], words: Words) -> str:
    """The names of the largest number: where several have it, none is left out."""
    return words.say(" and ").join(name for name, number in zip(names, numbers, strict=True) if number == max(numbers))


_CHARTS: Mapping[str, Callable[[Facts, Words], _Counted]] = {
    "sensitivity": _by_sensitivity,
    "laws": _by_law,
    "months": _by_month,
    "respondents": _by_respondent,
    "load": _load,
}
