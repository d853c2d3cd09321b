"""The notebooks in a real JupyterLab: drawn in a real browser, from this machine alone, without a pop-up."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, sync_playwright

import dap.lab as lab_module
from dap.errors import RequestError
from dap.lab import open_lab
from tests.offline import outside_connections, stay_home

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Not awaited: what waits for the charts has a time limit, and this has none.
RUN_ALL = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }"
KERNEL_IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
# Before the notebook is the lab's current one, the command would be taken and do nothing.
CAN_RUN_ALL = "window.jupyterapp.commands.isEnabled('notebook:run-all-cells')"
# No cell is running or waiting, so that nothing moves any more under the pointer.
ALL_DONE = "![...document.querySelectorAll('.jp-InputPrompt')].some(each => each.textContent.includes('*'))"
# The texts of each chart that are shortened, reach over its edge, or cover another.
ILLEGIBLE = """() => [...document.querySelectorAll('.vega-embed svg.marks')].flatMap(svg => {
    const paper = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].filter(text => text.textContent)
        .map(text => ({words: text.textContent, box: text.getBoundingClientRect()}));
    const inside = box => box.left >= paper.left && box.right <= paper.right
        && box.top >= paper.top && box.bottom <= paper.bottom;
    const covers = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
        && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 3;
    return texts.filter(text => text.words.includes('…') || !inside(text.box)
        || texts.some(other => other !== text && covers(text.box, other.box))).map(text => text.words);
})"""

# A cell below the last, with a source of one's own, is run in the kernel that is there.
NEW_CELL = """async source => {
    const {commands, shell} = window.jupyterapp;
    await commands.execute('notebook:insert-cell-below');
    shell.currentWidget.content.activeCell.model.sharedModel.setSource(source);
    commands.execute('notebook:run-cell');
}"""
# The notebook in front: others stay in the page, hidden.
HERE = ".jp-NotebookPanel:not(.lm-mod-hidden)"
# Which cell is the active one, and whether it and an output of it are in view.
IN_VIEW = f"""() => {{
    const panel = document.querySelector('{HERE}'), frame = panel.getBoundingClientRect();
    const shown = each => {{
        const box = each.getBoundingClientRect();
        return box.height > 0 && box.top < frame.bottom && box.bottom > frame.top;
    }};
    const active = panel.querySelector('.jp-Cell.jp-mod-active');
    return {{cell: [...panel.querySelectorAll('.jp-Cell')].indexOf(active), seen: shown(active),
        outputs: [...active.querySelectorAll('.jp-OutputArea-output')].some(shown)}};
}}"""
# Of each cell, in order: whether it shows an output, and whether its source is folded, so that the keys pass it over.
CELLS = f"""() => [...document.querySelectorAll('{HERE} .jp-Cell')].map(each => ({{
    shows: each.querySelector('.jp-OutputArea-output') !== null,
    folded: window.jupyterapp.shell.currentWidget.content.widgets
        .find(own => own.node === each).inputHidden === true}}))"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: the folder it lives in, its address and token."""

    home: Path
    url: str
    token: str


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab as `dap lab` starts it, on a copy of the plan, in folders of its own."""
    home, root = tmp_path_factory.mktemp("lab-home"), tmp_path_factory.mktemp("plan")
    for name in ("catalog", "expectations", "notebooks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    environment = {**os.environ, **stay_home(home)}
    # Containers run as root, which Jupyter refuses unless told otherwise.
    allow = {"ServerApp": {"allow_root": True}, "LabApp": {"expose_app_in_browser": True}}
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(allow))
    code = "import sys, pathlib, dap.lab; sys.exit(dap.lab.open_lab(pathlib.Path(sys.argv[1]), browser=False))"
    with (home / "lab.log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-c", code, str(root)], env=environment, stderr=log, stdout=log, start_new_session=True
        )
        try:
            server = _wait_for_server(home, started)
            yield Lab(home, server["url"], server["token"])
        finally:
            os.killpg(started.pid, signal.SIGTERM)
            started.wait(timeout=30)


def _wait_for_server(home: Path, started: subprocess.Popen[bytes]) -> dict[str, str]:
    for _ in range(600):
        for path in (home / "runtime").glob("jpserver-*.json"):
            if text := path.read_text():
                return dict(json.loads(text))
        assert started.poll() is None, (home / "lab.log").read_text()
        time.sleep(0.1)
    raise AssertionError((home / "lab.log").read_text())


@pytest.fixture(scope="module")
def requests() -> list[str]:
    """Every address that the browser asked for."""
    return []


@pytest.fixture(scope="module")
def page(lab: Lab, requests: list[str]) -> Iterator[Page]:
    """The page that a user sees first."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = browser.new_context(viewport={"width": 1366, "height": 900})
        context.on("request", lambda request: requests.append(request.url))
        page = context.new_page()
        page.on("websocket", lambda socket: requests.append(socket.url))
        page.goto(f"{lab.url}?token={lab.token}")
        page.locator(".jp-MarkdownViewer h1").wait_for(timeout=90_000)
        yield page
        browser.close()


