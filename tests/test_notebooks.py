"""The notebooks run from top to bottom, unattended and offline, and what they say is true."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from dap.catalog import open_plan
from dap.plan import Plan
from tests.offline import outside_connections, stay_home

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIRST = ROOT / "notebooks" / "01-what-we-collect.ipynb"
CHART, PICTURE = "application/vnd.vegalite.v5+json", "image/svg+xml"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which kernels live, away from the user's own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stay_home(folder).items():
            patch.setenv(name, value)
        yield folder


@pytest.fixture(scope="module")
def ran(home: Path) -> Any:
    """The first notebook after a run in its own folder."""
    return execute(read(FIRST), FIRST.parent)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return open_plan(ROOT)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def execute(notebook: Any, folder: Path) -> Any:
    return NotebookClient(
        notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(folder)}}
    ).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_in_git_holds_no_output_and_asks_one_question(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    title = notebook.cells[0].source.splitlines()[0]
    assert title.startswith("# ") and title.endswith("?")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_draws_with_our_renderer_only(path: Path) -> None:
    source = "\n".join(cell.source for cell in read(path).cells)
    assert "renderers" not in source and "JupyterChart" not in source
    assert "notebook_setup()" in source or "charts" not in source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_number_of_the_plan_is_typed_into_the_text(path: Path) -> None:
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    assert re.findall(r"\d+", text) == []


def test_the_answer_says_what_the_plan_holds(ran: Any, plan: Plan) -> None:
    answer = output(ran, "answer", "text/markdown")
    elements, laws = plan.elements, plan.mandates
    assert f"**{len(elements)} elements** in **{len(plan.collections)} collections**" in answer
    assert f"**{len(laws)} laws and other reasons**" in answer
    times = elements.loc[elements["frequency"] != "", "frequency"].value_counts()
    assert f"{times.iloc[0]} of {len(elements)} elements are collected" in answer
    top = laws.sort_values("elements").iloc[-1]
    federal = plan.element_mandates.query("jurisdiction == 'federal'").drop_duplicates(
        ["collection", "layout", "element"]
    )
    assert f"{len(federal)} rest on federal law" in answer
    assert f'"{top["title"]}"' in answer and f"{top['elements']} of {len(elements)}" in answer


@pytest.mark.parametrize("cell", ["frequency-chart", "mandate-chart"])
def test_a_chart_is_drawn_for_the_lab_as_a_picture_and_in_words_with_its_table_beneath(ran: Any, cell: str) -> None:
    chart, table = outputs(ran, cell)
    assert set(chart.data) == {CHART, PICTURE, "text/plain"}
    assert chart.data[CHART]["$schema"].endswith("/v5.json")
    assert chart.data[PICTURE].startswith("<svg") and "</svg>" in chart.data[PICTURE]
    assert "The table gives every number." in chart.data["text/plain"]
    assert table.data["text/html"].startswith("<table><caption")


def test_two_charts_are_drawn(ran: Any) -> None:
    drawn = [each for cell in ran.cells for each in cell.get("outputs", []) if CHART in each.get("data", {})]
    assert len(drawn) == 2


def test_the_table_of_frequencies_gives_the_plans_numbers(ran: Any, plan: Plan) -> None:
    table = read_table(outputs(ran, "frequency-chart")[1])
    found = {often: (elements, collections) for often, elements, collections in table.itertuples(index=False)}
    by_frequency = plan.elements.groupby("frequency")["collection"]
    assert found == {frequency or "not stated": (len(of), of.nunique()) for frequency, of in by_frequency}


def test_the_table_of_collections_holds_those_with_elements_and_says_how_many_have_none(ran: Any, plan: Plan) -> None:
    (shown,) = outputs(ran, "collections")
    holding = plan.collections[plan.collections["elements"] > 0]
    assert read_table(shown)["title"].to_list() == holding["title"].to_list()
    caption = re.findall("<caption[^>]*>(.*?)</caption>", shown.data["text/html"])[0]
    assert re.findall(r"\d+", caption) == [str(len(holding)), str(len(plan.collections) - len(holding))]


def test_the_table_of_mandates_gives_the_plans_numbers(ran: Any, plan: Plan) -> None:
    table = read_table(outputs(ran, "mandate-chart")[1])
    found = sorted(zip(table["Citation"], table["Elements"], strict=True))
    assert found == sorted(zip(plan.mandates["citation"], plan.mandates["elements"], strict=True))


def test_the_exercise_has_a_folded_solution_that_finds_the_unusual_elements(home: Path, plan: Plan) -> None:
    notebook = read(FIRST)
    exercise = next(cell for cell in notebook.cells if cell.id == "exercise")
    (solution,) = re.findall(
        r"<details>\n<summary>.*</summary>\n\n```python\n(.*?)```\n\n</details>", exercise.source, re.S
    )
    kept = [cell for cell in notebook.cells if cell.id == "answer"]
    notebook.cells = [*kept, nbformat.v4.new_code_cell(solution, id="solution")]  # type: ignore[no-untyped-call]
    table = read_table(outputs(execute(notebook, FIRST.parent), "solution")[0])
    unusual = [
        element.title for collection, _, element in plan.every_element() if element.frequency != collection.frequency
    ]
    assert table["title"].to_list() == unusual != []


def test_from_the_plans_folder_it_runs_with_the_same_result(home: Path, ran: Any) -> None:
    again = execute(read(FIRST), ROOT)
    assert [cell.get("outputs") for cell in again.cells] == [cell.get("outputs") for cell in ran.cells]


def test_it_connects_to_nobody_outside_and_leaves_nothing_behind(home: Path, ran: Any) -> None:
    assert outside_connections(home) == []
    assert [path.name for path in FIRST.parent.iterdir() if path.suffix != ".ipynb"] == []


def test_a_kernel_of_these_tests_is_this_python_and_cannot_reach_outside(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stay_home(tmp_path).items():
            patch.setenv(name, value)
        cells = ["import sys; print(sys.prefix)", "import socket; socket.create_connection(('192.0.2.1', 80), 1)"]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])  # type: ignore[no-untyped-call]
        with pytest.raises(CellExecutionError, match="allows no connection"):
            execute(notebook, tmp_path)
    assert notebook.cells[0].outputs[0].text.strip() == sys.prefix
    assert any("192.0.2.1" in line for line in outside_connections(tmp_path))


def outputs(notebook: Any, cell_id: str) -> list[Any]:
    return list(next(cell for cell in notebook.cells if cell.id == cell_id).outputs)


def output(notebook: Any, cell_id: str, kind: str) -> str:
    (only,) = outputs(notebook, cell_id)
    return str(only.data[kind])


def read_table(shown: Any) -> pd.DataFrame:
    """The HTML table as a frame, read from its cells."""
    rows = [
        [html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", shown.data["text/html"])
    ]
    return pd.DataFrame([[int(cell) if cell.isdigit() else cell for cell in row] for row in rows[1:]], columns=rows[0])
