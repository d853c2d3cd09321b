"""A chart's title states what its data show, its table holds the same numbers, and it needs nothing from outside."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import pandas as pd
import pytest

from dap import charts
from dap.charts import Figure, answers, elements_by_frequency, elements_by_mandate
from dap.charts.figures import _balanced
from dap.charts.letters import held

COLLECTIONS = pd.DataFrame({"collection": ["roll", "fines"], "title": ["School roll", "Library fines & fees"]})
MANDATES = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "title": ["Act on rolls", "Act on <fines>", "A promise"],
        "citation": ["1 U.S.C. 1", "S.S. 2", "none"],
        "jurisdiction": ["federal", "state", "other"],
    }
)


def elements(**frequencies: int) -> pd.DataFrame:
    """So many elements of the roll at each frequency."""
    rows = [{"collection": "roll", "frequency": each} for each, many in frequencies.items() for _ in range(many)]
    return pd.DataFrame(rows)


def links(**mandates: int) -> pd.DataFrame:
    """So many elements on each mandate: the first of them on all, the last only on the most used."""
    kinds = dict(zip(MANDATES["id"], MANDATES["jurisdiction"], strict=True))
    return pd.DataFrame(
        [
            {
                "collection": "roll",
                "layout": "main",
                "element": f"e{number}",
                "mandate": each,
                "jurisdiction": kinds[each],
            }
            for each, many in mandates.items()
            for number in range(many)
        ]
    )


@pytest.fixture(params=["frequency", "mandate"])
def figure(request: pytest.FixtureRequest) -> Figure:
    if request.param == "frequency":
        return elements_by_frequency(elements(annual=3, weekly=1), COLLECTIONS)
    return elements_by_mandate(links(a=3, b=1), MANDATES, elements(annual=4))


@pytest.mark.parametrize(
    ("frequencies", "finding"),
    [
        ({"annual": 3, "weekly": 1}, "3 of 4 elements are collected once a year and 1 every week"),
        ({"annual": 1, "weekly": 3}, "3 of 4 elements are collected every week and 1 once a year"),
        ({"continuous": 1}, "1 of 1 element is collected continuously"),
        ({"at dawn": 2}, '2 of 2 elements are collected at the frequency "at dawn"'),
        ({"annual": 2, "": 1}, "2 of 3 elements are collected once a year; for 1 the plan does not say"),
        ({"": 2}, "For 2 elements the plan does not say how often"),
        (
            {"annual": 5, "weekly": 4, "once": 2, "monthly": 1},
            "5 of 12 elements are collected once a year, 4 every week and 3 at other times",
        ),
        ({}, "The plan holds no element yet"),
    ],
)
def test_the_title_states_how_often_most_is_collected(frequencies: dict[str, int], finding: str) -> None:
    figure = elements_by_frequency(elements(**frequencies), COLLECTIONS)
    assert figure.finding == finding
    assert title_of(figure.spec) == finding


@pytest.mark.parametrize(
    ("mandates", "finding"),
    [
        ({"a": 3, "b": 1}, '"Act on rolls" (1 U.S.C. 1) is behind the most elements: 3 of 4'),
        ({"a": 1, "b": 3}, '"Act on <fines>" (S.S. 2) is behind the most elements: 3 of 4'),
        ({"a": 2, "b": 2}, '"Act on rolls" and "Act on <fines>" are behind the most elements: 2 of 4 each'),
        ({}, "No element rests on a law yet"),
    ],
)
def test_the_title_states_which_law_is_behind_the_most(mandates: dict[str, int], finding: str) -> None:
    figure = elements_by_mandate(links(**mandates), MANDATES, elements(annual=4))
    assert figure.finding == finding
    assert title_of(figure.spec) == finding


def test_the_note_tells_federal_from_state_law_and_what_has_none() -> None:
    figure = elements_by_mandate(links(a=3, b=1), MANDATES, elements(annual=4))
    note = "Of 4 elements, 3 rest on federal law, 1 on state law, 0 on other reasons and 1 on none."
    assert note in figure.description


def test_the_tables_hold_the_same_numbers() -> None:
    fines = pd.DataFrame([{"collection": "fines", "frequency": "weekly"}])
    both = pd.concat([elements(annual=3, weekly=1), fines])
    assert elements_by_frequency(both, COLLECTIONS).table.rows.to_dict("list") == {
        "How often": ["annual", "weekly"],
        "Elements": [3, 2],
        "Collections": [1, 2],
    }
    by_mandate = elements_by_mandate(links(a=1, b=3), MANDATES, elements(annual=4)).table.rows
    assert by_mandate["Kind"].to_list() == ["Federal law", "State law", "Other reasons"]
    assert by_mandate["Elements"].to_list() == [1, 3, 0]


def test_the_frequency_of_the_most_elements_stands_first_of_as_many_the_oftener_and_open_ones_last() -> None:
    mixed = elements(**{"": 3, "at dawn": 1, "annual": 2, "continuous": 1, "monthly": 1})
    order = elements_by_frequency(mixed, COLLECTIONS).table.rows["How often"]
    assert list(order) == ["annual", "continuous", "monthly", "at dawn", "not stated"]


def test_only_collections_with_elements_are_counted_and_the_note_says_how_many_are_not() -> None:
    figure = elements_by_frequency(elements(annual=1), COLLECTIONS)
    assert "The elements of 1 collection, " in figure.note and "no element of the other 1 is documented" in figure.note
    assert "documented" not in elements_by_frequency(elements(annual=1), COLLECTIONS.head(1)).note
    assert "1 element in 1 collection<" in figure.svg


@pytest.mark.parametrize("many", [charts.MOST_LAWS, charts.MOST_LAWS + 1, charts.MOST_LAWS + 20])
def test_of_many_laws_the_chart_shows_the_longest_and_one_bar_for_the_rest(many: int) -> None:
    ids = [f"law{number}" for number in range(many)]
    laws = pd.DataFrame({"id": ids, "title": ids, "citation": "", "jurisdiction": "state"})
    rows = [
        {"collection": "roll", "layout": "main", "element": f"e{element}", "mandate": each, "jurisdiction": "state"}
        for number, each in enumerate(ids)
        for element in range(many - number)
    ]
    figure = elements_by_mandate(pd.DataFrame(rows), laws, elements(annual=many))
    assert figure.table.rows["Law or other reason"].to_list() == ids
    shown = [each for each in ids if f">{each}<" in figure.svg]
    if many > charts.MOST_LAWS + 1:
        # An element on two of the rest is one element.
        assert shown == ids[: charts.MOST_LAWS]
        assert ">20 more laws and other reasons<" in figure.svg and ">20 in all<" in figure.svg
        assert "each behind at most 20 elements" in figure.svg and "one for the 20 " in figure.description
    else:
        assert shown == ids and "more laws" not in figure.svg


def test_two_laws_of_one_title_stay_two_rows_and_one_without_title_shows_its_citation() -> None:
    figure = elements_by_mandate(links(a=1), MANDATES.assign(title=""), elements(annual=1))
    assert figure.table.rows["Law or other reason"].to_list() == MANDATES["citation"].to_list()
    figure = elements_by_mandate(links(a=1), MANDATES.assign(title="Act"), elements(annual=1))
    assert figure.table.rows["Law or other reason"].to_list() == ["Act (a)", "Act (b)", "Act (c)"]


def test_plan_tables_without_a_row_make_a_chart_that_says_so() -> None:
    nothing = pd.DataFrame()
    for figure in (elements_by_frequency(nothing, nothing), elements_by_mandate(nothing, nothing, nothing)):
        assert figure.finding and figure.description
        assert "Nothing to draw" in figure.svg
        assert len(figure.table.rows) == 0
        assert "<thead>" in figure.table.html
    assert elements_by_frequency(nothing, COLLECTIONS).svg
    assert elements_by_mandate(nothing, MANDATES, nothing).svg


def test_a_chart_is_described_and_drawn_twice_the_same(figure: Figure) -> None:
    assert figure.description and figure.spec["description"] == figure.description
    assert figure.svg == figure.svg
    assert figure.svg.startswith('<svg role="img" aria-label="')
    assert html.escape(figure.description) in figure.svg
    # An ellipsis is a label that was cut.
    assert "…" not in figure.svg


def test_every_label_stands_in_the_picture_whole() -> None:
    titles = [
        "Homeless children and youths, their schools, and the transport that brings them there every day",
        "Short",
    ]
    figure = elements_by_mandate(links(a=1), MANDATES.head(2).assign(title=titles), elements(annual=1))
    shown = " ".join(re.findall(r">([^<>]+)<", figure.svg))
    assert all(word in shown for word in " ".join(titles).split())


def test_each_text_of_a_picture_is_held_to_the_width_that_public_sans_gives_it() -> None:
    plain, bold = 'x="0" font-size="10px"', 'font-size="20px" font-weight="bold"'
    drawn = f"<text {plain}/><text {plain}>aé &amp;</text><text {bold}><tspan>a</tspan><tspan dy='9'>b</tspan></text>"
    wide = re.findall(r'textLength="([0-9.]+)"', held(drawn))
    # By the font's metrics, in 2,000ths: a 1106, é 1133, a space 486, & 1417; in bold a 1133 and b 1217.
    assert wide == ["20.7", "11.3", "12.2"]
    assert re.sub(r' textLength="[0-9.]+" lengthAdjust="spacingAndGlyphs"', "", held(drawn)) == drawn


def test_no_line_of_a_title_holds_one_word_alone() -> None:
    words = " ".join(["letters"] * 11 + ["end"])
    (first, second) = _balanced(words, 88)
    assert f"{first} {second}" == words and len(second) > len(first) / 2


def test_kinds_of_law_are_told_apart_by_words_and_not_by_colour_alone() -> None:
    svg = elements_by_mandate(links(a=3, b=1), MANDATES, elements(annual=4)).svg
    assert "Federal law: behind 3 elements" in svg and "State law: behind 1 element<" in svg


def test_colours_stand_out_from_the_paper() -> None:
    assert contrast(charts.INK, charts.PAPER) >= 7
    for _, colour in charts.JURISDICTIONS.values():
        assert contrast(colour, charts.PAPER) >= 4.5
    assert min(contrast(each, charts.PAPER) for each in (charts.NEUTRAL, charts.FAINT)) >= 4.5


def test_letters_can_be_read_on_every_cell_of_a_grid() -> None:
    for paper in (*answers.GRID, answers.HIDDEN):
        assert contrast(charts.INK, paper) >= 4.5


def test_a_specification_holds_its_data_and_no_address(figure: Figure) -> None:
    alt.data_transformers.enable("json")  # which would write a file and put its address into the chart
    try:
        found = list(places(figure.spec))
    finally:
        alt.data_transformers.enable("default")
    addresses = [path for path, value in found if isinstance(value, str) and ("://" in value or path[-1] == "url")]
    assert addresses == [("$schema",)]


def test_the_picture_of_data_behind_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        charts.draw({"data": {"url": "http://127.0.0.1:9/data.csv"}, "mark": "point"})


def test_after_the_setup_any_altair_chart_is_shown_without_a_connection() -> None:
    before = alt.renderers.active, alt.theme.active
    try:
        charts.notebook_setup()
        chart = alt.Chart(pd.DataFrame({"x": [1]}), title="One dot").mark_point().encode(x="x:Q")
        data, metadata = chart._repr_mimebundle_()
    finally:
        alt.renderers.enable(before[0])
        alt.theme.enable(before[1])
    assert set(data) == {charts.SPEC_TYPE, "image/svg+xml", "text/plain"}
    assert data["text/plain"] == "One dot"
    assert data[charts.SPEC_TYPE]["config"]["font"] == charts.FONT
    assert metadata[charts.SPEC_TYPE]["embed_options"]["actions"]["editor"] is False


def test_a_chart_shown_in_a_notebook_brings_its_table(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Mapping[str, Any]] = []
    monkeypatch.setattr("IPython.display.publish_display_data", lambda data, metadata=None: shown.append(data))
    figure._ipython_display_()
    chart, table = shown
    assert figure.finding in chart["text/plain"] and figure.description in chart["text/plain"]
    assert table["text/html"] == figure.table.html


def test_the_table_has_a_caption_scoped_headers_and_escaped_text() -> None:
    page = elements_by_mandate(links(a=3, b=1), MANDATES, elements(annual=4)).table.html
    assert page.count("<caption") == 1
    assert page.count('scope="col"') == 4 and page.count('scope="row"') == len(MANDATES)
    assert "Act on &lt;fines&gt;" in page and "<fines>" not in page


def test_importing_the_charts_changes_nothing_of_the_session() -> None:
    assert alt.renderers.active != "dap"
    assert alt.theme.active != "dap"


def title_of(spec: Mapping[str, Any]) -> str:
    return " ".join(spec["title"]["text"])


def places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a specification with the way to it."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from places(each, (*path, str(number)))
    else:
        yield path, value


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG calculates it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