def run_all(page: Page, charts: int) -> None:
    """Run the open notebook from top to bottom, and wait until so many charts are drawn."""
    page.wait_for_function(KERNEL_IDLE, timeout=90_000)
    page.wait_for_function(CAN_RUN_ALL, timeout=90_000)
    page.evaluate(RUN_ALL)
    page.wait_for_function(
        f"document.querySelectorAll('{HERE} .vega-embed svg.marks').length >= {charts}", timeout=90_000
    )
    page.wait_for_function(ALL_DONE, timeout=90_000)


needs_browser = pytest.mark.skipif(
    not Path(CHROMIUM).exists() and os.environ.get("CI") != "true",
    reason="no chromium here; on Debian and Ubuntu: apt-get install chromium",
)


@pytest.mark.browser
@needs_browser
class TestInTheBrowser:
    """Two journeys from the start page, the second with the keyboard alone, in the order in which their steps stand."""

    def test_the_start_page_is_open_with_the_first_notebook_and_the_catalog_at_hand(self, page: Page) -> None:
        page.locator(".lm-TabBar-tab", has_text="01-what-we-collect.ipynb").first.wait_for(timeout=90_000)
        assert page.locator(".jp-MarkdownViewer table a").count() == 11
        page.locator(".jp-DirListing-item", has_text="collections").first.wait_for(timeout=30_000)
        assert page.locator(".jp-DirListing-item", has_text="mandates.csv").count() == 1
        assert page.locator(".jp-Dialog").count() == 0

    def test_the_first_journey_draws_its_chart_with_the_table_beneath(self, page: Page) -> None:
        page.locator(".jp-MarkdownViewer a", has_text="01").click()
        run_all(page, 1)
        cell = page.locator(f"{HERE} .jp-CodeCell:has(.vega-embed)")
        assert cell.count() == 1
        drawn, table = cell.locator(".vega-embed").bounding_box(), cell.locator("table").bounding_box()
        assert drawn and table and drawn["height"] > 100 and table["y"] >= drawn["y"] + drawn["height"]
        assert page.evaluate(ILLEGIBLE) == []

    def test_a_chart_is_set_in_the_font_that_comes_with_the_package(self, page: Page) -> None:
        first = page.locator(f"{HERE} .vega-embed svg.marks text").first
        assert first.evaluate("text => getComputedStyle(text).fontFamily").startswith('"Public Sans"')
        loaded = "[...document.fonts].filter(each => each.status === 'loaded').map(each => each.family + each.weight)"
        assert {f"Public Sans{weight}" for weight in ("400", "600 700")} <= set(page.evaluate(loaded))

    def test_a_chart_says_itself_to_a_screen_reader_and_offers_no_outside_editor(self, page: Page) -> None:
        spoken = page.locator(f"{HERE} .vega-embed [role=graphics-document]").first.get_attribute("aria-label") or ""
        assert "The table gives every number." in spoken
        assert page.locator(".vega-actions a", has_text="Editor").count() == 0

    def test_a_bar_tells_its_numbers_under_the_pointer(self, page: Page) -> None:
        bar = page.locator(f"{HERE} .vega-embed .mark-rect.role-mark path[aria-roledescription=bar]")
        tip(page, bar, 1, "Elements")

    def test_a_grid_drawn_in_a_new_cell_tells_its_number_under_the_pointer(self, page: Page) -> None:
        page.evaluate(NEW_CELL, "charts.sensitivity_by_collection(plan.elements, plan.collections)")
        page.wait_for_function(
            f"document.querySelectorAll('{HERE} .vega-embed svg.marks').length === 2", timeout=90_000
        )
        page.wait_for_function(ALL_DONE, timeout=90_000)
        assert page.evaluate(ILLEGIBLE) == []
        tip(page, page.locator(f"{HERE} .vega-embed").nth(1).locator(".mark-rect.role-mark path"), 1, "Column")

    def test_each_bar_says_its_numbers_to_a_screen_reader(self, page: Page) -> None:
        bars = page.locator(f"{HERE} .vega-embed path[aria-roledescription=bar]")
        spoken = [bars.nth(place).get_attribute("aria-label") or "" for place in range(bars.count())]
        assert len(spoken) > 5 and all(": " in each and "element" in each for each in spoken)

    def test_the_keyboard_alone_opens_another_notebook_from_the_start_page_and_runs_it(self, page: Page) -> None:
        page.keyboard.press("Control+Shift+[")
        page.locator(".lm-TabBar-tab.lm-mod-current", has_text="start.md").first.wait_for(timeout=60_000)
        tab_to(page, "at.closest('.jp-MarkdownViewer') && at.textContent === '11'")
        page.keyboard.press("Enter")
        page.locator(".lm-TabBar-tab.lm-mod-current", has_text="11-your-own-question").first.wait_for(timeout=60_000)
        page.wait_for_function(KERNEL_IDLE, timeout=90_000)
        page.wait_for_function(CAN_RUN_ALL, timeout=90_000)
        page.keyboard.press("Control+Shift+C")
        page.locator(".lm-CommandPalette-input:focus").wait_for(timeout=30_000)
        page.keyboard.type("Run All Cells")
        page.locator(".lm-CommandPalette-item.lm-mod-active", has_text="Run All Cells").first.wait_for(timeout=30_000)
        page.keyboard.press("Enter")
        answer = page.locator(f"{HERE} .jp-OutputArea .jp-RenderedMarkdown", has_text="The answer.")
        answer.wait_for(timeout=90_000)
        page.wait_for_function(ALL_DONE, timeout=90_000)
        # Of a cell out of view the lab draws nothing.
        said = answer.text_content() or ""
        assert "elements" in said and "discipline" in said and "When due" in said

    def test_the_keyboard_alone_brings_every_output_into_view(self, page: Page) -> None:
        page.keyboard.press("Escape")
        cells = page.evaluate(CELLS)
        for _ in cells:
            page.keyboard.press("ArrowUp")
        reached = []
        for _ in cells:
            # The lab scrolls to the cell after the key.
            page.wait_for_timeout(200)
            reached.append(page.evaluate(IN_VIEW))
            page.keyboard.press("ArrowDown")
        assert all(each["seen"] for each in reached)
        in_view = {each["cell"] for each in reached if each["outputs"]}
        assert in_view == {place for place, cell in enumerate(cells) if cell["shows"]}
        assert {each["cell"] for each in reached} == {place for place, cell in enumerate(cells) if not cell["folded"]}

    def test_the_keyboard_alone_unfolds_the_solution(self, page: Page) -> None:
        # The public pages stand last, the exercise before them.
        page.keyboard.press("ArrowUp")
        tab_to(page, "at.matches('summary') && at.textContent === 'Show a solution'")
        page.keyboard.press("Enter")
        assert page.locator(f"{HERE} details[open]", has_text="Show a solution").count() == 1

    def test_no_cell_fails_and_nothing_pops_up(self, page: Page) -> None:
        assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count() == 0
        assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
        assert page.locator(".Toastify__toast").count() == 0
        assert page.locator(".jp-Dialog").count() == 0

    def test_no_request_leaves_this_machine(self, page: Page, lab: Lab, requests: list[str]) -> None:
        hosts = {urlsplit(url).hostname for url in requests if urlsplit(url).scheme not in {"data", "blob"}}
        assert len(requests) > 20
        assert hosts == {"127.0.0.1"}
        assert outside_connections(lab.home) == []


