"""Every chart of the package, over the real plan, in a browser: whole labels, enough contrast, words and a table."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser

from dap import charts, review
from dap.charts import Figure
from dap.plan import Plan
from dap.report import Finding
from dap.suites import suite
from tests.test_charts import contrast

# WCAG 2.2: 1.4.3 for letters, 1.4.11 for what a chart says with a shape.
LETTERS, SHAPES = 4.5, 3.0
# The width of an output in a notebook, on a laptop of 1366 pixels with the file browser open.
OUTPUT = 890
# A text that is shortened, reaches over its picture's edge, or covers another.
ILLEGIBLE = """() => [...document.querySelectorAll('figure')].flatMap(figure => {
    const paper = figure.querySelector('svg').getBoundingClientRect();
    const texts = [...figure.querySelectorAll('svg text')].filter(text => text.textContent)
        .map(text => ({words: text.textContent, box: text.getBoundingClientRect()}));
    const inside = box => box.left >= paper.left - 0.5 && box.right <= paper.right + 0.5
        && box.top >= paper.top - 0.5 && box.bottom <= paper.bottom + 0.5;
    const covers = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
        && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 3;
    return texts.filter(text => text.words.includes('…') || !inside(text.box)
        || texts.some(other => other !== text && covers(text.box, other.box)))
        .map(text => figure.id + ': ' + text.words);
})"""
# Each text with its colour, and the colour that is painted last beneath its middle.
PAINTED = """() => [...document.querySelectorAll('figure')].flatMap(figure => {
    const filled = [...figure.querySelectorAll('svg path, svg rect')]
        .filter(shape => !['none', 'transparent'].includes(getComputedStyle(shape).fill)
            && getComputedStyle(shape).fillOpacity !== '0')
        .map(shape => ({fill: getComputedStyle(shape).fill, box: shape.getBoundingClientRect()}));
    return [...figure.querySelectorAll('svg text')].filter(text => text.textContent).map(text => {
        const box = text.getBoundingClientRect(), x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
        const under = filled.filter(({box}) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom);
        const paper = under.length ? under[under.length - 1].fill : getComputedStyle(document.body).backgroundColor;
        return {chart: figure.id, words: text.textContent, ink: getComputedStyle(text).fill, paper};
    });
})"""
WIDTHS = "() => [...document.querySelectorAll('figure')].map(each => [each.id, each.querySelector('svg').clientWidth])"


def finding(rule: str, field: str, message: str, count: int) -> Finding:
    return Finding(rule, "a rule", "error", message, "Mend it.", field=field, count=count)


@pytest.fixture(scope="module")
def figures(connecticut: Plan) -> dict[str, Figure]:
    """A chart by each function of the package, by its name."""
    plan = connecticut
    long = "Whether the transport of a homeless child is paid for by the district of origin: must not be empty"
    report = SimpleNamespace(findings=(finding("V100", "one", long, 7), finding("V120", "two", "Two: short.", 1)))
    rates = pd.DataFrame(
        {
            "district": ["State Level", "State Level", "Invented Regional High"],
            "grade": ["Kindergarten", "Grade 12", "Kindergarten"],
            "percent": [100.0, 7.5, math.nan],
        }
    )
    long_and_short = ["A fact about a child that takes long to say, and a law", "b"]
    rows = pd.DataFrame({"label": long_and_short, "number": [9, 0]})
    return {
        "elements_by_frequency": charts.elements_by_frequency(plan.elements, plan.collections),
        "elements_by_mandate": charts.elements_by_mandate(plan.element_mandates, plan.mandates, plan.elements),
        "grounds": charts.grounds(plan.elements, plan.element_mandates),
        "load_by_month": charts.load_by_month(review.district_load(plan)),
        "asked_twice": charts.asked_twice(review.asked_more_than_once(plan)),
        "sensitivity_by_collection": charts.sensitivity_by_collection(plan.elements, plan.collections),
        "crosswalk_by_match": charts.crosswalk_by_match(plan.crosswalk),
        "edfacts_files": charts.edfacts_files(plan.crosswalk),
        "open_questions_by_subject": charts.open_questions_by_subject(plan.open_questions),
        "sure_by_kind": charts.sure_by_kind(review.confidence_coverage(plan)),
        "findings_by_rule": charts.findings_by_rule([report]),
        "rules_by_question": charts.rules_by_question(suite(plan, "psis-october")),
        "published_rates": charts.published_rates(rates, "Chronically absent"),
        "counted": charts.counted(
            rows, "Nine", "", "Two bars. The table gives every number.", charts.Table(rows, "Two")
        ),
    }


def test_the_walk_leaves_no_chart_of_the_package_out(figures: dict[str, Figure]) -> None:
    public: list[Callable[..., Any]] = [getattr(charts, name) for name in charts.__all__]
    drawing = {each.__name__ for each in public if inspect.isfunction(each) and _gives_figure(each)}
    assert figures.keys() == drawing


def test_every_chart_has_words_and_a_table_with_scoped_heads(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        assert figure.finding and "The table gives every number." in figure.description, name
        assert re.match(r'<svg role="img" aria-label="[^"]{30,}', figure.svg), name
        table = figure.table.html
        assert len(figure.table.rows) and table.count("<caption") == 1, name
        assert table.count('scope="row"') == len(figure.table.rows), name
        assert table.count('scope="col"') == len(figure.table.rows.columns), name


@pytest.mark.browser
def test_in_light_and_dark_every_label_is_whole_and_every_letter_stands_out(
    browser: Browser, figures: dict[str, Figure], tmp_path: Path
) -> None:
    # As in a lab: the page around a picture is light or dark, and its own font is the first that is there.
    pictures = "".join(f'<figure id="{name}">{figure.svg}</figure>' for name, figure in figures.items())
    style = ":root { color-scheme: light dark } body { background: light-dark(#fff, #111); }"
    page_file = tmp_path / "charts.html"
    page_file.write_text(
        f'<!doctype html><meta charset="utf-8"><title>Charts</title><style>{style}</style>{pictures}', "utf-8"
    )
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    page.goto(page_file.as_uri())
    illegible, widths = page.evaluate(ILLEGIBLE), page.evaluate(WIDTHS)
    painted = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        painted += page.evaluate(PAINTED)
    page.close()
    assert illegible == []
    assert [name for name, width in widths if not 0 < width <= OUTPUT] == []
    assert {each["chart"] for each in painted} == figures.keys()
    faint = [f"{each['chart']}: {each['words']}" for each in painted if _ratio(each["ink"], each["paper"]) < LETTERS]
    assert faint == []


def test_every_shape_that_says_something_stands_out_from_the_paper(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        # A cell of a grid says its number in letters, which are measured in the browser.
        shapes = [each for each in _marks(figure.spec) if each.get("type") == "bar"]
        bars = [each.get("color", charts.NEUTRAL) for each in shapes]
        assert all(contrast(each, charts.PAPER) >= SHAPES for each in bars), name


def _marks(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("mark"), dict):
            yield value["mark"]
        for each in value.values():
            yield from _marks(each)
    elif isinstance(value, list):
        for each in value:
            yield from _marks(each)


def _gives_figure(function: Callable[..., Any]) -> bool:
    return str(inspect.signature(function).return_annotation).endswith("Figure")


def _ratio(one: str, other: str) -> float:
    return contrast(_hexadecimal(one), _hexadecimal(other))


def _hexadecimal(colour: str) -> str:
    numbers = re.findall(r"[0-9.]+", colour)
    return "#" + "".join(f"{int(float(each)):02x}" for each in numbers[:3])
