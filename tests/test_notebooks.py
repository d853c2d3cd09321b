"""The notebooks run from top to bottom, unattended and offline, and what they say is true."""

from __future__ import annotations

import copy
import csv
import html
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
import yaml
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from playwright.sync_api import Browser

from dap import review
from dap.catalog import open_plan
from dap.examples import example_text
from dap.guard import refuse_unsafe
from dap.plan import Plan
from dap.publish.notebooks import Notebook
from dap.publish.site import Site
from tests.browsing import site_barriers
from tests.offline import outside_connections, stay_home
from tools.pair_notebooks import notebook_of, script_of

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CHART, PICTURE = "application/vnd.vegalite.v5+json", "image/svg+xml"
# Which cells of which notebook draw a chart.
CHARTS = {
    "01": ["frequency-chart"],
    "02": ["mandate-chart", "grounds-chart"],
    "03": ["load-chart"],
    "04": ["asked-chart"],
    "05": ["sensitivity-chart"],
    "06": ["ceds-chart", "edfacts-chart"],
    "07": ["questions-chart", "sure-chart"],
    "08": ["findings-chart", "rules-chart"],
    "09": ["rules-chart"],
    "10": ["published-chart"],
    "11": [],
}
DRAWN = [(number, cell) for number, cells in CHARTS.items() for cell in cells]


class Kernel:
    """One kernel for all notebooks: the libraries are imported once, and each notebook begins without a name."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.client = NotebookClient(notebook([]), kernel_name="python3", timeout=120, resources=place())
        self.client.create_kernel_manager()
        self.ran: dict[str, Any] = {}

    def run(self, number: str) -> Any:
        """The notebook of that number, after its own run and that of its solution."""
        if number not in self.ran:
            whole = read(path_of(number))
            (solution,) = solutions(whole)
            own = nbformat.v4.new_code_cell(solution, id="solution")  # type: ignore[no-untyped-call]
            whole.cells = [nbformat.v4.new_code_cell("%reset -f", id="reset"), *whole.cells, own]  # type: ignore[no-untyped-call]
            self.ran[number] = self.execute(whole)
        return self.ran[number]

    def again(self, number: str) -> Any:
        """The notebook after another run, without its solution."""
        whole = read(path_of(number))
        whole.cells = [nbformat.v4.new_code_cell("%reset -f", id="reset"), *whole.cells]  # type: ignore[no-untyped-call]
        return self.execute(whole)

    def execute(self, whole: Any) -> Any:
        """The notebook after a run in this kernel."""
        client = NotebookClient(whole, km=self.client.km, timeout=300, resources=place())
        # It would warn that it talks over TCP, which here is this machine's own.
        client.extra_arguments = ["--log-level=ERROR"]
        try:
            return client.execute()
        finally:
            if client.kc is not None:
                client.kc.stop_channels()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel that lives away from the user's own folders and can reach nobody outside."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stay_home(home).items():
            patch.setenv(name, value)
        made = Kernel(home)
        yield made
        # Shut down in the loop in which nbclient works, so that nothing of it is left.
        km: Any = made.client.km
        run_sync(km.shutdown_kernel)(now=True)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return open_plan(ROOT)


@pytest.fixture(scope="module")
def site(plan: Plan) -> Site:
    return Site(plan)


@pytest.fixture(scope="module")
def executed(kernel: Kernel, plan: Plan) -> Site:
    """The plan's site with all notebooks as their first run in this kernel left them."""
    return site_of(plan, [kernel.run(number) for number in CHARTS])


def site_of(plan: Plan, ran: list[Any]) -> Site:
    """A site with these executed notebooks, without what the tests added to them."""
    cells = [tuple(cell for cell in each.cells if cell.id not in ("reset", "solution")) for each in ran]
    return Site(plan, notebooks=[Notebook(path.stem, own, b"") for path, own in zip(NOTEBOOKS, cells, strict=True)])


def pages_of(site: Site) -> dict[str, str]:
    """The HTML of each notebook's page, by address."""
    return {address: site.render(site.pages[address], "en") for address in site.notebooks}


def place() -> dict[str, Any]:
    return {"metadata": {"path": str(FOLDER)}}


def path_of(number: str) -> Path:
    return next(path for path in NOTEBOOKS if path.name.startswith(number))


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def notebook(cells: list[str]) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])  # type: ignore[no-untyped-call]


def solutions(whole: Any) -> list[str]:
    (exercise,) = [cell for cell in whole.cells if cell.id == "exercise"]
    folded = r"<details>\n<summary>.*</summary>\n\n```python\n(.*?)```\n\n</details>"
    return re.findall(folded, exercise.source, re.S)