def tab_to(page: Page, wanted: str, most: int = 60) -> None:
    """Press Tab until the element with the focus, `at`, is the one wanted; the reader would see where that is."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"() => {{ const at = document.activeElement; return Boolean({wanted}) }}"):
            return
    raise AssertionError(f"Tab did not reach it: {page.evaluate('document.activeElement.outerHTML')[:300]}")


def tip(page: Page, marks: Locator, which: int, said: str) -> None:
    """Hold the pointer over a mark until its tooltip says a word."""
    marks.nth(which).scroll_into_view_if_needed()
    shown = page.locator("#vg-tooltip-element.visible")
    for _ in range(20):
        # A lab that is still laying out its cells moves the mark away from under the pointer.
        marks.nth(which).hover(force=True)
        page.wait_for_timeout(250)
        if shown.count():
            break
        page.mouse.move(0, 0)
    assert said in page.locator("#vg-tooltip-element").inner_text()


def test_the_workspace_is_written_once_and_then_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", str(tmp_path))
    lab_module._keep_workspace(ROOT)
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text())["data"]["file-browser-filebrowser:cwd"] == {"path": "catalog"}
    own = json.dumps({"data": {}, "metadata": {"id": lab_module.WORKSPACE}})
    file.write_text(own)
    lab_module._keep_workspace(ROOT)
    assert file.read_text() == own


def test_a_plan_without_notebooks_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="notebooks/"):
        open_lab(tmp_path, browser=False)