def test_the_series_is_numbered_without_a_gap() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == list(CHARTS) == [f"{number:02}" for number in range(1, 12)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_in_git_holds_no_output_and_asks_one_question(path: Path) -> None:
    whole = read(path)
    nbformat.validate(whole)
    assert (whole.nbformat, whole.nbformat_minor) == (4, 5)
    assert whole.metadata.kernelspec.name == "python3"
    code = [cell for cell in whole.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    title = whole.cells[0].source.splitlines()[0]
    assert title.startswith("# ") and title.endswith("?")
    # The answer comes first. What finds it is folded, and JupyterLab's arrow keys pass over a folded cell, so that the
    # answer is a cell of its own that they reach.
    first = [cell.id for cell in code if cell.id != "question"][:2]
    assert first == ["working", "answer"]
    folded = [cell.id for cell in code if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert folded == ["working"]


def test_before_a_commit_outputs_are_taken_out_and_the_pairs_compared(kernel: Kernel, tmp_path: Path) -> None:
    (own,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    hooks = {hook["id"]: hook for hook in own["hooks"]}
    program, *words = hooks["nbstripout"]["entry"].split()
    assert program == ".venv/bin/nbstripout"
    assert all(re.match(hooks["nbstripout"]["files"], f"notebooks/{path.name}") for path in NOTEBOOKS)
    assert hooks["pair-notebooks"]["entry"].split()[-1] in test_a_notebook_and_its_script_say_the_same.__name__
    # An executed notebook is what git keeps again, and one without outputs stays as it is.
    executed = copy.deepcopy(kernel.run("01"))
    executed.cells = [cell for cell in executed.cells if cell.id not in ("reset", "solution")]
    kept = read(path_of("01"))
    for number, each in enumerate((executed, kept)):
        nbformat.write(each, tmp_path / f"{number}.ipynb")  # type: ignore[no-untyped-call]
    subprocess.run([sys.executable, "-m", "nbstripout", *words, *map(str, tmp_path.iterdir())], check=True)
    assert [read(path).cells for path in sorted(tmp_path.iterdir())] == [kept.cells, kept.cells]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_and_its_script_say_the_same(path: Path) -> None:
    script = (FOLDER / "text" / f"{path.stem}.py").read_text("utf-8")
    said = "run python tools/pair_notebooks.py (or, after a change in the lab, with --scripts)"
    assert script_of(read(path)) == script, said
    assert notebook_of(script, path.stem) == read(path), said


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_draws_with_our_renderer_only(path: Path) -> None:
    source = "\n".join(cell.source for cell in read(path).cells)
    assert "renderers" not in source and "JupyterChart" not in source
    assert "notebook_setup()" in source or "charts" not in source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_number_of_the_plan_is_typed_into_the_text(path: Path) -> None:
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    assert re.findall(r"\d+", text) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_ends_with_public_pages_that_exist(path: Path, site: Site) -> None:
    last = read(path).cells[-1].source
    links = re.findall(r"\]\(\.\./build/site/([^)#]+)[^)]*\)", last)
    assert links and set(links) <= site.pages.keys()


@pytest.mark.parametrize("number", CHARTS)
def test_a_notebook_and_its_solution_run_and_answer_in_a_sentence(kernel: Kernel, number: str) -> None:
    ran = kernel.run(number)
    assert output(ran, "answer", "text/markdown").startswith("**The answer.** ")
    assert outputs(ran, "working") == []
    drawn = [cell.id for cell in ran.cells for each in cell.get("outputs", []) if CHART in each.get("data", {})]
    assert drawn == CHARTS[number]
    assert outputs(ran, "solution")
    streams = [
        each.get("text", "") for cell in ran.cells for each in cell.get("outputs", []) if each.get("name") == "stderr"
    ]
    assert streams == []


@pytest.mark.parametrize(("number", "cell"), DRAWN)
def test_a_chart_is_drawn_for_the_lab_as_a_picture_and_in_words_with_its_table_beneath(
    kernel: Kernel, number: str, cell: str
) -> None:
    chart, table = outputs(kernel.run(number), cell)
    assert set(chart.data) == {CHART, PICTURE, "text/plain"}
    assert chart.data[CHART]["$schema"].endswith("/v5.json")
    assert chart.data[PICTURE].startswith("<svg") and "…" not in chart.data[PICTURE]
    assert "The table gives every number." in chart.data["text/plain"]
    assert table.data["text/html"].startswith("<table><caption")
    assert len(read_table(table)) > 0


def test_the_first_says_what_the_plan_holds(kernel: Kernel, plan: Plan) -> None:
    ran = kernel.run("01")
    answer = output(ran, "answer", "text/markdown")
    assert f"**{len(plan.elements)} elements** in **{len(plan.collections)} collections**" in answer
    times = plan.elements.loc[plan.elements["frequency"] != "", "frequency"].value_counts()
    assert f"{times.iloc[0]} of {len(plan.elements)} elements are collected" in answer
    table = read_table(outputs(ran, "frequency-chart")[1])
    found = {often: (elements, collections) for often, elements, collections in table.itertuples(index=False)}
    by_frequency = plan.elements.groupby("frequency")["collection"]
    assert found == {frequency or "not stated": (len(of), of.nunique()) for frequency, of in by_frequency}


def test_the_table_of_collections_holds_those_with_elements_and_says_how_many_have_none(
    kernel: Kernel, plan: Plan
) -> None:
    (shown,) = outputs(kernel.run("01"), "collections")
    holding = plan.collections[plan.collections["elements"] > 0]
    assert read_table(shown)["title"].to_list() == holding["title"].to_list()
    caption = re.findall("<caption[^>]*>(.*?)</caption>", shown.data["text/html"])[0]
    assert re.findall(r"\d+", caption) == [str(len(holding)), str(len(plan.collections) - len(holding))]


def test_the_exercise_of_the_first_finds_the_unusual_elements(kernel: Kernel, plan: Plan) -> None:
    table = read_table(outputs(kernel.run("01"), "solution")[0])
    unusual = [
        element.title for collection, _, element in plan.every_element() if element.frequency != collection.frequency
    ]
    assert table["title"].to_list() == unusual != []


def test_the_second_gives_the_plans_numbers_of_each_law(kernel: Kernel, plan: Plan) -> None:
    ran = kernel.run("02")
    federal = plan.element_mandates.query("jurisdiction == 'federal'").drop_duplicates(
        ["collection", "layout", "element"]
    )
    assert f"{len(federal)} rest on federal law" in output(ran, "answer", "text/markdown")
    table = read_table(outputs(ran, "mandate-chart")[1])
    found = sorted(zip(table["Citation"], table["Elements"], strict=True))
    assert found == sorted(zip(plan.mandates["citation"], plan.mandates["elements"], strict=True))


def test_the_third_counts_what_is_due_in_each_month(kernel: Kernel, plan: Plan) -> None:
    table = read_table(outputs(kernel.run("03"), "load-chart")[1])
    load = review.district_load(plan).iloc[:12]
    assert table["Collections due"].to_list() == load["due"].to_list()


def test_the_fourth_names_every_fact_asked_twice(kernel: Kernel, plan: Plan) -> None:
    table = read_table(outputs(kernel.run("04"), "asked-chart")[1])
    asked = review.asked_more_than_once(plan)["fact"].value_counts()
    assert sorted(table["Times asked"]) == sorted(asked)


def test_the_fifth_counts_every_sensitive_element_once(kernel: Kernel, plan: Plan) -> None:
    table = read_table(outputs(kernel.run("05"), "sensitivity-chart")[1])
    assert table["In all"].sum() == (plan.elements["sensitivity"] != "none").sum()
    assert table["Names a person"].sum() == (plan.elements["sensitivity"] == "direct-identifier").sum()


def test_the_sixth_counts_each_compared_element_once(kernel: Kernel, plan: Plan) -> None:
    ceds = plan.crosswalk[plan.crosswalk["standard"] == "CEDS"].drop_duplicates(["collection", "element"])
    table = read_table(outputs(kernel.run("06"), "ceds-chart")[1])
    assert table["Elements"].sum() == len(ceds)


def test_the_seventh_counts_every_open_question(kernel: Kernel, plan: Plan) -> None:
    table = read_table(outputs(kernel.run("07"), "questions-chart")[1])
    assert table["Open questions"].sum() == len(plan.open_questions)


def test_the_eighth_rejects_the_broken_file_accepts_the_mended_one_and_shows_no_value(
    kernel: Kernel, plan: Plan
) -> None:
    ran = kernel.run("08")
    assert (
        'is **rejected**. 4 of 5 faults are of one kind: "State Assigned Student ID: not written as 10 digits".'
        in output(ran, "answer", "text/markdown")
    )
    assert "Accepted" in output(ran, "again", "text/html")
    shown = "\n".join(str(each.get("data", "")) for cell in ran.cells for each in cell.get("outputs", []))
    assert "too long" not in shown
    layout = plan.collection("psis-october").file_layouts[0]
    made = list(csv.DictReader(example_text(plan, plan.collection("psis-october"), layout, rows=12).splitlines()))
    # A drawing's coordinates may have such a tail behind their point.
    said = [row for row in made if re.search(rf"(?<![0-9.]){row['SASID']}(?![0-9])", shown)]
    assert len(made) == 12 and said == []


def test_the_ninth_changes_a_copy_alone_and_the_suite_grows(kernel: Kernel, plan: Plan) -> None:
    before = (ROOT / "catalog/collections/psis-october/datapackage.json").read_bytes()
    ran = kernel.run("09")
    rules = read_table(outputs(ran, "new-rules")[0])
    assert "busRider" in rules["Element"].to_list()
    assert (ROOT / "catalog/collections/psis-october/datapackage.json").read_bytes() == before
    assert "Accepted" in output(ran, "accepted", "text/html")


def test_the_tenth_shows_each_suppressed_cell_as_such(kernel: Kernel) -> None:
    ran = kernel.run("10")
    text = (FOLDER / "data/chronic-absenteeism/2018-19.csv").read_text("utf-8")
    hidden = sum(line.rstrip().endswith('"*","*"') for line in text.splitlines())
    assert f"{hidden} of 143 published cells are suppressed" in output(ran, "answer", "text/markdown")
    table = outputs(ran, "published-chart")[1].data["text/html"]
    assert table.count(">*<") == hidden > 0
    picture = outputs(ran, "published-chart")[0].data[PICTURE]
    assert picture.count(">*<") == hidden


def test_the_last_finds_what_federal_law_requires_about_discipline_and_when(kernel: Kernel, plan: Plan) -> None:
    table = read_table(outputs(kernel.run("11"), "elements")[0])
    federal = plan.element_mandates.query("jurisdiction == 'federal' and collection == 'ed166-discipline'")
    assert len(table) == federal["element"].nunique() > 0
    note = plan.collection("ed166-discipline").dates_note.rstrip(".")
    assert table["When due"].str.contains(note, regex=False).all()


def test_all_of_them_connect_to_nobody_outside_and_leave_nothing_behind(kernel: Kernel) -> None:
    for number in CHARTS:
        kernel.run(number)
    assert outside_connections(kernel.home) == []
    left = {path.name for path in FOLDER.iterdir() if path.suffix not in (".ipynb", ".md", ".jupyterlab-workspace")}
    assert left <= {"text", "data"}


def test_run_twice_a_notebook_is_the_same_page(kernel: Kernel, plan: Plan, executed: Site) -> None:
    first, second = pages_of(executed), pages_of(site_of(plan, [kernel.again(number) for number in CHARTS]))
    assert [address for address in first if first[address] != second[address]] == []
    assert len(first) == len(CHARTS)


def test_what_the_notebooks_show_may_be_published(kernel: Kernel, plan: Plan) -> None:
    for number in CHARTS:
        refuse_unsafe(kernel.run(number), plan)


@pytest.mark.browser
def test_axe_finds_no_barrier_on_any_notebooks_page_in_light_and_dark_on_a_phone(
    browser: Browser, executed: Site, tmp_path: Path
) -> None:
    for address, page in pages_of(executed).items():
        (tmp_path / address).parent.mkdir(exist_ok=True)
        (tmp_path / address).write_text(page, "utf-8")
    for path, maker in executed.files.items():
        # The icon and the search index are not what is examined, but the browser asks for them.
        if path.startswith("assets/"):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(maker())
    assert site_barriers(browser, tmp_path, executed.notebooks) == []


def test_a_kernel_of_these_tests_is_this_python_and_cannot_reach_outside(kernel: Kernel) -> None:
    cells = notebook(["import sys; print(sys.prefix)", "import socket; socket.create_connection(('192.0.2.1', 80), 1)"])
    reached = len(outside_connections(kernel.home))
    with pytest.raises(CellExecutionError, match="allows no connection"):
        kernel.execute(cells)
    assert cells.cells[0].outputs[0].text.strip() == sys.prefix
    log = kernel.home / "outside.log"
    assert any("192.0.2.1" in line for line in outside_connections(kernel.home)[reached:])
    log.unlink()


def outputs(whole: Any, cell_id: str) -> list[Any]:
    return list(next(cell for cell in whole.cells if cell.id == cell_id).outputs)


def output(whole: Any, cell_id: str, kind: str) -> str:
    (only,) = outputs(whole, cell_id)
    return str(only.data[kind])


def read_table(shown: Any) -> pd.DataFrame:
    """The HTML table as a frame, read from its cells."""
    rows = [
        [html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", shown.data["text/html"])
    ]
    return pd.DataFrame([[int(cell) if cell.isdigit() else cell for cell in row] for row in rows[1:]], columns=rows[0])
